# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report as people see it: sorted, filtered, paged, printed, narrow, dark, without scripts, and attacked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.support.reports import HOSTILE, fleet, hostile

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open


def column(page: Page, table: str, label: str) -> list[str]:
    """The cells that are shown of a column."""
    cells = page.locator(f"#{table} tbody td[data-label='{label}']")
    return [text.strip() for text in cells.all_inner_texts()]


def test_ten_thousand_rows_are_paged_sorted_and_filtered(open_page: Open) -> None:
    """Only the rows that are shown are in the page; each answer is that of all rows."""
    page = open_page(fleet(10_000))
    rows = page.locator("#t-pods tbody tr")
    status = page.locator("[data-status='t-pods']")
    assert rows.count() == 100
    assert status.inner_text() == "10005 of 10005"
    pager = page.locator("[data-pager='t-pods']")
    assert pager.inner_text().split("\n")[1] == "Page 1 of 101"
    pager.get_by_role("button", name="Next").click()
    assert "Page 2 of 101" in pager.inner_text()
    assert rows.count() == 100

    page.get_by_label("Filter pods").fill("shop-3/ b5-00003")
    assert status.inner_text() == "2 of 10005"
    assert column(page, "t-pods", "Pod") == ["shop-3/portal-6d8f9c7b5-00003"] * 2
    assert pager.is_hidden()
    page.get_by_label("Verdict").first.select_option("exempt")
    assert column(page, "t-pods", "Verdict") == ["exempt"]
    page.get_by_label("Filter pods").fill("nothing has this")
    assert (rows.count(), status.inner_text()) == (0, "0 of 10005")
    page.get_by_label("Filter pods").fill("")
    page.get_by_label("Verdict").first.select_option("")

    by_pod = page.locator("#t-pods").get_by_role("button", name="Pod")
    by_pod.click()
    shown = column(page, "t-pods", "Pod")
    assert shown[0] == "shop-0/portal-6d8f9c7b5-00000"
    assert shown == sorted(shown)
    by_pod.click()
    assert column(page, "t-pods", "Pod")[0] == "shop-6/portal-6d8f9c7b5-09995"
    assert page.locator("#t-pods th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_numbers_are_sorted_as_numbers(open_page: Open) -> None:
    """The count of incompatible pods, and not the text beside it."""
    page = open_page(fleet(14))
    button = page.locator("#t-clusters").get_by_role("button", name="ECI pods by verdict")
    button.click()
    button.click()
    assert [name.split("\n")[0] for name in column(page, "t-clusters", "Cluster")][:2] == ["prod-beijing", "staging"]


def test_printing_shows_every_row(open_page: Open) -> None:
    """What is filtered away stays away; controls are not printed."""
    page = open_page(fleet(350))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#t-pods tbody tr").count() == 355
    page.emulate_media(media="print")
    assert not page.locator(".controls, .pager").locator("visible=true").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#t-pods tbody tr").count() == 100
    assert page.pdf()[:5] == b"%PDF-"


def test_without_scripts_everything_is_there(open_page: Open) -> None:
    """Some mail programs show a page and run nothing of it."""
    page = open_page(fleet(300), java_script_enabled=False)
    assert page.locator("#t-pods tbody tr").count() == 305
    assert page.locator(".controls, .pager").locator("visible=true").count() == 0
    assert page.locator("th button").count() == 0


def contrasts(page: Page) -> list[list[Any]]:
    """The texts whose contrast with their ground is below 4.5 to 1 (WCAG AA)."""
    found: list[list[Any]] = page.evaluate(
        """() => {
          const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
          const light = (color) => {
            const [r, g, b] = numbers(color).slice(0, 3).map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = light(getComputedStyle(document.body).backgroundColor);
          const wrong = [];
          for (const element of document.querySelectorAll("body *")) {
            const own = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim());
            if (!own || element.closest("option, select, :disabled")) continue;
            const text = light(getComputedStyle(element).color);
            const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
            if (ratio < 4.5) wrong.push([element.className || element.tagName, ratio]);
          }
          return wrong;
        }"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_it_fits_and_can_be_read(open_page: Open, width: int, scheme: str) -> None:
    """No sideways scrolling on a telephone, and enough contrast in both schemes."""
    page = open_page(fleet(14), width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert contrasts(page) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground))) < 60) == (scheme == "dark")


@pytest.mark.parametrize("width", [1280, 420])
def test_tables_stay_tables_for_those_who_hear_them(open_page: Open, width: int) -> None:
    """As cards on a telephone, too: rows, cells, and headers that are columns."""
    page = open_page(fleet(3), width)
    table = page.get_by_role("table", name="Clusters")
    assert table.get_by_role("row").count() == 1 + 6
    assert table.get_by_role("columnheader").count() == 6
    assert table.get_by_role("row").nth(1).get_by_role("cell").count() == 6
    assert page.get_by_role("heading", level=1).count() == 1
    unnamed = page.locator("input, select, button, svg, table, nav").evaluate_all(
        "all => all.filter(one => !one.ariaLabel && !one.getAttribute('aria-labelledby')"
        " && !one.labels?.length && !one.textContent.trim()).length"
    )
    assert unnamed == 0


def test_everything_works_with_the_keyboard(open_page: Open) -> None:
    """What is focused is seen, and a header sorts by Enter."""
    page = open_page(fleet(14))
    page.get_by_label("Filter pods").focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.locator("#t-pods").get_by_role("button", name="Pod").focus()
    page.keyboard.press("Enter")
    assert page.locator("#t-pods th[aria-sort='ascending']").inner_text().startswith("Pod")


def test_texts_that_attack_do_nothing(open_page: Open) -> None:
    """No script of theirs runs, nothing is loaded, no element is theirs; each stands there as text."""
    page = open_page(hostile())
    page.mouse.move(200, 500)
    page.locator("body").click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert page.locator("img, iframe, object, svg[onload], script").count() == 1
    shown = page.locator("body").inner_text()
    assert HOSTILE[0] in shown
    assert "{{ 7 * 7 }}" in shown


def test_a_script_that_got_in_would_not_run(open_page: Open) -> None:
    """The policy of the page holds even where escaping would not."""
    page = open_page(fleet(1), silent=False)
    refused = page.evaluate(
        """() => new Promise((done) => {
          document.addEventListener("securitypolicyviolation", (event) => done(event.violatedDirective));
          const script = document.createElement("script");
          script.textContent = "window.hit = 1";
          document.body.append(script);
          setTimeout(() => done("it ran"), 2000);
        })"""
    )
    assert refused.startswith("script-src")
    assert page.evaluate("window.hit") is None

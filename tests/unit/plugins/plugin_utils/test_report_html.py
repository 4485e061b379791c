# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report: one file, nothing from elsewhere, and nothing in it but our own style and script."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import cluster_entry, report_document
from ansible_collections.ackops.eci.plugins.plugin_utils._report_html import render_html
from tests.dev.paths import REPO
from tests.unit.support.reports import HOSTILE, NOW, fleet, hostile, preflight, recreation

KNOWN = {
    "html", "head", "meta", "title", "link", "style", "script", "body", "header", "main", "footer", "section", "nav", "p", "h1",
    "h2", "dl", "div", "dt", "dd", "time", "table", "thead", "tbody", "tr", "th", "td", "b", "small", "span", "svg", "rect",
    "code", "wbr", "ul", "li", "label", "input", "select", "option", "button",
}  # fmt: skip
PAGE = REPO / "plugins" / "plugin_utils" / "report_page"


class Page(HTMLParser):
    """What a browser makes of a page: tags with their attributes, and the text in each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it, and code by itself."""
        (self.scripts if self.inside in ("script", "style") else self.texts).append(data)

    def handle_endtag(self, _tag: str) -> None:
        """What follows is text."""
        self.inside = ""

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("document", [fleet(), hostile(), report_document([], NOW)])
def test_the_page_holds_nothing_but_its_own(document: dict[str, Any]) -> None:
    """One style and one script, known by their hashes; no handler, no address, no element that loads anything."""
    text = render_html(document)
    page = Page(text)
    style, script = ((PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    assert page.scripts == [style, script]
    policy = next(str(meta["content"]) for meta in page.of("meta") if meta.get("http-equiv"))
    for code in (style, script):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert {tag for tag, _attributes in page.tags} <= KNOWN
    for tag, attributes in page.tags:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("style", "src", "srcdoc", "action")
        ], tag
    assert [link["href"] for link in page.of("link")] == ["data:,"]
    assert "//" not in re.sub(r"https?://(10\.|evil)[^\s<\"]*", "", "".join(str(a) for a in page.tags))


def test_hostile_texts_are_shown_as_they_are() -> None:
    """Each is there, to be read, and is nothing but text."""
    page = Page(render_html(hostile()))
    shown = "\n".join(page.texts)
    for text in HOSTILE[:9]:
        assert text in shown


def test_templates_in_texts_are_not_templates() -> None:
    """A version `{{ 7 * 7 }}` is not 49."""
    text = render_html(report_document([cluster_entry("{{ 7 * 7 }}", preflight(True))], "{% raw %}", "{{ 6 * 7 }}"))
    assert "{{ 7 * 7 }}" in text
    assert ">49<" not in text
    assert ">42<" not in text


def test_every_pod_and_cluster_is_on_the_page() -> None:
    """Also ten thousand."""
    text = render_html(fleet(10_000))
    rows = re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL)
    assert [body.count("<tr>") for body in rows] == [6, 10_000 + 3 + 2, 2, 13]
    assert "portal-6d8f9c7b5-09999" in text


def test_bars_add_up_and_show_small_parts() -> None:
    """One pod in ten thousand is still seen."""
    counts = {"incompatible": 1, "exempt": 1, "compatible": 100_000}
    text = render_html(report_document([cluster_entry("a", preflight(False, counts=counts))], NOW))
    drawn = re.search(r'<svg class="bar".*?</svg>', text, re.DOTALL)
    assert drawn is not None
    parts = [(float(x), float(width)) for x, width in re.findall(r'x="([\d.]+)" width="([\d.]+)"', drawn.group())]
    assert len(parts) == 3
    assert all(width >= 3 for _x, width in parts)
    assert parts[-1][0] + parts[-1][1] == pytest.approx(1000)
    assert 'aria-label="1 incompatible, 1 exempt, 100000 compatible"' in drawn.group()


def lanes(text: str) -> list[tuple[float, float]]:
    """Where each recreation is on the timeline."""
    return [
        (float(x), float(w)) for x, w in re.findall(r'<rect class="f-recreated" x="([\d.]+)" width="([\d.]+)"', text)
    ]


def test_the_timeline_is_to_scale() -> None:
    """Ten pods, one begun every 20 seconds, each takes 30: 210 seconds in all."""
    text = render_html(
        report_document([cluster_entry("a", preflight(True, recreated=[*map(recreation, range(10))]))], NOW)
    )
    found = lanes(text)
    assert len(found) == 10
    for number, (x, width) in enumerate(found):
        assert x == pytest.approx(number * 20 / 210 * 1000, abs=0.1)
        assert width == pytest.approx(30 / 210 * 1000, abs=0.1)
    assert "10 pods, 3 min 30 s" in text
    assert 'aria-label="begun 20 s after the first, took 30.0 s"' in text


def test_runs_of_different_days_have_timelines_of_their_own() -> None:
    """On one of them all would be dots."""
    later = recreation(0, started_at="2026-04-26T02:00:00Z")
    clusters = [
        cluster_entry("a", preflight(True, recreated=[recreation(0)])),
        cluster_entry("b", preflight(True, recreated=[later])),
    ]
    text = render_html(report_document(clusters, NOW))
    assert lanes(text) == [(0.0, 1000.0), (0.0, 1000.0)]


def test_without_times_there_is_no_timeline() -> None:
    """Results of older releases do not have them."""
    text = render_html(
        report_document([cluster_entry("a", preflight(True, recreated=[recreation(0, started_at="")]))], NOW)
    )
    assert lanes(text) == []
    assert "Timeline" not in text

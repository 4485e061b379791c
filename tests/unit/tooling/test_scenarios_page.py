# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of scenarios: it shows exactly those that there are, and nothing in it is taken for markup or changes by itself."""

from __future__ import annotations

import pytest

from tests.integration.scenarios.catalogue import GROUPS, HERE, RULES, Listed, scenarios
from tests.integration.scenarios.masks import masked
from tests.integration.scenarios.page import PAGE, escaped, page, row, scenarios_on


def test_the_page_shows_the_scenarios_that_there_are() -> None:
    """After a scenario was added, renamed or taken away, or got another title: make scenarios."""
    shown = scenarios_on(PAGE.read_text(encoding="utf-8"))
    assert shown == [(escaped(entry.title), entry.test) for entry in scenarios()]


def test_every_file_of_scenarios_is_a_group() -> None:
    """A file that is no group would be missing on the page."""
    assert {path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")} == set(GROUPS) == set(RULES)


def test_every_scenario_has_a_name_and_a_title_of_its_own() -> None:
    """The page is read by titles, and the notes are found by names."""
    listed = scenarios()
    assert len({entry.test for entry in listed}) == len({entry.title for entry in listed}) == len(listed)
    assert all(entry.title.endswith((".", ")")) for entry in listed)


def test_markup_is_shown_as_it_is() -> None:
    """What a cluster says may look like reStructuredText."""
    assert escaped("*a* `b`_ |c| :d:`e` <f> [1]_") == r"\*a\* \`b\`\_ \|c\| \:d\:\`e\` \<f\> \[1\]\_"
    lines = row(Listed("run", "test_x", "Title."), [("It *happens*.", ["= =", "- no list", ""], ["*Do* it."])])
    assert lines == [
        "  * - | Title.",
        "      | ``test_x``",
        "    - | It \\*happens\\*.",
        "    - | = =",
        "      | - no list",
        "      | ",
        "    - | \\*Do\\* it.",
    ]


def test_what_needs_nothing_to_be_done_says_so() -> None:
    """An empty cell would look as if something had been forgotten."""
    lines = row(Listed("run", "test_x", "Title."), [("It happens.", ["ok"], [])])
    assert lines[-1] == "    - | Nothing."


def test_the_page_is_the_same_for_the_same_notes() -> None:
    """In the order of the files, whatever the order of the tests was."""
    listed = scenarios()
    notes = {entry.test: [("x", ["y"], ["z"])] for entry in listed}
    assert page(listed, notes) == page(listed, dict(reversed(notes.items())))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("test-12/web-59c6cbfc4c-2fwqq went", "shop/web-<id> went"),
        ("ReplicaSet test-12/web-59c6cbfc4c", "ReplicaSet shop/web-<id>"),
        ("batch-ng54j and db-0", "batch-<id> and db-0"),
        ("virtual-kubelet-cn-hangzhou-h", "virtual-kubelet-<zone>"),
        ("manifests/test-12_batch-ng54j_1", "manifests/shop_batch-<id>_1"),
        ("https://127.0.0.1:27016 said", "https://cluster.example:6443 said"),
        ("uid 0c0848f2-b520-44bf-9c4c-798a6a16adaf", "uid <uid>"),
        ("at 2026-11-24T08:22:11Z in 3.27 s of 30 s", "at <time> in N s of 30 s"),
        ("/somewhere/home/state/ledger.jsonl", "~/state/ledger.jsonl"),
    ],
)
def test_what_differs_from_run_to_run_is_masked(text: str, shown: str) -> None:
    """Names' endings, addresses, UIDs, times, directories; what is always the same stays."""
    assert masked(text, [("/somewhere/home", "~"), ("test-12", "shop")]) == shown

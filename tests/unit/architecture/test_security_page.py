# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on security keeps up with the code: the rights that it explains, and the modes of files that it promises."""

from __future__ import annotations

import re

import pytest

from tests.dev.paths import REPO
from tests.integration.access import rights_of, shipped
from tests.unit.architecture.blocks import read

PAGE = read("docs/docsite/rst/security.rst")
ROW = re.compile(r"^   \* - (.+)$", re.MULTILINE)


def explained(beside: str) -> set[tuple[str, str]]:
    """Resource and verb of every right in the table of a file: a row has resources, a colon, verbs."""
    found = set()
    for row in ROW.findall(PAGE):
        resources, colon, verbs = row.removeprefix(f"``clusterrole{beside}.yml``: ").partition(": ")
        if ("clusterrole" in resources) or (f"clusterrole{beside}.yml" in row) != bool(beside) or not colon:
            continue
        # A group stands in parentheses, and "of" names the object for which alone a right is needed.
        names = re.findall(r"``([\w/]+)``", re.sub(r"\(.*?\)", "", resources))
        found |= {(name, verb) for name in names for verb in re.findall(r"``(\w+)``", re.sub(r" of ``.*", "", verbs))}
    return found


@pytest.mark.parametrize("beside", ["", "-restart", "-custom-kinds"])
def test_every_right_of_the_roles_is_explained(beside: str) -> None:
    """And no other: nobody grants what is not needed. ``scale`` goes without saying of which kind."""
    rights = {
        (right.resource.rpartition("/scale")[0] or right.resource, right.verb) for right in rights_of(shipped(beside))
    }
    assert {(name, verb) for name, verb in explained(beside) if name != "scale"} == rights


def test_files_are_made_for_their_owner_alone() -> None:
    """Every mode in the code is 0600 of a file, or 0700 of a directory; another one would need a word on the page."""
    sources = [path.read_text(encoding="utf-8") for path in (REPO / "plugins").rglob("*.py")]
    assert {mode for source in sources for mode in re.findall(r"\b0o\d+", source)} == {"0o600", "0o700"}
    tasks = [path.read_text(encoding="utf-8") for path in REPO.glob("roles/*/tasks/*.yml")]
    assert {mode for text in tasks for mode in re.findall(r"^ +mode: (.+)$", text, re.MULTILINE)} == {'"0600"'}
    assert "mode 0600" in PAGE
    assert "0700" in PAGE

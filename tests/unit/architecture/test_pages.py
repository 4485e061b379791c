# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for contributors keep up with the code: the drawing of the layers, the safety rules, the files they name."""

from __future__ import annotations

import re

import pytest

from tests.dev.copies import source_files
from tests.dev.paths import REPO
from tests.integration.scenarios.catalogue import RULES
from tests.mutation.mutants import MUTANTS
from tests.unit.architecture.test_layers import LAYERS

PAGES = REPO / "docs" / "docsite" / "rst"
FOR_CONTRIBUTORS = ("CONTRIBUTING.md", "docs/docsite/rst/architecture.rst", "docs/docsite/rst/contributor_guide.rst")
# Words in ``double`` or `single` quotes that look like a path of the repository.
NAMED_PATH = re.compile(r"`((?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.(?:md|py|rst|yml))`")
# Where a path without its beginning may lie.
BASES = ("", "plugins", "plugins/module_utils", "tests/unit/plugins/module_utils/_rules", "tests/integration/scenarios",
         "roles/eci_preflight", "docs/docsite/rst")  # fmt: skip


def page(name: str) -> str:
    """The text of a file of the repository."""
    return (REPO / name).read_text(encoding="utf-8")


def drawing(text: str) -> list[str]:
    """The lines of the first drawing in a text, without their indentation."""
    return [line.strip() for line in text.splitlines() if re.fullmatch(r"[+|].*[+|]", line.strip())]


def rules_on_the_page() -> list[str]:
    """The numbers of the safety rules, in the order of the page."""
    return re.findall(r"^Safety rule (\d+)$", page("docs/docsite/rst/safety_rules.rst"), re.MULTILINE)


def test_the_drawing_is_the_same_everywhere() -> None:
    """Three pages show it: one that is forgotten would tell of another architecture."""
    first, *others = [drawing(page(name)) for name in FOR_CONTRIBUTORS]
    assert len(first) > 10
    assert all(other == first for other in others)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_drawing_shows_every_layer(layer: str) -> None:
    """And the guide says in a sentence what each does."""
    text = page("docs/docsite/rst/contributor_guide.rst")
    assert any(f"{layer}{end}" in line for line in drawing(text) for end in ("/", ".py"))
    assert re.search(rf"^- .*``{layer}(/|\.py)``.*\.$", text, re.MULTILINE)


@pytest.mark.parametrize("name", FOR_CONTRIBUTORS)
def test_the_files_that_are_named_exist(name: str) -> None:
    """Files move; the pages that name them have to follow."""
    named = set(NAMED_PATH.findall(page(name)))
    assert named
    assert [path for path in sorted(named) if not any((REPO / base / path).exists() for base in BASES)] == []


def test_the_safety_rules_are_numbered_and_anchored() -> None:
    """Whoever cites a rule cites its number, so that none may be missing or moved."""
    text, numbers = page("docs/docsite/rst/safety_rules.rst"), rules_on_the_page()
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert [
        number for number in numbers if f".. _ansible_collections.ackops.eci.docsite.safety-rule-{number}:" not in text
    ] == []
    assert text.count("*Prevents:*") == len(numbers)


def test_only_rules_that_exist_are_cited() -> None:
    """By mutants and by the groups of scenarios."""
    known = set(rules_on_the_page())
    assert {mutant.rule for mutant in MUTANTS} - {"lease"} <= known
    assert {str(rule) for rules in RULES.values() for rule in rules} <= known


def test_nothing_points_at_a_file_that_is_not_here() -> None:
    """The rules are on a page of the documentation."""
    texts = [path for path in source_files() if path.suffix in {".md", ".py", ".rst", ".yml", ".in", ".toml"}]
    assert texts
    wrong = re.compile(r"\bDESIGN\b|\bseed/")
    here = REPO / "tests" / "unit" / "architecture" / "test_pages.py"
    assert [str(path) for path in texts if REPO / path != here and wrong.search(page(str(path)))] == []

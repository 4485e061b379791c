# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the runbook: every message that ends a run, shuts a gate or sets a pod aside has a row there, with an anchor.

A row covers a message when one of the texts in ``quotes`` of its first cell occurs in it; ``...`` there stands for whatever is
filled in. What no row covers is in left_out.yml, with the reason; words of Kubernetes itself stand in plain quotes on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dev.paths import REPO
from tests.unit.architecture.messages import GOLDEN

RUNBOOK = (REPO / "docs" / "docsite" / "rst" / "runbook.rst").read_text(encoding="utf-8")
LEFT_OUT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("left_out.yml").read_text(encoding="utf-8"))
LABEL = "ansible_collections.ackops.eci.docsite.runbook_"
ROW = re.compile(r"^   \* - ((?:.*\n)(?:(?:      ?.*)?\n)*)", re.MULTILINE)
# A text that is shorter would be found in messages that have nothing to do with it.
SHORTEST = 4


@dataclass(frozen=True)
class Row:
    """One row of a table: its anchor, and its cells as they stand there."""

    label: str
    cells: tuple[str, ...]

    @property
    def symptoms(self) -> list[str]:
        """The texts in quotes in its first cell."""
        return [" ".join(text.split()) for text in re.findall(r"``(.+?)``", self.cells[0], re.DOTALL)]


def rows() -> list[Row]:
    """The rows of all tables, without their heads."""
    found = []
    for text in ROW.findall(RUNBOOK):
        cells = re.split(r"^     - ", text, flags=re.MULTILINE)
        label = re.match(rf"\.\. _{re.escape(LABEL)}(\w+):\n", cells[0])
        if cells[0].strip() != "It says":
            found.append(Row(label[1] if label else "", tuple(cells)))
    return found


def pattern(symptom: str) -> re.Pattern[str]:
    """A text of the page as a pattern: what it leaves open may be anything, and words are whole at its beginning."""
    parts = [re.escape(part) for part in symptom.split("...")]
    return re.compile(r"(?<!\w)" + ".*".join(parts).removeprefix(".*").removesuffix(".*"))


def messages() -> Iterator[tuple[str, str]]:
    """File and text of every message. Of roles and playbooks only sentences: the others are names of tasks."""
    file = ""
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            file = line.removeprefix("== ")
        elif line and not line.startswith("#") and (file.endswith(".py") or re.search(r"\.(?:$| \{)", line)):
            yield file, line


PATTERNS = [pattern(symptom) for row in rows() for symptom in row.symptoms]
FILES: dict[str, str] = {file: entry["row"] for entry in LEFT_OUT["files"] for file in entry["names"]}
TEXTS: set[tuple[str, str]] = {
    (file, text) for entry in LEFT_OUT["texts"] for file, texts in entry["of"].items() for text in texts
}


def covered(text: str) -> bool:
    """Whether a row has the message."""
    return any(one.search(text) for one in PATTERNS)


def test_every_row_has_an_anchor_of_its_own_a_cause_and_a_remedy() -> None:
    """Reports and people link to rows."""
    found = rows()
    assert len(found) > 60
    labels = [row.label for row in found]
    assert "" not in labels
    assert len(set(labels)) == len(labels)
    assert [row.label for row in found if len(row.cells) != 3 or not all(cell.strip() for cell in row.cells)] == []


def test_every_message_has_its_row() -> None:
    """After a message was added or changed: give it a row in runbook.rst, or say in left_out.yml why it needs none."""
    wrong = [
        f"{file}: {text}"
        for file, text in messages()
        if file not in FILES and (file, text) not in TEXTS and not covered(text)
    ]
    assert wrong == []


def test_every_text_of_the_page_is_one_that_can_be_seen() -> None:
    """A message that was changed or taken away leaves nothing behind on the page."""
    all_texts = [text for _file, text in messages()]
    symptoms = [symptom for row in rows() for symptom in row.symptoms]
    assert [one for one in symptoms if not any(pattern(one).search(text) for text in all_texts)] == []
    assert [one for one in symptoms if len(one.replace("...", "").strip()) < SHORTEST] == []


def test_what_is_left_out_exists_and_is_really_left_out() -> None:
    """A list of exceptions must not outlive what it excepts, nor hide what has a row."""
    there = set(messages())
    assert sorted(TEXTS - there) == []
    assert sorted((file, text) for file, text in TEXTS if covered(text) or file in FILES) == []
    assert sorted(set(FILES) - {file for file, _text in there}) == []
    assert sorted({row for row in FILES.values() if row} - {row.label for row in rows()}) == []
    assert all(entry["why"].strip() for kind in ("files", "texts") for entry in LEFT_OUT[kind])


@pytest.mark.parametrize(
    ("symptom", "text", "found"),
    [
        ("made no replacement within", "{...} made no replacement within {...} s{...}", True),
        ("The ledger ... cannot be read", "The ledger {...} cannot be read: {...}.", True),
        ("src: ...", "src: {...} names no file. {...}", True),
        ("src: ...", "xsrc: {...} names no file. {...}", False),
        ("is not Ready", "is not scheduled", False),
    ],
)
def test_when_a_text_of_the_page_is_found_in_a_message(symptom: str, text: str, found: bool) -> None:
    """With what is filled in left open, and never in the middle of a word."""
    assert bool(pattern(symptom).search(text)) is found

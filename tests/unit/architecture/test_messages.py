# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of messages is whole, so that a review shows every text that changes."""

from __future__ import annotations

import ast
import difflib

import pytest

from tests.unit.architecture.messages import GOLDEN, _Texts, listing, reads_as_prose


def test_the_list_of_messages_is_up_to_date() -> None:
    """After a message was added, changed or removed: make messages, and read the difference."""
    there, now = GOLDEN.read_text(encoding="utf-8").splitlines(), listing().splitlines()
    changes = "\n".join(difflib.unified_diff(there, now, "messages.txt", "the source", lineterm="", n=0))
    assert not changes, f"run `make messages`; it would change:\n{changes}"


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('raise EciError(f"{a} was lost.", "Look again.")', ["{...} was lost. Look again."]),
        ('raise InvalidInput("pods", x, f"has no {y}", "Give one.")', ["pods: {...} has no {...}. Give one."]),
        ('raise ApiError(1, "Gone", "It is gone.", remedy="Wait a bit.")', ["It is gone. Wait a bit."]),
        ('say("one word " + name + " more")', ["one word {...} more"]),
        ("x = f\"it {'has ended' if y else 'goes on'} now\"", ["it {has ended | goes on} now"]),
        ("x = f\"all of it: {join(f'{a} is old')}\"", ["all of it: {...}", "{...} is old"]),
        ('def f():\n    """A docstring of words."""\n    return "a b c", "word", "spec.nodeName"', []),
        ('x: Callable[["str, int"], int] = re.compile("two words")', []),
    ],
)
def test_what_is_found(source: str, texts: list[str]) -> None:
    """Errors as a whole with their remedy, other texts one by one; no documentation, no types, no patterns."""
    found = _Texts({"EciError", "InvalidInput", "ApiError"})
    found.visit(ast.parse(source))
    assert found.found == texts


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("{...} is old", True),
        ("not Ready: {...}", True),
        ("application/json", False),
        ("{...}/{...}", False),
        ("deferred", False),
    ],
)
def test_what_reads_as_prose(text: str, prose: bool) -> None:
    """Words that follow each other; not names, paths and keys."""
    assert reads_as_prose(text) is prose

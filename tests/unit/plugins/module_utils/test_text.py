# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Untrusted text becomes one short line, and loses nothing that is harmless."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._text import duration, plain, quoted
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, one_line

ANYTHING = st.one_of(
    st.text(), st.none(), st.floats(), st.binary(), st.lists(st.text()), st.sampled_from(HOSTILE_VERSIONS)
)


@QUICK
@given(ANYTHING, st.integers(10, 300))
def test_quoted_is_one_short_line(text: object, limit: int) -> None:
    """Nothing that somebody wrote into an annotation may break a log or a terminal."""
    line = quoted(text, limit)
    assert one_line(line)
    assert len(line) <= limit
    if isinstance(text, str):
        assert (line[0], line[-1]) == ("'", "'")


@QUICK
@given(ANYTHING, st.integers(10, 300))
def test_plain_is_one_short_line_and_stays_as_it_is(text: object, limit: int) -> None:
    """A message is built from parts that went through it, and goes through it again."""
    line = plain(text, limit)
    assert one_line(line)
    assert len(line) <= limit
    assert plain(line, limit) == line


@pytest.mark.parametrize("text", ["1.1.0", "\u5347\u7ea7", "Stra\u00dfe 5 \\ x", "it's"])
def test_what_can_be_printed_is_shown_as_it_is(text: str) -> None:
    """Chinese names and notes are read by those who wrote them."""
    assert plain(text) == text
    assert quoted(text) == f"'{text}'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb\x1b", r"a\nb\x1b"), ("\u202eback", r"\u202eback"), ("\ud800", r"\ud800"), ("a\u2028b", r"a\u2028b")],
)
def test_what_cannot_be_printed_is_escaped(text: str, shown: str) -> None:
    """Line breaks of every kind, terminal controls, marks that turn the direction of reading, halves of characters."""
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("x" * 20, "x" * 20), ("x" * 21, "x" * 17 + "..."), ("\n" * 10, r"\n" * 10), ("\n" * 9 + "xyz", r"\n" * 8 + "\\..."),
     ("x" * 19 + "\n", "x" * 17 + "...")],
)  # fmt: skip
def test_it_is_cut_where_it_would_be_too_long(text: str, shown: str) -> None:
    """As it is shown, not as it was; three dots say so."""
    assert plain(text, 20) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0 s"), (59.6, "1 min"), (210, "3 min 30 s"), (7384, "2 h 3 min")])
def test_durations_are_read_at_a_glance(seconds: float, shown: str) -> None:
    """At most two units."""
    assert duration(seconds) == shown

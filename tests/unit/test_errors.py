# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room _errors: one printable line, and always what is wrong, where, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils import _errors
from tests.unit.builders import HOSTILE_VERSIONS, QUICK, one_line

ANYTHING = st.one_of(
    st.text(), st.none(), st.floats(), st.binary(), st.lists(st.text()), st.sampled_from(HOSTILE_VERSIONS)
)


@QUICK
@given(ANYTHING, st.integers(10, 300))
def test_printable_is_one_short_quoted_line(text: object, limit: int) -> None:
    """Nothing that somebody wrote into an annotation may break a log or a terminal."""
    line = _errors.printable(text, limit)
    assert one_line(line)
    assert len(line) <= limit
    if isinstance(text, str):
        assert (line[0], line[-1]) == ("'", "'")


def test_printable_shows_a_short_text_as_it_is() -> None:
    """Escaping takes nothing from what is harmless."""
    assert _errors.printable("1.1.0") == "'1.1.0'"
    assert _errors.printable("a\nb\x1b") == r"'a\nb\x1b'"


@pytest.mark.parametrize("text", HOSTILE_VERSIONS)
def test_invalid_input_names_option_value_problem_and_remedy(text: str) -> None:
    """And stays one line whatever the value is."""
    error = _errors.InvalidInput("target_version", text, "is not a version", "Give '1.26'.")
    assert error.option == "target_version"
    assert str(error) == f"target_version: {_errors.printable(text)} is not a version. Give '1.26'."
    assert one_line(str(error))


def test_an_error_without_a_remedy_ends_with_its_message() -> None:
    """No trailing blank."""
    assert str(_errors.EciError("It broke.")) == "It broke."


def test_a_missing_library_says_how_to_install_it() -> None:
    """For which purpose, and for which interpreter."""
    error = _errors.MissingLibrary("jmespath", "to evaluate 'query'", "Traceback ...")
    assert "'jmespath' is needed to evaluate 'query'" in str(error)
    assert "pip install jmespath" in error.remedy
    assert error.trace == "Traceback ..."


def test_an_expired_list_is_an_api_error_with_all_it_carries() -> None:
    """Those who look for 410 and those who look for any answer both find it."""
    causes: list[dict[str, Any]] = [{"reason": "DisruptionBudget", "message": "web"}]
    error = _errors.ListExpired(410, "Expired", "too old", causes=causes, retry_after=3.0)
    assert isinstance(error, _errors.ApiError)
    assert (error.status, error.reason, error.causes, error.retry_after) == (410, "Expired", tuple(causes), 3.0)

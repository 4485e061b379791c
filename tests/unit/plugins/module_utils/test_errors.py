# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An error always says what is wrong, where, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils import _errors
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted
from tests.unit.support.builders import HOSTILE_VERSIONS, one_line


@pytest.mark.parametrize("text", HOSTILE_VERSIONS)
def test_invalid_input_names_option_value_problem_and_remedy(text: str) -> None:
    """And stays one line whatever the value is."""
    error = _errors.InvalidInput("target_version", text, "is not a version", "Give '1.26'.")
    assert error.option == "target_version"
    assert str(error) == f"target_version: {quoted(text)} is not a version. Give '1.26'."
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

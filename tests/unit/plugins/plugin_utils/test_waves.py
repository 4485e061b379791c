# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of waves, in every form in which they are given."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.plugin_utils._waves import waves


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, [1]),
        ("100%", ["100%"]),
        ("1 5 25%", [1, 5, "25%"]),
        ("1,5, 25%", [1, 5, "25%"]),
        ([1, "5", "25%"], [1, 5, "25%"]),
        (["1 5", "25%"], [1, 5, "25%"]),
        ("  3 ", [3]),
    ],
)
def test_a_wave_in_every_form(given: Any, expected: list[int | str]) -> None:
    """As a number, a percentage, a list, and what somebody types into a survey."""
    assert waves(given) == expected


@pytest.mark.parametrize("given", ["banana", "1 banana", "0", "0%", "101%", "", [], -1, "1.5", None, True, "1;5"])
def test_anything_else_is_named(given: Any) -> None:
    """With what to give instead."""
    with pytest.raises(
        ValueError, match=r"is no size of a wave. Give a number \(1 or more\), a percentage \(1% to 100%\)"
    ):
        waves(given)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters on the variables of the roles: thin faces of ``plugin_utils/_role_variables``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.ackops.eci.plugins.plugin_utils._role_variables import (
    connection,
    options_in,
    unknown_variables,
)
from ansible_collections.ackops.eci.plugins.plugin_utils._values import plain_dates, wrong_values

ROLES = Path(__file__).resolve().parents[2] / "roles"


def eci_unknown_variables(names: Sequence[str]) -> list[str]:
    """A line for each of the variables that is misspelt."""
    specs = [ROLES / role / "meta" / "argument_specs.yml" for role in ("eci_preflight", "eci_fleet_upgrade")]
    return unknown_variables(names, {name for spec in specs for name in options_in(spec.read_text(encoding="utf-8"))})


def eci_wrong_values(names: Sequence[str], values: Sequence[Any], omitted: object) -> list[str]:
    """A sentence for each of the variables whose value cannot be meant."""
    given = {
        name: value for name, value in zip(names, values, strict=True) if value is not omitted and value != omitted
    }
    return wrong_values(given)


class FilterModule:
    """Filters that the roles use on their own variables."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "eci_connection": connection,
            "eci_plain_dates": plain_dates,
            "eci_unknown_variables": eci_unknown_variables,
            "eci_wrong_values": eci_wrong_values,
        }

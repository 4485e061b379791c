# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters on the variables of the roles: thin faces of ``plugin_utils/_role_variables``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.ackops.eci.plugins.plugin_utils._role_variables import connection, unknown_variables


class FilterModule:
    """Filters that the roles use on their own variables."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"eci_connection": connection, "eci_unknown_variables": unknown_variables}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the role's report: thin wrappers of ``plugin_utils/_report``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.plugin_utils._artifact import artifact
from ansible_collections.ackops.eci.plugins.plugin_utils._report import (
    found_kinds,
    gate_message,
    pages,
    summary,
    workflow_lines,
    workflow_summary,
)
from ansible_collections.ackops.eci.plugins.plugin_utils._values import understood


def eci_found_kinds(result: Mapping[str, Any], kinds: Any) -> list[str]:
    """A sentence for each of the kinds, a list or text with commas between, that the cluster has."""
    listed = understood(kinds, {"type": "list"})
    return found_kinds(result, [kind.strip() for kind in listed.split(",")] if isinstance(listed, str) else listed)


class FilterModule:
    """Filters on the fact ``eci_preflight``, and on those of many hosts."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "eci_artifact": artifact,
            "eci_found_kinds": eci_found_kinds,
            "eci_gate_message": gate_message,
            "eci_pages": pages,
            "eci_summary": summary,
            "eci_workflow_lines": workflow_lines,
            "eci_workflow_summary": workflow_summary,
        }

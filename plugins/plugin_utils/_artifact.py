# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster hands on to later jobs of a workflow: below 20 kB however many pods it has. Pure.

AWX copies the artifacts of each job into the variables of every later one, and cuts large events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._text import plain
from ansible_collections.ackops.eci.plugins.plugin_utils._report import headline

MOST_BYTES = 18_000
MOST_LISTED = 20
_KEPT = (
    "ready", "target_version", "cluster_version", "server", "cluster_uid", "scanned_at", "counts", "outcomes", "ledger",
)  # fmt: skip
_LISTS = ("blockers", "recreated", "planned", "set_aside", "missing", "exempted", "workloads")
# Of an entry of a list only what a person reads.
_SAID = (
    "namespace", "name", "verdict", "platform_version", "instance_id", "owner", "outcome", "method", "reason", "remedy",
    "old_version", "new_version", "new_name", "new_node", "seconds", "workload", "pods", "removed",
)  # fmt: skip


def _short(value: Any, limit: int = 160) -> Any:
    return plain(value, limit) if isinstance(value, str) else value


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _short(entry[key]) for key in _SAID if key in entry}


def _cut(result: Mapping[str, Any], most: int) -> dict[str, Any]:
    return {name: [_entry(entry) for entry in (result.get(name) or [])[:most]] for name in _LISTS}


def artifact(result: Mapping[str, Any], cluster: str, check_mode: bool = False) -> dict[str, Any]:
    """The fact ``eci_preflight`` of a cluster, cut: all counts, the first entries of each list, and where the whole is."""
    said = {
        "cluster": plain(cluster, 253),
        "headline": headline(result, check_mode),
        **{key: _short(result.get(key, "")) for key in _KEPT},
        "estimate": result.get("estimate") or {},
        "message": plain(result.get("message") or "", 1500),
        "problem": plain(result.get("problem") or "", 1500),
        "hints": [plain(hint, 300) for hint in (result.get("hints") or [])[:5]],
        "whole": f"ledger {result['ledger']}" if result.get("ledger") else "the output of this cluster's job",
    }
    most = MOST_LISTED
    while most and len(json.dumps({**said, **_cut(result, most)}).encode()) > MOST_BYTES:
        most //= 2
    return {**said, **_cut(result, most)}

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role says to people, from the fact that it sets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._text import plain
from ansible_collections.ackops.eci.plugins.plugin_utils._fleet import fleet_summary

MOST_SHOWN = 20


def _recreated(entry: Mapping[str, Any]) -> str:
    old, name = entry["old_version"] or "none", f"{entry['namespace']}/{entry['name']}"
    if entry["outcome"] == "recreated":
        new = entry["new_version"] or f"real node {entry['new_node']}"
        return plain(f"{name} ({old}) -> {entry['new_name']} ({new}), {entry['seconds']:.1f} s")
    return plain(f"{name} ({old}) {entry['outcome']}: {entry['reason']}")


def _planned(entry: Mapping[str, Any]) -> str:
    word = "would be blocked" if entry["outcome"] == "blocked" else f"would {entry['method']}"
    return plain(f"{word}: {entry['namespace']}/{entry['name']} ({entry['old_version'] or 'none'}): {entry['reason']}")


def _listed(lines: list[str], most: int) -> list[str]:
    more = len(lines) - most
    return lines[:most] + ([f"... and {more} more"] if more > 0 else [])


def summary(result: Mapping[str, Any], check_mode: bool = False, most: int = MOST_SHOWN) -> list[str]:
    """The result of the role in a few lines; ``most`` entries of each list are shown."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in result["counts"].items() if count) or "no ECI pods"
    planned = bool(check_mode and result["planned"])
    state = "READY" if result["ready"] else "not ready yet (check mode)" if planned else "NOT READY"
    lines = [f"{state} for Kubernetes {result['target_version']} (now {result['cluster_version']}): {counts}"]
    lines += _listed([_recreated(entry) for entry in result["recreated"]], most)
    lines += _listed([_planned(entry) for entry in result["planned"]], most)
    lines += _listed(
        [plain(f"exempt: {entry['namespace']}/{entry['name']}: {entry['reason']}") for entry in result["exempted"]],
        most,
    )
    return lines


def gate_message(result: Mapping[str, Any]) -> str:
    """Why the host fails: what stopped the recreation, or what the last scan still found."""
    if result["problem"]:
        return f"Do not upgrade this cluster. {result['problem']}"
    return f"Do not upgrade this cluster. {result['message']}"


def _clusters(results: Mapping[str, Mapping[str, Any]]) -> str:
    """How many clusters are how far."""
    states = ("ready", "with pods to recreate", "not ready", "without a result")
    found = [_state(result) for result in results.values()]
    counted = ", ".join(f"{found.count(number)} {state}" for number, state in enumerate(states) if number in found)
    return f"preflight of {len(found)} {'cluster' if len(found) == 1 else 'clusters'}: {counted or 'none'}"


def _state(result: Mapping[str, Any]) -> int:
    if not result:
        return 3
    if result["ready"]:
        return 0
    return 1 if result["planned"] and not result["problem"] else 2


def _cluster(host: str, result: Mapping[str, Any], most: int) -> list[str]:
    if not result:
        return [f"{plain(host)}: no result: the job did not get to it, or could not scan it; see that job's output"]
    first, *rest = summary(result, bool(result["planned"]), most)
    if _state(result) == 2:
        rest.append(plain(gate_message(result)))
    return [f"{plain(host)}: {first}", *(f"    {line}" for line in rest)]


def workflow_summary(
    results: Mapping[str, Mapping[str, Any]], upgrades: Mapping[str, Mapping[str, Any]], most: int = MOST_SHOWN
) -> list[str]:
    """What the jobs of a workflow left, by host: of the preflight and, where they came so far, of the upgrade.

    An empty result stands for a host that left none.
    """
    lines = fleet_summary(upgrades) if any(upgrades.values()) else []
    lines.append(_clusters(results))
    for host, result in sorted(results.items()):
        lines += _cluster(host, result, most)
    return lines

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run gives back: the module's result, and what went wrong in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.estimate import Estimate
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Recreation, first_records, short_records
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action

# So many causes are told in a message; every pod has its own in the result.
MOST_CAUSES = 10
# In bytes: an entry says more of a pod than those of other lists.
LARGEST_PODS = 24_000
# So many workloads are named at the most.
MOST_WORKLOADS = 50
# So many of them that would be without a Ready pod.
MOST_WITHOUT_READY = 10

_OF_THE_FIRST = ("namespace", "name", "uid", "outcome", "old_version", "workload", "method")
_CHANGED = ("recreated", "deleted", "no_longer_needed", "predicted", "blocked")


def as_result(outcomes: Sequence[Recreation], limit: int) -> dict[str, Any]:
    """The outcomes as a module result. ``changed`` says whether anything was removed, or would be."""
    counts = Counter(entry.outcome for entry in outcomes)
    return {
        "changed": any(entry.outcome in _CHANGED or entry.removed for entry in outcomes),
        "pods": first_records(short_records(outcomes[:limit]), limit, LARGEST_PODS),
        "counts": dict(sorted(counts.items())),
        "workloads": _workloads(outcomes),
        "set_aside": first_records(
            _causes([entry for entry in outcomes if entry.outcome in ("set_aside", "blocked")]), limit
        ),
    }


def _workloads(outcomes: Sequence[Recreation]) -> list[dict[str, Any]]:
    """The workloads with the most pods, and how many of them were to be recreated."""
    counts = Counter(entry.workload or "no workload" for entry in outcomes)
    largest = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[:MOST_WORKLOADS]
    return [{"workload": workload, "pods": pods} for workload, pods in largest]


def estimate_of(estimated: Estimate) -> dict[str, Any]:
    """An estimate as a part of a module's result: those workloads only that would be without a Ready pod for longest."""
    without = sorted(estimated.without_ready.items(), key=lambda found: (-found[1], found[0]))
    return {
        "total_seconds": estimated.total_seconds,
        "start_seconds": estimated.start_seconds,
        "measured_pods": estimated.measured_pods,
        "without_ready": [{"workload": shown, "seconds": seconds} for shown, seconds in without[:MOST_WITHOUT_READY]],
        "without_ready_count": len(without),
    }


def problem_of(outcomes: Sequence[Recreation], ledger: str) -> str:
    """What is not finished and why, for the person who has to go on from here; empty where all is done.

    ``ledger``: the path of the record; empty in check mode, where nothing is done and nothing recorded.
    """
    was, were = ("was", "were") if ledger else ("would be", "would be")
    failed = [entry for entry in outcomes if entry.outcome == "failed"]
    aside = [entry for entry in outcomes if entry.outcome == "set_aside"]
    waiting = [entry for entry in outcomes if entry.outcome == "not_started"]
    if not failed and not aside and not waiting:
        return ""
    parts = []
    if failed:
        parts.append(f"{_count(failed, 'was', 'were')} removed and did not come back: {_listed(failed)}")
    if aside:
        parts.append(f"{_count(aside, was, were)} set aside and not touched: {_listed(aside)}")
    if waiting:
        parts.append(f"{_count(waiting, was, were)} not touched: {_sentence(waiting[0].reason)}")
    record = f" Every step is in {ledger}." if ledger else ""
    return f"{' '.join(parts)}{record} Fix the causes and run again; finished pods are skipped."


def _count(entries: Sequence[Recreation], was: str, were: str) -> str:
    return f"{len(entries)} ECI pod{f's {were}' if len(entries) != 1 else f' {was}'}"


def _causes(outcomes: Sequence[Recreation]) -> list[dict[str, Any]]:
    """Why pods were set aside: one entry for those of a workload that wait for the same, named after the first of them."""
    causes: dict[tuple[str, str, str], list[Recreation]] = {}
    for entry in outcomes:
        causes.setdefault((entry.workload or entry.uid, entry.reason, entry.remedy), []).append(entry)
    return [
        {
            **{name: getattr(together[0], name) for name in _OF_THE_FIRST},
            "pods": len(together),
            "reason": reason,
            "remedy": remedy,
        }
        for (_workload, reason, remedy), together in causes.items()
    ]


def _listed(entries: Sequence[Recreation]) -> str:
    """One sentence for each cause."""
    causes = _causes(entries)
    told = []
    for cause in causes[:MOST_CAUSES]:
        more = f" and {cause['pods'] - 1} more of {cause['workload']}" if cause["pods"] > 1 else ""
        remedy = f" {_sentence(cause['remedy'])}" if cause["remedy"] else ""
        told.append(f"{cause['namespace']}/{cause['name']}{more}: {_sentence(cause['reason'])}{remedy}")
    if len(causes) > MOST_CAUSES:
        told.append(f"And {len(causes) - MOST_CAUSES} more causes.")
    return " ".join(told)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def diff_of(outcomes: Sequence[Recreation], limit: int) -> dict[str, str]:
    """Platform versions before and after, one pod a line, the first of them."""
    changed = [entry for entry in outcomes if entry.outcome in _CHANGED]
    limit = min(limit, len(first_records(short_records(changed[:limit]), limit, LARGEST_PODS)))
    more = [f"... and {len(changed) - limit} more"] if len(changed) > limit else []
    before = [f"{entry.namespace}/{entry.name}: {entry.old_version}" for entry in changed[:limit]]
    after = [f"{entry.namespace}/{entry.new_name or entry.name}: {_after(entry)}" for entry in changed[:limit]]
    return {"before": "\n".join([*before, *more, ""]), "after": "\n".join([*after, *more, ""])}


def _after(entry: Recreation) -> str:
    if entry.outcome == "predicted":
        return "recreated" if entry.method in ("evict", "delete", Action.ROLL, Action.FROM_MANIFEST) else "deleted"
    return entry.new_version or (f"on node {entry.new_node}" if entry.new_node else entry.outcome)

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run gives back: the module's result, and what went wrong in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Recreation, records
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan

# So many workloads are named at the most.
MOST_WORKLOADS = 50
_CHANGED = ("recreated", "deleted", "no_longer_needed", "predicted", "blocked")


def as_result(outcomes: Sequence[Recreation], limit: int) -> dict[str, Any]:
    """The outcomes as a module result. ``changed`` says whether anything was removed, or would be."""
    counts = Counter(entry.outcome for entry in outcomes)
    return {
        "changed": any(entry.outcome in _CHANGED or entry.removed for entry in outcomes),
        "pods": records(outcomes[:limit]),
        "counts": dict(sorted(counts.items())),
        "workloads": _workloads(outcomes),
    }


def _workloads(outcomes: Sequence[Recreation]) -> list[dict[str, Any]]:
    """The workloads with the most pods, and how many of them were to be recreated."""
    counts = Counter(entry.workload or "no workload" for entry in outcomes)
    largest = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[:MOST_WORKLOADS]
    return [{"workload": workload, "pods": pods} for workload, pods in largest]


def failure_message(outcomes: Sequence[Recreation], ledger: str) -> str:
    """What went wrong, for the person who has to go on from here; empty where nothing did."""
    failed = [entry for entry in outcomes if entry.outcome == "failed"]
    waiting = [entry for entry in outcomes if entry.outcome == "not_started"]
    if not failed and not waiting:
        return ""
    told = " ".join(f"{entry.namespace}/{entry.name}: {entry.reason.rstrip('.')}." for entry in failed[:5])
    more = f" And {len(failed) - 5} more." if len(failed) > 5 else ""
    rest = f" {len(waiting)} pod(s) were not touched: {waiting[0].reason}." if waiting else ""
    head = (
        f"{len(failed)} of {len(outcomes)} ECI pod(s) could not be recreated." if failed else "The run is not finished."
    )
    return (
        f"{head} {told}{more}{rest} Every step is in {ledger}."
        " When the cause is mended, run again: what is done is not done twice."
    )


def refusal_message(plan: Plan) -> str:
    """Why a plan is not begun; empty where nothing in it is refused."""
    if not plan.refused:
        return ""
    told = "; ".join(f"{step.pod.key}: {step.reason}" for step in plan.refused[:10])
    more = f"; and {len(plan.refused) - 10} more" if len(plan.refused) > 10 else ""
    return (
        f"{len(plan.refused)} ECI pod(s) would not come back if they were deleted, so nothing was touched. {told}{more}."
        " Move or delete them yourself, waive them (exempt), or choose unmanaged: recreate (made again from the saved"
        " manifest) or unmanaged: delete."
    )


def diff_of(outcomes: Sequence[Recreation], limit: int) -> dict[str, str]:
    """Platform versions before and after, one pod a line, the first of them."""
    changed = [entry for entry in outcomes if entry.outcome in _CHANGED]
    more = [f"... and {len(changed) - limit} more"] if len(changed) > limit else []
    before = [f"{entry.namespace}/{entry.name}: {entry.old_version}" for entry in changed[:limit]]
    after = [f"{entry.namespace}/{entry.new_name or entry.name}: {_after(entry)}" for entry in changed[:limit]]
    return {"before": "\n".join([*before, *more, ""]), "after": "\n".join([*after, *more, ""])}


def _after(entry: Recreation) -> str:
    if entry.outcome == "predicted":
        return "recreated" if entry.method in ("evict", "delete", Action.FROM_MANIFEST) else "deleted"
    return entry.new_version or (f"on node {entry.new_node}" if entry.new_node else entry.outcome)

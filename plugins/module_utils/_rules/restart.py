# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a workload is better rolled by its own strategy, the new pod first, than by the eviction of its pods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import budget_covers, wanted_replicas
from ansible_collections.ackops.eci.plugins.module_utils._rules.serial import in_pods

EVICT, DELETE, RESTART, AUTO = "evict", "delete", "restart", "auto"
# What `kubectl rollout restart` writes into a pod template.
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_RESTARTABLE = ("Deployment", "CloneSet", "Rollout", "StatefulSet")
# Of OpenKruise: a change of annotations alone is written onto the pods that run.
_IN_PLACE = ("InPlaceIfPossible", "InPlaceOnly")


def why_not_restart(workload: Workload) -> str:
    """Why a workload cannot be rolled by its own strategy; empty where it can."""
    spec = (workload.manifest or {}).get("spec") or {}
    if workload.kind not in _RESTARTABLE:
        return f"a {workload.kind or 'pod'} has no rollout of its own"
    if spec.get("paused"):
        return "it is paused"
    if workload.kind == "Rollout":  # a restart does not go by its strategy
        return ""
    strategy = spec.get("strategy" if workload.kind == "Deployment" else "updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") in ("Recreate", "OnDelete"):
        return f"its strategy is {strategy['type']}"
    in_place = [way for way in (strategy.get("type"), rolling.get("podUpdatePolicy")) if way in _IN_PLACE]
    if in_place:
        return f"it updates its pods in place ({in_place[0]})"
    if strategy.get("paused") or rolling.get("paused"):
        return "its update strategy is paused"
    partition = strategy.get("partition") or rolling.get("partition") or 0
    if str(partition) not in ("0", "0%"):
        return f"its update strategy has a partition ({partition})"
    return ""


def surges(workload: Workload) -> bool:
    """Whether its rollout makes the new pod before the old one goes."""
    return max_surge(workload) > 0


def max_surge(workload: Workload) -> int:
    """How many pods more than wanted there may be during its rollout.

    A Deployment has some if it may (maxSurge); a CloneSet where it is told to. Argo evicts pods at a restart, and so do we.
    """
    spec = (workload.manifest or {}).get("spec") or {}
    if workload.kind == "Deployment":
        surge = ((spec.get("strategy") or {}).get("rollingUpdate") or {}).get("maxSurge", "25%")
    elif workload.kind == "CloneSet":
        surge = (spec.get("updateStrategy") or {}).get("maxSurge", 0)
    else:
        return 0
    return in_pods(surge, wanted_replicas(workload.manifest or {}), up=True)


def restart_patch(kind: str, now: str) -> dict[str, Any]:
    """The merge patch that makes the controller roll all pods; ``now`` is RFC 3339."""
    if kind == "Rollout":  # https://argo-rollouts.readthedocs.io/en/stable/features/restart/
        return {"spec": {"restartAt": now}}
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}}


def choose(steps: Sequence[Step], method: str, budgets: Sequence[Mapping[str, Any]] = ()) -> list[Step]:
    """The steps of one workload with the way that the method means for it; ``budgets`` are those of the namespace."""
    if method not in (RESTART, AUTO) or not steps:
        return list(steps)
    workload = steps[0].workload
    why_not = why_not_restart(workload)
    why = "" if why_not else "restarted by choice (method: restart)" if method == RESTART else _why(steps, budgets)
    if why:
        return [replace(step, action=Action.ROLL, reason=f"{workload.shown} rolls it; {why}") for step in steps]
    if method == RESTART:
        told = f"evicted, because {workload.shown} cannot be restarted: {why_not}"
        return [replace(step, reason=f"{step.reason}; {told}") for step in steps]
    return list(steps)


def _why(steps: Sequence[Step], budgets: Sequence[Mapping[str, Any]]) -> str:
    """Why a restart is better than evictions; empty where it is not."""
    workload = steps[0].workload
    replicas = wanted_replicas(workload.manifest or {})
    if not surges(workload) or replicas < 1 or max_unavailable(workload) >= replicas:
        return ""
    serving = sum(step.pod.ready for step in steps)
    if replicas == 1 and serving and max_unavailable(workload) == 0:
        return "an eviction would leave it without a Ready pod"
    for budget in budgets:
        status = budget.get("status") or {}
        expected, desired = status.get("expectedPods") or 0, status.get("desiredHealthy") or 0
        if expected and desired >= expected and budget_covers(budget, steps[0].pod.labels):
            return f"the budget {(budget.get('metadata') or {}).get('name')} can never allow an eviction"
    if len(steps) > 1 and len(steps) * 2 > replicas:
        return f"{len(steps)} of its {replicas} pods are old"
    return ""


def max_unavailable(workload: Workload) -> int:
    """How many pods its rollout may take away before their successors are Ready; one at least where it cannot surge.

    The defaults of Kubernetes (Deployment: 25 %, StatefulSet: 1), OpenKruise (20 %) and Argo Rollouts (25 %), rounded down.
    """
    spec = (workload.manifest or {}).get("spec") or {}
    rolling = (spec.get("strategy") or {}).get("rollingUpdate") or spec.get("updateStrategy") or {}
    default = {"StatefulSet": 1, "CloneSet": "20%"}.get(workload.kind, "25%")
    count = in_pods(rolling.get("maxUnavailable", default), wanted_replicas(workload.manifest or {}), up=False)
    return count if max_surge(workload) else max(1, count)

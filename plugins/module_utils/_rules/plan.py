# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way each pod goes, in what order, and which pods may be on their way together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import job_finished, why_not_evict_job
from ansible_collections.ackops.eci.plugins.module_utils._rules.serial import parallel_of, wave_limits


class Action(str, Enum):
    """The way a pod is to go."""

    BY_CONTROLLER = "by_controller"  # evicted or deleted; its controller makes another, which is waited for
    ROLL = "restart"  # its whole workload is rolled by its own strategy, the new pod first
    CLEAR = "clear"  # nothing runs in it any more: deleted, its manifest kept
    AWAIT_JOB = "await_job"  # its Job is waited for, then it is cleared
    FROM_MANIFEST = "from_manifest"  # its manifest is kept, it is deleted, and made again from the manifest
    DELETE = "delete"  # deleted for good, by the user's choice; its manifest is kept
    REFUSE = "refuse"  # it would not come back: never touched


REPLACING_KINDS = ("ReplicaSet", "StatefulSet", "ReplicationController")
# Argo's controller sets it on a pod whose end it has recorded: from then on nobody needs the pod.
# https://argo-workflows.readthedocs.io/en/latest/fields (common.LabelKeyCompleted)
WORKFLOW_COMPLETED = "workflows.argoproj.io/completed"
_ORDINAL = re.compile(r"-(\d+)$", re.ASCII)

UNMANAGED_REMEDY = (
    "Move or delete it yourself, waive it (exempt), or choose unmanaged: recreate (made again from its saved manifest)"
    " or unmanaged: delete."
)
UNKNOWN_REMEDY = (
    "If its controller makes a pod again that was deleted, name the kind (recreated_by). Otherwise move or delete the pod"
    " yourself, waive it (exempt), or choose unmanaged: recreate (made again from its saved manifest) or unmanaged: delete."
)
UNREAD_REMEDY = "Grant the right to get this kind and its scale subresource (docs/rbac/clusterrole-custom-kinds.yml)."
APPLICATION_REMEDY = "Restart the application that made it (for Spark, submit the job again), or waive it (exempt)."


@dataclass(frozen=True)
class Policy:
    """The user's choices: ``unmanaged`` is refuse, recreate or delete; ``running_jobs`` is wait or evict."""

    unmanaged: str = "refuse"
    running_jobs: str = "wait"


@dataclass(frozen=True)
class Step:
    """One pod, the way it is to go, and why; ``remedy`` says what to do where it may not go.

    ``parallel``: how many pods of its workload may be on their way together.
    """

    pod: Pod
    workload: Workload
    action: Action
    reason: str
    remedy: str = ""
    parallel: int = 1

    @property
    def group(self) -> str:
        """What its steps share: a budget, a rollout. A pod that no controller replaces is its own group."""
        moves_a_workload = self.action in (Action.BY_CONTROLLER, Action.ROLL)
        return self.workload.uid if moves_a_workload and self.workload.uid else self.pod.uid


@dataclass(frozen=True)
class Plan:
    """The steps in order, how many may be on their way at once (growing), and the pods that are not touched."""

    steps: list[Step] = field(default_factory=list)
    limits: Sequence[int] = (1,)
    refused: list[Step] = field(default_factory=list)


def decide(pod: Pod, workload: Workload, policy: Policy) -> Step:
    """The way one pod is to go."""
    action, reason, remedy = _decide(pod, workload, policy)
    return Step(pod, workload, action, reason, remedy)


def _decide(pod: Pod, workload: Workload, policy: Policy) -> tuple[Action, str, str]:
    kind = workload.controller_kind
    if pod.mirror or kind == "Node":
        why = "it is a mirror pod: only the kubelet that made it can end it"
        return Action.REFUSE, why, "Remove its file from the node, or waive it (exempt)."
    if kind == "DaemonSet":
        why = "it belongs to a DaemonSet, which puts it back on the same node at once"
        return (
            Action.REFUSE,
            why,
            "Keep the DaemonSet off virtual nodes by its node affinity, or waive its pods (exempt).",
        )
    if workload.kind and workload.manifest is None and policy.unmanaged != "delete":
        why = f"its controller ({workload.kind} {workload.name}) was deleted, and the pod is about to go with it"
        return Action.REFUSE, why, "Wait until it is gone and run again; if it stays, delete it."
    if kind == "Job" and workload.manifest:
        return _decide_job(pod, workload, policy)
    if (kind in REPLACING_KINDS or workload.custom) and workload.manifest:
        if pod.finished and kind != "StatefulSet":
            return Action.CLEAR, f"it has finished ({pod.phase}), and its {kind} has replaced it already", ""
        return Action.BY_CONTROLLER, f"{workload.shown} replaces it", ""
    return _decide_unmanaged(pod, workload, policy)


def _decide_job(pod: Pod, workload: Workload, policy: Policy) -> tuple[Action, str, str]:
    job = workload.manifest or {}
    if job_finished(job):
        return Action.CLEAR, f"its Job has finished ({pod.phase})", ""
    if policy.running_jobs == "evict" and not pod.finished:
        why_not = why_not_evict_job(job)
        if why_not:
            return (
                Action.AWAIT_JOB,
                f"{why_not}, so that it is waited for instead of evicted",
                "Wait for the Job to end.",
            )
        why = "its Job makes another one, by choice (running_jobs: evict); this may count as a failure of the Job"
        return Action.BY_CONTROLLER, why, ""
    # Deleting a finished pod of a Job that still runs can make its controller count it as not done.
    remedy = "Wait for the Job to end, or choose running_jobs: evict."
    return Action.AWAIT_JOB, "its Job still runs and is waited for", remedy


def _decide_unmanaged(pod: Pod, workload: Workload, policy: Policy) -> tuple[Action, str, str]:
    what, remedy = _why_unmanaged(workload), UNMANAGED_REMEDY
    if pod.finished and (not workload.kind or pod.labels.get(WORKFLOW_COMPLETED) == "true"):
        return Action.CLEAR, f"it has finished ({pod.phase}), and nothing needs it", ""
    if policy.unmanaged == "delete":
        return Action.DELETE, f"{what}; deleted by choice (unmanaged: delete)", ""
    if workload.unread:
        return Action.REFUSE, what, UNREAD_REMEDY
    if workload.kind and not workload.controller_kind:
        remedy = UNKNOWN_REMEDY
    if workload.controller_kind == "Pod":
        remedy = APPLICATION_REMEDY
    elif policy.unmanaged == "recreate":
        if pod.finished:
            return Action.CLEAR, f"{what}, and it has finished ({pod.phase})", ""
        return Action.FROM_MANIFEST, f"{what}; made again from its manifest by choice (unmanaged: recreate)", ""
    return Action.REFUSE, what, remedy


def _why_unmanaged(workload: Workload) -> str:
    if workload.controller_kind == "Pod":
        return f"it belongs to the pod {workload.name}, and would not outlive it"
    if workload.kind and workload.manifest:
        return f"a {workload.kind} does not recreate pods that it owns directly"
    if workload.kind and workload.manifest is None:
        return f"its controller ({workload.kind} {workload.name}) was deleted"
    if workload.unread:
        return f"this user may not read its controller, a {workload.kind}"
    if workload.kind:
        return f"it is unknown whether its controller, a {workload.kind}, recreates it"
    return "nothing recreates it: it has no controller"


def _order(step: Step) -> tuple[str, bool, str, str, int, str]:
    """By namespace, what serves nobody first: it may give a budget room. StatefulSets from the highest ordinal."""
    found = _ORDINAL.search(step.pod.name) if step.workload.controller_kind == "StatefulSet" else None
    rank = -int(found.group(1)) if found else int(step.pod.ready)
    serves = step.pod.ready or found is not None
    return (step.pod.namespace, serves, step.workload.kind, step.workload.name, rank, step.pod.name)


def make_plan(steps: Sequence[Step], serial: Sequence[object], workload_serial: object = 1) -> Plan:
    """Put the steps in order, and those that are refused aside.

    Raises InvalidInput where ``serial`` or ``workload_serial`` cannot be read.
    """
    refused = sorted((step for step in steps if step.action == Action.REFUSE), key=_order)
    wanted = sorted((step for step in steps if step.action != Action.REFUSE), key=_order)
    wanted = [replace(step, parallel=parallel_of(workload_serial, step.workload)) for step in wanted]
    return Plan(wanted, wave_limits(serial, len(wanted)), refused)


def next_step(left: Sequence[Step], busy: Mapping[str, int], closed: Collection[str] = ()) -> Step | None:
    """The next step to begin: the first whose group is not among the ``closed`` and has room beside its ``busy`` ones."""
    for step in left:
        if step.group not in closed and busy.get(step.group, 0) < step.parallel:
            return step
    return None

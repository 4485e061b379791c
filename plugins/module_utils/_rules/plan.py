# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pod goes, which way, in what order, in which wave, and what is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import job_finished, may_fail_once_more


class Action(str, Enum):
    """The way a pod is to go."""

    BY_CONTROLLER = "by_controller"  # evicted or deleted; its controller makes another, which is waited for
    CLEAR = "clear"  # nothing runs in it any more: deleted, its manifest kept
    AWAIT_JOB = "await_job"  # its Job is waited for, then it is cleared
    FROM_MANIFEST = "from_manifest"  # its manifest is kept, it is deleted, and made again from the manifest
    DELETE = "delete"  # deleted for good, by the user's choice; its manifest is kept
    REFUSE = "refuse"


REPLACING_KINDS = ("ReplicaSet", "StatefulSet", "ReplicationController")
_ORDINAL = re.compile(r"-(\d+)$", re.ASCII)
_PERCENT = re.compile(r"^(\d{1,3})%$", re.ASCII)


@dataclass(frozen=True)
class Policy:
    """The user's choices: ``unmanaged`` is refuse, recreate or delete; ``running_jobs`` is wait or evict."""

    unmanaged: str = "refuse"
    running_jobs: str = "wait"


@dataclass(frozen=True)
class Step:
    """One pod, and the way it is to go."""

    pod: Pod
    workload: Workload
    action: Action
    reason: str

    @property
    def group(self) -> str:
        """Steps of one group are never in flight together; a pod that nothing stands behind is its own group."""
        return self.workload.uid or self.pod.uid


@dataclass(frozen=True)
class Plan:
    """The steps in order, how many of them each wave may have, and the refused pods. With a refusal it is not begun."""

    steps: list[Step] = field(default_factory=list)
    limits: Sequence[int] = (1,)
    refused: list[Step] = field(default_factory=list)

    @property
    def waves(self) -> list[list[Step]]:
        """The waves as they come where no step is put off."""
        left = list(self.steps)
        found: list[list[Step]] = []
        while left:
            wave = next_wave(left, limit_of(self.limits, len(found)))
            found.append(wave)
            left = without(left, wave)
        return found


def decide(pod: Pod, workload: Workload, policy: Policy) -> Step:
    """The way one pod is to go."""
    action, reason = _decide(pod, workload, policy)
    return Step(pod, workload, action, reason)


def _decide(pod: Pod, workload: Workload, policy: Policy) -> tuple[Action, str]:
    kind = workload.controller_kind
    if pod.mirror or kind == "Node":
        return Action.REFUSE, "it is a mirror pod: only the kubelet that made it can end it"
    if kind == "DaemonSet":
        return (
            Action.REFUSE,
            "it belongs to a DaemonSet, which puts it back on the same node at once; change the DaemonSet",
        )
    if kind == "Job" and workload.manifest is not None:
        return _decide_job(pod, workload, policy)
    if kind in REPLACING_KINDS and workload.manifest is not None:
        if pod.finished and kind != "StatefulSet":
            return Action.CLEAR, f"it has finished ({pod.phase}), and its {kind} has replaced it already"
        return Action.BY_CONTROLLER, f"{workload.shown} replaces it"
    return _decide_unmanaged(pod, workload, policy)


def _decide_job(pod: Pod, workload: Workload, policy: Policy) -> tuple[Action, str]:
    if job_finished(workload.manifest or {}):
        return Action.CLEAR, f"its Job has finished ({pod.phase})"
    if policy.running_jobs == "evict" and not pod.finished:
        if not may_fail_once_more(workload.manifest or {}):
            # No pod would follow: the eviction would end the Job itself.
            return (
                Action.AWAIT_JOB,
                "its Job may not fail once more (backoffLimit), so that it is waited for instead of evicted",
            )
        return (
            Action.BY_CONTROLLER,
            "its Job makes another one, by choice (running_jobs: evict); this counts as a failure of the Job",
        )
    # Deleting a finished pod of a Job that still runs can make its controller count it as not done.
    return Action.AWAIT_JOB, "its Job still runs and is waited for"


def _decide_unmanaged(pod: Pod, workload: Workload, policy: Policy) -> tuple[Action, str]:
    if workload.kind and workload.manifest is None:
        what = f"its controller ({workload.kind} {workload.name}) is not there any more"
    elif workload.kind:
        what = f"it is unknown whether its controller, a {workload.kind}, recreates it"
    else:
        what = "nothing recreates it: it has no controller"
    if policy.unmanaged == "delete":
        return Action.DELETE, f"{what}; deleted by choice (unmanaged: delete)"
    if policy.unmanaged == "recreate":
        if pod.finished:
            return Action.CLEAR, f"{what}, and it has finished ({pod.phase})"
        return Action.FROM_MANIFEST, f"{what}; made again from its manifest by choice (unmanaged: recreate)"
    return Action.REFUSE, what


def _order(step: Step) -> tuple[str, str, str, int, str]:
    """By workload; in a StatefulSet from the highest ordinal, elsewhere first those that serve nobody."""
    found = _ORDINAL.search(step.pod.name) if step.workload.controller_kind == "StatefulSet" else None
    rank = -int(found.group(1)) if found else int(step.pod.ready)
    return (step.pod.namespace, step.workload.kind, step.workload.name, rank, step.pod.name)


def wave_limits(serial: Sequence[object], total: int) -> list[int]:
    """The entries of ``serial``, in Ansible's own reading of it, as numbers of pods. Raises InvalidInput."""
    return [_size(entry, total) for entry in (serial or [1])]


def limit_of(limits: Sequence[int], number: int) -> int:
    """How large the wave of that number may be: the last limit holds for all that come after."""
    return limits[min(number, len(limits) - 1)]


def _size(entry: object, total: int) -> int:
    text = str(entry).strip()
    percent = _PERCENT.match(text)
    if percent is not None and 0 < int(percent.group(1)) <= 100:
        return max(1, math.floor(total * int(percent.group(1)) / 100))
    if not isinstance(entry, (bool, float)) and text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise InvalidInput(
        "serial",
        entry,
        "is neither a number of pods above 0 nor a percentage",
        "Give it as in a play: 1, '25%', or a list of growing waves such as [1, 5, '25%'].",
    )


def next_wave(left: Sequence[Step], size: int, not_these: Collection[str] = ()) -> list[Step]:
    """The next steps to go together: at most so many, never two of one workload, none of the groups named."""
    wave: list[Step] = []
    groups = set(not_these)
    for step in left:
        if len(wave) == size:
            break
        if step.group not in groups:
            wave.append(step)
            groups.add(step.group)
    return wave


def without(steps: Sequence[Step], done: Sequence[Step]) -> list[Step]:
    """The steps that are not among those."""
    uids = {step.pod.uid for step in done}
    return [step for step in steps if step.pod.uid not in uids]


def make_plan(steps: Sequence[Step], serial: Sequence[object]) -> Plan:
    """Put the steps in order, and those that are refused aside. Raises InvalidInput where ``serial`` cannot be read."""
    refused = sorted((step for step in steps if step.action == Action.REFUSE), key=_order)
    wanted = sorted((step for step in steps if step.action != Action.REFUSE), key=_order)
    return Plan(wanted, wave_limits(serial, len(wanted)), refused)

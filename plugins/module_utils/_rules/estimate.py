# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run will take, and for how long a workload will have no Ready pod, by the time its ECI pods took to start."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Workload, condition
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import wanted_replicas
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import max_surge, max_unavailable
from ansible_collections.ackops.eci.plugins.module_utils._rules.serial import slots
from ansible_collections.ackops.eci.plugins.module_utils._text import duration, plain

# Of these a pod is awaited; the rest is over as soon as it is asked for.
_AWAITED = (Action.BY_CONTROLLER, Action.FROM_MANIFEST, Action.ROLL)


@dataclass(frozen=True)
class Estimate:
    """``total_seconds`` for the steps that can go now; None where no pod tells how long one takes to start.

    ``start_seconds`` is the median of ``measured_pods`` starts. ``without_ready`` holds, by workload (or pod that has none),
    the seconds without any Ready pod. Neither counts the time that an old pod takes to end.
    """

    total_seconds: float | None = None
    start_seconds: float | None = None
    measured_pods: int = 0
    without_ready: Mapping[str, float] = field(default_factory=dict)


def start_seconds(manifest: Mapping[str, Any]) -> float | None:
    """From the creation of a pod to its being Ready, in seconds; None where it is not Ready, or a container was started again.

    Only the last time at which a pod became Ready is on record. One that lost its readiness meanwhile counts too long; the
    median of many does not mind.
    """
    ready, created = condition(manifest, "Ready"), (manifest.get("metadata") or {}).get("creationTimestamp")
    if ready.get("status") != "True" or not created or not ready.get("lastTransitionTime"):
        return None
    containers = (manifest.get("status") or {}).get("containerStatuses") or ()
    if any(container.get("restartCount") for container in containers):
        return None
    return max(0.0, (_time(ready["lastTransitionTime"]) - _time(created)).total_seconds())


def _time(text: str) -> datetime:
    """A time of the API (RFC 3339, UTC); Python 3.10 does not read the Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def estimate(
    steps: Sequence[Step], limits: Sequence[int], starts: Mapping[str, Sequence[float]], ready: Mapping[str, int]
) -> Estimate:
    """The estimate for the steps that can go now, in their order.

    ``limits`` are those of the plan. ``starts`` are the start times seen, ``ready`` the number of Ready pods, by group.
    """
    seen = [seconds for found in starts.values() for seconds in found]
    if not seen:
        return Estimate(0.0 if not steps else None)
    overall = median(seen)
    works = [_work(group, together, starts, overall) for group, together in _grouped(steps).items()]
    without = {work.shown: _without_ready(work, ready.get(work.group, 0), max(limits)) for work in works}
    return Estimate(
        total_seconds=_total(works, limits),
        start_seconds=overall,
        measured_pods=len(seen),
        without_ready={shown: seconds for shown, seconds in without.items() if seconds},
    )


@dataclass(frozen=True)
class _Work:
    """The steps of one group: how many pieces of work they are, how many at once, and the seconds of each."""

    group: str
    first: Step
    pods: int
    pieces: int
    parallel: int
    seconds: float
    start: float

    @property
    def shown(self) -> str:
        return self.first.workload.shown if self.first.workload.uid else self.first.pod.key


def _grouped(steps: Sequence[Step]) -> dict[str, list[Step]]:
    groups: dict[str, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.group, []).append(step)
    return groups


def _work(group: str, steps: Sequence[Step], starts: Mapping[str, Sequence[float]], overall: float) -> _Work:
    first, found = steps[0], starts.get(group)
    start = (median(found) if found else overall) if first.action in _AWAITED else 0.0
    each = start + (_min_ready_seconds(first.workload) if first.action in _AWAITED else 0.0)
    if first.action == Action.ROLL:
        return _Work(group, first, len(steps), 1, 1, _rounds(first.workload) * each, start)
    return _Work(group, first, len(steps), len(steps), first.parallel, each, start)


def _min_ready_seconds(workload: Workload) -> float:
    return float(((workload.manifest or {}).get("spec") or {}).get("minReadySeconds") or 0)


def _rounds(workload: Workload) -> int:
    """In how many rounds a rollout replaces all pods of a workload, if pods of one round start together."""
    at_once = max(1, max_surge(workload) + max_unavailable(workload))
    return max(1, math.ceil(wanted_replicas(workload.manifest or {}) / at_once))


def _without_ready(work: _Work, ready: int, most: int) -> float:
    """The seconds in which a workload has no Ready pod though it has some now, and is not a Job."""
    if work.first.action == Action.FROM_MANIFEST:
        return work.start
    if work.first.action not in _AWAITED or work.first.workload.kind == "Job" or not ready:
        return 0.0
    if work.first.action == Action.ROLL:
        return (
            work.start if not max_surge(work.first.workload) and max_unavailable(work.first.workload) >= ready else 0.0
        )
    at_once = min(work.parallel, most, work.pods)
    return work.start * math.ceil(work.pods / at_once) if at_once >= ready else 0.0


def _total(works: Sequence[_Work], limits: Sequence[int]) -> float:
    """The end of the last piece of work, when each begins as soon as the plan allows it."""
    left = {work.group: work.pieces for work in works}
    busy: Counter[str] = Counter()
    going: list[tuple[float, str]] = []
    now, done = 0.0, 0
    while left or going:
        for work in works:
            while work.group in left and busy[work.group] < work.parallel and len(going) < slots(limits, done):
                heapq.heappush(going, (now + work.seconds, work.group))
                busy[work.group] += 1
                left[work.group] -= 1
                if not left[work.group]:
                    del left[work.group]
            if len(going) >= slots(limits, done):
                break
        now, group = heapq.heappop(going)
        busy[group] -= 1
        done += 1
    return round(now, 1)


def told(estimated: Mapping[str, Any]) -> list[str]:
    """The result's ``estimate`` in words, for people; nothing where nothing is to be done."""
    total = estimated.get("total_seconds")
    if total is None:
        return ["The time cannot be estimated: no pod shows how long it took to start."] if estimated else []
    if not total:
        return []
    start, pods = estimated["start_seconds"], estimated["measured_pods"]
    lines = [
        f"estimate: {duration(total)} in all, because a pod takes {start:.0f} s to start (median of {pods} of this cluster)"
    ]
    without = estimated["without_ready"]
    lines += [f"without a Ready pod for about {duration(one['seconds'])}: {plain(one['workload'])}" for one in without]
    more = estimated["without_ready_count"] - len(without)
    return lines + ([f"... and {more} more workloads without a Ready pod for a time"] if more > 0 else [])

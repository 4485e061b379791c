# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes the place of a removed pod: which pods may, whether one has, and why none has."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Manifest
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import CannotRecreate
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import Seen
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Step
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

# While there is no replacement yet, the owner is read at most so often: it is told by the pods that come, as a rule.
OWNER_SECONDS = 3.0
# Its events are read at most so often.
WARNING_SECONDS = 5.0


class Found(NamedTuple):
    """The replacement, the version it came up on and what is odd about it; or, without a pod, why none is needed any more."""

    pod: Pod | None
    version: str = ""
    why: str = ""


class ReplacementSearch:
    """The search for the replacement of one pod among the pods of its workload, which ``seen`` gives as they are now."""

    def __init__(self, context: RunContext, step: Step, seen: Callable[[], Mapping[str, Seen]]) -> None:
        self._context = context
        self._step = step
        self._seen = seen
        self._before: frozenset[str] = frozenset()
        self._owner_seen = context.clock.monotonic()
        self._ready_since: dict[str, float] = {}
        self._warning = ""
        self._warning_seen = context.clock.monotonic()
        self._served = True  # whether the old pod was Ready when it went
        self._had = 0  # how many pods the workload had, this one among them

    def begin(self) -> None:
        """Before the removal: whatever is there now replaces nothing, but for pods of this workload that are on their way."""
        mine = self._seen().get(self._step.pod.uid)
        self._served = mine is None or mine.pod.ready
        self._had = len(self._living()) + 1
        self._before = self._context.in_flight.begin(self._step.group, self._step.pod.uid, self._seen())

    def removed(self) -> None:
        """The pod was removed a moment ago: its owner need not be asked yet."""
        self._owner_seen = self._context.clock.monotonic()

    @property
    def gone(self) -> bool:
        """Whether the old pod is gone."""
        return self._step.pod.uid not in self._seen()

    def find(self) -> Found | None:
        """The replacement, if it is as good as it is to be. Raises CannotRecreate where waiting longer cannot help."""
        candidates = self.candidates()
        for pod, manifest in candidates:
            version = self._context.settled_as(pod)
            if version is not None and not self._context.is_good(version):
                raise CannotRecreate(
                    f"its replacement {quoted(pod.name)} came up, but {self._context.why_not(version)}"
                )
            if not self._context.is_good(version) or not self.gone:
                continue
            ready = self._ready_long_enough(pod)
            why = "" if ready else self._as_broken_as_before(pod, manifest)
            if (ready or why) and self._context.in_flight.claim(pod.uid):
                return Found(pod, version or "", why)
        return None if candidates else self._not_needed()

    def candidates(self) -> list[Seen]:
        """The pods that may be the replacement."""
        found = []
        for uid, seen in self._seen().items():
            if uid in self._before or uid == self._step.pod.uid or self._context.in_flight.is_claimed(uid):
                continue
            pod = seen.pod
            fits = pod.name == self._step.pod.name if self._by_name() else True
            fits = fits and (self._step.action == Action.FROM_MANIFEST or self._owns(pod))
            if fits and not pod.deleting and not pod.finished:
                found.append(seen)
        return found

    def _by_name(self) -> bool:
        return self._step.action == Action.FROM_MANIFEST or self._step.workload.controller_kind == "StatefulSet"

    def _owns(self, pod: Pod) -> bool:
        return self._context.workloads.owns(self._step.workload, pod)

    def siblings(self, pods: Mapping[str, Seen]) -> list[Seen]:
        """Those of the pods that are other pods of the workload, and have not finished."""
        others = (seen for uid, seen in pods.items() if uid != self._step.pod.uid)
        return [seen for seen in others if self._owns(seen.pod) and not seen.pod.finished]

    def _living(self) -> list[Seen]:
        return [seen for seen in self.siblings(self._seen()) if not seen.pod.deleting]

    @property
    def _min_ready_seconds(self) -> float:
        spec = (self._step.workload.manifest or {}).get("spec") or {}
        return float(spec.get("minReadySeconds") or 0)

    def _ready_long_enough(self, pod: Pod) -> bool:
        if not pod.ready:
            self._ready_since.pop(pod.uid, None)
            return False
        since = self._ready_since.setdefault(pod.uid, self._context.clock.monotonic())
        return self._context.clock.monotonic() - since >= self._min_ready_seconds

    def _as_broken_as_before(self, pod: Pod, manifest: Manifest) -> str:
        """The old pod was not Ready either: what it was before is the yardstick. Says so; empty where that does not apply."""
        if self._served or pod.ready or (manifest.get("status") or {}).get("phase") != "Running":
            return ""
        return f"it is not Ready, as the old pod was not: {predicates.waiting_reason(manifest)}"

    def seconds_until_ready(self, longest: float) -> float:
        """Until the first pod that is Ready now has been so for minReadySeconds; a watch is not to outlast that."""
        if not self._ready_since:
            return longest
        left = min(self._ready_since.values()) + self._min_ready_seconds - self._context.clock.monotonic()
        return min(longest, max(left, 0.1))

    def _not_needed(self) -> Found | None:
        """The owner was deleted, or wants no more pods than there are: nothing is to come."""
        now = self._context.clock.monotonic()
        if self._step.action == Action.FROM_MANIFEST or now - self._owner_seen < OWNER_SECONDS:
            return None
        self._owner_seen = now
        why = self._why_not_needed()
        return Found(None, why=why) if why and self.gone else None

    def _why_not_needed(self) -> str:
        workload = self._step.workload
        manifest = self._context.workloads.reread(workload)
        if manifest is None:
            return f"{workload.shown} was deleted meanwhile"
        if workload.kind == "Job":
            if predicates.job_failed(manifest):
                raise CannotRecreate(f"its {workload.shown} failed after the pod was removed")
            return "its Job has finished meanwhile" if predicates.job_finished(manifest) else ""
        wanted = predicates.wanted_pods(manifest, workload.manifest or {}, self._had)
        if self.gone and len(self._living()) >= wanted:
            return f"{workload.shown} was scaled down meanwhile"
        return ""

    def awaited(self) -> tuple[str, str]:
        """What is waited for now, as a clause, and the platform version that is coming up, where it is known."""
        for pod, manifest in self.candidates():
            version = predicates.effective_version(pod) or ""
            if not pod.ready:
                where = f" on {quoted(pod.node)}" if pod.node else ""
                why = predicates.awaited_of(manifest)
                return f"its replacement {quoted(pod.name)}{where} is not Ready: {why}", version
            if not self._ready_long_enough(pod):
                seconds = self._min_ready_seconds
                return (
                    f"its replacement {quoted(pod.name)} has to stay Ready for {seconds:.0f} s (minReadySeconds)",
                    version,
                )
        old = self._seen().get(self._step.pod.uid)
        if old is not None:
            held = predicates.held_by(old.manifest)
            return f"the old pod is terminating, {held}" if old.pod.deleting else "the old pod was asked to go", ""
        if self._step.action == Action.FROM_MANIFEST:
            return "it is being made again from its manifest", ""
        return f"{self._step.workload.shown} has not made a replacement yet{self._last_warning()}", ""

    def _last_warning(self) -> str:
        """What its controller complains of, asked for at most every so many seconds."""
        now, owner = self._context.clock.monotonic(), self._step.pod.owner
        if owner is not None and now - self._warning_seen >= WARNING_SECONDS:
            self._warning_seen = now
            with contextlib.suppress(ApiError, ConnectionFailed):
                said = self._context.api.warnings_about(self._step.pod.namespace, owner.uid)
                self._warning = f": {plain(said[-1])}" if said else ""
        return self._warning

    def why_none(self, seconds: float) -> str:
        """Why there is no good replacement after so many seconds, from the most telling source."""
        for pod, manifest in self.candidates():
            why = predicates.waiting_reason(manifest)
            where = f" on {quoted(pod.node)}" if pod.node else ""
            return f"its replacement {quoted(pod.name)}{where} was not Ready within {seconds:.0f} s: {why}"
        owner = self._step.pod.owner
        said = self._context.api.warnings_about(self._step.pod.namespace, owner.uid) if owner else []
        last = f": {plain(said[-1])}" if said else ""
        return f"{self._step.workload.shown} made no replacement within {seconds:.0f} s{last}"

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rollout of one workload by its own strategy: asked for, and followed until every old pod has a good successor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.ackops.eci.plugins.module_utils._errors import (
    ApiError,
    ConnectionFailed,
    ListExpired,
    WatchBroken,
)
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Manifest
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.outcome import outcome_of, with_new
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import (
    CannotRecreate,
    NotNow,
    Patience,
    Stopped,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import pod_set_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import Seen
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, Recreation
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import restart_patch
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

FOLLOW_SECONDS = 4.0
# In a rollout much happens at once, and each time all of its pods are looked at.
GATHER_SECONDS = 0.2
# The status of a workload follows its pods in a moment; no event of a pod tells when. Then twice as long, each time.
STATUS_SECONDS = 0.2
UNDO = "Find out why its new pods do not come up; kubectl rollout undo brings the old ones back."


class WorkloadRestart:
    """The restart of one workload, of which ``steps`` are the old pods. ``timeout``: seconds without any progress."""

    def __init__(self, context: RunContext, steps: Sequence[Step], timeout: float) -> None:
        self._context = context
        self._steps = steps
        self._workload = steps[0].workload
        self._timeout = timeout
        self._started_at = context.clock.now()
        self._started = context.clock.monotonic()
        self._wait = context.waiting.begin(steps[0].group, timeout, workload=self._workload.shown, pods=len(steps))
        self._patience = Patience(context.clock, context.stop, timeout, self._wait.because)
        self._view = context.views.take(pod_set_of(steps[0]))
        self._best: int | None = None  # how near to the end it has come
        self._had = 0  # how many pods the workload had
        self._look_again = FOLLOW_SECONDS  # how long the pods are followed before the workload is read
        self.lasting = False

    def run(self) -> list[Recreation]:
        """Do it; an outcome for each of the steps. Never raises for what went wrong with this workload."""
        asked = False
        try:
            manifest = self._check()
            self._ask(manifest)
            asked = True
            new = self._follow()
        except NotNow as why:
            self.lasting = why.lasting
            return self._all("set_aside", why.reason, why.remedy)
        except Stopped as stopped:
            state = "; its rollout goes on by itself" if asked else ""
            return self._told("not_started", f"{stopped}{state}")
        except (CannotRecreate, ApiError, ConnectionFailed) as error:
            if not asked:
                return self._all("set_aside", str(error))
            self.lasting = True  # its rollout is what is in the way now, and this run has waited for it
            return self._told("failed", f"the rollout of {self._workload.shown} does not come to its end: {error}")
        finally:
            self._wait.end()
            self._context.views.park(self._view)
        return self._recreated(new)

    def _check(self) -> Manifest:
        manifest = self._retry_reread()
        if manifest is None:
            raise NotNow(f"{self._workload.shown} is gone or being deleted", "Run again.")
        why = predicates.rollout_in_progress(manifest)
        if why:
            raise NotNow(f"{self._workload.shown} has not settled: {why}", "Finish the rollout or undo it.")
        self._context.creation.check_template(self._workload, manifest)
        self._patience.retry(self._view.look)
        self._had = len(self._living())
        return manifest

    def _retry_reread(self) -> Manifest | None:
        return self._patience.retry(lambda: self._context.workloads.reread(self._workload))

    def _ask(self, manifest: Manifest) -> None:
        """Write what makes its controller roll it, unless somebody has changed the workload since it was read."""
        self._patience.wait_while(self._context.hold)
        workload = self._workload
        self._context.journal.write(
            "restarting", workload=workload.shown, reason=self._steps[0].reason, pods=[s.pod.key for s in self._steps]
        )
        version = {"metadata": {"resourceVersion": (manifest.get("metadata") or {}).get("resourceVersion")}}
        changes = {**restart_patch(workload.kind, self._context.clock.now()), **version}
        try:
            self._context.api.patch(workload.path, changes)
        except ApiError as error:
            remedy = error.remedy or "Find out who refuses the change, or choose method: evict."
            raise NotNow(f"{workload.shown} could not be restarted: {error.message}", remedy) from error

    # -- following it --------------------------------------------------------------------------------------------

    def _follow(self) -> list[Pod]:
        """Wait until no old pod is left and all others are good. Raises CannotRecreate when nothing moves any more."""
        while True:
            self._patience.retry(self._view.refresh)
            seen = self._view.pods
            new = self._patience.retry(self._all_good)
            if new is not None:
                return new
            self._wait.because(self._awaited())
            self._patience.check_stop()
            if self._patience.remaining <= 0:
                raise CannotRecreate(self._why_stuck())
            try:
                self._follow_pods(seen, min(self._look_again, max(self._patience.remaining, 0.1)))
            except (WatchBroken, ListExpired, ApiError, ConnectionFailed):
                self._patience.sleep(1.0)  # whatever ends a watch at once must not be asked in a circle

    def _follow_pods(self, before: Mapping[str, Seen], seconds: float) -> None:
        """Wait until something has happened to the pods, then a little for what happens with it."""
        self._view.follow(seconds, lambda: self._view.pods is not before, self._patience.stop)
        if self._view.pods is not before:
            self._patience.sleep(GATHER_SECONDS)

    def _pods(self) -> list[Seen]:
        pods = self._view.pods.values()
        return [one for one in pods if self._context.workloads.owns(self._workload, one.pod) and not one.pod.finished]

    def _living(self) -> list[Seen]:
        return [seen for seen in self._pods() if not seen.pod.deleting]

    def _left(self) -> set[str]:
        return {step.pod.uid for step in self._steps} & set(self._view.pods)

    def _good(self) -> list[Pod]:
        return [
            pod
            for pod, _manifest in self._pods()
            if pod.ready and not pod.deleting and self._context.is_good(self._context.settled_as(pod))
        ]

    def _all_good(self) -> list[Pod] | None:
        """The new pods, when all is done. Where it came nearer to that than ever before, the time begins anew."""
        left, good = self._left(), self._good()
        done = len(good) - len(left)
        if self._best is None or done > self._best:  # a pod may go up and down for ever
            self._best = done
            self._patience = Patience(self._context.clock, self._context.stop, self._timeout, self._wait.because)
        for pod, _manifest in self._pods():
            version = self._context.settled_as(pod)
            if pod.uid not in left and version is not None and not self._context.is_good(version):
                raise CannotRecreate(f"its new pod {quoted(pod.name)} came up, but {self._context.why_not(version)}")
        if left:
            self._look_again = FOLLOW_SECONDS
            return None
        manifest = self._context.workloads.reread(self._workload)
        if manifest is None:
            raise CannotRecreate(f"{self._workload.shown} was deleted meanwhile")
        wanted = predicates.wanted_pods(manifest, self._workload.manifest or {}, self._had)
        if len(good) < max(wanted, len(self._living())):
            self._look_again = FOLLOW_SECONDS
            return None
        if predicates.rollout_in_progress(manifest):
            soon = self._look_again < FOLLOW_SECONDS
            self._look_again = min(self._look_again * 2, FOLLOW_SECONDS) if soon else STATUS_SECONDS
            return None
        return sorted(good, key=lambda pod: pod.name)

    def _awaited(self) -> str:
        """How far its rollout is, and which pod is not Ready, as a clause."""
        far = f"{len(self._left())} of {len(self._steps)} old pods are still there"
        for pod, manifest in self._pods():
            if not pod.ready and not pod.deleting:
                why = predicates.awaited_of(manifest)
                return f"{far}; its pod {quoted(pod.name)} is not Ready: {why}"
        return far

    def _why_stuck(self) -> str:
        for pod, manifest in self._pods():
            if not pod.ready and not pod.deleting:
                why = predicates.waiting_reason(manifest)
                return f"its pod {quoted(pod.name)} was not Ready within {self._timeout:.0f} s: {why}"
        return f"nothing moved for {self._timeout:.0f} s"

    # -- words ---------------------------------------------------------------------------------------------------

    def _recreated(self, new: Sequence[Pod]) -> list[Recreation]:
        before = {step.pod.uid for step in self._steps}
        came = {pod.name: pod for pod in new if pod.uid not in before}
        named = {step.pod.uid: came.pop(step.pod.name, None) for step in self._steps}  # as of a StatefulSet
        others, done = list(came.values()), []
        for step in self._steps:
            pod = named[step.pod.uid] or (others.pop(0) if others else None)
            version = (self._context.settled_as(pod) or "") if pod else ""
            outcome = "recreated" if pod else "no_longer_needed"
            done.append(with_new(self._outcome(step, outcome, step.reason, removed=True), pod, version))
            self._context.journal.write("finished", **vars(done[-1]))
        return done

    def _all(self, outcome: str, reason: str, remedy: str = "") -> list[Recreation]:
        return [self._outcome(step, outcome, reason, remedy) for step in self._steps]

    def _told(self, outcome: str, reason: str) -> list[Recreation]:
        """An old pod that is still there was not lost; one that is gone while the rollout is stuck may be missing."""
        left, done = self._left(), []
        for step in self._steps:
            gone = step.pod.uid not in left
            word = outcome if gone or outcome == "not_started" else "set_aside"
            done.append(self._outcome(step, word, reason, UNDO, removed=gone))
            self._context.journal.write("failed" if word == "failed" else "interrupted", **vars(done[-1]))
        return done

    def _outcome(self, step: Step, outcome: str, reason: str, remedy: str = "", *, removed: bool = False) -> Recreation:
        seconds = round(self._context.clock.monotonic() - self._started, 2)
        done = outcome_of(step, outcome, reason, remedy)
        return replace(done, started_at=self._started_at, seconds=seconds, removed=removed)

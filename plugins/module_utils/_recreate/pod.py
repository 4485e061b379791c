# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of one pod: looked at, asked to go by its UID, and waited for until what takes its place is Ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from ansible_collections.ackops.eci.plugins.module_utils._errors import (
    ApiError,
    ConnectionFailed,
    EciError,
    ListExpired,
    WatchBroken,
)
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Manifest, PodSet, Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.outcome import (
    method_of,
    outcome_of,
    told_of,
    with_new,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import (
    FIRST_PAUSE_SECONDS,
    NOT_AWAITED,
    CannotRecreate,
    NoLongerNeeded,
    NotNow,
    Patience,
    Stopped,
    is_namespace,
    is_transient,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import Seen
from ansible_collections.ackops.eci.plugins.module_utils._recreate.removal import DELETE, Removal
from ansible_collections.ackops.eci.plugins.module_utils._recreate.replacement import Found, ReplacementSearch
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.manifest import recreatable
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    Pod,
    Recreation,
    pod_from_manifest,
    pod_to_record,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Step

# How long the watch is followed before the owner is read again (it may have been scaled down or deleted meanwhile).
WATCH_SECONDS = 4.0
# At first a pod changes often, and what it waits for is told.
FIRST_WATCH_SECONDS = 1.0
HELD_REMEDY = "Find out what keeps it; nothing is forced."

T = TypeVar("T")


class PodRecreation:
    """The recreation of one pod, from the first look to the end of the wait. ``timeout`` is in seconds.

    A pod that cannot go now is not waited for: its outcome is ``set_aside``, and ``lasting`` says that it is no use to come back
    to it. ``again``: it was set aside before, so the server is asked by a dry run first.
    """

    def __init__(self, context: RunContext, step: Step, timeout: float, *, again: bool = False) -> None:
        self._context = context
        self._step = step
        self._pod = step.pod
        self._workload = step.workload
        self._started_at = context.clock.now()
        self._wait = context.waiting.begin(step.pod.uid, timeout, **told_of(step))
        self._patience = Patience(context.clock, context.stop, timeout, self._wait.because)
        self._view = context.views.take(pod_set_of(step))
        self._search = ReplacementSearch(context, step, lambda: self._seen)
        self._again = again
        self._removed = False
        self._asked = False  # whether the record says that it is about to be removed
        self._earlier = ""  # how the reason of a failure begins
        self._kept = ""  # where the manifest is from which the pod was made again
        self.lasting = False

    def run(self) -> Recreation:
        """Do it. Never raises for what went wrong with this pod: the outcome says it."""
        return self._told(self._run)

    def follow(self, left: Unfinished) -> Recreation:
        """Wait for the end of what an earlier run had begun with the pod when it was cut off; remove nothing."""
        self._earlier = "an earlier run had removed it, and was cut off; "
        return self._told(lambda: self._follow(left))

    def _told(self, course: Callable[[], Recreation]) -> Recreation:
        """Carry out a course, and write down how it ended."""
        try:
            done = course()
        except NotNow as why:
            return self._set_aside(why)
        except Stopped as stopped:
            return self._cut_off(stopped)
        except NoLongerNeeded as why_not:
            done = self._outcome("no_longer_needed", str(why_not))
        except (CannotRecreate, EciError) as error:
            if not self._removed:
                remedy = error.remedy if isinstance(error, EciError) else ""
                return self._set_aside(NotNow(error.message if isinstance(error, EciError) else str(error), remedy))
            done = self._outcome("failed", f"{self._earlier}{error}")
            self._context.note_failed(self._step, self._kept)
        finally:
            self._wait.end()
            self._context.in_flight.end(self._step.group, self._pod.uid)
            self._context.views.park(self._view)
        event = done.outcome if done.outcome in ("failed", "not_started") else "finished"
        self._context.journal.write(event, **vars(done))
        return done

    def _set_aside(self, why: NotNow) -> Recreation:
        """It was not touched; where the record says that it was about to be, it says now that it was not."""
        self.lasting = why.lasting
        if self._asked:
            self._context.journal.write("refused", reason=why.reason, **self._identity())
        return self._outcome("set_aside", why.reason, why.remedy)

    def _cut_off(self, stopped: Stopped) -> Recreation:
        """The run ends before the pod is done; in the record it has no end either, so that the next run follows it."""
        done = self._outcome("failed" if self._removed else "not_started", str(stopped))
        self._context.journal.write("interrupted", **vars(done))
        return done

    def _follow(self, left: Unfinished) -> Recreation:
        self._look()
        mine = self._seen.get(self._pod.uid)
        if mine is not None and not mine.pod.deleting:
            return self._outcome("not_started", "an earlier run was cut off before the pod was removed")
        self._now_removed()
        self._await(lambda: self._search.gone, "")
        if left.manifest is not None:
            self._create(left.manifest, left.path)
            return self._await_replacement()
        if self._retry(lambda: self._context.workloads.reread(self._workload)) is not None:
            self._await(lambda: not self._why_unsettled()[0], "")
        self._context.note_back(self._pod)
        done = self._outcome("already_gone", "an earlier run had removed it, and all is in its place again")
        return replace(done, removed=False)  # not by this run

    # -- the course ----------------------------------------------------------------------------------------------

    def _run(self) -> Recreation:
        manifest = self._current_pod()
        if manifest is None:
            return self._outcome("already_gone", "the pod with that UID is not there any more")
        current = pod_from_manifest(manifest)
        if current.deleting:
            why = f"it is already being deleted ({predicates.held_by(manifest)})"
            raise NotNow(why, HELD_REMEDY)
        version = self._context.settled_as(current)
        if self._context.is_good(version):
            return self._outcome("already_compatible", f"it runs on platform version {version} now")
        if self._step.action == Action.AWAIT_JOB:
            return self._after_job(manifest)
        if self._step.action in (Action.CLEAR, Action.DELETE):
            return self._clear(manifest)
        if self._step.action == Action.FROM_MANIFEST:
            return self._recreate(manifest)
        return self._leave_to_controller()

    def _current_pod(self) -> Manifest | None:
        """The pod as it is now, with its siblings; None where it is gone."""
        pods = self._view.pod_set
        known = self._context.views.known_of(pods) if pods.labels else ""
        self._retry(lambda: self._view.update(known))
        mine = self._seen.get(self._pod.uid)
        manifest = mine.manifest if mine else None
        if manifest is None and self._view.pod_set.labels:  # somebody may have changed its labels
            found = self._retry(lambda: self._context.api.get(self._path))
            manifest = found if found is not None and found["metadata"]["uid"] == self._pod.uid else None
        return manifest

    def _leave_to_controller(self) -> Recreation:
        self._check_workload()
        self._search.begin()
        self._remove(self._context.method)
        return self._await_replacement()

    def _check_workload(self) -> None:
        """Raise NotNow where the workload must not lose a pod now, or could not bring it back."""
        manifest = self._retry(lambda: self._context.workloads.reread(self._workload))
        if manifest is None:
            remedy = "Wait until the pod is gone, and run again."
            raise NotNow(f"{self._workload.shown} is gone or being deleted: nothing would replace the pod", remedy)
        if self._workload.kind == "Job":
            why = predicates.why_not_evict_job(manifest)
            if why or predicates.job_finished(manifest):
                raise NotNow(why or "its Job has finished", "Wait for the Job to end, and run again.")
            return
        why, remedy = self._why_unsettled(manifest)
        if why:
            raise NotNow(f"{self._workload.shown} has not settled: {why}", remedy)
        self._context.creation.check_template(self._workload, manifest)

    def _why_unsettled(self, workload: Manifest | None = None) -> tuple[str, str]:
        """Why no pod of the workload is to be touched now, and what helps; empty where one may be."""
        manifest = workload or self._retry(lambda: self._context.workloads.reread(self._workload))
        if manifest is None or self._workload.kind == "Job":
            return "", ""
        seen = self._seen
        mine = seen.get(self._pod.uid)
        # A StatefulSet does not make a pod again while one before it is not Ready.
        serves = mine is None or mine.pod.ready or self._workload.controller_kind == "StatefulSet"
        return predicates.unsettled(
            manifest,
            self._search.siblings(seen),
            here=mine is not None,
            serves=serves,
            ours=self._context.in_flight.others(self._step.group, self._pod.uid),
        )

    def _clear(self, manifest: Manifest) -> Recreation:
        path = self._context.journal.save_manifest(self._pod.uid, manifest)
        self._remove(self._context.method if self._step.action == Action.DELETE else DELETE, manifest=path)
        self._await(lambda: self._search.gone, "")
        return self._outcome("deleted", f"{self._step.reason}; its manifest is kept in {path}")

    def _recreate(self, manifest: Manifest) -> Recreation:
        wanted = recreatable(manifest)
        self._context.creation.check_pod(self._pod, wanted)
        path = self._context.journal.save_manifest(self._pod.uid, wanted)
        self._look()
        self._search.begin()
        self._context.note_missing(self._step, path)
        # Only this run makes the pod again: an interrupt has to wait.
        self._patience.must_finish = True
        try:
            self._remove(self._context.method, manifest=path)
        except NotNow:
            self._context.note_back(self._pod)
            raise
        self._await(lambda: self._search.gone, "")
        self._create(wanted, path)
        self._patience.must_finish = False
        return self._await_replacement()

    def _create(self, wanted: Manifest, path: str) -> None:
        """Make the pod again, and see that it is there. Raises CannotRecreate."""
        try:
            self._retry(lambda: self._created(wanted))
        except (ApiError, ConnectionFailed) as error:
            if isinstance(error, ApiError) and is_namespace(error):
                self._context.note_back(self._pod)
                raise NoLongerNeeded(f"its namespace {self._pod.namespace} is gone or being deleted") from error
            raise CannotRecreate(f"it was deleted and could not be created again: {error} {_by_hand(path)}") from error
        self._kept = path
        self._context.note_back(self._pod)
        self._context.journal.write("created", **self._identity())

    def _created(self, wanted: Manifest) -> None:
        """Create it, unless it is there: a request whose answer was lost, or somebody by hand, may have been first."""
        try:
            self._context.api.create(pods_path(self._pod.namespace), wanted)
        except ApiError as error:
            if error.status != 409:
                raise
            found = self._context.api.get(self._path)
            if found is None or found["metadata"]["uid"] == self._pod.uid or pod_from_manifest(found).deleting:
                # A pod of that name still terminates: the name is free in a moment.
                raise ApiError(503, "AlreadyExists", error.message) from error

    def _after_job(self, manifest: Manifest) -> Recreation:
        job = self._retry(lambda: self._context.workloads.reread(self._workload))
        if job is not None and not predicates.job_finished(job):
            raise NotNow(self._step.reason, self._step.remedy)
        return self._clear(manifest)

    def _remove(self, how: str, manifest: str = "") -> None:
        """Have it removed, told in the record before and after. Raises NotNow."""
        self._patience.wait_while(self._context.hold)
        removal = Removal(self._context.api, self._pod, how)
        if self._again:
            removal.try_out()
        self._asked = True
        self._context.journal.write(
            "removing",
            method=how,
            action=self._step.action.value,
            reason=self._step.reason,
            manifest=manifest,
            workload=self._workload.shown,
            pod=pod_to_record(self._pod),
            **self._identity(),
        )
        if self._context.journal.trouble():
            raise NotNow(self._context.journal.trouble(), "Make room, or give another record_dir.")
        removal.request(self._patience)
        self._now_removed()
        self._search.removed()
        self._context.journal.write("removed", method=how, **self._identity())

    def _now_removed(self) -> None:
        self._removed = True
        self._patience.state = NOT_AWAITED

    # -- conditions to wait for ----------------------------------------------------------------------------------

    @property
    def _seen(self) -> Mapping[str, Seen]:
        """Every pod of the workload, by UID, as last seen; others who work on it may replace it at any time."""
        return self._view.pods

    def _await(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Watch until the condition holds. Raises CannotRecreate at the deadline, with the reason."""
        while True:
            self._retry(self._view.refresh)
            if self._retry(holds):
                return
            self._wait.because(*self._search.awaited())
            self._patience.check_stop()
            if self._patience.remaining <= 0:
                raise CannotRecreate(otherwise or self._why_not())
            self._watch(lambda: self._retry(holds) or self._still_waits())
            if self._retry(holds):
                return

    def _still_waits(self) -> bool:
        """Say what for, where that may have changed; always false."""
        if self._wait.is_due():
            self._wait.because(*self._search.awaited())
        return False

    def _await_replacement(self) -> Recreation:
        found: list[Found] = []

        def ready() -> bool:
            if not found:  # it is asked again once it holds, and must not claim a second pod
                one = self._search.find()
                found.extend([one] if one is not None else [])
            return bool(found)

        self._await(ready, "")
        [one] = found
        if one.pod is None:
            return self._outcome("no_longer_needed", one.why)
        reason = f"{self._step.reason}; {one.why}" if one.why else self._step.reason
        return self._outcome("recreated", reason, new=one.pod, version=one.version)

    # -- looking and waiting -------------------------------------------------------------------------------------

    def _retry(self, ask: Callable[[], T]) -> T:
        return self._patience.retry(ask)

    def _look(self) -> None:
        self._retry(self._view.look)

    def _watch(self, done: Callable[[], bool]) -> None:
        """Follow the pods for a while, or until it is done. A watch that breaks is no harm: the next look is whole."""
        longest = WATCH_SECONDS if self._patience.elapsed > WATCH_SECONDS else FIRST_WATCH_SECONDS
        seconds = self._search.seconds_until_ready(min(longest, max(self._patience.remaining, 0.1)))
        try:
            self._view.follow(seconds, done, self._patience.stop)
        except (WatchBroken, ListExpired, ApiError, ConnectionFailed) as error:
            if not is_transient(error):
                raise
            self._patience.sleep(FIRST_PAUSE_SECONDS)  # whatever ends a watch at once must not be asked in a circle

    # -- words ---------------------------------------------------------------------------------------------------

    def _why_still_there(self) -> str:
        """Why the old pod is still there."""
        seconds, mine = self._patience.timeout, self._seen.get(self._pod.uid)
        if mine is None:
            return f"nothing came of it in {seconds:.0f} s"
        return f"it is still terminating after {seconds:.0f} s; {predicates.held_by(mine.manifest)}. Nothing was forced"

    def _why_not(self) -> str:
        """Why there is no good replacement at the deadline."""
        if not self._search.gone:
            return self._why_still_there()
        if self._kept and not self._search.candidates():
            return f"it was made again, and that pod is gone as well: somebody deleted it. {_by_hand(self._kept)}"
        return self._search.why_none(self._patience.timeout)

    @property
    def _path(self) -> str:
        return pods_path(self._pod.namespace, self._pod.name)

    def _identity(self) -> dict[str, str]:
        return {"namespace": self._pod.namespace, "name": self._pod.name, "uid": self._pod.uid}

    def _outcome(
        self, outcome: str, reason: str, remedy: str = "", *, new: Pod | None = None, version: str = ""
    ) -> Recreation:
        done = outcome_of(self._step, outcome, reason, remedy, method_of(self._step, self._context.method))
        seconds = round(self._patience.elapsed, 2)
        done = replace(done, started_at=self._started_at, seconds=seconds, removed=self._removed)
        return with_new(done, new, version)


def pod_set_of(step: Step) -> PodSet:
    """The pods to look at for a step: its whole workload, or, where nothing replaces the pod, the one of its name.

    A workload of another project may tell no selector: then all pods of the namespace, of which it owns some.
    """
    if step.action in (Action.BY_CONTROLLER, Action.ROLL):
        return PodSet(step.pod.namespace, labels=step.workload.selector)
    return PodSet(step.pod.namespace, name=step.pod.name)


def _by_hand(path: str) -> str:
    return f"Its manifest is in {path}; create it with: kubectl create -f {path}"

# Copyright: (c) 2026, ackops.eci contributors
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
    ListExpired,
    WatchBroken,
)
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Manifest, PodSet, Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import (
    FIRST_PAUSE_SECONDS,
    NOT_AWAITED,
    CannotRecreate,
    Patience,
    Stopped,
    is_transient,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.removal import DELETE, Removal
from ansible_collections.ackops.eci.plugins.module_utils._recreate.replacement import Found, ReplacementSearch
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import reread
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
WATCH_SECONDS = 5.0

T = TypeVar("T")


class PutOff(Exception):
    """Nothing was done with this pod yet: its workload has not settled, and others can go first."""


class PodRecreation:
    """The recreation of one pod, from the first look to the end of the wait. ``timeout`` is in seconds.

    With ``may_put_off`` a workload that has not settled gives the outcome ``deferred`` instead of being waited for.
    """

    def __init__(self, context: RunContext, step: Step, timeout: float, *, may_put_off: bool = False) -> None:
        self._context = context
        self._step = step
        self._pod = step.pod
        self._workload = step.workload
        self._patience = Patience(context.clock, context.stop, timeout)
        labels = step.workload.selector
        pods = PodSet(self._pod.namespace, labels=labels, name="" if labels else self._pod.name)
        self._view = context.views.of(step.group, pods)
        self._search = ReplacementSearch(context, step, lambda: self._seen)
        self._may_put_off = may_put_off
        self._removed = False
        self._waiting_for = ""
        self._kept = ""  # where the manifest is from which the pod was made again

    def run(self) -> Recreation:
        """Do it. Never raises for what went wrong with this pod: the outcome says it."""
        try:
            done = self._run()
        except Stopped as stopped:
            return self._cut_off(stopped)
        except CannotRecreate as failure:
            done = self._outcome("failed", str(failure))
        except PutOff as wait:
            self._context.journal.write("deferred", reason=str(wait), **self._identity())
            return self._outcome("deferred", str(wait))
        except (ApiError, ConnectionFailed) as error:
            done = self._outcome("failed", str(error))
        finally:
            self._context.views.park(self._step.group)
        self._note(done)
        return done

    def follow(self, left: Unfinished) -> Recreation:
        """Wait for the end of what an earlier run had begun with the pod when it was cut off; remove nothing."""
        try:
            self._look()
            if not self._search.gone and not pod_from_manifest(self._seen[self._pod.uid]).deleting:
                done = self._outcome("not_started", "an earlier run was cut off before the pod was removed")
            else:
                self._now_removed()
                self._await(lambda: self._search.gone, "")
                done = self._end_of(left)
        except Stopped as stopped:
            return self._cut_off(stopped)
        except (CannotRecreate, ApiError, ConnectionFailed) as error:
            done = self._outcome("failed", f"an earlier run had removed it, and was cut off; {error}")
        finally:
            self._context.views.park(self._step.group)
        self._note(done)
        return done

    def _end_of(self, left: Unfinished) -> Recreation:
        if left.manifest is not None:
            self._create(left.manifest, left.path)
            return self._await_replacement()
        if self._retry(lambda: reread(self._context.api, self._workload, self._pod)) is not None:
            self._await(self._settled, "")
        done = self._outcome("already_gone", "an earlier run had removed it, and all is in its place again")
        return replace(done, removed=False)  # not by this run

    def _cut_off(self, stopped: Stopped) -> Recreation:
        """The run ends before the pod is done; in the record it has no end either, so that the next run follows it."""
        done = self._outcome("failed" if self._removed else "not_started", str(stopped))
        self._context.journal.write("interrupted", **vars(done))
        return done

    def _note(self, done: Recreation) -> None:
        event = done.outcome if done.outcome in ("failed", "not_started") else "finished"
        self._context.journal.write(event, **vars(done))

    # -- the course ----------------------------------------------------------------------------------------------

    def _run(self) -> Recreation:
        manifest = self._current_pod()
        if manifest is None:
            return self._outcome("already_gone", "the pod with that UID is not there any more")
        current = pod_from_manifest(manifest)
        if current.deleting:
            seconds = self._patience.timeout
            self._await(lambda: self._search.gone, f"it was already being deleted, and still is after {seconds:.0f} s")
            return self._outcome("already_gone", "somebody else was deleting it")
        version = self._context.settled_as(current)
        if self._context.is_good(version):
            return self._outcome("already_compatible", f"it runs on platform version {version} now")
        if self._step.action == Action.AWAIT_JOB:
            return self._after_job()
        if self._step.action in (Action.CLEAR, Action.DELETE):
            return self._clear(manifest)
        if self._step.action == Action.FROM_MANIFEST:
            return self._recreate(manifest)
        return self._leave_to_controller()

    def _current_pod(self) -> Manifest | None:
        """The pod as it is now, with its siblings; None where it is gone."""
        if not self._view.catch_up():
            self._look(self._context.views.known_of(self._step.group) if self._workload.selector else "")
        manifest = self._seen.get(self._pod.uid)
        if manifest is None and self._workload.selector:  # somebody may have changed its labels
            found = self._retry(lambda: self._context.api.get(self._path))
            manifest = found if found is not None and found["metadata"]["uid"] == self._pod.uid else None
        return manifest

    def _leave_to_controller(self) -> Recreation:
        if self._may_put_off and not self._retry(self._settled):
            raise PutOff(self._waiting_for)
        if not self._may_put_off:
            self._await(self._settled, "")
        if self._search.gone:
            return self._outcome("already_gone", "it went while its workload settled")
        self._search.begin()
        self._remove(self._context.method)
        return self._await_replacement()

    def _clear(self, manifest: Manifest) -> Recreation:
        path = self._context.journal.save_manifest(self._pod.uid, manifest)
        self._remove(self._context.method if self._step.action == Action.DELETE else DELETE, manifest=path)
        self._await(lambda: self._search.gone, "")
        return self._outcome("deleted", f"{self._step.reason}; its manifest is kept in {path}")

    def _recreate(self, manifest: Manifest) -> Recreation:
        wanted = recreatable(manifest, owned=self._workload.manifest is not None)
        path = self._context.journal.save_manifest(self._pod.uid, wanted)
        self._look()
        self._search.begin()
        self._remove(self._context.method, manifest=path)
        # Only this run makes the pod again: an interrupt has to wait.
        self._patience.must_finish = True
        self._await(lambda: self._search.gone, "")
        self._create(wanted, path)
        self._patience.must_finish = False
        return self._await_replacement()

    def _create(self, wanted: Manifest, path: str) -> None:
        try:
            self._retry(lambda: self._context.api.create(pods_path(self._pod.namespace), wanted))
        except (ApiError, ConnectionFailed) as error:
            # 409: somebody, or a request whose answer was lost, has created it already
            if not isinstance(error, ApiError) or error.status != 409:
                raise CannotRecreate(
                    f"it was deleted and could not be created again: {error} {_by_hand(path)}"
                ) from error
        self._kept = path
        self._context.journal.write("created", **self._identity())

    def _after_job(self) -> Recreation:
        def finished() -> bool:
            job = reread(self._context.api, self._workload, self._pod)
            return job is None or predicates.job_finished(job)

        self._await(
            finished,
            f"its Job {self._workload.name} still runs after {self._patience.timeout:.0f} s; wait for it, or"
            " choose running_jobs: evict",
        )
        manifest = self._retry(lambda: self._context.api.get(self._path))
        if manifest is None or pod_from_manifest(manifest).uid != self._pod.uid:
            return self._outcome("already_gone", "it went with its Job")
        return self._clear(manifest)

    def _remove(self, how: str, manifest: str = "") -> None:
        """Have it removed, told in the record before and after. Raises CannotRecreate."""
        removal = Removal(self._context.api, self._pod, how)
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
        removal.request(self._patience)
        self._now_removed()
        self._search.removed()
        self._context.journal.write("removed", method=how, **self._identity())

    def _now_removed(self) -> None:
        self._removed = True
        self._patience.state = NOT_AWAITED

    # -- conditions to wait for ----------------------------------------------------------------------------------

    @property
    def _seen(self) -> Mapping[str, Manifest]:
        """Every pod of the workload, by UID, as last seen."""
        return self._view.pods

    def _settled(self) -> bool:
        """Whether the workload stands still; on the way to no, the reason is kept for the message."""
        manifest = reread(self._context.api, self._workload, self._pod)
        if manifest is None:
            raise CannotRecreate(
                f"{self._workload.shown} went away before the pod was touched: nothing would replace it"
            )
        why = "" if self._workload.kind == "Job" else self._unsettled(manifest)
        self._waiting_for = f"{self._workload.shown} has not settled: {why}" if why else ""
        return not why

    def _unsettled(self, workload: Manifest) -> str:
        """Why no pod of the workload is to be touched now; empty where one may be."""
        mine = self._seen.get(self._pod.uid)
        serves = mine is None or pod_from_manifest(mine).ready
        siblings = [(pod, self._seen[pod.uid]) for pod in self._search.siblings()]
        # Of several old pods that serve nobody any more, each may go first; a StatefulSet would not make it again.
        all_may_be_broken = not serves and self._workload.controller_kind != "StatefulSet"
        broken = {pod.uid for pod, _manifest in siblings if all_may_be_broken and self._context.is_old(pod)}
        return predicates.unsettled(workload, siblings, here=not self._search.gone, may_be_broken=broken)

    def _await(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Watch until the condition holds. Raises CannotRecreate at the deadline, with the reason."""
        while True:
            if self._view.stale:
                self._look()
            if self._retry(holds):
                return
            self._patience.check_stop()
            if self._patience.remaining <= 0:
                raise CannotRecreate(otherwise or self._waiting_for or self._why_still_there())
            self._watch(lambda: self._retry(holds))
            if self._retry(holds):
                return

    def _await_replacement(self) -> Recreation:
        found: list[Found] = []

        def ready() -> bool:
            one = self._search.find()
            found.extend([one] if one is not None else [])
            return bool(found)

        try:
            self._await(ready, "")
        except Stopped:
            raise
        except CannotRecreate as failure:
            raise CannotRecreate(str(failure) if str(failure) != self._why_still_there() else self._why_not()) from None
        if found[0].pod is None:
            return self._outcome("no_longer_needed", found[0].why)
        return self._outcome("recreated", self._step.reason, found[0].pod, found[0].version)

    # -- looking and waiting -------------------------------------------------------------------------------------

    def _retry(self, ask: Callable[[], T]) -> T:
        return self._patience.retry(ask)

    def _look(self, not_older_than: str = "") -> None:
        self._retry(lambda: self._view.look(not_older_than))

    def _watch(self, done: Callable[[], bool]) -> None:
        """Follow the pods for a while, or until it is done. A watch that breaks is no harm: the next look is whole."""
        seconds = self._search.seconds_until_ready(min(WATCH_SECONDS, max(self._patience.remaining, 0.1)))
        try:
            self._view.follow(seconds, done)
        except (WatchBroken, ListExpired):
            return
        except (ApiError, ConnectionFailed) as error:
            if not is_transient(error):
                raise
            self._patience.sleep(FIRST_PAUSE_SECONDS)

    # -- words ---------------------------------------------------------------------------------------------------

    def _why_still_there(self) -> str:
        """Why the old pod is still there."""
        seconds, manifest = self._patience.timeout, self._seen.get(self._pod.uid)
        if manifest is None:
            return f"nothing came of it in {seconds:.0f} s"
        return f"it is still terminating after {seconds:.0f} s; {predicates.held_by(manifest)}. Nothing was forced"

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

    def _outcome(self, outcome: str, reason: str, new: Pod | None = None, version: str = "") -> Recreation:
        return Recreation(
            **self._identity(),
            outcome=outcome,
            reason=reason,
            old_version=predicates.effective_version(self._pod) or "",
            new_name=new.name if new else "",
            new_uid=new.uid if new else "",
            new_node=new.node if new else "",
            new_version=version,
            seconds=round(self._patience.elapsed, 2),
            workload=self._workload.shown if self._workload.uid else "",
            method=method_of(self._step, self._context.method),
            removed=self._removed,
        )


def method_of(step: Step, method: str) -> str:
    """How the pod goes, in one word: evict or delete where its controller replaces it."""
    return method if step.action == Action.BY_CONTROLLER else step.action.value


def _by_hand(path: str) -> str:
    return f"Its manifest is in {path}; create it with: kubectl create -f {path}"

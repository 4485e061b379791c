# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pod: asked to go by its UID, and waited for until what takes its place is Ready where it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ansible_collections.ackops.eci.plugins.module_utils._errors import (
    ApiError,
    ConnectionFailed,
    ListExpired,
    WatchBroken,
)
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import node_path, pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import (
    Clock,
    ClusterApi,
    Journal,
    Manifest,
    PodSet,
    Unfinished,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import Views
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Ownership, reread, workload_of
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.manifest import recreatable
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    Node,
    Pod,
    Replacement,
    pod_from_manifest,
    pod_to_record,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import (
    AWAIT_JOB,
    CLEAR,
    DELETE,
    RECREATE,
    REPLACE,
    Policy,
    Step,
    Workload,
    decide,
)
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

# How long the watch is followed before the owner is read again (it may have been scaled down or deleted meanwhile).
LOOK_AGAIN_SECONDS = 5.0
# While there is no replacement yet, the owner is read at most so often: it is told by the pods that come, as a rule.
OWNER_SECONDS = 3.0
# Between two tries of a request that was refused for now, or that got no answer.
FIRST_PAUSE_SECONDS = 0.5
LAST_PAUSE_SECONDS = 5.0

T = TypeVar("T")


class CannotReplace(Exception):
    """The recreation of this pod failed; the text says why."""


@dataclass
class Site:
    """What every recreation of a run shares: the cluster, the time, the record, and the yardstick.

    ``stop`` says why the run is to end (an interrupt, a lost lease), and nothing while it is not. ``claimed`` holds the
    UIDs of the replacements that were found: each replaces one pod only.
    """

    api: ClusterApi
    clock: Clock
    journal: Journal
    nodes: dict[str, Node]
    prefixes: tuple[str, ...]
    accepts: Callable[[str], bool]
    method: str = "evict"
    stop: Callable[[], str] = str
    families: dict[str, Ownership] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    views: Views = field(init=False)

    def __post_init__(self) -> None:
        self.views = Views(self.api)

    def settled_as(self, pod: Pod) -> str | None:
        """The platform version a pod has come up on; '' on a real node, None while it is not known."""
        if pod.node and pod.node not in self.nodes:  # it was not there at the scan
            manifest = self.api.get(node_path(pod.node))
            found = predicates.node_from_manifest(manifest, self.prefixes) if manifest is not None else None
            self.nodes[pod.node] = found or Node(pod.node, virtual=False)
        node = self.nodes.get(pod.node)
        virtual = [pod.node] if node is not None and node.virtual else []
        machines = [pod.node] if node is not None and node.machine else []
        return predicates.has_settled_as(pod, virtual, self.prefixes, machines)

    def ownership(self, workload: Workload) -> Ownership:
        """Which pods belong to a workload; what was learned of it serves all of its pods."""
        return self.families.setdefault(workload.uid, Ownership(self.api, workload))

    def rest(self, seconds: float) -> None:
        """Wait where there is nothing to watch; not longer than the run may go on."""
        end = self.clock.monotonic() + seconds
        while not self.stop() and self.clock.monotonic() < end:
            self.clock.sleep(min(end - self.clock.monotonic(), LOOK_AGAIN_SECONDS))

    def is_good(self, version: str | None) -> bool:
        """Whether that is where a replacement should be: on a real node, or on a version that supports the target."""
        return version == "" or (version is not None and self.accepts(version))


class Stopped(CannotReplace):
    """The run is to end: an interrupt, or the lease is lost."""


class PutOff(Exception):
    """Nothing was done with this pod yet: its workload has not settled, and others can go first."""


def _is_transient(error: Exception) -> bool:
    if isinstance(error, ListExpired):
        return True
    if isinstance(error, ApiError):
        return error.status == 429 or (error.status >= 500 and "PodDisruptionBudget" not in error.message)
    return True


class OnePod:
    """The recreation of one pod, from the first look to the end of the wait. ``timeout`` is in seconds.

    With ``may_put_off`` a workload that has not settled gives the outcome ``deferred`` instead of being waited for.
    """

    def __init__(self, site: Site, step: Step, timeout: float, *, may_put_off: bool = False) -> None:
        self._site = site
        self._api = site.api
        self._step = step
        self._pod = step.pod
        self._started = site.clock.monotonic()
        self._deadline = self._started + timeout
        self._timeout = timeout
        self._workload: Workload = step.workload
        self._ownership = site.ownership(step.workload)
        labels = step.workload.selector
        pods = PodSet(self._pod.namespace, labels=labels, name="" if labels else self._pod.name)
        self._view = site.views.of(step.group, pods)
        self._before: frozenset[str] = frozenset()
        self._owner_seen = site.clock.monotonic()
        self._ready_since: dict[str, float] = {}
        self._pause = FIRST_PAUSE_SECONDS
        self._may_put_off = may_put_off
        self._removed = False
        self._must_finish = False  # a pod that only this run makes again was deleted: an interrupt has to wait
        self._waiting_for = ""
        self._kept = ""  # where the manifest is from which the pod was made again

    def run(self) -> Replacement:
        """Do it. Never raises for what went wrong with this pod: the outcome says it."""
        try:
            done = self._run()
        except Stopped as stopped:
            return self._cut_off(stopped)
        except CannotReplace as failure:
            done = self._outcome("failed", str(failure))
        except PutOff as wait:
            self._site.journal.write("deferred", reason=str(wait), **self._identity())
            return self._outcome("deferred", str(wait))
        except (ApiError, ConnectionFailed) as error:
            done = self._outcome("failed", str(error))
        finally:
            self._site.views.rest(self._step.group)
        self._note(done)
        return done

    def follow(self, left: Unfinished) -> Replacement:
        """Wait for the end of what an earlier run had begun with the pod when it was cut off; remove nothing."""
        try:
            self._look()
            if not self._gone() and not pod_from_manifest(self._seen[self._pod.uid]).deleting:
                done = self._outcome("not_started", "an earlier run was cut off before the pod was removed")
            else:
                self._removed = True
                self._await(self._gone, "")
                done = self._end_of(left)
        except Stopped as stopped:
            return self._cut_off(stopped)
        except (CannotReplace, ApiError, ConnectionFailed) as error:
            done = self._outcome("failed", f"an earlier run had removed it, and was cut off; {error}")
        finally:
            self._site.views.rest(self._step.group)
        self._note(done)
        return done

    def _end_of(self, left: Unfinished) -> Replacement:
        if left.manifest is not None:
            self._create(left.manifest, left.path)
            return self._await_replacement()
        if self._patiently(lambda: reread(self._api, self._workload, self._pod)) is not None:
            self._await(self._settled, "")
        done = self._outcome("already_gone", "an earlier run had removed it, and all is in its place again")
        return replace(done, removed=False)  # not by this run

    def _cut_off(self, stopped: Stopped) -> Replacement:
        """The run ends before the pod is done; in the record it has no end either, so that the next run follows it."""
        done = self._outcome("failed" if self._removed else "not_started", str(stopped))
        self._site.journal.write("interrupted", **vars(done))
        return done

    def _note(self, done: Replacement) -> None:
        self._site.journal.write(
            done.outcome if done.outcome in ("failed", "not_started") else "finished", **vars(done)
        )

    # -- the course ----------------------------------------------------------------------------------------------

    def _run(self) -> Replacement:
        manifest = self._mine()
        if manifest is None:
            return self._outcome("already_gone", "the pod with that UID is not there any more")
        current = pod_from_manifest(manifest)
        if current.deleting:
            self._await(self._gone, f"it was already being deleted, and still is after {self._timeout:.0f} s")
            return self._outcome("already_gone", "somebody else was deleting it")
        version = self._site.settled_as(current)
        if self._site.is_good(version):
            return self._outcome("already_compatible", f"it runs on platform version {version} now")
        if self._step.action == AWAIT_JOB:
            return self._after_job()
        if self._step.action in (CLEAR, DELETE):
            return self._clear(manifest)
        if self._step.action == RECREATE:
            return self._recreate(manifest)
        return self._replace()

    def _mine(self) -> Manifest | None:
        """The pod as it is now, with its siblings; None where it is gone."""
        if not self._view.catch_up():
            self._look(self._site.views.known_of(self._step.group) if self._workload.selector else "")
        manifest = self._seen.get(self._pod.uid)
        if manifest is None and self._workload.selector:  # somebody may have changed its labels
            found = self._patiently(lambda: self._api.get(self._path()))
            manifest = found if found is not None and found["metadata"]["uid"] == self._pod.uid else None
        return manifest

    def _replace(self) -> Replacement:
        if self._may_put_off and not self._patiently(self._settled):
            raise PutOff(self._waiting_for)
        if not self._may_put_off:
            self._await(self._settled, "")
        if self._gone():
            return self._outcome("already_gone", "it went while its workload settled")
        self._before = frozenset(self._seen)
        self._remove(evict=self._site.method == "evict")
        return self._await_replacement()

    def _clear(self, manifest: Manifest) -> Replacement:
        path = self._site.journal.save_manifest(self._pod.uid, manifest)
        self._remove(evict=self._step.action == DELETE and self._site.method == "evict", manifest=path)
        self._await(self._gone, "")
        return self._outcome("deleted", f"{self._step.reason}; its manifest is kept in {path}")

    def _recreate(self, manifest: Manifest) -> Replacement:
        wanted = recreatable(manifest, owned=self._workload.manifest is not None)
        path = self._site.journal.save_manifest(self._pod.uid, wanted)
        self._look()
        self._before = frozenset(self._seen)
        self._remove(evict=self._site.method == "evict", manifest=path)
        self._must_finish = True
        self._await(self._gone, "")
        self._create(wanted, path)
        self._must_finish = False
        return self._await_replacement()

    def _create(self, wanted: Manifest, path: str) -> None:
        try:
            self._patiently(lambda: self._api.create(pods_path(self._pod.namespace), wanted))
        except (ApiError, ConnectionFailed) as error:
            # 409: somebody, or a request whose answer was lost, has created it already
            if not isinstance(error, ApiError) or error.status != 409:
                raise CannotReplace(
                    f"it was deleted and could not be created again: {error} {_by_hand(path)}"
                ) from error
        self._kept = path
        self._site.journal.write("created", **self._identity())

    def _after_job(self) -> Replacement:
        def finished() -> bool:
            job = reread(self._api, self._workload, self._pod)
            return job is None or predicates.job_finished(job)

        self._await(
            finished,
            f"its Job {self._workload.name} still runs after {self._timeout:.0f} s; wait for it, or"
            " choose running_jobs: evict",
        )
        manifest = self._patiently(lambda: self._api.get(self._path()))
        if manifest is None or pod_from_manifest(manifest).uid != self._pod.uid:
            return self._outcome("already_gone", "it went with its Job")
        return self._clear(manifest)

    # -- conditions to wait for ----------------------------------------------------------------------------------

    @property
    def _seen(self) -> Mapping[str, Manifest]:
        """Every pod of the workload, by UID, as last seen."""
        return self._view.pods

    def _gone(self) -> bool:
        return self._pod.uid not in self._seen

    def _settled(self) -> bool:
        """Whether the workload stands still; on the way to no, the reason is kept for the message."""
        manifest = reread(self._api, self._workload, self._pod)
        if manifest is None:
            raise CannotReplace(
                f"{self._workload.shown} went away before the pod was touched: nothing would replace it"
            )
        why = "" if self._workload.kind == "Job" else self._unsettled(manifest)
        self._waiting_for = f"{self._workload.shown} has not settled: {why}" if why else ""
        return not why

    def _unsettled(self, workload: Manifest) -> str:
        """Why no pod of the workload is to be touched now: one at a time, and never on top of another trouble.

        A run that was killed is known by what it has left: a pod that is terminating, or one that is not Ready yet.
        """
        why = predicates.rollout_in_progress(workload)
        siblings = self._siblings()
        for pod in siblings:
            if not why and pod.deleting:
                why = f"its sibling {quoted(pod.name)} is still terminating"
            elif not why and not pod.ready and not self._both_broken(pod):
                reason = predicates.waiting_reason(self._seen[pod.uid])
                why = f"its sibling {quoted(pod.name)} is not Ready ({reason})"
        wanted, here = predicates.wanted_replicas(workload), len(siblings) + (not self._gone())
        if not why and wanted and here != wanted:
            why = f"it has {here} pods, and wants {wanted}"
        return why

    def _both_broken(self, sibling: Pod) -> bool:
        """Of several old pods that serve nobody any more, each may go first; a StatefulSet would not make it again."""
        mine = self._seen.get(self._pod.uid)
        version = predicates.effective_version(sibling)
        old = version is not None and not self._site.accepts(version)
        serves = mine is None or pod_from_manifest(mine).ready
        return old and not serves and self._workload.controller_kind != "StatefulSet"

    def _siblings(self) -> list[Pod]:
        pods = (pod_from_manifest(manifest) for uid, manifest in self._seen.items() if uid != self._pod.uid)
        return [pod for pod in pods if self._ownership.owns(pod) and not pod.finished]

    def _await(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Watch until the condition holds. Raises CannotReplace at the deadline, with the reason."""
        while True:
            if self._view.stale:
                self._look()
            if self._patiently(holds):
                return
            self._heed_stop()
            if self._remaining() <= 0:
                raise CannotReplace(otherwise or self._waiting_for or self._stuck())
            self._watch(lambda: self._patiently(holds))
            if self._patiently(holds):
                return

    def _heed_stop(self) -> None:
        """Raise Stopped where the run is to end, unless that would lose the pod."""
        why = self._site.stop()
        if why and not self._must_finish:
            left = (
                "it had been removed, and its replacement was not waited for" if self._removed else "it was not touched"
            )
            raise Stopped(f"the run stopped: {why}; {left}")

    def _await_replacement(self) -> Replacement:
        found: list[Replacement] = []

        def settled() -> bool:
            done = self._judge()
            if done is not None:
                found.append(done)
            return bool(found)

        try:
            self._await(settled, "")
        except Stopped:
            raise
        except CannotReplace as failure:
            raise CannotReplace(str(failure) if str(failure) != self._stuck() else self._why_not()) from None
        return found[0]

    def _judge(self) -> Replacement | None:
        """Whether it is done; raises CannotReplace where waiting longer cannot help."""
        candidates = self._candidates()
        for pod in candidates:
            version = self._site.settled_as(pod)
            if version is not None and not self._site.is_good(version):
                raise CannotReplace(
                    f"its replacement {quoted(pod.name)} came up on platform version {quoted(version)},"
                    " which does not support the target either"
                )
            if self._site.is_good(version) and self._gone() and self._ready_long_enough(pod):
                self._site.claimed.add(pod.uid)
                return self._outcome("recreated", self._step.reason, pod, version or "")
        return None if candidates else self._not_needed()

    def _candidates(self) -> list[Pod]:
        found = []
        for uid, manifest in self._seen.items():
            if uid in self._before or uid == self._pod.uid or uid in self._site.claimed:
                continue
            pod = pod_from_manifest(manifest)
            mine = pod.name == self._pod.name if self._by_name() else True
            mine = mine and (self._step.action == RECREATE or self._ownership.owns(pod))
            if mine and not pod.deleting and not pod.finished:
                found.append(pod)
        return found

    def _by_name(self) -> bool:
        return self._step.action == RECREATE or self._workload.controller_kind == "StatefulSet"

    def _ready_long_enough(self, pod: Pod) -> bool:
        if not pod.ready:
            self._ready_since.pop(pod.uid, None)
            return False
        since = self._ready_since.setdefault(pod.uid, self._site.clock.monotonic())
        spec = (self._workload.manifest or {}).get("spec") or {}
        return self._site.clock.monotonic() - since >= float(spec.get("minReadySeconds") or 0)

    def _not_needed(self) -> Replacement | None:
        """The owner was deleted, or wants no more pods than there are: nothing is to come."""
        now = self._site.clock.monotonic()
        if self._step.action == RECREATE or now - self._owner_seen < OWNER_SECONDS:
            return None
        self._owner_seen = now
        manifest = reread(self._api, self._workload, self._pod)
        if manifest is None:
            return (
                self._outcome("no_longer_needed", f"{self._workload.shown} was deleted meanwhile")
                if self._gone()
                else None
            )
        if self._workload.kind == "Job":
            done = predicates.job_finished(manifest)
            return (
                self._outcome("no_longer_needed", "its Job has finished meanwhile") if done and self._gone() else None
            )
        living = [pod for pod in self._siblings() if not pod.deleting]
        if self._gone() and len(living) >= predicates.wanted_replicas(manifest):
            return self._outcome("no_longer_needed", f"{self._workload.shown} was scaled down meanwhile")
        return None

    # -- asking the pod to go ------------------------------------------------------------------------------------

    def _remove(self, *, evict: bool, manifest: str = "") -> None:
        """Evict or delete by UID, again and again while the server says 'not now'. Raises CannotReplace."""
        how = "evict" if evict else "delete"
        self._site.journal.write(
            "removing",
            method=how,
            action=self._step.action,
            reason=self._step.reason,
            manifest=manifest,
            workload=self._workload.shown,
            pod=pod_to_record(self._pod),
            **self._identity(),
        )
        while not self._asked(self._api.evict if evict else self._api.delete):
            self._doze()
            self._heed_stop()
        self._removed = True
        self._owner_seen = self._site.clock.monotonic()
        self._site.journal.write("removed", method=how, **self._identity())

    def _asked(self, request: Callable[[str, str, str], None]) -> bool:
        try:
            request(self._pod.namespace, self._pod.name, self._pod.uid)
        except ApiError as error:
            if error.status == 404:
                return True
            if (
                error.status == 409
            ):  # the UID is another's, or the pod changed under the request: look, never go by name
                found = self._patiently(lambda: self._api.get(self._path()))
                return found is None or pod_from_manifest(found).uid != self._pod.uid
            if not _is_transient(error):
                raise CannotReplace(self.explain(error)) from error
            self._heed(error)
            if self._remaining() <= self._pause:
                raise CannotReplace(
                    f"it could not be removed within {self._timeout:.0f} s: {self.explain(error)}"
                ) from error
            return False
        except ConnectionFailed as error:
            if self._remaining() <= self._pause:
                raise CannotReplace(str(error)) from error
            return False
        return True

    def _heed(self, error: ApiError) -> None:
        """A server that throttles says when to come again; of a budget it does not know when it frees up."""
        budget = any(cause.get("reason") == "DisruptionBudget" for cause in error.causes)
        wanted = error.retry_after or 0.0
        self._pause = max(self._pause, min(wanted, LAST_PAUSE_SECONDS) if budget else wanted)

    def explain(self, error: ApiError) -> str:
        """The refusal of a removal in words: the budgets by name where budgets are the cause."""
        told = "; ".join(
            str(cause.get("message")) for cause in error.causes if cause.get("reason") == "DisruptionBudget"
        )
        if not told and "PodDisruptionBudget" not in error.message and error.status != 429:
            return str(error)
        names = self._budgets()
        budgets = f" (PodDisruptionBudgets of this pod: {', '.join(names)})" if names else ""
        return f"{plain(told, 80) if told else error.message}{budgets}"

    def _budgets(self) -> list[str]:
        """The names of the budgets that cover the pod, for messages."""
        try:
            entries = self._api.budgets(self._pod.namespace)
        except (ApiError, ConnectionFailed):
            return []
        return [str(entry["metadata"]["name"]) for entry in entries if _covers(entry, self._pod.labels)]

    # -- looking and waiting -------------------------------------------------------------------------------------

    def _look(self, not_older_than: str = "") -> None:
        self._patiently(lambda: self._view.look(not_older_than))

    def _watch(self, done: Callable[[], bool]) -> None:
        """Follow the pods for a while, or until it is done. A watch that breaks is no harm: the next look is whole."""
        seconds = min(LOOK_AGAIN_SECONDS, max(self._remaining(), 0.1), self._until_ready_counts())
        try:
            self._view.follow(seconds, done)
        except (WatchBroken, ListExpired):
            return
        except (ApiError, ConnectionFailed) as error:
            if not _is_transient(error):
                raise
            self._site.rest(FIRST_PAUSE_SECONDS)

    def _until_ready_counts(self) -> float:
        """Seconds until the first pod that is Ready now has been so for minReadySeconds; a watch is not to outlast that."""
        if not self._ready_since:
            return LOOK_AGAIN_SECONDS
        wanted = float(((self._workload.manifest or {}).get("spec") or {}).get("minReadySeconds") or 0)
        return max(min(self._ready_since.values()) + wanted - self._site.clock.monotonic(), 0.1)

    def _doze(self) -> None:
        self._site.rest(max(min(self._pause, self._remaining()), 0.0))
        self._pause = min(max(self._pause * 1.5, FIRST_PAUSE_SECONDS), LAST_PAUSE_SECONDS)

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer: a server that restarts, or has too much to do, is waited for to the deadline."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return ask()
            except (ApiError, ConnectionFailed) as error:
                pause = max(pause, (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0)
                if not _is_transient(error) or self._remaining() <= pause:
                    raise
                self._site.rest(pause)
                self._heed_stop()
                pause = min(pause * 2, LAST_PAUSE_SECONDS)

    def _remaining(self) -> float:
        return self._deadline - self._site.clock.monotonic()

    # -- words ---------------------------------------------------------------------------------------------------

    def _stuck(self) -> str:
        """Why the old pod is still there."""
        manifest = self._seen.get(self._pod.uid)
        if manifest is None:
            return f"nothing came of it in {self._timeout:.0f} s"
        metadata = manifest.get("metadata") or {}
        finalizers = ", ".join(quoted(name) for name in metadata.get("finalizers") or ())
        grace = metadata.get("deletionGracePeriodSeconds")
        held = f"finalizers hold it: {finalizers}" if finalizers else f"its grace period is {grace} s"
        return f"it is still terminating after {self._timeout:.0f} s; {held}. Nothing was forced"

    def _why_not(self) -> str:
        """Why there is no good replacement at the deadline, from the most telling source."""
        if not self._gone():
            return self._stuck()
        for pod in self._candidates():
            why = predicates.waiting_reason(self._seen[pod.uid])
            where = f" on {quoted(pod.node)}" if pod.node else ""
            return f"its replacement {quoted(pod.name)}{where} was not Ready within {self._timeout:.0f} s: {why}"
        if self._kept:
            return f"it was made again, and that pod is gone as well: somebody deleted it. {_by_hand(self._kept)}"
        owner = self._pod.owner
        said = self._api.warnings_about(self._pod.namespace, owner.uid) if owner else []
        last = f": {plain(said[-1], 300)}" if said else ""
        return f"{self._workload.shown} made no replacement within {self._timeout:.0f} s{last}"

    def _path(self) -> str:
        return pods_path(self._pod.namespace, self._pod.name)

    def _identity(self) -> dict[str, str]:
        return {"namespace": self._pod.namespace, "name": self._pod.name, "uid": self._pod.uid}

    def _outcome(self, outcome: str, reason: str, new: Pod | None = None, version: str = "") -> Replacement:
        return Replacement(
            **self._identity(),
            outcome=outcome,
            reason=reason,
            old_version=predicates.effective_version(self._pod) or "",
            new_name=new.name if new else "",
            new_uid=new.uid if new else "",
            new_node=new.node if new else "",
            new_version=version,
            seconds=round(self._site.clock.monotonic() - self._started, 2),
            workload=self._workload.shown if self._workload.uid else "",
            method=self._step.action if self._step.action != REPLACE else self._site.method,
            removed=self._removed,
        )


def _by_hand(path: str) -> str:
    return f"Its manifest is in {path}; create it with: kubectl create -f {path}"


def _covers(budget: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a budget's selector matches; matchExpressions are left to the server's own words."""
    selector = (budget.get("spec") or {}).get("selector") or {}
    wanted = selector.get("matchLabels") or {}
    return bool(wanted) and not selector.get("matchExpressions") and all(labels.get(k) == v for k, v in wanted.items())


def steps_for(api: ClusterApi, pods: list[Pod], policy: Policy) -> list[Step]:
    """What is to be done with each pod, its workload read from the API once."""
    known: dict[str, Workload] = {}
    steps = []
    for pod in pods:
        key = pod.owner.uid if pod.owner else pod.uid
        if key not in known:
            known[key] = workload_of(api, pod)
        steps.append(decide(pod, known[key], policy))
    return steps

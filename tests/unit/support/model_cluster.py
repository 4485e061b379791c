# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of a cluster in its own time, for the use cases: controllers that replace pods, budgets, and faults by a seed.

It is strict where the real server is: a removal needs the UID of the pod that has the name, an eviction needs a budget with
room, a name can be had once. The behaviour itself is tested on a real control plane (tests/integration).
"""

from __future__ import annotations

import contextlib
import functools
import json
import pickle
import random
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, TypeVar, cast

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed, WatchBroken
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import ACCESS_REVIEWS
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Answer, PodSet
from ansible_collections.ackops.eci.plugins.module_utils._recreate.lease import RENEW_SECONDS, Lease
from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import LEASE, LEASES
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import Ended, Work
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import INSTANCE_ID, PLATFORM_VERSION

Manifest = dict[str, Any]
NEW, OLD = "1.1.0", "1.0.0"
NODE = "virtual-kubelet-a"
NAMESPACE = "shop"


Document = TypeVar("Document")


def _copied(document: Document) -> Document:
    """A deep copy, in a quarter of the time that copy.deepcopy takes."""
    return cast(Document, pickle.loads(pickle.dumps(document, pickle.HIGHEST_PROTOCOL)))  # noqa: S301 (our own)


class Killed(BaseException):
    """SIGKILL, as far as Python can play it: nothing of the run goes on."""


class _Worker(threading.Thread):
    """One of several that wait in the model's time: it runs only while it has been given its turn."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.wake = 0.0
        # Each is held until it is handed over. A semaphore does the same, and slower.
        self.turn, self.yielded = threading.Lock(), threading.Lock()
        self.turn.acquire()
        self.yielded.acquire()
        self.outcome: object = None
        self.error: BaseException | None = None
        self.over = False

    def run(self) -> None:
        """Wait for the first turn, do the work, hand back for good."""
        self.turn.acquire()
        try:
            self.outcome = self.work()
        except BaseException as error:  # noqa: BLE001 (handed on to the one who waits)
            self.error = error
        self.over = True
        self.yielded.release()


class ModelClock:
    """Time that passes only where somebody waits; those who wait together take turns, in the order of time."""

    def __init__(self) -> None:
        self.time = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self.time

    def now(self) -> str:
        """A time of day, RFC 3339."""
        return f"2026-04-01T{int(self.time) // 3600:02d}:{int(self.time) // 60 % 60:02d}:{int(self.time) % 60:02d}Z"

    def after(self, seconds: float, happen: Callable[[], None]) -> None:
        """Let something happen later."""
        self.due.append((self.time + seconds, happen))

    def sleep(self, seconds: float) -> None:
        """Wait; everything that is due by then happens, in order."""
        me = threading.current_thread()
        if isinstance(me, _Worker):
            me.wake = self.time + seconds
            me.yielded.release()
            me.turn.acquire()
        else:
            self.pass_until(self.time + seconds)

    def pass_until(self, end: float) -> None:
        """Everything that is due by then happens, in order."""
        while self.due and min(when for when, _event in self.due) <= end:
            entry = min(self.due, key=lambda item: item[0])
            self.due.remove(entry)
            self.time = max(self.time, entry[0])
            entry[1]()
        self.time = max(self.time, end)


class ModelPool:
    """The port ``Pool``, in the model's time: those who work side by side take turns, in the order of time."""

    def __init__(self, clock: ModelClock) -> None:
        self._clock = clock
        self._workers: list[_Worker] = []

    def submit(self, work: Work) -> None:
        """Begin a piece of work, at its first turn."""
        worker = _Worker(work)
        worker.wake = self._clock.time
        worker.start()
        self._workers.append(worker)

    def wait(self, seconds: float) -> list[Ended]:
        """Let time pass until one of them has ended, or for so long."""
        end = self._clock.time + seconds
        while self._workers:
            worker = min(self._workers, key=lambda one: one.wake)
            if worker.wake > end:
                break
            self._clock.pass_until(worker.wake)
            worker.turn.release()
            worker.yielded.acquire()
            if worker.over:
                worker.join()
                self._workers.remove(worker)
                if worker.error is not None:
                    raise worker.error
                return [cast(Ended, worker.outcome)]
        self._clock.pass_until(end)
        return []


class ModelCluster:
    """The port ``ClusterApi``. ``faults`` is the share of requests that get no answer."""

    def __init__(self, seed: int, faults: float = 0.0) -> None:
        self.random = random.Random(seed)  # noqa: S311 (repeatable faults, no secrets)
        self.faults = faults
        self.clock = ModelClock()
        self.pods: dict[str, Manifest] = {}
        self.workloads: dict[str, Manifest] = {}
        self.budgets_left: dict[str, int] = {}
        self.history: list[tuple[str, Manifest]] = []
        self.told_at: list[float] = []
        self.removed: list[tuple[float, str, str]] = []
        self.unasked: list[str] = []  # removed without asking a budget, of workloads
        self.lease: Manifest | None = None
        self.refusals: list[ApiError] = []  # what the next evictions are answered with
        self.comes_up_as: str | None = NEW
        self.comes_up_on = NODE
        self.calm = False  # for requests that are not to meet a fault
        self.lives_left: int | None = None  # requests until the run that sends them is killed
        self.scaled: set[str] = set()
        self.most_in_flight = 0
        self.most_of_one = 0
        self.armed = False
        self._serial = 0

    # -- making things -------------------------------------------------------------------------------------------

    def _uid(self) -> str:
        self._serial += 1
        return f"uid-{self._serial}"

    def workload(self, kind: str, name: str, replicas: int) -> str:
        """A ReplicaSet or StatefulSet with Ready pods on the old version; returns its UID."""
        uid = self._uid()
        self.workloads[uid] = {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": NAMESPACE, "uid": uid, "generation": 1},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}},
            "status": {"observedGeneration": 1, "replicas": replicas},
        }
        for number in range(replicas):
            self._settle(self._make(uid, f"{name}-{number}"), OLD)
        return uid

    def bare(self, name: str) -> None:
        """A pod that nothing recreates."""
        self._settle(self._make("", name), OLD)

    def _make(self, owner: str, name: str) -> str:
        uid = self._uid()
        app = self.workloads[owner]["metadata"]["name"] if owner else name
        reference = {"apiVersion": "apps/v1", "kind": "", "name": app, "uid": owner, "controller": True}
        metadata: Manifest = {
            "namespace": NAMESPACE,
            "name": name,
            "uid": uid,
            "labels": {"app": app},
            "annotations": {},
        }
        if owner:
            metadata["ownerReferences"] = [{**reference, "kind": self.workloads[owner]["kind"]}]
        pod = {
            "metadata": metadata,
            "spec": {"nodeName": self.comes_up_on},
            "status": {"phase": "Pending", "conditions": []},
        }
        self.pods[uid] = pod
        self._tell("ADDED", pod)
        return uid

    def _annotate(self, uid: str, version: str | None) -> None:
        if uid in self.pods and version is not None:
            self.pods[uid]["metadata"]["annotations"] = {INSTANCE_ID: f"eci-{uid}", PLATFORM_VERSION: version}
            self._tell("MODIFIED", self.pods[uid])

    def _come_up(self, uid: str) -> None:
        """The version is known some time before the pod is Ready."""
        start = self.random.uniform(0.1, 10.0)
        self.clock.after(start, functools.partial(self._annotate, uid, self.comes_up_as))
        ready = start + self.random.uniform(0.1, 20.0)
        self.clock.after(ready, functools.partial(self._settle, uid, self.comes_up_as))

    def _settle(self, uid: str, version: str | None) -> None:
        pod = self.pods.get(uid)
        if pod is None:
            return
        self._annotate(uid, version)
        pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        self._tell("MODIFIED", pod)

    def _tell(self, kind: str, pod: Manifest) -> None:
        self.history.append((kind, _copied(pod)))
        self.told_at.append(self.clock.time)

    def in_flight(self) -> dict[str, int]:
        """How many pods are on their way: missing or not Ready, or still terminating, by workload; without those that were scaled."""
        missing = {}
        for owner, workload in self.workloads.items():
            if owner not in self.scaled:
                here = [
                    p
                    for p in self.pods.values()
                    if (p["metadata"].get("ownerReferences") or [{}])[0].get("uid") == owner
                ]
                going = sum("deletionTimestamp" in pod["metadata"] for pod in here)
                missing[owner] = max(workload["spec"]["replicas"] - self.ready(owner), going)
        return missing

    @contextlib.contextmanager
    def heartbeat(self, lease: Lease) -> Iterator[None]:
        """Renew the lease in the model's time, until the run has ended or was killed."""
        over = False

        def beat() -> None:
            if not over and self.lives_left != 0:
                self.calm = True
                lease.renew()
                self.calm = False
                self.clock.after(RENEW_SECONDS, beat)

        self.clock.after(RENEW_SECONDS, beat)
        try:
            yield
        finally:
            over = True
            lease.release()

    @contextlib.contextmanager
    def ticking(self, tick: Callable[[], None]) -> Iterator[None]:
        """Call something every second of the model's time."""
        over = False

        def beat() -> None:
            if not over:
                tick()
                self.clock.after(1.0, beat)

        self.clock.after(1.0, beat)
        try:
            yield
        finally:
            over = True

    # -- what controllers do -------------------------------------------------------------------------------------

    def living(self, owner: str) -> list[Manifest]:
        """The pods of a workload that are not being deleted."""
        pods = [pod for pod in self.pods.values() if "deletionTimestamp" not in pod["metadata"]]
        return [pod for pod in pods if (pod["metadata"].get("ownerReferences") or [{}])[0].get("uid") == owner]

    def ready(self, owner: str) -> int:
        """How many of them are Ready."""
        return sum(bool(pod["status"]["conditions"]) for pod in self.living(owner))

    def scale(self, owner: str, replicas: int) -> None:
        """The user changes the number of pods; those too many go at once."""
        self.scaled.add(owner)
        self.workloads[owner]["spec"]["replicas"] = replicas
        for pod in self.living(owner)[replicas:]:
            self._end(pod["metadata"]["uid"])
        self._reconcile(owner)

    def _end(self, uid: str) -> None:
        pod = self.pods.pop(uid, None)
        if pod is None:
            return
        self._tell("DELETED", pod)
        owner = (pod["metadata"].get("ownerReferences") or [{}])[0].get("uid", "")
        self.clock.after(self.random.uniform(0.05, 1.0), lambda: self._reconcile(owner))

    def _reconcile(self, owner: str) -> None:
        workload = self.workloads.get(owner)
        if workload is None:
            return
        name, stateful = workload["metadata"]["name"], workload["kind"] == "StatefulSet"
        taken = {pod["metadata"]["name"] for pod in self.pods.values()}
        for number in range(workload["spec"]["replicas"] - len(self.living(owner))):
            free = [f"{name}-{ordinal}" for ordinal in range(workload["spec"]["replicas"])]
            free = [entry for entry in free if entry not in taken]
            if stateful and not free:
                return
            uid = self._make(owner, free[0] if stateful else f"{name}-r{self._serial}-{number}")
            taken.add(self.pods[uid]["metadata"]["name"])
            self._come_up(uid)

    # -- the port ------------------------------------------------------------------------------------------------

    def fault(self) -> None:
        """A request without an answer; only from the first removal on: before it, an error is the end of the run.

        The run that sends it may be killed here, before the request was carried out or after it.
        """
        if self.calm:
            return
        if self.lives_left is not None:
            self.lives_left = max(self.lives_left - 1, 0)
            if self.lives_left == 0:
                raise Killed
        if self.armed and self.random.random() < self.faults:
            raise ConnectionFailed("no answer", "")

    def server(self) -> str:
        """The URL."""
        return "https://model:6443"

    def identity(self) -> str:
        """The UID of its namespace kube-system."""
        return "uid-of-the-model"

    def server_version(self) -> str:
        """The version."""
        return "v1.24.6-aliyun.1"

    def pages(self, path: str, query: Mapping[str, str], size: int) -> Iterator[Mapping[str, Any]]:
        """Nodes or pods, in one page."""
        assert size > 0
        assert not query
        nodes = [{"metadata": {"name": NODE, "labels": {"type": "virtual-kubelet"}}}]
        yield {"metadata": {}, "items": nodes if path.endswith("nodes") else _copied(list(self.pods.values()))}

    def stream(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        """All pods, in JSON as an old proxy gives it, whatever selector and limit are asked for."""
        assert path.endswith("pods")
        assert query
        assert accept.endswith("application/json")
        [page] = self.pages(path, {}, 1)
        text = {**page, "kind": "PodList", "metadata": {"resourceVersion": "1"}}
        return Answer("application/json", iter([json.dumps(text).encode()]))

    def get(self, path: str) -> Mapping[str, Any] | None:
        """A pod, a workload or the lease, by its path."""
        self.fault()
        if path == LEASE:
            return _copied(self.lease)
        kind, name = path.split("/")[-2:]
        if kind == "namespaces":
            return {"metadata": {"name": name}}
        found = self.pods if kind == "pods" else self.workloads
        match = [entry for entry in found.values() if entry["metadata"]["name"] == name]
        return _copied(match[0]) if match else None

    def matches(self, pods: PodSet, pod: Manifest) -> bool:
        """Whether a pod belongs to a set."""
        wanted = dict(part.split("=") for part in pods.labels.split(",") if part)
        labels = pod["metadata"]["labels"]
        return all(labels.get(key) == text for key, text in wanted.items()) and pods.name in (
            "",
            pod["metadata"]["name"],
        )

    def list_pods(self, pods: PodSet, not_older_than: str = "") -> tuple[list[Mapping[str, Any]], str]:
        """The pods now, or at any moment since that one, as the cache of a server has them that is not up to date."""
        self.fault()
        found, moment = self.pods, len(self.history)
        if not_older_than:
            if self.random.random() < self.faults:
                raise ApiError(504, "Timeout", "Too large resource version")
            moment = self.random.randint(int(not_older_than), moment)
            found = self._as_of(moment)
        return [_copied(pod) for pod in found.values() if self.matches(pods, pod)], str(moment)

    def _as_of(self, moment: int) -> dict[str, Manifest]:
        found: dict[str, Manifest] = {}
        for kind, pod in self.history[:moment]:
            if kind == "DELETED":
                found.pop(pod["metadata"]["uid"])
            else:
                found[pod["metadata"]["uid"]] = pod
        return found

    def follow_pods(self, pods: PodSet, resource_version: str) -> ModelFeed:
        """Events as they happen."""
        return ModelFeed(self, pods, int(resource_version))

    def _removable(self, name: str, uid: str) -> Manifest:
        match = [pod for pod in self.pods.values() if pod["metadata"]["name"] == name]
        if not match:
            raise ApiError(404, "NotFound", "not found")
        if match[0]["metadata"]["uid"] != uid:
            raise ApiError(409, "Conflict", "the UID in the precondition does not match")
        return match[0]

    def evict(self, namespace: str, name: str, uid: str, dry_run: bool = False) -> None:
        """Only with room in the budget; the answer may be lost after it was carried out."""
        assert namespace == NAMESPACE
        self.armed = True
        self.fault()
        pod = self._removable(name, uid)
        if self.refusals and not dry_run:
            raise self.refusals.pop(0)
        app = pod["metadata"]["labels"]["app"]
        if self.budgets_left.get(app, 1) < 1:
            cause = {"reason": "DisruptionBudget", "message": f"The disruption budget {app} has no room"}
            raise ApiError(429, "TooManyRequests", "would violate the budget", causes=[cause])
        self._go(pod, dry_run)
        self.fault()

    def delete(self, namespace: str, name: str, uid: str, dry_run: bool = False) -> None:
        """The same without asking a budget."""
        assert namespace == NAMESPACE
        self.armed = True
        self.fault()
        pod = self._removable(name, uid)
        if not dry_run and pod["metadata"].get("ownerReferences"):
            self.unasked.append(uid)
        self._go(pod, dry_run)
        self.fault()

    def _go(self, pod: Manifest, dry_run: bool) -> None:
        metadata = pod["metadata"]
        if dry_run or "deletionTimestamp" in metadata:
            return
        owner = (metadata.get("ownerReferences") or [{}])[0].get("uid", "")
        self.removed.append((self.clock.time, metadata["uid"], owner))
        metadata["deletionTimestamp"] = self.clock.now()
        self._tell("MODIFIED", pod)
        going = self.in_flight()
        self.most_in_flight = max(self.most_in_flight, sum(going.values()))
        self.most_of_one = max(self.most_of_one, *going.values(), 0)
        if owner and self.workloads[owner]["kind"] == "ReplicaSet":  # it does not wait for the old pod to be gone
            self.clock.after(self.random.uniform(0.05, 1.0), functools.partial(self._reconcile, owner))
        self.clock.after(self.random.uniform(0.1, 30.0), lambda: self._end(metadata["uid"]))

    def create(self, path: str, manifest: Mapping[str, Any], dry_run: bool = False) -> Mapping[str, Any]:
        """A bare pod again, or the lease; a name can be had once."""
        if path == ACCESS_REVIEWS:
            return {"status": {"allowed": True}}
        self.fault()
        if dry_run:
            assert manifest["metadata"]["generateName"]
            return manifest
        if path == LEASES:
            return self._hold(manifest, self.lease is None)
        name = manifest["metadata"]["name"]
        if any(pod["metadata"]["name"] == name for pod in self.pods.values()):
            raise ApiError(409, "AlreadyExists", f"{name} exists")
        uid = self._make("", name)
        self._come_up(uid)
        self.fault()
        return _copied(self.pods[uid])

    def put(self, path: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """The lease, if it is the one that was read."""
        assert path == LEASE
        self.fault()
        assert self.lease is not None
        same = manifest["metadata"]["resourceVersion"] == self.lease["metadata"]["resourceVersion"]
        return self._hold(manifest, same)

    def _hold(self, manifest: Mapping[str, Any], may: bool) -> Mapping[str, Any]:
        if not may:
            raise ApiError(409, "Conflict", "the lease has changed")
        version = {"resourceVersion": f"{random.random()}"}  # noqa: S311 (only another one than before)
        self.lease = {**manifest, "metadata": {**manifest["metadata"], **version}}
        return _copied(self.lease)

    def patch(self, path: str, changes: Mapping[str, Any], dry_run: bool = False) -> Mapping[str, Any]:
        """Nothing here has a rollout."""
        raise AssertionError(f"{path} {changes} {dry_run}")

    def warnings_about(self, namespace: str, uid: str) -> list[str]:
        """None."""
        assert namespace
        assert uid
        return []

    def budgets(self, namespace: str) -> list[Mapping[str, Any]]:
        """None that could be named."""
        assert namespace
        return []


class ModelFeed:
    """The port ``PodFeed``; now and then the connection is cut."""

    def __init__(self, cluster: ModelCluster, pods: PodSet, position: int) -> None:
        self._cluster = cluster
        self._pods = pods
        self._position = position
        self._heard = cluster.clock.time
        self._over = False

    def _told(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        while self._position < len(self._cluster.history):
            kind, pod = self._cluster.history[self._position]
            self._position += 1
            if self._cluster.matches(self._pods, pod):
                told = _copied(pod)
                told["metadata"]["resourceVersion"] = str(self._position)
                yield kind, told

    def events(self, seconds: float) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Events as they happen."""
        assert not self._over, "it was closed, or has told its end"
        cluster, clock = self._cluster, self._cluster.clock
        end = clock.time + seconds
        self._over = True  # unless it gets to where it can go on
        cluster.fault()
        while True:
            self._over = False
            yield from self._told()
            if cluster.random.random() < cluster.faults:
                self._over = True
                raise WatchBroken("cut")
            if clock.time >= end:
                return
            coming = [when for when, _event in clock.due if when <= end]
            clock.sleep((min(coming) if coming else end) - clock.time)

    def news(self, seconds: float) -> Generator[bool, None, None]:
        """True at once, and whenever something happens; False after each second without."""
        clock = self._cluster.clock
        end = clock.time + seconds
        something = True
        while not self._over:
            yield something
            if clock.time >= end:
                return
            until = min(end, clock.time + 1)
            coming = [when for when, _event in clock.due if when <= until]
            something = bool(coming)
            clock.sleep((min(coming) if coming else until) - clock.time)

    def silent_seconds(self) -> float:
        """Since the last event, seen or not yet seen."""
        cluster = self._cluster
        told = [
            at
            for at, (_kind, pod) in zip(cluster.told_at, cluster.history, strict=True)
            if cluster.matches(self._pods, pod)
        ]
        return cluster.clock.time - max([self._heard, *told])

    def close(self) -> None:
        """End the watch."""
        self._over = True

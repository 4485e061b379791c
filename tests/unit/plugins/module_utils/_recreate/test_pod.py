# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule of recreation at a time, on a model of a cluster in its own time."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, WatchBroken
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import PodSet
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.lease import DURATION_SECONDS, Lease
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import FIRST_PAUSE_SECONDS, NotNow
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import PodRecreation
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import FRESH_SECONDS
from ansible_collections.ackops.eci.plugins.module_utils._recreate.run import Environment, run_alone
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import Limits
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Node
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Policy
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import DEFAULT_NODE_PREFIXES
from tests.unit.plugins.module_utils._recreate.test_run_on_model import Notes, old_pods, once, request
from tests.unit.support.model_cluster import NEW, NODE, OLD, ModelCluster, ModelFeed, ModelPool

TIMEOUT = 300.0


def context_of(cluster: ModelCluster, notes: Notes | None = None) -> RunContext:
    """What the recreations of a run share."""
    prefixes = DEFAULT_NODE_PREFIXES
    return RunContext(
        cluster,
        cluster.clock,
        notes or Notes(),
        {NODE: Node(NODE, virtual=True)},
        prefixes,
        lambda version: version == NEW,
    )


def recreate(cluster: ModelCluster, position: int = 0) -> Any:
    """Recreate one of the old pods."""
    steps = Workloads(cluster).steps_for(old_pods(cluster), Policy())
    return PodRecreation(context_of(cluster), steps[position], TIMEOUT).run()


def after_the_removal(cluster: ModelCluster, happen: Any) -> None:
    """Let something happen as soon as the first pod was removed."""
    go = cluster._go

    def go_and(pod: Any, dry_run: bool) -> None:
        go(pod, dry_run)
        cluster._go = go  # type: ignore[method-assign]
        happen()

    cluster._go = go_and  # type: ignore[method-assign]


def test_a_server_error_is_asked_again() -> None:
    """Any 500 but that of several budgets may pass."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    cluster.refusals = [ApiError(500, "InternalError", "etcdserver: request timed out")] * 3
    assert recreate(cluster).outcome == "recreated"


def test_several_budgets_on_one_pod_set_it_aside_at_once() -> None:
    """The API server evicts no pod that several budgets cover."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    said = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    cluster.refusals = [ApiError(500, "InternalError", said)] * 1000
    done = recreate(cluster)
    assert (done.outcome, cluster.removed) == ("set_aside", [])
    assert "more than one PodDisruptionBudget" in done.reason
    assert cluster.clock.time == 0


def test_a_server_that_throttles_says_when_to_come_again() -> None:
    """Retry-After is honoured whole, beyond our own longest pause."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    cluster.refusals = [ApiError(429, "TooManyRequests", "too many requests", retry_after=40.0)]
    assert recreate(cluster).outcome == "recreated"
    assert cluster.removed[0][0] >= 40.0


def test_a_budget_is_not_waited_for_by_the_pod_itself() -> None:
    """Others may go meanwhile; when it frees up is not the server's to know, whatever Retry-After says."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    cause = {"reason": "DisruptionBudget", "message": "no room"}
    cluster.refusals = [ApiError(429, "TooManyRequests", "no", causes=[cause], retry_after=200.0)]
    done = recreate(cluster)
    assert (done.outcome, done.reason, cluster.removed) == ("set_aside", "no room", [])
    assert "Give the budget room" in done.remedy
    assert cluster.clock.time == 0
    assert recreate(cluster).outcome == "recreated"


def test_a_throttled_request_beyond_the_deadline_is_given_up_at_once() -> None:
    """Nobody waits for what cannot come in time."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    cluster.refusals = [ApiError(429, "TooManyRequests", "too many requests", retry_after=4000.0)]
    done = recreate(cluster)
    assert (done.outcome, cluster.removed) == ("set_aside", [])
    assert cluster.clock.time == 0


def test_a_conflict_that_stays_is_given_up_after_some_tries() -> None:
    """A webhook may answer 409 for ever: there is a pause between the tries, and an end."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    cluster.refusals = [ApiError(409, "Conflict", "the webhook says so")] * 1000
    done = recreate(cluster)
    assert (done.outcome, cluster.removed) == ("set_aside", [])
    assert len(cluster.refusals) >= 1000 - 10
    assert cluster.clock.time > 1


def test_watches_that_break_at_once_are_not_asked_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in front of the server may cut every one of them: the pod is looked at again and again, with pauses."""
    cluster, asked = ModelCluster(1), []
    cluster.workload("ReplicaSet", "web", 1)

    def cut(feed: ModelFeed, _seconds: float) -> Iterator[Any]:
        asked.append(feed)
        raise WatchBroken("cut")

    monkeypatch.setattr(ModelFeed, "events", cut)
    done = recreate(cluster)
    assert done.outcome == "recreated"
    assert 1 < len(asked) <= cluster.clock.time / FIRST_PAUSE_SECONDS + 2


def test_a_replacement_is_claimed() -> None:
    """And what is claimed replaces no other pod."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    context = context_of(cluster)
    [step] = Workloads(cluster).steps_for(old_pods(cluster), Policy())
    done = PodRecreation(context, step, TIMEOUT).run()
    assert context.in_flight.is_claimed(done.new_uid)
    other = PodRecreation(context, step, TIMEOUT)
    other._look()
    assert other._search.candidates() == []
    again = PodRecreation(context_of(cluster), step, TIMEOUT)
    again._look()
    assert [seen.pod.uid for seen in again._search.candidates()] == [done.new_uid]


def test_a_pod_of_another_workload_with_the_same_labels_replaces_nothing() -> None:
    """Ownership goes by UID, not by labels."""
    cluster = ModelCluster(1)
    mine = cluster.workload("ReplicaSet", "web", 1)
    other = cluster.workload("ReplicaSet", "web", 0)

    def another() -> None:
        cluster._settle(cluster._make(other, "stranger"), NEW)

    after_the_removal(cluster, another)
    done = recreate(cluster)
    assert done.outcome == "recreated"
    assert cluster.pods[done.new_uid]["metadata"]["ownerReferences"][0]["uid"] == mine


def test_a_pod_of_a_stateful_set_is_replaced_by_its_namesake() -> None:
    """Not by the next ordinal, which came with a larger number of replicas."""
    cluster = ModelCluster(1)
    owner = cluster.workload("StatefulSet", "db", 1)

    def grow() -> None:
        cluster.workloads[owner]["spec"]["replicas"] = 2
        cluster._settle(cluster._make(owner, "db-1"), NEW)

    after_the_removal(cluster, grow)
    assert recreate(cluster).new_name == "db-0"


def test_ready_counts_after_min_ready_seconds() -> None:
    """Of the workload."""
    cluster = ModelCluster(1)
    owner = cluster.workload("ReplicaSet", "web", 1)
    cluster.workloads[owner]["spec"]["minReadySeconds"] = 50
    done = recreate(cluster)
    assert done.outcome == "recreated"
    assert done.seconds >= 50


@pytest.mark.parametrize(
    ("node", "version", "outcome", "said"),
    [
        (NODE, OLD, "failed", "came up, but platform version '1.0.0' does not support the target"),
        (NODE, "9.9.9", "failed", "came up, but platform version '9.9.9'"),
        ("cn-hangzhou.10.0.0.1", None, "recreated", "replaces it"),
        (NODE, NEW, "recreated", "replaces it"),
    ],
)
def test_where_a_replacement_may_come_up(node: str, version: str | None, outcome: str, said: str) -> None:
    """On a version that supports the target or on a real node; anything else fails as soon as it is known."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    cluster.comes_up_on, cluster.comes_up_as = node, version
    done = recreate(cluster)
    assert (done.outcome, done.new_version) == (outcome, version or "" if outcome == "recreated" else "")
    assert said in done.reason
    assert cluster.clock.time < TIMEOUT


def test_an_owner_that_is_deleted_meanwhile_needs_no_replacement() -> None:
    """That is no failure."""
    cluster = ModelCluster(1)
    owner = cluster.workload("ReplicaSet", "web", 1)
    after_the_removal(cluster, functools.partial(cluster.workloads.pop, owner))
    assert recreate(cluster).outcome == "no_longer_needed"


def run_all(cluster: ModelCluster) -> dict[str, Any]:
    """One run over all old pods."""
    return once(cluster, request(old_pods(cluster)))


def test_a_rollout_is_waited_for() -> None:
    """Nothing is touched before it is over."""
    cluster = ModelCluster(1)
    owner = cluster.workload("ReplicaSet", "web", 1)
    cluster.workloads[owner]["metadata"]["generation"] = 2
    assert recreate(cluster).outcome == "set_aside"
    cluster.clock.after(60, lambda: cluster.workloads[owner]["status"].update(observedGeneration=2))
    assert run_all(cluster)["counts"] == {"recreated": 1}
    assert cluster.removed[0][0] >= 60


def test_a_sibling_that_is_terminating_is_waited_for() -> None:
    """It may be what a killed run has left."""
    cluster = ModelCluster(1)
    owner = cluster.workload("ReplicaSet", "web", 2)
    sibling = cluster.living(owner)[1]
    sibling["metadata"]["deletionTimestamp"] = "now"
    cluster._tell("MODIFIED", sibling)
    cluster.clock.after(80, functools.partial(cluster._end, sibling["metadata"]["uid"]))
    assert run_all(cluster)["counts"] == {"recreated": 1}
    assert cluster.removed[0][0] >= 80


def test_a_crash_loop_before_and_after_is_done() -> None:
    """What the pod was before is the yardstick of Ready; the report says so."""
    cluster = ModelCluster(1)
    owner = cluster.workload("ReplicaSet", "web", 2)
    for pod in cluster.living(owner):
        pod["status"] = {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False", "reason": "CrashLoop"}],
        }
        cluster._tell("MODIFIED", pod)

    def crash(uid: str, version: str | None) -> None:
        cluster._annotate(uid, version)
        if uid in cluster.pods:
            cluster.pods[uid]["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
            cluster._tell("MODIFIED", cluster.pods[uid])

    cluster._settle = crash  # type: ignore[method-assign]
    result = run_all(cluster)
    assert result["counts"] == {"recreated": 2}
    assert all("it is not Ready, as the old pod was not" in done["reason"] for done in result["pods"])


@pytest.mark.parametrize(("several", "most"), [(1, 1), (3, 3), ("50%", 4)])
def test_several_pods_of_a_workload_go_together_by_choice(several: object, most: int) -> None:
    """As many as workload_serial says, each with a replacement of its own."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 8)
    asked = dataclasses.replace(request(old_pods(cluster), serial=[8]), workload_serial=several)
    result = once(cluster, asked)
    assert result["counts"] == {"recreated": 8}
    assert len({done["new_uid"] for done in result["pods"]}) == 8
    assert cluster.most_of_one == most


def test_the_manifest_of_a_finished_pod_is_kept() -> None:
    """Nothing else keeps it."""
    cluster, notes = ModelCluster(1), Notes()
    cluster.bare("done")
    uid = next(iter(cluster.pods))
    cluster.pods[uid]["status"]["phase"] = "Succeeded"
    result = once(cluster, request(old_pods(cluster), unmanaged="recreate"), notes=notes)
    assert result["counts"] == {"deleted": 1}
    assert notes.manifests[uid]["metadata"]["name"] == "done"
    assert f"kept in {uid}.json" in result["pods"][0]["reason"]


def test_a_failure_that_an_earlier_run_left_stops_this_one() -> None:
    """It counts like one of its own."""
    cluster, notes = ModelCluster(1), Notes()
    broken, _whole = cluster.workload("ReplicaSet", "a", 2), cluster.workload("ReplicaSet", "b", 2)
    steps = Workloads(cluster).steps_for(old_pods(cluster), Policy())
    one = PodRecreation(context_of(cluster, notes), steps[0], TIMEOUT)
    one._remove("evict")
    cluster.workloads[broken]["metadata"]["generation"] = 2
    result = once(cluster, request(old_pods(cluster)), notes=notes)
    assert result["counts"] == {"failed": 1, "not_started": 3}
    assert "an earlier run had removed it, and was cut off" in result["problem"]


def test_the_time_of_the_run_ends_it() -> None:
    """No pod is begun after it, and none takes longer than what is left."""
    cluster = ModelCluster(1)
    for name in ("a", "b", "c", "d"):
        owner = cluster.workload("ReplicaSet", name, 1)
        cluster.workloads[owner]["spec"]["minReadySeconds"] = 100
    asked = request(old_pods(cluster))
    limited = Limits(pod_seconds=900.0, run_seconds=250.0)
    result = once(cluster, type(asked)(**{**vars(asked), "limits": limited}))
    assert cluster.clock.time <= 260
    assert result["counts"]["recreated"] >= 1
    assert result["pods"][-1]["outcome"] == "not_started"
    assert result["pods"][-1]["reason"] == "the run's time of 250 s was over"


def test_a_budget_is_predicted_to_block() -> None:
    """By the server's dry run."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "a", 1)
    cluster.budgets_left["a"] = 0
    result = once(cluster, request(old_pods(cluster)), dry_run=True)
    assert result["counts"] == {"blocked": 1}
    assert "no room" in result["pods"][0]["reason"]


def test_an_interrupt_does_not_lose_a_bare_pod() -> None:
    """It was deleted, so that it is made again before the run ends."""
    cluster, notes = ModelCluster(1), Notes()
    cluster.bare("lonely")
    around = Environment(cluster, cluster.clock, notes, lambda: "it was interrupted" if cluster.removed else "")
    with contextlib.suppress(ApiError):
        run_alone(
            around, request(old_pods(cluster), unmanaged="recreate"), Holder.of_this_process("r"), 10, cluster.heartbeat
        )
    assert [pod["metadata"]["name"] for pod in cluster.pods.values()] == ["lonely"]
    assert not cluster.pods.keys() & {uid for _when, uid, _owner in cluster.removed}


def test_an_interrupt_does_not_ask_a_server_in_trouble_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pod has to be made again first, with the usual pauses."""
    cluster = ModelCluster(1)
    cluster.bare("lonely")
    create, tried = cluster.create, []

    def refused(path: str, manifest: Any, *, dry_run: bool = False) -> Any:
        if path.endswith("/pods") and not dry_run:
            tried.append(cluster.clock.time)
            assert len(tried) < 30, "it does not pause"
            if tried[-1] < tried[0] + 60:
                raise ApiError(503, "ServiceUnavailable", "etcdserver: no leader")
        return create(path, manifest, dry_run=dry_run)

    monkeypatch.setattr(cluster, "create", refused)
    around = Environment(cluster, cluster.clock, Notes(), lambda: "it was interrupted" if cluster.removed else "")
    with contextlib.suppress(ApiError):
        run_alone(
            around, request(old_pods(cluster), unmanaged="recreate"), Holder.of_this_process("r"), 10, cluster.heartbeat
        )
    assert [pod["metadata"]["name"] for pod in cluster.pods.values()] == ["lonely"]
    assert min(later - earlier for earlier, later in itertools.pairwise(tried)) >= FIRST_PAUSE_SECONDS


@pytest.mark.parametrize("awaited", ["a replacement", "a budget"])
def test_an_interrupt_is_seen_within_a_second(awaited: str) -> None:
    """Whatever the run waits for, and however long nothing happens there."""
    cluster = ModelCluster(1)
    owner = cluster.workload("ReplicaSet", "a", 2)
    cluster.workloads[owner]["spec"]["minReadySeconds"] = int(TIMEOUT)
    if awaited == "a budget":
        cluster.budgets_left["a"] = 0
    interrupted_at = 50.25
    around = Environment(
        cluster,
        cluster.clock,
        Notes(),
        lambda: "it was interrupted" if cluster.clock.time >= interrupted_at else "",
        pool=lambda: ModelPool(cluster.clock),
    )
    result = run_alone(around, request(old_pods(cluster)), Holder.of_this_process("r"), 10, cluster.heartbeat)
    assert "it was interrupted" in result["problem"]
    assert cluster.clock.time <= interrupted_at + 1.5


@contextlib.contextmanager
def no_heartbeat(_lease: Lease) -> Iterator[None]:
    """A run whose thread for the lease hangs."""
    yield


def test_a_lost_lease_ends_the_run() -> None:
    """No further pod is begun when it could not be renewed."""
    cluster, notes = ModelCluster(1), Notes()
    for name in ("a", "b"):
        owner = cluster.workload("ReplicaSet", name, 1)
        cluster.workloads[owner]["spec"]["minReadySeconds"] = int(DURATION_SECONDS)
    around = Environment(cluster, cluster.clock, notes, pool=lambda: ModelPool(cluster.clock))
    result = run_alone(around, request(old_pods(cluster)), Holder.of_this_process("r"), 10, no_heartbeat)
    assert "could not be renewed for 30 s" in result["problem"]
    assert len(cluster.removed) == 1


def test_a_lease_that_somebody_took_ends_the_run() -> None:
    """Two runs must not be at work: the one that has lost its lease begins no further pod."""
    cluster = ModelCluster(1)
    for name in ("a", "b"):
        owner = cluster.workload("ReplicaSet", name, 1)
        cluster.workloads[owner]["spec"]["minReadySeconds"] = int(DURATION_SECONDS)

    @contextlib.contextmanager
    def taken_meanwhile(lease: Lease) -> Iterator[None]:
        def take() -> None:
            assert cluster.lease is not None
            theirs = {**cluster.lease["spec"], "holderIdentity": "somebody else"}
            cluster.lease = {**cluster.lease, "spec": theirs}
            lease.renew()

        cluster.clock.after(1.0, take)
        yield

    around = Environment(cluster, cluster.clock, Notes(), pool=lambda: ModelPool(cluster.clock))
    result = run_alone(around, request(old_pods(cluster)), Holder.of_this_process("r"), 10, taken_meanwhile)
    assert "was taken by 'somebody else'" in result["problem"]
    assert len(cluster.removed) == 1


def test_a_namesake_that_came_meanwhile_is_another_pod() -> None:
    """The server refuses the old UID: the pod is gone, and its namesake is not asked to go."""
    cluster = ModelCluster(1)
    owner = cluster.workload("StatefulSet", "db", 1)
    [old] = cluster.living(owner)
    evict = cluster.evict

    def evict_too_late(namespace: str, name: str, uid: str, dry_run: bool = False) -> None:
        cluster.evict = evict  # type: ignore[method-assign]
        del cluster.pods[old["metadata"]["uid"]]
        cluster._tell("DELETED", old)
        cluster._settle(cluster._make(owner, "db-0"), NEW)
        evict(namespace, name, uid, dry_run)

    cluster.evict = evict_too_late  # type: ignore[method-assign]
    done = recreate(cluster)
    assert (done.outcome, done.new_name, cluster.removed) == ("recreated", "db-0", [])
    assert cluster.clock.time < 10


def looked_at(cluster: ModelCluster, monkeypatch: pytest.MonkeyPatch, late: bool = False) -> list[str]:
    """The moments before which the lists of a run may not be; ``late`` servers have never come so far."""
    asked: list[str] = []
    list_pods = cluster.list_pods

    def noted(pods: PodSet, not_older_than: str = "") -> Any:
        asked.append(not_older_than)
        if late and not_older_than:
            raise ApiError(504, "Timeout", "Too large resource version")
        return list_pods(pods, not_older_than)

    monkeypatch.setattr(cluster, "list_pods", noted)
    return asked


@pytest.mark.parametrize("late", [False, True])
def test_a_look_is_never_older_than_what_was_heard(monkeypatch: pytest.MonkeyPatch, late: bool) -> None:
    """The first list is of now; a later one may come from the server's cache, if that holds all that this run has done."""
    cluster = ModelCluster(1)
    for name in ("a", "b"):
        cluster.workload("ReplicaSet", name, 1)
    context, asked = context_of(cluster), looked_at(cluster, monkeypatch, late)
    heard = []
    for step in Workloads(cluster).steps_for(old_pods(cluster), Policy()):
        assert PodRecreation(context, step, TIMEOUT).run().outcome == "recreated"
        heard.append(str(len(cluster.history)))
    assert asked == (["", heard[0], ""] if late else ["", heard[0]])


@pytest.mark.parametrize("silence", [0.0, FRESH_SECONDS + 1])
def test_what_happens_between_two_pods_of_a_workload_is_seen(monkeypatch: pytest.MonkeyPatch, silence: float) -> None:
    """By the watch that stayed open, without another list; by a list where the watch has been silent for too long."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 3)
    context, asked = context_of(cluster), looked_at(cluster, monkeypatch)
    first, second, third = Workloads(cluster).steps_for(old_pods(cluster), Policy())
    assert PodRecreation(context, first, TIMEOUT).run().outcome == "recreated"
    sibling = cluster.pods[third.pod.uid]
    sibling["status"]["conditions"] = []
    cluster._tell("MODIFIED", sibling)
    moment = len(cluster.history)
    cluster.clock.sleep(silence)
    monkeypatch.setattr(cluster.random, "randint", lambda _least, most: most)  # this server's cache is up to date
    done = PodRecreation(context, second, TIMEOUT).run()
    assert done.outcome == "set_aside"
    assert third.pod.name in done.reason
    assert asked == ["", str(moment - 1)][: 1 + bool(silence)]


def test_a_pod_that_is_deleted_again_is_told_of_with_its_manifest() -> None:
    """Nothing brings it back, and the run does not make it a second time: somebody may have meant it."""
    cluster = ModelCluster(1)
    cluster.bare("lonely")
    create = cluster.create

    def create_and_delete(path: str, manifest: Any, dry_run: bool = False) -> Any:
        made = create(path, manifest, dry_run)
        if dry_run:
            return made
        cluster.clock.after(0.05, functools.partial(cluster._end, made["metadata"]["uid"]))
        return made

    cluster.create = create_and_delete  # type: ignore[method-assign]
    [step] = Workloads(cluster).steps_for(old_pods(cluster), Policy(unmanaged="recreate"))
    done = PodRecreation(context_of(cluster), step, TIMEOUT).run()
    assert done.outcome == "failed"
    assert "somebody deleted it" in done.reason
    assert f"kubectl create -f {step.pod.uid}.json" in done.reason


def test_a_bare_pod_that_could_not_be_made_again_is_not_touched() -> None:
    """The server's dry run says so before anything is removed."""
    cluster = ModelCluster(1)
    cluster.bare("lonely")
    create = cluster.create

    def refuse(path: str, manifest: Any, dry_run: bool = False) -> Any:
        if dry_run:
            raise ApiError(
                403, "Forbidden", 'error looking up service account shop/web: serviceaccount "web" not found'
            )
        return create(path, manifest, dry_run)

    cluster.create = refuse  # type: ignore[method-assign]
    [step] = Workloads(cluster).steps_for(old_pods(cluster), Policy(unmanaged="recreate"))
    done = PodRecreation(context_of(cluster), step, TIMEOUT).run()
    assert done.outcome == "set_aside"
    assert "it could not come back" in done.reason
    assert list(cluster.pods) == [step.pod.uid]


def test_a_pod_whose_template_is_refused_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its controller could not bring it back."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    context = context_of(cluster)

    def refuse(*_of: object) -> None:
        raise NotNow("it could not come back: forbidden")

    monkeypatch.setattr(context.creation, "check_template", refuse)
    [step] = Workloads(cluster).steps_for(old_pods(cluster), Policy())
    done = PodRecreation(context, step, TIMEOUT).run()
    assert (done.outcome, done.reason) == ("set_aside", "it could not come back: forbidden")
    assert list(cluster.pods) == [step.pod.uid]


def test_a_bare_pod_is_noted_before_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens to this run, whoever looks at the cluster knows that the pod is missing."""
    cluster = ModelCluster(1)
    cluster.bare("lonely")
    context = context_of(cluster)
    noted: list[str] = []
    monkeypatch.setattr(context, "note_missing", lambda step, _path: noted.append(step.pod.uid))
    after_the_removal(cluster, lambda: noted.append("removed"))
    [step] = Workloads(cluster).steps_for(old_pods(cluster), Policy(unmanaged="recreate"))
    assert PodRecreation(context, step, TIMEOUT).run().outcome == "recreated"
    assert noted == [step.pod.uid, "removed"]


def test_a_name_that_is_still_taken_is_waited_for() -> None:
    """409 is no success while the pod of that name is one that terminates: it is made again when the name is free."""
    cluster = ModelCluster(1)
    cluster.bare("lonely")
    [step] = Workloads(cluster).steps_for(old_pods(cluster), Policy(unmanaged="recreate"))
    create, get, tries = cluster.create, cluster.get, 0

    def taken_at_first(path: str, manifest: Any, dry_run: bool = False) -> Any:
        nonlocal tries
        tries += not dry_run
        if not dry_run and tries == 1:
            raise ApiError(409, "AlreadyExists", "object is being deleted: pods lonely already exists")
        return create(path, manifest, dry_run)

    def terminating(path: str) -> Any:
        found = get(path)
        if found is None and tries == 1 and path.endswith("/lonely"):
            return {"metadata": {"name": "lonely", "namespace": step.pod.namespace, "uid": step.pod.uid}}
        return found

    cluster.create, cluster.get = taken_at_first, terminating  # type: ignore[method-assign]
    done = PodRecreation(context_of(cluster), step, TIMEOUT).run()
    assert (done.outcome, tries) == ("recreated", 2)
    assert len(cluster.pods) == 1


def test_a_removal_that_is_refused_is_over_in_the_record() -> None:
    """Or a later run would take the pod for one that was about to go, and make it again when its user deletes it."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    cluster.budgets_left["web"] = 0
    notes = Notes()
    [step] = Workloads(cluster).steps_for(old_pods(cluster), Policy())
    assert PodRecreation(context_of(cluster, notes), step, TIMEOUT).run().outcome == "set_aside"
    assert [event for event, _details in notes.entries] == ["removing", "refused"]

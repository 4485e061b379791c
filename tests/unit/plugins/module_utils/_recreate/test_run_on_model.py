# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The invariants of recreation, over random workloads and faults, on a model of a cluster in its own time."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scope, scan_cluster
from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import missing_pods
from ansible_collections.ackops.eci.plugins.module_utils._recreate.request import Request
from ansible_collections.ackops.eci.plugins.module_utils._recreate.run import Environment, carry_out, run_alone
from ansible_collections.ackops.eci.plugins.module_utils._recreate.unfinished import ENDS
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import Limits
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import build_matrix
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, pod_from_manifest
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Policy
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import DEFAULT_NODE_PREFIXES
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import check
from tests.unit.support.model_cluster import NEW, OLD, Killed, ModelCluster, ModelPool

SEEDS = 300
TARGET = (1, 26)
MOST_RUNS = 60  # an answer that is lost while a run looks around ends it


Ticking = Callable[[Callable[[], None]], AbstractContextManager[object]]


def untold(tick: Callable[[], None]) -> AbstractContextManager[object]:
    """Nobody follows the run."""
    del tick
    return nullcontext()


class Notes:
    """A journal in memory, which outlives the runs that write it."""

    path = "ledger.jsonl"

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.manifests: dict[str, Any] = {}
        self.told: list[tuple[str, dict[str, Any]]] = []

    def write(self, event: str, **details: Any) -> None:
        """Keep the entry."""
        self.entries.append((event, details))

    def tell(self, event: str, **details: Any) -> None:
        """Keep what nobody records, too."""
        self.told.append((event, details))

    def trouble(self) -> str:
        """Memory is never full."""
        return ""

    def save_manifest(self, uid: str, manifest: Any) -> str:
        """Keep the manifest."""
        self.manifests[uid] = manifest
        return f"{uid}.json"

    def forget(self, wanted: Sequence[str]) -> list[str]:
        """Nothing is forgotten here."""
        return list(wanted)

    def unfinished(self) -> list[Unfinished]:
        """What was begun and has no end."""
        left: dict[str, Any] = {}
        removed = set()
        for event, details in self.entries:
            uid = details.get("uid", "")
            if event == "removing":
                left[uid] = details
            elif event == "removed":
                removed.add(uid)
            elif event in ENDS or (event == "failed" and uid not in removed):
                left.pop(uid, None)
        return [
            Unfinished(entry["pod"], self.manifests[uid] if entry["action"] == Action.FROM_MANIFEST else None)
            for uid, entry in left.items()
        ]


def request(pods: list[Pod], **choices: Any) -> Request:
    """A request with the defaults of the module."""
    matrix = build_matrix()
    return Request(
        pods=pods,
        policy=Policy(unmanaged=choices.get("unmanaged", "refuse")),
        serial=choices.get("serial", [1]),
        method="evict",
        prefixes=DEFAULT_NODE_PREFIXES,
        accepts=lambda version: matrix.supports(version, TARGET),
        limits=Limits(pod_seconds=choices.get("pod_seconds", 300.0), max_failures=0),
    )


def old_pods(cluster: ModelCluster) -> list[Pod]:
    """What a scan finds that does not support the target."""
    scan = scan_cluster(cluster, Scope())
    return [pod for pod in scan.pods if pod.platform_version == OLD and not pod.deleting]


def named_by_the_oracle(cluster: ModelCluster) -> set[str]:
    """The pods that are in the way of the upgrade, read straight from the cluster, without any code of the collection."""
    key = "k8s.aliyun.com/eci-platform-version"
    return {uid for uid, pod in cluster.pods.items() if pod["metadata"]["annotations"].get(key) != NEW}


def gate_is_open(cluster: ModelCluster) -> bool:
    """What the role's last scan would say now, together with what runs have noted in the cluster."""
    calm, cluster.calm = cluster.calm, True
    try:
        return _gate_is_open(cluster)
    finally:
        cluster.calm = calm


def _gate_is_open(cluster: ModelCluster) -> bool:
    report = check(
        scan_cluster(cluster, Scope()).pods,
        "1.26",
        cluster_version=cluster.server_version(),
        matrix=build_matrix(),
        waivers=[],
        today=date(2026, 11, 24),
    )
    return report.compatible and not missing_pods(cluster, Workloads(cluster))


def look_at_the_gate(cluster: ModelCluster, wrong: list[str]) -> None:
    """Open only where the oracle names nobody."""
    if gate_is_open(cluster) and named_by_the_oracle(cluster):
        wrong.append(f"at {cluster.clock.time}")


def random_cluster(seed: int) -> tuple[ModelCluster, dict[str, int]]:
    """Some workloads, some faults, a user who scales and budgets that come and go while we work."""
    cluster = ModelCluster(seed, faults=random.Random(seed).choice([0.0, 0.05, 0.15]))  # noqa: S311 (a seed, no secret)
    draw = cluster.random
    sizes = {}
    for number in range(draw.randint(1, 4)):
        size = draw.randint(1, 4)
        sizes[cluster.workload(draw.choice(["ReplicaSet", "StatefulSet"]), f"app{number}", size)] = size
    for owner, size in sizes.items():
        app = cluster.workloads[owner]["metadata"]["name"]
        if draw.random() < 0.2:
            cluster.clock.after(draw.uniform(0, 60), functools.partial(cluster.scale, owner, draw.randint(0, size + 1)))
        if draw.random() < 0.3:
            closed, opened = draw.uniform(0, 30), draw.uniform(31, 90)
            cluster.clock.after(closed, functools.partial(cluster.budgets_left.__setitem__, app, 0))
            cluster.clock.after(opened, functools.partial(cluster.budgets_left.__delitem__, app))
    return cluster, sizes


def run(cluster: ModelCluster, notes: Notes, number: int, **choices: Any) -> dict[str, Any] | None:
    """One run of the module, in a process of its own; None where it was killed. One that may be may be interrupted too."""
    asked = request(old_pods(cluster), **choices)
    stop = "it was interrupted" if cluster.lives_left is not None and cluster.random.random() < 0.5 else ""
    when = cluster.clock.time + cluster.random.uniform(0, 60)
    around = Environment(
        cluster,
        cluster.clock,
        notes,
        lambda: stop if cluster.clock.time > when else "",
        lambda: ModelPool(cluster.clock),
        ticking=untold,
    )
    here = Holder.of_this_process(f"run-{number}")
    process = Holder(here.who, 2**30 + number, "1", here.space, here.run)  # one that has never lived
    try:
        return run_alone(around, asked, process, 1000, cluster.heartbeat)
    except Killed:
        return None


def run_to_the_end(cluster: ModelCluster, notes: Notes, kills: int, **choices: Any) -> tuple[dict[str, Any], set[str]]:
    """Runs, some of them killed at any request, until one ends by itself; its result, and all UIDs that were asked for."""
    asked: set[str] = set()
    for number in range(MOST_RUNS):
        cluster.lives_left = cluster.random.randint(1, 80) if number < kills else None
        asked |= {pod.uid for pod in old_pods(cluster)}
        try:
            result = run(cluster, notes, number, **choices)
        except EciError:  # no answer while it looked around: nothing was begun
            result = None
        if result is not None and "it was interrupted" not in result["problem"]:
            return result, asked
    pytest.fail("no run came to its end")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_invariants_hold(seed: int) -> None:
    """Never too many at once, never two of a workload, nothing but what was asked for, everything told, whatever happens."""
    cluster, sizes = random_cluster(seed)
    notes, wrong = Notes(), list[str]()
    draw = random.Random(-seed - 1)  # noqa: S311 (repeatable)
    serial = draw.choice([1, 1, 2, 3])
    for _look in range(20):
        cluster.clock.after(draw.uniform(0, 200), functools.partial(look_at_the_gate, cluster, wrong))
    before = {pod.uid for pod in old_pods(cluster)}
    result, asked = run_to_the_end(cluster, notes, draw.choice([0, 0, 1, 3]), serial=[serial])
    removed = [uid for _when, uid, _owner in cluster.removed]
    assert len(removed) == len(set(removed))
    assert set(removed) <= asked
    assert set(removed) <= {details["uid"] for event, details in notes.entries if event == "removing"}
    assert cluster.unasked == [], "a budget was not asked"
    assert cluster.most_in_flight <= serial, "more pods were on their way than may be"
    assert cluster.most_of_one <= 1, "two pods of one workload were on their way"
    assert wrong == [], "the gate was open while there was a pod in the way"
    replacements = [done["new_uid"] for done in result["pods"] if done["outcome"] == "recreated"]
    assert len(replacements) == len(set(replacements))
    assert not set(replacements) & before
    # Budgets free up and answers that were lost are asked for again: nothing keeps the run from its end.
    assert result["problem"] == ""
    assert old_pods(cluster) == []
    assert notes.unfinished() == []
    for owner in set(sizes) - cluster.scaled:
        assert cluster.ready(owner) == sizes[owner]


def once(
    cluster: ModelCluster,
    asked: Request,
    *,
    dry_run: bool = False,
    notes: Notes | None = None,
    ticking: Ticking | None = None,
) -> dict[str, Any]:
    """Carry out one request."""
    around = Environment(
        cluster, cluster.clock, notes or Notes(), pool=lambda: ModelPool(cluster.clock), ticking=ticking or untold
    )
    return carry_out(around, asked, dry_run=dry_run, limit=1000)


@pytest.mark.parametrize("seed", range(20))
def test_a_budget_without_room_stops_nothing_else(seed: int) -> None:
    """It never frees up: its pods are set aside with its name, the others go, and the run waits for one pod_timeout in all."""
    cluster = ModelCluster(seed)
    for name in ("a", "b", "c", "d"):
        cluster.workload("ReplicaSet", name, 2)
    cluster.budgets_left["b"] = cluster.budgets_left["c"] = 0
    result = once(cluster, request(old_pods(cluster), serial=[2]))
    outcomes = {name: [done["outcome"] for done in result["pods"] if done["name"].startswith(name)] for name in "abcd"}
    assert outcomes == {"a": ["recreated"] * 2, "b": ["set_aside"] * 2, "c": ["set_aside"] * 2, "d": ["recreated"] * 2}
    assert "shop/b-0 and 1 more of ReplicaSet shop/b: The disruption budget b has no room" in result["problem"]
    assert "Give the budget room" in result["problem"]
    work = max(when for when, _uid, _owner in cluster.removed)
    assert cluster.clock.time <= work + 61 + 300.0  # what the last pod took, and one pod_timeout


@pytest.mark.parametrize("seed", range(20))
def test_a_pod_that_does_not_come_back_stops_the_run(seed: int) -> None:
    """No other is removed, and what is on its way is followed to its end."""
    cluster = ModelCluster(seed)
    for name in ("a", "b", "c"):
        cluster.workload("ReplicaSet", name, 2)
    cluster.comes_up_as = None
    result = once(cluster, request(old_pods(cluster), serial=[2]))
    assert result["counts"] == {"failed": 2, "not_started": 4}
    assert len(cluster.removed) == 2
    assert "2 ECI pods were removed and did not come back" in result["problem"]


@pytest.mark.parametrize("seed", range(40))
def test_a_bare_pod_is_left_alone_or_comes_back(seed: int) -> None:
    """It is set aside, and all others go. By choice, however often the run is killed: the same name is there again, once."""
    cluster, _sizes = random_cluster(seed)
    cluster.faults = 0.0
    cluster.bare("lonely")
    [lonely] = [pod.uid for pod in old_pods(cluster) if pod.name == "lonely"]
    result = once(cluster, request(old_pods(cluster)))
    assert "shop/lonely: nothing recreates it: it has no controller. Move or delete it yourself" in result["problem"]
    assert lonely not in [uid for _when, uid, _owner in cluster.removed]
    assert [pod.name for pod in old_pods(cluster)] == ["lonely"]
    result, _asked = run_to_the_end(cluster, Notes(), seed % 4, unmanaged="recreate", pod_seconds=600.0)
    assert result["problem"] == ""
    cluster.clock.sleep(60)
    again = [pod_from_manifest(pod) for pod in cluster.pods.values() if pod["metadata"]["name"] == "lonely"]
    assert [pod.platform_version for pod in again] == [NEW]
    assert gate_is_open(cluster)


def test_a_dry_run_removes_nothing() -> None:
    """Check mode asks the server, and the server does nothing."""
    cluster, _sizes = random_cluster(7)
    cluster.faults = 0.0
    before = set(cluster.pods)
    result = once(cluster, request(old_pods(cluster)), dry_run=True)
    assert set(cluster.pods) == before
    assert cluster.removed == []
    assert {done["outcome"] for done in result["pods"]} <= {"predicted", "blocked"}
    assert cluster.lease is None


def test_a_workload_that_has_not_settled_comes_last() -> None:
    """It is put off while others can go, and its siblings with it."""
    cluster = ModelCluster(3)
    first, second = cluster.workload("ReplicaSet", "a", 2), cluster.workload("ReplicaSet", "b", 2)
    slow = cluster.living(first)[0]
    cluster._annotate(slow["metadata"]["uid"], NEW)
    slow["status"]["conditions"] = []
    cluster._tell("MODIFIED", slow)
    cluster.clock.after(200, functools.partial(cluster._settle, slow["metadata"]["uid"], NEW))
    notes = Notes()
    result = once(cluster, request(old_pods(cluster)), notes=notes)
    assert result["problem"] == ""
    owners = [owner for _when, _uid, owner in cluster.removed]
    assert owners == [second, second, first]
    assert "its sibling 'a-0' is not Ready" in next(d["reason"] for event, d in notes.entries if event == "set_aside")


def test_a_workload_that_never_settles_is_set_aside_and_names_the_sibling() -> None:
    """At the deadline; it is not touched."""
    cluster = ModelCluster(3)
    owner = cluster.workload("ReplicaSet", "a", 2)
    cluster.living(owner)[0]["status"]["conditions"] = []
    result = once(cluster, request(old_pods(cluster)[1:]))
    assert "its sibling 'a-0' is not Ready" in result["problem"]
    assert cluster.removed == []


def test_old_pods_that_are_all_broken_are_all_recreated() -> None:
    """None of them serves anybody, so that none has to wait for the others."""
    cluster = ModelCluster(3)
    owner = cluster.workload("ReplicaSet", "a", 3)
    for pod in cluster.living(owner):
        pod["status"]["conditions"] = []
    result = once(cluster, request(old_pods(cluster)))
    assert result["counts"] == {"recreated": 3}


def test_an_interrupt_ends_the_run_in_order() -> None:
    """What was removed is told, what was not begun is told, and the next run goes on."""
    cluster = ModelCluster(5)
    cluster.workload("ReplicaSet", "a", 4)
    notes = Notes()
    around = Environment(
        cluster,
        cluster.clock,
        notes,
        stop=lambda: "it was interrupted (SIGTERM)" if cluster.removed else "",
        pool=lambda: ModelPool(cluster.clock),
    )
    result = carry_out(around, request(old_pods(cluster)), dry_run=False, limit=1000)
    assert result["counts"] == {"failed": 1, "not_started": 3}
    assert "it was interrupted (SIGTERM); it had been removed" in result["problem"]
    assert [event for event, _details in notes.entries] == ["removing", "removed", "interrupted", "stopped"]
    assert [left.pod["uid"] for left in notes.unfinished()] == [cluster.removed[0][1]]
    again = once(cluster, request(old_pods(cluster)), notes=notes)
    assert again["problem"] == ""
    assert again["pods"][0]["reason"] == "an earlier run had removed it, and all is in its place again"
    assert cluster.most_in_flight == 1


def test_a_list_of_another_cluster_is_refused() -> None:
    """No UID of it is here, and a pod of the same name would have to go: that is another pod."""
    here, there = ModelCluster(1), ModelCluster(2)
    here.workload("StatefulSet", "db", 2)
    there.bare("other")  # so that the UIDs differ
    there.workload("StatefulSet", "db", 2)
    pods = [pod for pod in old_pods(there) if pod.name != "other"]
    with pytest.raises(EciError, match=r"shop/db-0' has another UID on https://model:6443 than in the list"):
        once(here, request(pods))
    assert here.removed == []

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The invariants of recreation, over random workloads and faults, on a model of a cluster in its own time."""

from __future__ import annotations

import functools
import random
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils import _plan
from ansible_collections.ackops.eci.plugins.module_utils._gather import Scope, scan_cluster
from ansible_collections.ackops.eci.plugins.module_utils._matrix import build_matrix
from ansible_collections.ackops.eci.plugins.module_utils._model import Pod, pod_from_manifest
from ansible_collections.ackops.eci.plugins.module_utils._predicates import DEFAULT_NODE_PREFIXES
from ansible_collections.ackops.eci.plugins.module_utils._recreate import Limits, Order, carry_out
from tests.unit.model_cluster import NEW, OLD, ModelCluster

SEEDS = 200
TARGET = (1, 26)


class Notes:
    """A journal in memory."""

    path = "ledger.jsonl"

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.left: list[tuple[str, Any]] = []

    def write(self, event: str, **details: Any) -> None:
        """Keep the entry."""
        self.entries.append((event, details))

    def save_manifest(self, uid: str, manifest: Any) -> str:
        """Keep the manifest."""
        self.left.append((uid, manifest))
        return f"{uid}.json"

    def unfinished(self) -> list[tuple[str, Any]]:
        """Nothing from earlier runs."""
        return []


def order(pods: list[Pod], **choices: Any) -> Order:
    """An order with the defaults of the module."""
    matrix = build_matrix()
    return Order(
        pods=pods,
        policy=_plan.Policy(unmanaged=choices.get("unmanaged", "refuse")),
        serial=[1],
        method="evict",
        prefixes=DEFAULT_NODE_PREFIXES,
        accepts=lambda version: matrix.supports(version, TARGET),
        limits=Limits(pod_seconds=choices.get("pod_seconds", 300.0), max_failures=0),
    )


def old_pods(cluster: ModelCluster) -> list[Pod]:
    """What a scan finds that does not support the target."""
    scan = scan_cluster(cluster, Scope())
    return [pod for pod in scan.pods if pod.platform_version == OLD and not pod.deleting]


def random_cluster(seed: int) -> tuple[ModelCluster, dict[str, int]]:
    """Some workloads, some faults, and a user who scales while we work."""
    cluster = ModelCluster(seed, faults=random.Random(seed).choice([0.0, 0.05, 0.15]))  # noqa: S311 (a seed, no secret)
    draw = cluster.random
    sizes = {}
    for number in range(draw.randint(1, 4)):
        size = draw.randint(1, 4)
        sizes[cluster.workload(draw.choice(["ReplicaSet", "StatefulSet"]), f"app{number}", size)] = size
    for owner, size in sizes.items():
        if draw.random() < 0.2:
            cluster.clock.after(draw.uniform(0, 60), functools.partial(cluster.scale, owner, draw.randint(0, size + 1)))
        if draw.random() < 0.2:
            app = cluster.workloads[owner]["metadata"]["name"]
            cluster.budgets_left[app] = 0
            cluster.clock.after(draw.uniform(1, 90), functools.partial(cluster.budgets_left.__delitem__, app))
    return cluster, sizes


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_invariants_hold(seed: int) -> None:
    """Never two of a workload at once, nothing but what was asked for, everything told; the end is the gate's business."""
    cluster, sizes = random_cluster(seed)
    pods, notes = old_pods(cluster), Notes()
    asked = {pod.uid for pod in pods}
    result = carry_out(cluster, cluster.clock, notes, order(pods), dry_run=False, limit=1000)
    removed = [uid for _when, uid, _owner in cluster.removed]
    assert len(removed) == len(set(removed))
    assert set(removed) <= asked
    noted = [details["uid"] for event, details in notes.entries if event == "removing"]
    assert set(removed) <= set(noted)
    assert cluster.most_in_flight <= 1, "two pods were on their way at once"
    for done in result["pods"]:
        if done["outcome"] == "recreated":
            assert done["new_uid"] not in asked
            assert done["new_version"] == NEW
    # Budgets free up and answers that were lost are asked for again: nothing keeps the run from its end.
    assert result["problem"] == ""
    assert old_pods(cluster) == []
    for owner in set(sizes) - cluster.scaled:
        assert cluster.ready(owner) == sizes[owner]


@pytest.mark.parametrize("seed", range(20))
def test_the_first_failure_stops_the_run(seed: int) -> None:
    """A budget that never frees up: that pod fails and names it, and no later one is begun."""
    cluster = ModelCluster(seed)
    for name in ("a", "b", "c"):
        cluster.workload("ReplicaSet", name, 2)
    cluster.budgets_left["b"] = 0
    result = carry_out(cluster, cluster.clock, Notes(), order(old_pods(cluster)), dry_run=False, limit=1000)
    assert [done["outcome"] for done in result["pods"]] == ["recreated"] * 2 + ["failed"] + ["not_started"] * 3
    assert "The disruption budget b has no room" in result["problem"]
    assert len(cluster.removed) == 2


@pytest.mark.parametrize("seed", range(20))
def test_a_bare_pod_stops_the_plan_or_comes_back(seed: int) -> None:
    """Refused: nothing at all is removed. By choice: the same name is there again, on the new version."""
    cluster, _sizes = random_cluster(seed)
    cluster.faults = 0.0
    cluster.bare("lonely")
    result = carry_out(cluster, cluster.clock, Notes(), order(old_pods(cluster)), dry_run=False, limit=1000)
    assert "lonely" in result["problem"]
    assert cluster.removed == []
    chosen = order(old_pods(cluster), unmanaged="recreate", pod_seconds=600.0)
    result = carry_out(cluster, cluster.clock, Notes(), chosen, dry_run=False, limit=1000)
    assert result["problem"] == ""
    again = [pod_from_manifest(pod) for pod in cluster.pods.values() if pod["metadata"]["name"] == "lonely"]
    assert [pod.platform_version for pod in again] == [NEW]


def test_a_dry_run_removes_nothing() -> None:
    """Check mode asks the server, and the server does nothing."""
    cluster, _sizes = random_cluster(7)
    cluster.faults = 0.0
    before = set(cluster.pods)
    result = carry_out(cluster, cluster.clock, Notes(), order(old_pods(cluster)), dry_run=True, limit=1000)
    assert set(cluster.pods) == before
    assert cluster.removed == []
    assert {done["outcome"] for done in result["pods"]} <= {"predicted", "blocked"}

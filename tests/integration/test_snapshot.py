# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fast scan against real API servers: it finds what the whole list of the same moment holds, also while pods change."""

from __future__ import annotations

import itertools
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from ansible_collections.ackops.eci.plugins.module_utils._check.scan import (
    TRIES,
    Scan,
    Scope,
    scan_cluster,
    scan_manifests,
)
from ansible_collections.ackops.eci.plugins.module_utils._errors import IncompleteScan
from ansible_collections.ackops.eci.plugins.module_utils._kube import pod_list
from ansible_collections.ackops.eci.plugins.module_utils._kube.client import KubeApi, connect
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Answer
from ansible_collections.ackops.eci.plugins.module_utils._kube.protobuf import CONTENT_TYPE
from tests.cluster import ControlPlane, workloads as w
from tests.cluster.api import ApiError
from tests.cluster.control_plane import REAL_NODE, VIRTUAL_NODES

SCOPE = Scope()
SPACE = "churn"
CUSTOM = "vk-custom"
UNCLEAR = "eci-without-label"
# So many different moments are to be compared; it takes a few seconds.
MOMENTS, SECONDS = 25, 90.0


class Watched:
    """The real port; what was asked for is kept, and something can be done before each list of pods."""

    def __init__(self, api: KubeApi, accept: str = "") -> None:
        self.api = api
        self.accept = accept
        self.media_types: set[str] = set()
        self.queries: list[Mapping[str, str]] = []
        self.before: Any = lambda _query: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.api, name)

    def stream(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        """As the real one does."""
        self.before(query)
        self.queries.append(query)
        answer = self.api.stream(path, query, self.accept or accept)
        self.media_types.add(answer.media_type)
        return answer


def _versions() -> Iterator[ParameterSet]:
    """Each with a group of its own: its cluster is made once."""
    yield pytest.param("1.24", marks=pytest.mark.xdist_group("snapshot_1.24"))
    for version in ("1.31", "1.37"):
        yield pytest.param(version, marks=(pytest.mark.xdist_group(f"snapshot_{version}"), pytest.mark.recent))


@pytest.fixture(scope="module", params=_versions())
def plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """A cluster with nodes of every kind and some pods that stay."""
    with ControlPlane.start(request.param, name=f"snapshot-{request.param.replace('.', '-')}") as running:
        running.add_node(CUSTOM)
        running.add_node(UNCLEAR, labelled=False)
        running.wait_ready_nodes()
        running.api.patch(f"/api/v1/nodes/{UNCLEAR}", {"spec": {"unschedulable": True}})
        w.ensure_namespace(running.api, SPACE)
        w.apply(
            running.api,
            w.workload("Deployment", SPACE, "web", replicas=3),
            w.workload("StatefulSet", SPACE, "db", replicas=2),
            w.workload("Deployment", SPACE, "real", replicas=3, node="real"),
            w.workload("Deployment", SPACE, "acs", replicas=2, labels={"alibabacloud.com/acs": "true"}),
            w.workload("Job", SPACE, "report", annotations={"test.ackops/complete-after": "100ms"}),
            w.bare_pod(SPACE, "unscheduled", node="nowhere"),
            w.bare_pod(SPACE, "copied", node="real", annotations={w.INSTANCE_ID: "eci-copied"}),
            w.bare_pod(SPACE, "custom", node=CUSTOM),
        )
        for name, count in {"web": 3, "db": 2, "real": 3, "acs": 2, "copied": 1, "custom": 1}.items():
            w.wait_ready(running.api, SPACE, name, count)
        yield running


def connected(plane: ControlPlane, accept: str = "") -> Watched:
    """The port as the modules use it."""
    return Watched(connect(Connection(kubeconfig=str(plane.kubeconfig))), accept)


def oracle(plane: ControlPlane, version: str, scope: Scope = SCOPE) -> Scan:
    """The whole lists of that moment in JSON, judged one by one."""
    exact = {"resourceVersion": version, "resourceVersionMatch": "Exact"}
    entries = [
        {"kind": kind, **entry}
        for kind in ("Node", "Pod")
        for entry in plane.api.list(f"/api/v1/{kind.lower()}s", **exact)
    ]
    return scan_manifests(entries, scope)


def assert_equal(fast: Scan, slow: Scan) -> None:
    """The same pods, in every field, and the same numbers; a saved list does not tell what cluster it is of."""
    assert fast.cluster_uid
    assert fast.pods == slow.pods
    assert fast.facts() == {**slow.facts(), "cluster_uid": fast.cluster_uid}


@pytest.mark.compat
@pytest.mark.parametrize("accept", ["", "application/json"])
@pytest.mark.parametrize("size", [2, 5000])
def test_the_fast_scan_is_the_whole_list(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, accept: str, size: int
) -> None:
    """In protobuf and in JSON, in one page and in many."""
    monkeypatch.setattr(pod_list, "PAGE_SIZE", size)
    monkeypatch.setattr(pod_list, "JSON_PAGE_SIZE", size)
    api = connected(plane, accept)
    fast = scan_cluster(api, SCOPE)
    assert_equal(fast, oracle(plane, fast.resource_version))
    assert api.media_types == {accept or CONTENT_TYPE}
    assert {pod.name for pod in fast.pods} >= {"custom", "db-0", "db-1"}
    counts = fast.facts()["counts"]
    assert (counts["acs"], counts["unscheduled"], counts["other"]) == (2, 1, 4)
    assert all(REAL_NODE in query.get("fieldSelector", REAL_NODE) for query in api.queries)
    assert len(api.queries) > (4 if size == 2 else 1)


def churn(plane: ControlPlane, stop: threading.Event, numbers: Iterator[int]) -> None:
    """Create pods everywhere (also where no node is), age some, delete some, all the time."""
    chance, names = random.Random(7), []  # noqa: S311 (repeatable, no secret)
    nodes = [*VIRTUAL_NODES, REAL_NODE, CUSTOM, UNCLEAR, "", "gone-real", "virtual-kubelet-gone"]
    while not stop.is_set():
        name = f"churn-{next(numbers)}"
        pod = w.bare_pod(SPACE, name, node="any")
        node = chance.choice(nodes)
        if node:
            pod["spec"]["nodeName"] = node
        else:
            pod["spec"]["nodeSelector"] = {"no": "such"}
        try:
            w.apply(plane.api, pod)
            names.append(name)
            if chance.random() < 0.5:
                old = {"metadata": {"annotations": {w.PLATFORM_VERSION: "1.0.0"}}}
                plane.api.patch(w.path_of("Pod", SPACE, chance.choice(names)), old)
            if len(names) > 30:
                gone = names.pop(chance.randrange(len(names)))
                plane.api.request("DELETE", w.path_of("Pod", SPACE, gone), {"gracePeriodSeconds": 0})
        except ApiError as error:
            if error.status not in (404, 409):
                raise


def test_every_scan_under_churn_is_the_list_of_its_moment(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods come, change, move and go between its pages."""
    monkeypatch.setattr(pod_list, "PAGE_SIZE", 5)
    stop, numbers = threading.Event(), itertools.count()
    threads = [threading.Thread(target=churn, args=(plane, stop, numbers)) for _number in range(2)]
    for thread in threads:
        thread.start()
    try:
        api = connected(plane)
        seen: set[str] = set()
        deadline = time.monotonic() + SECONDS
        scopes = itertools.cycle([SCOPE, Scope(namespaces=(SPACE, "default", "kube-system"))])
        while len(seen) < MOMENTS and time.monotonic() < deadline:
            scope = next(scopes)
            fast = scan_cluster(api, scope)
            assert_equal(fast, oracle(plane, fast.resource_version, scope))
            seen.add(fast.resource_version)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(seen) == MOMENTS


def lists_from_etcd(plane: ControlPlane) -> int:
    """How often the server has read a list of pods from etcd so far."""
    told = plane.api.request("GET", "/metrics")["text"]
    lists = re.findall(r'^etcd_request_duration_seconds_count{(.*operation="list.*)} (\d+)$', told, re.MULTILINE)
    return sum(int(count) for labels, count in lists if "pod" in labels.lower())


def test_from_1_34_on_the_server_lists_from_its_cache(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages, and none the less fresh: a pod that was created a moment before is in it. Older ones read etcd."""
    monkeypatch.setattr(pod_list, "PAGE_SIZE", 2)
    before = lists_from_etcd(plane)
    for number in range(10):
        name = f"fresh-{plane.minor.replace('.', '-')}-{number}"
        w.apply(plane.api, w.bare_pod(SPACE, name, node="any", nodeName=CUSTOM))
        assert name in {pod.name for pod in scan_cluster(connected(plane), SCOPE).pods}
    from_etcd = lists_from_etcd(plane) - before
    assert from_etcd == 0 if int(plane.minor.partition(".")[2]) >= 34 else from_etcd > 30


def test_a_node_that_vanished_keeps_its_pods_in_the_scan(plane: ControlPlane) -> None:
    """They are judged by their instance id."""
    plane.add_node("vk-leaving")
    plane.wait_ready_nodes()
    w.apply(plane.api, w.bare_pod(SPACE, "left-behind", node="vk-leaving"))
    w.wait_ready(plane.api, SPACE, "left-behind", 1)
    plane.api.request("DELETE", "/api/v1/nodes/vk-leaving")
    fast = scan_cluster(connected(plane), SCOPE)
    assert_equal(fast, oracle(plane, fast.resource_version))
    assert "left-behind" in {pod.name for pod in fast.pods}
    assert "vk-leaving" not in fast.nodes


@pytest.mark.parametrize("times", [1, 99])
def test_a_snapshot_that_expires_is_begun_again_and_never_cut_short(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Once is made up for; where it always happens there is an error, not a part."""
    monkeypatch.setattr(pod_list, "PAGE_SIZE", 2)
    left = [times]

    def forget(query: Mapping[str, str]) -> None:
        if "continue" in query and left[0]:
            left[0] -= 1
            plane.compact()

    api = connected(plane)
    api.before = forget
    if times == 1:
        fast = scan_cluster(api, SCOPE)
        assert_equal(fast, oracle(plane, fast.resource_version))
        assert sum(query.get("limit") == "1" for query in api.queries) == 2
    else:
        with pytest.raises(IncompleteScan, match=f"{TRIES} times"):
            scan_cluster(api, SCOPE)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left out makes no difference; the whole list, judged by scan_manifests, is the oracle."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scan, Scope, scan_cluster, scan_manifests
from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Answer, ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._kube.protobuf import CONTENT_TYPE
from tests.unit.support.builders import QUICK, pod_manifest
from tests.unit.support.model_lists import Server, node_manifest

SCOPE = Scope()
NODES = [
    node_manifest("virtual-kubelet-a", label=True),
    node_manifest("virtual-kubelet-b"),
    node_manifest("custom", label=True),
    node_manifest("labelled-machine", label=True, machine=True),
    node_manifest("unclear"),
    node_manifest("reports-much", reports=True),
    node_manifest("of-another-provider", label=True, provider="azure"),
    node_manifest("of-alibaba", provider="alibabacloud"),
    node_manifest("machine-1", machine=True),
    node_manifest("machine-2", machine=True),
]
WHERE = [None, "gone", "virtual-kubelet-gone", *(node["metadata"]["name"] for node in NODES)]


@st.composite
def some_pods(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Pods of every kind, on every kind of node; an instance id may be on any of them."""
    count = draw(st.integers(0, 9))
    return [
        pod_manifest(
            f"pod-{number}",
            node=draw(st.sampled_from(WHERE)),
            version=draw(st.sampled_from([None, "", "1.0.0", "1.1.0"])),
            instance=draw(st.sampled_from([None, "eci-1"])),
            annotations=draw(st.sampled_from([{}, {"alibabacloud.com/instance-id": "acs-1"}])),
            labels=draw(st.sampled_from([{}, {"alibabacloud.com/acs": "true"}])),
            namespace=draw(st.sampled_from(["web", "shop", "ops"])),
            phase=draw(st.sampled_from(["Pending", "Running", "Succeeded"])),
        )
        for number in range(count)
    ]


def scan_of(server: Server, scope: Scope = SCOPE) -> Scan:
    """Scan that server."""
    return scan_cluster(cast(ClusterApi, server), scope)


@QUICK
@given(
    some_pods(),
    st.lists(st.sampled_from(NODES), unique_by=lambda node: node["metadata"]["name"]),
    st.sampled_from([(), ("web",), ("web", "ops")]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([10, 100_000]),
)
def test_the_fast_scan_finds_what_the_whole_list_holds(
    pods: list[dict[str, Any]],
    nodes: list[dict[str, Any]],
    namespaces: tuple[str, ...],
    protobuf: bool,
    counts: bool,
    longest: int,
) -> None:
    """Whatever the pods and nodes, whatever the server can do: the same pods, the same facts."""
    scope = Scope(namespaces=namespaces)
    server = Server(pods, nodes=nodes)
    server.speaks_protobuf, server.counts, server.longest_query = protobuf, counts, longest
    fast, slow = scan_of(server, scope), scan_manifests([*nodes, *pods], scope)
    assert fast.pods == slow.pods
    assert fast.facts() == {**slow.facts(), "cluster_uid": server.identity()}


def test_pods_on_machines_are_counted_and_not_read() -> None:
    """A copied annotation does not make such a pod an ECI pod; the selector names machines and nothing else."""
    pods = [pod_manifest(f"m-{number}", node="machine-1") for number in range(5)]
    server = Server([*pods, pod_manifest("v", node="custom")], nodes=NODES)
    scan = scan_of(server)
    assert [pod.name for pod in scan.pods] == ["v"]
    assert scan.facts()["counts"]["other"] == 5
    [count, *pages] = server.queries
    assert count == {"limit": "1"}
    assert [page["fieldSelector"] for page in pages] == ["spec.nodeName!=machine-1,spec.nodeName!=machine-2"]


def test_all_lists_are_of_one_moment_that_the_server_cannot_take_from_a_stale_cache() -> None:
    """The first is asked without a version (so that etcd is read), the others for exactly that one."""
    pods = [pod_manifest(f"p-{number}", namespace=name) for number in range(5) for name in ("web", "shop")]
    server = Server(pods, [], nodes=NODES)
    scan = scan_of(server, Scope(namespaces=("web", "shop")))
    assert len(scan.pods) == len(pods)
    first, *rest = server.queries
    assert "resourceVersion" not in first
    assert all("continue" in query or query["resourceVersion"] == scan.resource_version for query in rest)
    assert all(query.get("resourceVersionMatch", "Exact") == "Exact" for query in server.queries)


def test_a_node_that_came_meanwhile_is_looked_up() -> None:
    """A pod that a new virtual node of any name has just taken has no instance id yet, and must not be missed."""
    new = pod_manifest("new", node="brand-new", version=None, instance=None, phase="Pending")
    server = Server([new, pod_manifest("moved", node="next-machine")], nodes=NODES)
    server.later_nodes = [node_manifest("brand-new", label=True), node_manifest("next-machine", machine=True)]
    scan = scan_of(server)
    assert [pod.name for pod in scan.undetermined()] == ["new"]
    assert scan.facts()["counts"]["other"] == 1
    assert {"name": "brand-new", "zone": ""} in scan.facts()["virtual_nodes"]
    assert server.asked.count("/api/v1/nodes") == 2


def test_too_many_machines_for_a_url_make_it_the_whole_list() -> None:
    """Not an error, and not a shorter answer."""
    nodes = [node_manifest(f"cn-hangzhou.10.0.{number}.11", machine=True) for number in range(900)]
    server = Server([pod_manifest("m", node="cn-hangzhou.10.0.7.11"), pod_manifest("v")], nodes=nodes)
    scan = scan_of(server)
    assert ([pod.name for pod in scan.pods], scan.facts()["counts"]["other"]) == (["v"], 1)
    assert all("fieldSelector" not in query for query in server.queries)


def test_a_node_name_cannot_change_the_selector() -> None:
    """It is then not in it, and its pods are read."""
    node = node_manifest("x,spec.nodeName!=custom", machine=True)
    server = Server([pod_manifest("v", node="custom")], nodes=[node, NODES[2]])
    assert [pod.name for pod in scan_of(server).pods] == ["v"]


@pytest.mark.parametrize(
    ("media_type", "data", "said"),
    [
        ("application/json", b"<html>", "it is not JSON"),
        ("text/html", b"<html>", "it is not JSON"),
        ("application/json", b'{"kind": "Status"}', "not a list of pods"),
        ("application/json", b'{"kind": "PodList", "items": []}', "does not tell its version"),
        (CONTENT_TYPE, b"{}", "ends too early"),
        (CONTENT_TYPE, b"<html>", "not protobuf"),
    ],
)
def test_an_answer_that_cannot_be_read_is_an_error(
    monkeypatch: pytest.MonkeyPatch, media_type: str, data: bytes, said: str
) -> None:
    """Never an empty list."""
    server = Server([])
    monkeypatch.setattr(server, "stream", lambda *_arguments: Answer(media_type, iter([data])))
    with pytest.raises(ConnectionFailed, match=f"https://model:6443 .*{said}"):
        scan_of(server)


def test_an_error_that_is_not_about_the_url_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A right that is missing stays missing."""
    server = Server([pod_manifest()], nodes=NODES)
    asked = []

    def refuse(_path: str, query: dict[str, str], _accept: str) -> Answer:
        asked.append(query)
        raise ApiError(403, "Forbidden", "pods is forbidden")

    monkeypatch.setattr(server, "stream", refuse)
    with pytest.raises(ApiError, match="forbidden"):
        scan_of(server)
    assert len(asked) == 1

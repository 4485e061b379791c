# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name from the cluster, or from a user, never leads a request to another place."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._kube import paths
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Owner
from tests.unit.support.builders import QUICK

NAMES = st.one_of(st.text(min_size=1, max_size=12), st.sampled_from([".", "..", "../x", "a/b", "a?b", "a#b", "%2e%2e"]))


def segments_of(path: str) -> list[str]:
    """The names that a server reads in a path."""
    return [unquote(part) for part in path.split("/")[1:]]


@QUICK
@given(NAMES, NAMES)
def test_a_name_is_one_segment_of_the_path(namespace: str, name: str) -> None:
    """Whatever is in it."""
    assert segments_of(paths.pods_path(namespace, name, "eviction")) == [
        *("api", "v1", "namespaces", namespace, "pods", name, "eviction")
    ]
    assert segments_of(paths.node_path(name)) == ["api", "v1", "nodes", name]
    assert segments_of(paths.namespace_path(namespace)) == ["api", "v1", "namespaces", namespace]
    assert segments_of(paths.events_path(namespace)) == ["api", "v1", "namespaces", namespace, "events"]
    for path in (paths.pods_path(namespace, name), paths.budgets_path("v1", namespace), paths.leases_path(name)):
        assert not {".", ".."} & set(path.split("/"))
        assert not set("?#") & set(path)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (paths.pods_path("web"), "/api/v1/namespaces/web/pods"),
        (paths.pods_path("web", "a", "eviction"), "/api/v1/namespaces/web/pods/a/eviction"),
        (paths.budgets_path("v1beta1", "web"), "/apis/policy/v1beta1/namespaces/web/poddisruptionbudgets"),
        (paths.leases_path("kube-system"), "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"),
        (paths.leases_path("kube-system", "x"), "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x"),
        (paths.node_path("vk.cn-hangzhou"), "/api/v1/nodes/vk.cn-hangzhou"),
    ],
)
def test_paths_are_those_of_the_api(path: str, written: str) -> None:
    """Core objects under /api, all others under /apis."""
    assert path == written


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("apps/v1", "ReplicaSet", "/apis/apps/v1/namespaces/web/replicasets/x"),
        ("batch/v1", "Job", "/apis/batch/v1/namespaces/web/jobs/x"),
        ("v1", "ReplicationController", "/api/v1/namespaces/web/replicationcontrollers/x"),
        ("apps/v1", "StatefulSet", "/apis/apps/v1/namespaces/web/statefulsets/x"),
        ("apps.kruise.io/v1alpha1", "CloneSet", ""),
        ("apps.kruise.io/v1beta1", "StatefulSet", ""),
        ("apps/v1", "DaemonSet", ""),
        ("", "", ""),
        ("apps/../v1", "ReplicaSet", ""),
    ],
)
def test_the_path_of_an_owner(api_version: str, kind: str, path: str) -> None:
    """Only of kinds that are understood."""
    assert paths.owner_path("web", Owner(api_version, kind, "x", "u")) == path


def test_an_owner_whose_name_is_none_has_no_path() -> None:
    """An owner reference is text from the cluster."""
    assert paths.owner_path("web", Owner("apps/v1", "ReplicaSet", "../../../secrets", "u")) == ""


@pytest.mark.parametrize(
    ("api_version", "name"),
    [
        ("apps/v1", "../../../../../api/v1/secrets"),
        ("apps/v1", ".."),
        ("apps/v1", "x?watch=true"),
        ("apps/v1", "x#y"),
        ("apps/v1", "x y"),
        ("apps/v1", "x\n"),
        ("apps/v1\n", "x"),
        ("apps/v1?watch=true", "x"),
        ("apps/..", "x"),
    ],
)
def test_an_owner_reference_cannot_lead_the_request_elsewhere(api_version: str, name: str) -> None:
    """Whoever may create a pod writes it, and the API server does not check its name."""
    path = paths.owner_path("web", Owner(api_version, "ReplicaSet", name, "u"))
    assert path == "" or (path.startswith("/apis/apps/v1/namespaces/web/replicasets/") and path.count("/") == 7)
    assert not set(path) & set("?# \n")
    assert ".." not in path.split("/")

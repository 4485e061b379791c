# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is created again is the user's pod, without what the server and ECI wrote into it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._rules.manifest import recreatable
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import INSTANCE_ID, PLATFORM_VERSION
from tests.unit.support.builders import QUICK, pod_manifest

SERVER_FIELDS = (
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
    "managedFields", "selfLink",
)  # fmt: skip
WRITTEN_BY_ECI = (
    INSTANCE_ID, PLATFORM_VERSION, "k8s.aliyun.com/eci-request-id", "k8s.aliyun.com/eci-schedule-result",
)  # fmt: skip
TOKEN = "kube-api-access-x7k2p"
ANNOTATIONS = st.dictionaries(
    st.sampled_from([*WRITTEN_BY_ECI, "k8s.aliyun.com/eci-use-specs", "note"]), st.text(max_size=5)
)
NAMES = st.lists(st.sampled_from([TOKEN, "data", "cache"]), max_size=3)


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Pods as the API shows them, each part there or not."""
    fields = draw(st.lists(st.sampled_from(SERVER_FIELDS), unique=True))
    metadata = {
        "name": "a",
        "namespace": "b",
        **dict.fromkeys(fields, "1"),
        "annotations": draw(st.none() | ANNOTATIONS),
    }
    containers = [{"name": "c", "volumeMounts": [{"name": name} for name in names]} for names in draw(st.lists(NAMES))]
    spec: dict[str, Any] = {
        "nodeName": "n",
        "volumes": [{"name": name} for name in draw(NAMES)],
        "containers": containers,
    }
    spec.update(draw(st.sampled_from([{}, {"initContainers": [{"name": "i"}]}, {"volumes": None}])))
    whole = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Running"}}
    return {
        key: part for key, part in whole.items() if key in draw(st.sampled_from([tuple(whole), ("metadata", "spec")]))
    }


@QUICK
@given(manifests())
def test_a_second_time_changes_nothing_and_the_first_leaves_its_source_alone(manifest: dict[str, Any]) -> None:
    """The manifest that was saved must still be what the server showed."""
    before = copy.deepcopy(manifest)
    once = recreatable(manifest)
    assert recreatable(once) == once
    assert manifest == before


@QUICK
@given(manifests())
def test_nothing_is_left_of_the_server_and_of_the_old_instance(manifest: dict[str, Any]) -> None:
    """And nothing of the user's is lost."""
    wanted = recreatable(manifest)
    assert set(wanted) == {"apiVersion", "kind", "metadata", "spec"}
    assert not set(wanted["metadata"]) & set(SERVER_FIELDS)
    notes = manifest["metadata"]["annotations"] or {}
    assert wanted["metadata"]["annotations"] == {key: notes[key] for key in notes if key not in WRITTEN_BY_ECI}
    assert "nodeName" not in wanted["spec"]
    assert TOKEN not in str(wanted["spec"])
    assert str(wanted["spec"]).count("'data'") == str(manifest["spec"]).count("'data'")
    assert len(wanted["spec"]["containers"]) == len(manifest["spec"]["containers"])


def test_a_pod_keeps_all_that_its_user_wrote() -> None:
    """Labels, owners, tolerations, pod options of ECI; the token volume goes from init containers as well."""
    mounts = [{"name": TOKEN, "mountPath": "/var/run/secrets"}, {"name": "data", "mountPath": "/data"}]
    manifest = pod_manifest(
        labels={"app": "a"}, annotations={"k8s.aliyun.com/eci-use-specs": "2-4Gi"}, generateName="web-"
    )
    manifest["spec"] |= {
        "volumes": [{"name": TOKEN, "projected": {}}, {"name": "data", "emptyDir": {}}],
        "initContainers": [{"name": "i", "image": "i", "volumeMounts": mounts}],
        "containers": [{"name": "c", "image": "c", "volumeMounts": mounts}, {"name": "d", "image": "d"}],
        "tolerations": [{"key": "virtual-kubelet.io/provider", "operator": "Exists"}],
    }
    wanted = recreatable(manifest)
    assert wanted["metadata"] == {
        "namespace": "web",
        "name": "web-1",
        "labels": {"app": "a"},
        "generateName": "web-",
        "annotations": {"k8s.aliyun.com/eci-use-specs": "2-4Gi"},
    }
    spec = wanted["spec"]
    assert spec["volumes"] == [{"name": "data", "emptyDir": {}}]
    assert spec["initContainers"] == [{"name": "i", "image": "i", "volumeMounts": mounts[1:]}]
    assert [one["volumeMounts"] for one in spec["containers"]] == [mounts[1:], []]
    assert spec["tolerations"] == manifest["spec"]["tolerations"]


def test_debug_containers_are_left_out() -> None:
    """The API server refuses a new pod with ephemeral containers (kubectl debug adds them), and the old one is gone by then."""
    manifest = pod_manifest()
    manifest["spec"]["ephemeralContainers"] = [{"name": "debugger", "image": "busybox"}]
    assert "ephemeralContainers" not in recreatable(manifest)["spec"]


@pytest.mark.parametrize("manifest", [{}, {"metadata": None, "spec": None}])
def test_a_manifest_without_anything_is_still_a_pod(manifest: dict[str, Any]) -> None:
    """No exception half-way through a recreation."""
    assert recreatable(manifest)["kind"] == "Pod"


@pytest.mark.parametrize(
    ("fields", "node"),
    [
        ([{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:nodeName": {}, "f:containers": {}}}}], "node-7"),
        ([{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:containers": {}}}}], None),
        ([{"manager": "kubelet", "fieldsV1": {"f:status": {}}}, {"manager": "old"}], None),
        ([], None),
        (None, None),
    ],
)
def test_a_pod_that_names_its_node_goes_back_there(fields: list[dict[str, Any]] | None, node: str | None) -> None:
    """One that the scheduler sent somewhere is scheduled anew: its node may be full, or gone."""
    manifest = pod_manifest()
    manifest["metadata"]["managedFields"] = fields
    manifest["spec"]["nodeName"] = "node-7"
    assert recreatable(manifest)["spec"].get("nodeName") == node


def test_what_admission_works_out_is_left_to_it() -> None:
    """Admission refuses a priority or an overhead that is not what the classes say by now, and the old pod is gone by then."""
    manifest = pod_manifest()
    worked_out = {"priority": 1000, "preemptionPolicy": "PreemptLowerPriority", "overhead": {"cpu": "1"}}
    manifest["spec"] |= {**worked_out, "priorityClassName": "important", "runtimeClassName": "rund"}
    spec = recreatable(manifest)["spec"]
    assert not set(worked_out) & set(spec)
    assert (spec["priorityClassName"], spec["runtimeClassName"]) == ("important", "rund")


def test_the_reference_to_a_controller_that_is_gone_is_left_out() -> None:
    """With it the garbage collector would take the new pod away at once."""
    manifest = pod_manifest(ownerReferences=[{"kind": "Farm", "name": "f", "uid": "u", "controller": True}])
    assert "ownerReferences" in recreatable(manifest)["metadata"]
    assert "ownerReferences" not in recreatable(manifest, owned=False)["metadata"]

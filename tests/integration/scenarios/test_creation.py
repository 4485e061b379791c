# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether it can come back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.cluster import VIRTUAL_NODES, workloads as w
from tests.cluster.api import ApiError
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import OLD

BARE: dict[str, Any] = {"unmanaged": "recreate"}
CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"


@contextlib.contextmanager
def priority_class(scenario: Scenario, name: str, value: int) -> Iterator[None]:
    """A PriorityClass, for as long as a test wants it."""
    scenario.api.request("POST", CLASSES, {"metadata": {"name": name}, "value": value})
    try:
        yield
    finally:
        scenario.api.request("DELETE", f"{CLASSES}/{name}")


def test_a_policy_that_is_stricter_now(scenario: Scenario) -> None:
    """Pod Security is enforced since the pods were created, and forbids new ones: they are set aside, in check mode too."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    path = f"/api/v1/namespaces/{scenario.namespace}"
    scenario.api.patch(path, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    scenario.happens("The namespace is labelled pod-security.kubernetes.io/enforce: restricted.")
    check = scenario.recreate(pods, check=True)
    assert set(check.outcomes.values()) == {"blocked"}, check.told
    run = scenario.recreate(pods, pod_timeout=2)
    assert set(run.outcomes.values()) == {"set_aside"}, run.told
    assert "PodSecurity" in run.message
    assert "policy" in run.result["set_aside"][0]["remedy"]
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}
    assert "removing" not in scenario.events()


def test_what_a_bare_pod_names_is_gone(scenario: Scenario) -> None:
    """A bare pod's service account or priority class was deleted: it is not touched, and the others are recreated."""
    account = f"/api/v1/namespaces/{scenario.namespace}/serviceaccounts"
    scenario.api.request("POST", account, {"metadata": {"name": "robot"}})
    with priority_class(scenario, "important", 1000):
        scenario.apply(
            w.bare_pod(scenario.namespace, "account", serviceAccountName="robot"),
            w.bare_pod(scenario.namespace, "class", priorityClassName="important"),
            w.bare_pod(scenario.namespace, "healthy"),
        )
        pods = [w.wait_ready(scenario.api, scenario.namespace, name, 1)[0] for name in ("account", "class", "healthy")]
    scenario.api.request("DELETE", f"{account}/robot")
    w.age(scenario.api, pods, OLD)
    scenario.happens("The ServiceAccount of one pod and the PriorityClass of another are deleted.")
    run = scenario.recreate(pods, pod_timeout=10, **BARE)
    assert run.outcomes == {"account": "set_aside", "class": "set_aside", "healthy": "recreated"}, run.told
    assert "robot" in run.reasons["account"]
    assert "important" in run.reasons["class"]
    for pod in pods[:2]:
        assert scenario.uids(pod["metadata"]["name"]) == {pod["metadata"]["uid"]}


def test_a_priority_class_that_has_another_value(scenario: Scenario) -> None:
    """The PriorityClass of a bare pod has another value now: the pod comes back with the new priority."""
    with priority_class(scenario, "important", 1000):
        pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely", priorityClassName="important"))
        assert pods[0]["spec"]["priority"] == 1000
    with priority_class(scenario, "important", 2000):
        run = scenario.recreate(pods, **BARE)
    assert run.code == 0, run.told
    assert scenario.pods("lonely")[0]["spec"]["priority"] == 2000


def test_a_pod_pinned_to_a_node(scenario: Scenario) -> None:
    """A bare pod that names its node, and owners that are no controllers: it goes back where it was, with its owners."""
    node = next(iter(VIRTUAL_NODES))
    path = f"/api/v1/namespaces/{scenario.namespace}/configmaps"
    with contextlib.suppress(ApiError):
        scenario.api.request("DELETE", f"{path}/shared")
    owner = scenario.api.request("POST", path, {"metadata": {"name": "shared"}})
    manifest = w.bare_pod(scenario.namespace, "lonely", node="any")
    manifest["spec"]["nodeName"] = node
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "shared", "uid": owner["metadata"]["uid"]}
    manifest["metadata"]["ownerReferences"] = [reference]
    pods = scenario.aged(manifest)
    # The scheduler would send it elsewhere; a pod that names its node does not ask it.
    with w.cordoned(scenario.api, node):
        run = scenario.recreate(pods, **BARE)
    assert run.code == 0, run.told
    (new,) = scenario.pods("lonely")
    assert new["spec"]["nodeName"] == node
    assert new["metadata"]["ownerReferences"] == pods[0]["metadata"]["ownerReferences"]


def test_a_pod_that_goes_with_its_owner(scenario: Scenario) -> None:
    """The owner was deleted a moment ago and the pod is about to go with it: it is not touched, and not made again as an orphan."""
    pods = scenario.aged(scenario.workload("ReplicaSet"))
    scenario.cluster.controller_manager.pause()
    try:
        scenario.delete("ReplicaSet", "web", propagationPolicy="Background")
        scenario.happens("The ReplicaSet is deleted; the garbage collector has not come to its pod yet.")
        run = scenario.recreate(pods, pod_timeout=2, **BARE)
    finally:
        scenario.cluster.controller_manager.resume()
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    w.wait_for(lambda: scenario.pods("web") == [], "the pod's end")
    again = scenario.recreate(pods, **BARE)
    assert list(again.outcomes.values()) == ["already_gone"], again.told
    assert scenario.pods("web") == []

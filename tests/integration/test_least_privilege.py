# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ClusterRole in docs/rbac is enough, and every single right of it is needed: without it, something named is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.cluster import workloads as w
from tests.cluster.api import ApiError
from tests.cluster.webhook import Webhook
from tests.integration.access import Right, kubeconfig_of, rights_of, shipped, without
from tests.integration.scenarios.module_run import ModuleRun, run_module
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import LEASE, OLD, run_preflight

# -- what the role promises: each returns the run, arranged anew for the kubeconfig ---------------------------------


def scan(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """The whole cluster is scanned."""
    return run_module("eci_pod_facts", {}, kubeconfig, scene.home)


def identity(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """The cluster is known by more than its address."""
    run = run_module("eci_pod_facts", {}, kubeconfig, scene.home)
    known = run.result["ansible_facts"]["eci_cluster"]["cluster_uid"]
    uid = scene.api.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    said = {uid: "the cluster is known by its UID", "": "the cluster is known by its address"}
    return replace(run, result={**run.result, "msg": said[known]})


def check(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """The whole cluster is judged."""
    return run_module("eci_compat_check", {"target_version": "1.26"}, kubeconfig, scene.home)


def replaced(kind: str) -> Callable[[Scenario, Path], ModuleRun]:
    """A workload's pod is evicted and its replacement waited for."""

    def act(scene: Scenario, kubeconfig: Path) -> ModuleRun:
        pods = scene.aged(scene.workload(kind, annotations={"test.ackops/ready-delay": "500ms"}))
        return scene.recreate(pods, kubeconfig=kubeconfig, pod_timeout=30)

    return act


def replication_controller(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """The same for the ReplicaSet's forerunner."""
    manifest = scene.workload("ReplicaSet", "old")
    spec = {**manifest["spec"], "selector": {"app": "old"}}
    path = f"/api/v1/namespaces/{scene.namespace}/replicationcontrollers"
    scene.api.request("POST", path, {"metadata": manifest["metadata"], "spec": spec})
    try:
        pods = w.wait_ready(scene.api, scene.namespace, "old", 1)
        w.age(scene.api, pods, OLD)
        return scene.recreate(pods, kubeconfig=kubeconfig, pod_timeout=30)
    finally:
        scene.api.request("DELETE", f"{path}/old", {"propagationPolicy": "Background"})


def finished_job(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """A finished pod is deleted."""
    scene.apply(scene.workload("Job", "batch", annotations={"test.ackops/complete-after": "100ms"}))
    w.wait_for(lambda: scene.get("Job", "batch").get("status", {}).get("succeeded") == 1, "the Job's end")
    w.age(scene.api, scene.pods("batch"), OLD)
    return scene.recreate(scene.pods("batch"), kubeconfig=kubeconfig, pod_timeout=30)


def bare_pod(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """A bare pod is made again."""
    pods = scene.aged(w.bare_pod(scene.namespace, "lonely"))
    return scene.recreate(pods, kubeconfig=kubeconfig, unmanaged="recreate", pod_timeout=30)


def budgets_in_a_message(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """Two budgets on one pod: the server does not say which."""
    pods = scene.aged(scene.workload("Deployment"))
    scene.budget("first-budget", "web", 0)
    scene.budget("second-budget", "web", 0)
    return scene.recreate(pods, kubeconfig=kubeconfig, pod_timeout=2)


def event_in_a_message(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """No replacement is made: only the controller's event says why."""
    pods = scene.aged(scene.workload("Deployment"))
    with Webhook(scene.cluster, scene.namespace, ["pods"], lambda _request: "image is not signed", dry_runs=False):
        return scene.recreate(pods, kubeconfig=kubeconfig, pod_timeout=6)


def any_run(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """A replacement may land on a node that was not there when the nodes were listed: every run needs the right."""
    return scene.recreate(scene.aged(scene.workload("Deployment")), kubeconfig=kubeconfig, pod_timeout=30)


def first_run_of_a_cluster(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """No run has ever worked on the cluster: the Lease is created."""
    pods = scene.aged(scene.workload("StatefulSet"))
    with contextlib.suppress(ApiError):
        scene.api.request("DELETE", LEASE)
    return scene.recreate(pods, kubeconfig=kubeconfig, pod_timeout=30)


def later_run(scene: Scenario, kubeconfig: Path) -> ModuleRun:
    """A run has worked on the cluster before: its Lease is taken over."""
    pods = scene.aged(scene.workload("StatefulSet"))
    lease = {"metadata": {"name": LEASE.rpartition("/")[2]}, "spec": {"holderIdentity": ""}}
    with contextlib.suppress(ApiError):
        scene.api.request("POST", LEASE.rpartition("/")[0], lease)
    return scene.recreate(pods, kubeconfig=kubeconfig, pod_timeout=30)


@dataclass(frozen=True)
class Promise:
    """A run, what it says where it may, and what it says where it may not.

    Where ``lost`` is empty, the error names the right; otherwise the run says that instead, and ``kept`` not. With ``code`` 0
    the run goes on without it.
    """

    act: Callable[[Scenario, Path], ModuleRun]
    kept: str = ""
    lost: str = ""
    code: int = 1


PROMISES = {
    Right("", "pods", "get"): Promise(replaced("StatefulSet")),
    Right("", "pods", "list"): Promise(check),
    Right("", "pods", "watch"): Promise(replaced("StatefulSet")),
    Right("", "nodes", "list"): Promise(scan),
    Right("", "nodes", "get"): Promise(any_run),
    Right("", "namespaces", "get"): Promise(
        identity, "the cluster is known by its UID", "the cluster is known by its address", code=0
    ),
    Right("", "pods/eviction", "create"): Promise(replaced("StatefulSet")),
    Right("", "pods", "delete"): Promise(finished_job),
    Right("apps", "deployments", "get"): Promise(replaced("Deployment")),
    Right("apps", "replicasets", "get"): Promise(replaced("ReplicaSet")),
    Right("apps", "statefulsets", "get"): Promise(replaced("StatefulSet")),
    Right("batch", "jobs", "get"): Promise(finished_job),
    Right("", "replicationcontrollers", "get"): Promise(replication_controller),
    Right("policy", "poddisruptionbudgets", "list"): Promise(
        budgets_in_a_message, "first-budget, second-budget", "more than one PodDisruptionBudget"
    ),
    Right("", "events", "list"): Promise(event_in_a_message, "image is not signed", "made no replacement"),
    Right("", "pods", "create"): Promise(bare_pod),
    Right("coordination.k8s.io", "leases", "create"): Promise(first_run_of_a_cluster),
    Right("coordination.k8s.io", "leases", "get"): Promise(later_run),
    Right("coordination.k8s.io", "leases", "update"): Promise(later_run),
}


def test_every_right_of_the_role_has_a_use() -> None:
    """A right that nothing here needs has no place in the role; one that is used must be in it."""
    rights = rights_of(shipped())
    assert len(rights) == len(set(rights)), "a right stands there twice"
    assert set(rights) == set(PROMISES)


@pytest.mark.parametrize("right", PROMISES, ids=str)
def test_without_one_right(scene: Scenario, right: Right) -> None:
    """With the whole role the run does what it promises; without that one right it does not, and says why."""
    promise = PROMISES[right]
    whole = kubeconfig_of(scene.cluster, "whole", shipped(), scene.home)
    run = promise.act(scene, whole)
    assert promise.kept in run.told if promise.kept else run.code == 0, run.told
    w.clear(scene.api, scene.namespace)
    less = kubeconfig_of(scene.cluster, "less", without(shipped(), right), scene.home)
    run = promise.act(scene, less)
    assert run.code == promise.code, run.told
    if promise.lost:
        assert promise.lost in run.told
        assert promise.kept not in run.told
    else:
        assert f'cannot {right.verb} resource "{right.resource}" in API group "{right.group}"' in run.message
        assert "docs/rbac" in run.message


def test_the_playbook_with_the_role_alone(scene: Scenario) -> None:
    """The main path, from the check to the open gate, as a user who has nothing but the shipped role."""
    scene.apply(scene.workload("Deployment", replicas=2), scene.workload("StatefulSet", "db"))
    pods = w.wait_ready(scene.api, scene.namespace, "web", 2) + w.wait_ready(scene.api, scene.namespace, "db", 1)
    w.age(scene.api, pods, OLD)
    kubeconfig = kubeconfig_of(scene.cluster, "whole", shipped(), scene.home)
    run = run_preflight(kubeconfig, scene.home)
    assert run.code == 0, run.text
    assert len(run.preflight["recreated"]) == 3


def test_acks_preset_role(scene: Scenario) -> None:
    """ACK's cs:ops may do nearly everything with pods, but not evict them: nothing is touched, the missing right is named."""
    everything = ["get", "list", "watch", "create", "update", "patch", "delete"]
    ops = [
        {"apiGroups": [""], "resources": ["pods", "pods/log", "pods/exec", "events", "nodes"], "verbs": everything},
        {"apiGroups": ["apps", "batch", "policy", "coordination.k8s.io"], "resources": ["*"], "verbs": everything},
    ]
    pods = scene.aged(scene.workload("Deployment", replicas=2), 2)
    run = scene.recreate(pods, kubeconfig=kubeconfig_of(scene.cluster, "ops", ops, scene.home))
    assert run.code == 1
    assert 'cannot create resource "pods/eviction"' in run.message
    assert "docs/rbac" in run.message
    assert scene.uids("web") == {pod["metadata"]["uid"] for pod in pods}


def test_a_missing_pod_with_the_role_alone(scene: Scenario) -> None:
    """The role may read one namespace object only, kube-system's: that a pod of another one is missing is told all the same."""
    pods = scene.aged(w.bare_pod(scene.namespace, "lonely"))
    kubeconfig = kubeconfig_of(scene.cluster, "whole", shipped(), scene.home)
    with Webhook(scene.cluster, scene.namespace, ["pods"], lambda _request: "not today", dry_runs=False):
        run = scene.recreate(pods, kubeconfig=kubeconfig, unmanaged="recreate", pod_timeout=10)
    assert list(run.outcomes.values()) == ["failed"], run.told
    check = scene.judge(kubeconfig)
    assert [pod["name"] for pod in check.result["missing"]] == ["lonely"], check.result
    elsewhere = scene.recreate([], kubeconfig=kubeconfig, record_dir=str(scene.home / "elsewhere"))
    assert "was removed and not made again" in elsewhere.message
    again = scene.recreate([], kubeconfig=kubeconfig, unmanaged="recreate", pod_timeout=30)
    assert again.code == 0, again.told
    assert scene.judge(kubeconfig).code == 0

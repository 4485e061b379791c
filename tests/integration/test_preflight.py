# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, as a user runs it, on a real control plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.tools import repaired, run_pipeline, seed_commands
from tests.integration.support import NEW, OLD, Run, run_playbook, run_preflight, run_tasks


def aged_shop(cluster: ControlPlane, namespace: str) -> list[w.Manifest]:
    """A Deployment and a StatefulSet on virtual nodes, aged in three ways, beside pods that are none of our business."""
    api = cluster.api
    w.apply(
        api,
        w.workload("Deployment", namespace, "web", replicas=3),
        w.workload("StatefulSet", namespace, "db", replicas=2),
        w.workload("Deployment", namespace, "fresh", replicas=1),
        w.workload("Deployment", namespace, "real", replicas=2, node="real"),
        w.workload("Job", namespace, "report", annotations={"test.ackops/complete-after": "100ms"}),
        w.bare_pod(namespace, "unscheduled", node="nowhere"),
    )
    web, db = w.wait_ready(api, namespace, "web", 3), w.wait_ready(api, namespace, "db", 2)
    w.wait_ready(api, namespace, "fresh", 1)
    w.wait_ready(api, namespace, "real", 2)
    w.wait_for(
        lambda: any(pod["status"]["phase"] == "Succeeded" for pod in w.pods_of(api, namespace, "report")), "its end"
    )
    job = w.pods_of(api, namespace, "report")
    w.age(api, [web[0], db[0], *job], OLD)
    w.age(api, [web[1]], None)
    w.age(api, [web[2], db[1]], "")
    return [*web, *db, *job]


def names(text: str) -> set[str]:
    """The namespace/name pairs of the seed's comma-separated lines."""
    return {"/".join(line.split(",")[:2]) for line in text.splitlines()}


def ready_counts(cluster: ControlPlane, namespace: str) -> dict[str, int]:
    """Ready pods by app."""
    pods = w.pods_of(cluster.api, namespace)
    apps = {pod["metadata"]["labels"].get("app", "") for pod in pods}
    return {app: sum(w.is_ready(p) for p in pods if p["metadata"]["labels"].get("app") == app) for app in apps}


@pytest.mark.compat
def test_check_recreate_verify_and_again(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Check mode touches nothing, the run leaves nothing old, a second run changes nothing; the seed's jq is the oracle."""
    aged = aged_shop(cluster, namespace)
    before = ready_counts(cluster, namespace)
    first, second = (repaired(command) for command in seed_commands())
    listed = names(run_pipeline(first, cluster.kubeconfig, cluster.version).stdout)
    assert listed == {f"{namespace}/{pod['metadata']['name']}" for pod in aged}

    check = run_preflight(cluster.kubeconfig, home, "--check", "--diff")
    assert check.code == 0, check.text
    assert {f"{p['namespace']}/{p['name']}" for p in check.preflight["blockers"]} == listed
    assert {p["outcome"] for p in check.preflight["planned"]} == {"predicted"}
    assert {p["metadata"]["uid"] for p in aged} <= {p["metadata"]["uid"] for p in w.pods_of(cluster.api, namespace)}

    run = run_preflight(cluster.kubeconfig, home)
    assert run.code == 0, run.text
    assert run.preflight["ready"] is True
    assert {p["uid"] for p in run.preflight["recreated"]} == {p["metadata"]["uid"] for p in aged}
    living = {p["metadata"]["uid"]: p["metadata"]["name"] for p in w.pods_of(cluster.api, namespace)}
    for entry in run.preflight["recreated"]:
        if entry["outcome"] == "recreated":
            assert living[entry["new_uid"]] == entry["new_name"]
            assert entry["new_version"] == NEW
            assert entry["seconds"] > 0
    assert run.custom_stats["eci_preflight_result_localhost"]["ready"] is True

    assert run_pipeline(first, cluster.kubeconfig, cluster.version).stdout == ""
    third = [
        line.split(",")[2] for line in run_pipeline(second, cluster.kubeconfig, cluster.version).stdout.splitlines()
    ]
    assert third
    assert set(third) == {NEW}
    after = ready_counts(cluster, namespace)
    assert {app: after.get(app, 0) for app in before} == before

    again = run_preflight(cluster.kubeconfig, home)
    assert (again.code, again.changed()) == (0, 0), again.text


def test_the_clusters_own_version_touches_nothing(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Target 1.24 on a 1.24 cluster: nothing to do."""
    aged_shop(cluster, namespace)
    before = {p["metadata"]["uid"] for p in w.pods_of(cluster.api, namespace)}
    run = run_preflight(cluster.kubeconfig, home, target_version="1.24")
    assert (run.code, run.changed()) == (0, 0), run.text
    assert {p["metadata"]["uid"] for p in w.pods_of(cluster.api, namespace)} == before


@pytest.mark.compat
def test_a_bare_pod_is_set_aside(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Nothing recreates a bare pod: it stays, the others are recreated, the cluster is not ready; with a waiver it is."""
    api = cluster.api
    w.apply(api, w.workload("Deployment", namespace, "web", replicas=2), w.bare_pod(namespace, "lonely"))
    pods = w.wait_ready(api, namespace, "web", 2) + w.wait_ready(api, namespace, "lonely", 1)
    w.age(api, pods, OLD)
    before = {p["metadata"]["uid"]: p["metadata"]["name"] for p in w.pods_of(api, namespace)}
    lonely = {uid for uid, name in before.items() if name == "lonely"}
    runs = []
    for arguments, left in ((("--check",), set(before)), ((), lonely)):
        runs.append(run_preflight(cluster.kubeconfig, home, *arguments))
        assert runs[-1].code == 2, runs[-1].text
        assert f"{namespace}/lonely" in runs[-1].message
        assert "unmanaged: recreate" in runs[-1].message
        assert "Traceback" not in runs[-1].text
        assert {p["metadata"]["uid"] for p in w.pods_of(api, namespace)} & set(before) == left
    assert len(runs[-1].preflight["recreated"]) == 2
    waiver = {"match": "name == 'lonely'", "reason": "moved by hand on Friday", "expires": "2999-12-31"}
    run = run_preflight(cluster.kubeconfig, home, exempt=[waiver])
    assert run.code == 0, run.text
    assert [p["name"] for p in run.preflight["exempted"]] == ["lonely"]
    assert "moved by hand on Friday" in run.text
    assert run.changed() == 0


def test_what_the_matrix_does_not_know_shuts_the_gate(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """An unknown platform version, and an unknown Kubernetes version, block; nothing is touched; the matrix opens it."""
    api = cluster.api
    w.apply(
        api,
        w.workload(
            "Deployment", namespace, "web", replicas=1, annotations={"test.ackops/platform-version": "{{ 7*7 }}"}
        ),
    )
    w.wait_ready(api, namespace, "web", 1)
    run = run_preflight(cluster.kubeconfig, home)
    assert run.code == 2, run.text
    assert "{{ 7*7 }}" in run.message
    assert "matrix" in run.message
    assert run.changed() == 0
    run = run_preflight(cluster.kubeconfig, home, matrix={"{{ 7*7 }}": [], "1.1.0": ">=1.12"})
    assert "lists no version" in run.message
    w.clear(api, namespace)
    # Without ECI pods a cluster is ready for any target.
    assert run_preflight(cluster.kubeconfig, home, target_version="1.33").code == 0
    w.apply(api, w.workload("Deployment", namespace, "plain", replicas=1))
    w.wait_ready(api, namespace, "plain", 1)
    run = run_preflight(cluster.kubeconfig, home, target_version="1.33")
    assert run.code == 2, run.text
    assert "does not list Kubernetes 1.33" in run.message
    assert run_preflight(cluster.kubeconfig, home, target_version="1.33", matrix={"1.1.0": ">=1.12"}).code == 0


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (1.30, "quotes"),
        ("1.22", "below the cluster"),
        ("latest", "not a Kubernetes version"),
        ("1.3", "below the cluster"),
    ],
)
def test_a_target_that_cannot_be_meant(cluster: ControlPlane, home: Path, target: object, said: str) -> None:
    """A number, a downgrade, a word: one clear error that names the option."""
    run = run_preflight(cluster.kubeconfig, home, target_version=target)
    assert run.code == 2, run.text
    assert said in run.message
    assert "target_version" in run.message
    assert "Traceback" not in run.text


def test_the_role_in_somebodys_own_playbook(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Entry point check audits without failing, verify keeps the gate, and the next task of an upgrade playbook is not reached."""
    api = cluster.api
    w.apply(api, w.workload("Deployment", namespace, "web", replicas=1))
    w.age(api, w.wait_ready(api, namespace, "web", 1), OLD)
    role = {"name": "ackops.eci.eci_preflight"}

    def play(entry: str) -> list[dict[str, object]]:
        tasks = [
            {"ansible.builtin.include_role": {**role, "tasks_from": entry}},
            {"name": "Upgrade the cluster", "ansible.builtin.debug": {"msg": "upgrading"}},
        ]
        return [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "vars": {"eci_preflight_target_version": "1.26"},
                "tasks": tasks,
            }
        ]

    audit = run_playbook(play("check"), cluster.kubeconfig, home)
    assert audit.code == 0, audit.text
    assert audit.preflight["ready"] is False
    assert audit.changed() == 0
    gate = run_playbook(play("verify"), cluster.kubeconfig, home)
    assert gate.code == 2, gate.text
    assert "Do not upgrade" in gate.message
    assert "upgrading" not in gate.text
    whole = run_playbook(play("main"), cluster.kubeconfig, home)
    assert whole.code == 0, whole.text
    assert "upgrading" in whole.text


def test_acs_pods_are_left_out_and_counted(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """An ACS pod on a virtual node, which the seed's command lists, is no ECI pod."""
    api = cluster.api
    acs = {"alibabacloud.com/acs": "true"}
    w.apply(
        api,
        w.workload("Deployment", namespace, "acs", replicas=2, labels=acs),
        w.bare_pod(namespace, "waiting", node="nowhere"),
    )
    w.wait_ready(api, namespace, "acs", 2)
    run = run_preflight(cluster.kubeconfig, home)
    assert run.code == 0, run.text
    counts = run.result("Check the ECI pods")["cluster"]["counts"]
    assert counts == {"eci": 0, "finished": 0, "acs": 2, "unscheduled": 1, "other": 0, "not_selected": 0}


def test_a_pod_that_is_being_created_is_waited_for(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Without a version it is undetermined and shuts the gate at the end of the wait; nothing is deleted meanwhile."""
    api = cluster.api
    w.apply(
        api, w.workload("Deployment", namespace, "web", replicas=1, annotations={"test.ackops/trouble": "no-stock"})
    )
    w.wait_for(lambda: any(pod["spec"].get("nodeName") for pod in w.pods_of(api, namespace, "web")), "the pod's node")
    run = run_preflight(cluster.kubeconfig, home, settle_timeout=2)
    assert run.code == 2, run.text
    assert run.preflight["counts"]["undetermined"] == 1
    assert "being created" in run.message
    assert len(w.pods_of(api, namespace, "web")) == 1


def test_a_selection_says_that_it_is_one(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Namespaces and query narrow what eci_pod_facts returns, and the facts and the check say so."""
    api = cluster.api
    w.apply(api, w.workload("Deployment", namespace, "web"), w.workload("Deployment", namespace, "other"))
    w.wait_ready(api, namespace, "web", 1)
    w.wait_ready(api, namespace, "other", 1)
    facts = {"namespaces": [namespace], "query": "labels.app == 'web'"}
    check = {
        "target_version": "1.26",
        "pods": "{{ ansible_facts.eci_pods }}",
        "pods_are_complete": "{{ ansible_facts.eci_cluster.whole_cluster }}",
    }
    tasks = [
        {"name": "Gather", "ackops.eci.eci_pod_facts": facts},
        {"name": "Judge", "ackops.eci.eci_compat_check": check},
    ]
    run = run_tasks(tasks, cluster.kubeconfig, home)
    assert run.code == 0, run.text
    gathered = run.result("Gather")["ansible_facts"]
    assert [pod["labels"]["app"] for pod in gathered["eci_pods"]] == ["web"]
    assert gathered["eci_cluster"]["whole_cluster"] is False
    assert gathered["eci_cluster"]["counts"]["not_selected"] == 1
    assert "says nothing of the rest" in run.text


@pytest.mark.compat
def test_a_misspelt_variable_is_reported(cluster: ControlPlane, home: Path) -> None:
    """Before any cluster is reached, at every entry point, wherever the variable was set; what the role itself leaves is fine."""
    run = run_preflight(None, home, seral=[5])
    assert run.code == 2, run.text
    assert "no such variable: eci_preflight_seral (did you mean eci_preflight_serial?)" in run.message
    both = run_preflight(None, home, seral=[5], method="burn", src="cluster.json").message
    assert [both.count(said) for said in ("eci_preflight_seral", "'burn'", "src is a dump", "Nothing was")] == [1] * 4
    assert "Check the ECI pods" not in run.text
    inventory = home / "hosts.yml"
    options: dict[str, Any] = {
        "eci_preflight_target_version": "1.26",
        "eci_preflight_kubeconfig": str(cluster.kubeconfig),
    }
    hosts: dict[str, dict[str, Any]] = {
        "right": options,
        "wrong": {**options, "eci_preflight_contxt": "x", "eci_preflight_mine": 1},
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    inventory.write_text(yaml.safe_dump({"all": {"vars": local, "hosts": hosts}}), encoding="utf-8")

    def play(entry: str, limit: str) -> Run:
        role = {"ansible.builtin.include_role": {"name": "ackops.eci.eci_preflight", "tasks_from": entry}}
        return run_playbook(
            [{"hosts": limit, "gather_facts": False, "tasks": [role]}], None, home, "-i", str(inventory)
        )

    for entry in ("main", "check", "verify", "upgraded"):
        run = play(entry, "wrong")
        assert run.code == 2, run.text
        assert "eci_preflight_contxt (did you mean eci_preflight_context?), eci_preflight_mine. " in run.message
    hosts["right"]["eci_preflight_result_other"] = {"ready": True}
    inventory.write_text(yaml.safe_dump({"all": {"vars": local, "hosts": hosts}}), encoding="utf-8")
    role = {"ansible.builtin.include_role": {"name": "ackops.eci.eci_preflight"}}
    upgraded = {"ansible.builtin.include_role": {"name": "ackops.eci.eci_preflight", "tasks_from": "upgraded"},
                "vars": {"eci_preflight_target_version": "1.24"}}  # fmt: skip
    tasks = [role, upgraded, role]
    again = run_playbook([{"hosts": "right", "gather_facts": False, "tasks": tasks}], None, home, "-i", str(inventory))
    assert again.code == 0, again.text

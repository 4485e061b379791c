# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recreation that loses nothing: what happens when a pod cannot simply be replaced, on a real control plane."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from tests.cluster import REAL_NODE, ControlPlane, workloads as w
from tests.integration.support import NEW, OLD, Run, run_preflight, run_tasks


def aged(cluster: ControlPlane, manifest: w.Manifest, count: int = 1) -> list[w.Manifest]:
    """Create the workload, wait for its pods, and age them."""
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    w.apply(cluster.api, manifest)
    pods = w.wait_ready(cluster.api, namespace, name, count)
    w.age(cluster.api, pods, OLD)
    return pods


def uids(cluster: ControlPlane, namespace: str, app: str) -> set[str]:
    """The UIDs of an app's pods."""
    return {pod["metadata"]["uid"] for pod in w.pods_of(cluster.api, namespace, app)}


def outcomes(run: Run) -> dict[str, str]:
    """Outcome by name of the old pod, as the module returned them."""
    return {pod["name"]: pod["outcome"] for pod in run.result("Recreate the ECI pods")["pods"]}


def reason(run: Run) -> str:
    """Why the pod that failed did."""
    pods = run.result("Recreate the ECI pods")["pods"]
    return str(next(pod["reason"] for pod in pods if pod["outcome"] == "failed"))


def set_trouble(cluster: ControlPlane, kind: str, namespace: str, name: str, **annotations: str) -> None:
    """Change what the next pods of an OnDelete-like workload meet, by its template, without a rollout of a ReplicaSet."""
    template = {
        "metadata": {"annotations": {f"test.ackops/{key.replace('_', '-')}": text for key, text in annotations.items()}}
    }
    cluster.api.patch(w.path_of(kind, namespace, name), {"spec": {"template": template}})


def test_a_budget_without_room_is_waited_for_and_named(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Evict holds to the budget to the deadline, names it, and touches nothing; check mode knows it beforehand."""
    pods = aged(cluster, w.workload("Deployment", namespace, "web", replicas=2), 2)
    w.apply(cluster.api, w.budget(namespace, "keep-both", "web", min_available=2))
    w.wait_for(
        lambda: (
            "disruptionsAllowed" in cluster.api.list(w.path_of("PodDisruptionBudget", namespace))[0].get("status", {})
        ),
        "status",
    )
    check = run_preflight(cluster.kubeconfig, home, "--check")
    assert {p["outcome"] for p in check.preflight["planned"]} == {"blocked"}
    assert "keep-both" in check.preflight["planned"][0]["reason"]
    started = time.monotonic()
    run = run_preflight(cluster.kubeconfig, home, pod_timeout=4)
    assert run.code == 2
    assert time.monotonic() - started > 4
    assert "keep-both" in run.message
    assert uids(cluster, namespace, "web") == {p["metadata"]["uid"] for p in pods}
    assert sorted(outcomes(run).values()) == ["failed", "not_started"]


def test_a_budget_that_frees_up_while_we_wait(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """The eviction is tried again, and goes through."""
    aged(cluster, w.workload("Deployment", namespace, "web", replicas=1), 1)
    w.apply(cluster.api, w.budget(namespace, "keep", "web", min_available=1))
    path = w.path_of("PodDisruptionBudget", namespace, "keep")
    timer = threading.Timer(6.0, lambda: cluster.api.patch(path, {"spec": {"minAvailable": 0}}))
    timer.start()
    run = run_preflight(cluster.kubeconfig, home, pod_timeout=60)
    timer.join()
    assert run.code == 0, run.text


def test_two_budgets_on_one_pod_stop_the_run(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """The server answers 500; waiting would not help, and both budgets are named."""
    aged(cluster, w.workload("Deployment", namespace, "web", replicas=1), 1)
    w.apply(
        cluster.api,
        w.budget(namespace, "one", "web", min_available=0),
        w.budget(namespace, "two", "web", min_available=0),
    )
    time.sleep(1)
    run = run_preflight(cluster.kubeconfig, home, pod_timeout=60)
    assert run.code == 2
    assert "one, two" in run.message


def test_a_statefulset_goes_from_the_highest_ordinal(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Same names, new UIDs, one at a time even in a wide wave."""
    before = aged(cluster, w.workload("StatefulSet", namespace, "db", replicas=3), 3)
    run = run_preflight(cluster.kubeconfig, home, serial=["100%"])
    assert run.code == 0, run.text
    recreated = run.preflight["recreated"]
    assert [p["name"] for p in recreated] == ["db-2", "db-1", "db-0"]
    assert [p["new_name"] for p in recreated] == ["db-2", "db-1", "db-0"]
    assert uids(cluster, namespace, "db").isdisjoint({p["metadata"]["uid"] for p in before})


def test_a_replacement_on_a_real_node_has_left_eci(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Ready on a real node is a success."""
    aged(cluster, w.workload("Deployment", namespace, "web", replicas=1, node="any", strategy={"type": "Recreate"}), 1)
    nodes = [node["metadata"]["name"] for node in cluster.api.list("/api/v1/nodes")]
    pod = w.pods_of(cluster.api, namespace, "web")[0]
    if pod["spec"]["nodeName"] == REAL_NODE:  # the scheduler chose it: make it look like an old ECI pod
        cluster.api.patch(
            w.path_of("Pod", namespace, pod["metadata"]["name"]),
            {"metadata": {"annotations": {w.INSTANCE_ID: "eci-old"}}},
        )
    virtual = [name for name in nodes if name != REAL_NODE]
    for name in virtual:
        cluster.api.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})
    try:
        run = run_preflight(cluster.kubeconfig, home)
    finally:
        for name in virtual:
            cluster.api.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": None}})
    assert run.code == 0, run.text
    assert run.preflight["recreated"][0]["new_node"] == REAL_NODE


def test_no_stock_a_crash_loop_an_image_and_a_replacement_that_is_old_again(
    cluster: ControlPlane, namespace: str, home: Path
) -> None:
    """At the deadline the failure says why, from the replacement's own conditions; an old version fails at once."""
    troubles: list[tuple[dict[str, str], str]] = [
        ({"trouble": "no-stock"}, "NoStock: Create ECI failed because the specified instance is out of stock"),
        ({"trouble": "crash-loop"}, "CrashLoopBackOff"),
        ({"trouble": "image-pull"}, "ImagePullBackOff"),
        ({"platform_version": OLD}, "came up on platform version '1.0.0'"),
    ]
    for number, (trouble, said) in enumerate(troubles):
        name = f"web-{number}"
        aged(cluster, w.workload("StatefulSet", namespace, name, replicas=1, updateStrategy={"type": "OnDelete"}), 1)
        set_trouble(cluster, "StatefulSet", namespace, name, **trouble)
        run = run_preflight(cluster.kubeconfig, home, pod_timeout=8)
        assert run.code == 2, run.text
        assert said in reason(run), reason(run)
        w.clear(cluster.api, namespace)


def test_a_quota_that_forbids_the_replacement(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """No replacement at all: the controller's own event says why."""
    aged(cluster, w.workload("Deployment", namespace, "web", replicas=1), 1)
    quota = {
        "metadata": {"namespace": namespace, "name": "none"},
        "kind": "ResourceQuota",
        "spec": {"hard": {"pods": "0"}},
    }
    w.apply(cluster.api, quota)
    w.wait_for(
        lambda: "used" in cluster.api.list(w.path_of("ResourceQuota", namespace))[0].get("status", {}), "quota status"
    )
    run = run_preflight(cluster.kubeconfig, home, pod_timeout=8)
    assert run.code == 2
    assert "exceeded quota" in reason(run), reason(run)


def test_an_old_pod_behind_a_finalizer(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Nothing is forced: the failure names the finalizer."""
    pods = aged(cluster, w.workload("Deployment", namespace, "web", replicas=1), 1)
    path = w.path_of("Pod", namespace, pods[0]["metadata"]["name"])
    cluster.api.patch(path, {"metadata": {"finalizers": ["example.org/stuck"]}})
    run = run_preflight(cluster.kubeconfig, home, pod_timeout=8)
    assert run.code == 2
    assert "example.org/stuck" in reason(run), reason(run)
    assert pods[0]["metadata"]["uid"] in uids(cluster, namespace, "web")


def test_scaled_down_and_deleted_meanwhile_is_no_failure(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Nobody waits for a pod that is no longer wanted."""
    aged(
        cluster,
        w.workload("Deployment", namespace, "web", replicas=1, annotations={"test.ackops/ready-delay": "8s"}),
        1,
    )
    path = w.path_of("Deployment", namespace, "web")
    gone = uids(cluster, namespace, "web")

    def scale_down() -> None:
        w.wait_for(lambda: uids(cluster, namespace, "web") != gone, "the replacement", 30)
        cluster.api.patch(path, {"spec": {"replicas": 0}})

    thread = threading.Thread(target=scale_down)
    thread.start()
    run = run_preflight(cluster.kubeconfig, home, pod_timeout=60)
    thread.join()
    assert run.code == 0, run.text
    assert list(outcomes(run).values()) == ["no_longer_needed"]


def test_unmanaged_recreate_brings_the_same_pod_back(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Spec, labels and annotations come back, the server's fields do not; the manifest is kept with mode 0600."""
    old = aged(cluster, w.bare_pod(namespace, "lonely", labels={"tier": "one"}, annotations={"note": "kept"}))[0]
    run = run_preflight(cluster.kubeconfig, home, unmanaged="recreate")
    assert run.code == 0, run.text
    new = w.pods_of(cluster.api, namespace, "lonely")[0]
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert new["metadata"]["labels"] == old["metadata"]["labels"]
    assert new["metadata"]["annotations"]["note"] == "kept"
    assert new["metadata"]["annotations"][w.PLATFORM_VERSION] == NEW
    assert new["metadata"]["annotations"][w.INSTANCE_ID] != old["metadata"]["annotations"][w.INSTANCE_ID]
    assert [c["image"] for c in new["spec"]["containers"]] == [c["image"] for c in old["spec"]["containers"]]
    ledger = Path(run.preflight["ledger"])
    assert oct(ledger.stat().st_mode & 0o777) == "0o600"
    saved = next((ledger.parent / "manifests").glob("*lonely*"))
    assert oct(saved.stat().st_mode & 0o777) == "0o600"
    told = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    assert [entry["event"] for entry in told] == ["started", "removing", "removed", "created", "finished", "ended"]
    assert {entry["uid"] for entry in told[1:-1]} == {old["metadata"]["uid"]}
    assert told[1]["manifest"] == str(saved)


def test_a_daemonset_pod_is_never_touched(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Not by any choice of unmanaged."""
    w.apply(cluster.api, w.workload("DaemonSet", namespace, "agent"))
    w.age(cluster.api, w.wait_ready(cluster.api, namespace, "agent", 2), OLD)
    before = uids(cluster, namespace, "agent")
    run = run_preflight(cluster.kubeconfig, home, unmanaged="delete")
    assert run.code == 2
    assert "DaemonSet" in run.message
    assert uids(cluster, namespace, "agent") == before


def test_a_running_job_is_waited_for(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Its pod is deleted after its end, and its manifest is kept."""
    job = w.workload("Job", namespace, "batch", annotations={"test.ackops/complete-after": "9s"})
    aged(cluster, job, 1)
    run = run_preflight(cluster.kubeconfig, home)
    assert run.code == 0, run.text
    assert list(outcomes(run).values()) == ["deleted"]
    status = cluster.api.request("GET", w.path_of("Job", namespace, "batch"))["status"]
    assert status["succeeded"] == 1
    assert not status.get("failed")


def test_the_api_server_restarts_in_mid_run(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """The run goes on where it was."""
    aged(
        cluster,
        w.workload("Deployment", namespace, "web", replicas=4, annotations={"test.ackops/ready-delay": "1s"}),
        4,
    )
    before = uids(cluster, namespace, "web")

    def restart() -> None:
        w.wait_for(lambda: uids(cluster, namespace, "web") != before, "the first eviction", 30)
        cluster.apiserver.restart()

    thread = threading.Thread(target=restart)
    thread.start()
    run = run_preflight(cluster.kubeconfig, home, pod_timeout=120)
    thread.join()
    assert run.code == 0, run.text
    assert uids(cluster, namespace, "web").isdisjoint(before)
    assert len(uids(cluster, namespace, "web")) == 4


def test_a_uid_that_is_another_pods_is_left_alone(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """The right name with a wrong UID: that pod is gone, and the one of its name is not touched."""
    pods = aged(cluster, w.workload("StatefulSet", namespace, "db", replicas=2), 2)
    wrong: dict[str, Any] = {"namespace": namespace, "name": "db-0", "uid": "00000000-0000-0000-0000-000000000000"}
    right = {"namespace": namespace, "name": "db-1", "uid": pods[1]["metadata"]["uid"]}
    module = {"target_version": "1.26", "pods": [wrong, right], "record_dir": str(home / "records")}
    run = run_tasks(
        [{"name": "Recreate the ECI pods", "ackops.eci.eci_pod_recreate": module}], cluster.kubeconfig, home
    )
    assert run.code == 0, run.text
    assert outcomes(run) == {"db-0": "already_gone", "db-1": "recreated"}
    assert pods[0]["metadata"]["uid"] in uids(cluster, namespace, "db")


def test_a_bare_pod_that_a_killed_run_had_deleted_is_made_again(
    cluster: ControlPlane, namespace: str, home: Path
) -> None:
    """Creation fails (quota): the manifest is on disk and its path in the error; the second run finishes the job."""
    aged(cluster, w.bare_pod(namespace, "lonely", labels={"tier": "one"}))
    quota = {
        "metadata": {"namespace": namespace, "name": "none"},
        "kind": "ResourceQuota",
        "spec": {"hard": {"pods": "0"}},
    }
    w.apply(cluster.api, quota)
    w.wait_for(lambda: "used" in cluster.api.list(w.path_of("ResourceQuota", namespace))[0].get("status", {}), "quota")
    run = run_preflight(cluster.kubeconfig, home, unmanaged="recreate", pod_timeout=20)
    assert run.code == 2, run.text
    assert "exceeded quota" in run.message
    saved = next((home / "state").rglob("*lonely*.json"))
    assert str(saved) in run.message
    assert w.pods_of(cluster.api, namespace, "lonely") == []
    cluster.api.request("DELETE", w.path_of("ResourceQuota", namespace, "none"))
    again = run_preflight(cluster.kubeconfig, home, unmanaged="recreate")
    assert again.code == 0, again.text
    assert w.wait_ready(cluster.api, namespace, "lonely", 1)[0]["metadata"]["labels"]["tier"] == "one"
    third = run_preflight(cluster.kubeconfig, home, unmanaged="recreate")
    assert (third.code, third.changed()) == (0, 0), third.text

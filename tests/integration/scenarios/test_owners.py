# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.api import ApiError
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import NEW, OLD


def uid_of(pod: w.Manifest) -> str:
    """A pod's UID."""
    return str(pod["metadata"]["uid"])


def names_of(pods: list[w.Manifest]) -> list[str]:
    """Names of pods."""
    return [pod["metadata"]["name"] for pod in pods]


# -- Deployments and ReplicaSets -----------------------------------------------------------------------------------


def test_a_deployment(scenario: Scenario) -> None:
    """A Deployment: its pods are recreated one by one, and the cluster is ready."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=3), 3)
    run = scenario.preflight()
    assert run.code == 0, run.text
    assert {pod["uid"] for pod in run.preflight["recreated"]} == {uid_of(pod) for pod in pods}
    told = [(entry["event"], entry["name"]) for entry in scenario.ledger() if entry.get("name")]
    order = [name for event, name in told if event == "removing"]
    assert told == [(event, name) for name in order for event in ("removing", "removed", "finished")]


def test_a_deployment_that_rolls_out(scenario: Scenario) -> None:
    """A Deployment in the middle of a rollout, which replaces its old pods anyway: it is deferred, and no pod is touched."""
    web = scenario.aged(
        scenario.workload("Deployment", replicas=2, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}), 2
    )
    db = scenario.aged(scenario.workload("StatefulSet", "db"))
    template = {"metadata": {"annotations": {"test.ackops/ready-delay": "3s", "release": "2"}}}
    scenario.patch("Deployment", "web", {"spec": {"template": template}})
    scenario.happens("web is given a new image a moment before.")
    run = scenario.recreate([*web, *db], pod_timeout=60)
    assert run.code == 0, run.told
    assert {run.outcomes[name] for name in names_of(web)} == {"already_gone"}
    assert run.outcomes["db-0"] == "recreated"
    removed = [entry["name"] for entry in scenario.ledger() if entry["event"] == "removed"]
    assert removed == ["db-0"]


def test_a_rollout_that_is_stuck(scenario: Scenario) -> None:
    """A Deployment whose rollout is stuck: it is set aside with the way out, and the rest is recreated."""
    web = scenario.aged(
        scenario.workload("Deployment", replicas=2, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}), 2
    )
    db = scenario.aged(scenario.workload("StatefulSet", "db"))
    scenario.patch(
        "Deployment",
        "web",
        {"spec": {"template": {"metadata": {"annotations": {"test.ackops/trouble": "image-pull"}}}}},
    )
    scenario.happens("web is given an image that cannot be pulled a moment before.")
    run = scenario.recreate([*web, *db], pod_timeout=15)
    assert run.code == 1
    assert run.outcomes["db-0"] == "recreated", run.told
    assert {run.outcomes[name] for name in names_of(web)} == {"set_aside"}
    assert "has not settled" in run.message
    assert "rollout undo" in run.result["set_aside"][0]["remedy"]
    assert {uid_of(pod) for pod in web} <= scenario.uids("web")


def test_a_paused_deployment(scenario: Scenario) -> None:
    """A paused Deployment: its ReplicaSet still replaces pods, so they are recreated."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, paused=False), 2)
    scenario.patch("Deployment", "web", {"spec": {"paused": True}})
    run = scenario.recreate(pods)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert scenario.get("Deployment", "web")["spec"]["paused"] is True


def test_a_deployment_scaled_to_zero(scenario: Scenario) -> None:
    """A Deployment with 0 replicas whose last pod is terminating: the run waits for it and does nothing else."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.hold_end_of(pods[0])
    scenario.patch("Deployment", "web", {"spec": {"replicas": 0}})
    w.wait_for(lambda: "deletionTimestamp" in scenario.pods("web")[0]["metadata"], "its end")
    with scenario.meanwhile(lambda: scenario.let_end(pods[0], after="started")):
        run = scenario.recreate(pods)
    assert list(run.outcomes.values()) == ["already_gone"], run.told
    assert scenario.pods("web") == []
    assert "removing" not in scenario.events()


def test_a_replicaset_of_its_own(scenario: Scenario) -> None:
    """A ReplicaSet without a Deployment."""
    pods = scenario.aged(scenario.workload("ReplicaSet", replicas=2), 2)
    run = scenario.recreate(pods)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert len(w.wait_ready(scenario.api, scenario.namespace, "web", 2)) == 2


def test_a_replication_controller(scenario: Scenario) -> None:
    """A ReplicationController, the predecessor of the ReplicaSet."""
    manifest = scenario.workload("ReplicaSet")
    labels = manifest["spec"]["selector"]["matchLabels"]
    controller = {"metadata": manifest["metadata"], "spec": {**manifest["spec"], "selector": labels}}
    path = f"/api/v1/namespaces/{scenario.namespace}/replicationcontrollers"
    scenario.api.request("POST", path, controller)
    try:
        pods = w.wait_ready(scenario.api, scenario.namespace, "web", 1)
        w.age(scenario.api, pods, OLD)
        run = scenario.recreate(pods)
        assert list(run.outcomes.values()) == ["recreated"], run.told
        assert run.result["pods"][0]["new_uid"] in scenario.uids("web")
    finally:
        scenario.api.request("DELETE", f"{path}/web", {"propagationPolicy": "Background"})


def test_two_workloads_with_the_same_labels(scenario: Scenario) -> None:
    """Two workloads whose pods have the same labels: a new pod of one is not taken for a replacement in the other."""
    labels = {"selector": {"matchLabels": {"app": "twin"}}}
    slow = {"test.ackops/ready-delay": "3s"}
    for name, told in (("one", slow), ("two", {})):
        manifest = scenario.workload("ReplicaSet", name, annotations=told, labels={"app": "twin"}, **labels)
        scenario.apply(manifest)
    w.wait_ready(scenario.api, scenario.namespace, "twin", 2)
    owner = scenario.get("ReplicaSet", "one")["metadata"]["uid"]

    def of_one() -> list[w.Manifest]:
        return [pod for pod in scenario.pods("twin") if pod["metadata"]["ownerReferences"][0]["uid"] == owner]

    old = of_one()
    w.age(scenario.api, old, OLD)

    def scale_the_other() -> None:
        scenario.wait_ledger("removed")
        scenario.patch("ReplicaSet", "two", {"spec": {"replicas": 2}})

    scenario.happens("While the replacement of one's pod starts, two is scaled up and its new pod is Ready first.")
    with scenario.meanwhile(scale_the_other):
        run = scenario.recreate(old)
    assert run.code == 0, run.told
    assert [run.result["pods"][0]["new_uid"]] == [uid_of(pod) for pod in of_one()]


def test_the_owner_is_deleted_meanwhile(scenario: Scenario) -> None:
    """The Deployment is deleted while the run waits for a replacement: it is no longer needed, which is no failure."""
    pods = scenario.aged(scenario.workload("Deployment", annotations={"test.ackops/ready-delay": "4s"}))

    def delete() -> None:
        scenario.wait_ledger("removed")
        scenario.delete("Deployment", "web", propagationPolicy="Background")

    scenario.happens("The Deployment is deleted when its pod was just evicted.")
    with scenario.meanwhile(delete):
        run = scenario.recreate(pods, pod_timeout=60)
    assert list(run.outcomes.values()) == ["no_longer_needed"], run.told


def test_a_user_scales_down_meanwhile(scenario: Scenario) -> None:
    """A user scales the workload down while the run waits for a replacement."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations={"test.ackops/ready-delay": "4s"}), 2)

    def scale() -> None:
        scenario.wait_ledger("removed")
        scenario.patch("Deployment", "web", {"spec": {"replicas": 1}})

    scenario.happens("The Deployment is scaled from 2 to 1 when its first pod was just evicted.")
    with scenario.meanwhile(scale):
        run = scenario.recreate(pods[:1], pod_timeout=60)
    assert list(run.outcomes.values()) == ["no_longer_needed"], run.told


def test_an_autoscaler_scales_down_meanwhile(scenario: Scenario) -> None:
    """A HorizontalPodAutoscaler scales the workload down while the run waits for a replacement."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations={"test.ackops/ready-delay": "9s"}), 2)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    autoscaler: w.Manifest = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"namespace": scenario.namespace, "name": "web"},
        "spec": {"minReplicas": 1, "maxReplicas": 1, "scaleTargetRef": target},
    }

    def scale() -> None:
        scenario.wait_ledger("removed")
        scenario.apply(autoscaler)

    scenario.happens("A HorizontalPodAutoscaler with maxReplicas 1 sees a Deployment of 2 whose pod was just evicted.")
    with scenario.meanwhile(scale):
        run = scenario.recreate(pods[:1], pod_timeout=60)
    assert list(run.outcomes.values()) == ["no_longer_needed"], run.told
    assert scenario.get("Deployment", "web")["spec"]["replicas"] == 1


# -- StatefulSets --------------------------------------------------------------------------------------------------


def test_a_statefulset_goes_from_the_highest_ordinal(scenario: Scenario) -> None:
    """A StatefulSet in a wide wave: highest ordinal first, one at a time, same names, new UIDs."""
    before = scenario.aged(scenario.workload("StatefulSet", "db", replicas=3), 3)
    run = scenario.recreate(before, serial=["100%"])
    assert run.code == 0, run.told
    assert [pod["name"] for pod in run.result["pods"]] == ["db-2", "db-1", "db-0"]
    assert [pod["new_name"] for pod in run.result["pods"]] == ["db-2", "db-1", "db-0"]
    assert scenario.uids("db").isdisjoint({uid_of(pod) for pod in before})
    told = [entry["event"] for entry in scenario.ledger() if entry.get("name")]
    assert told == ["removing", "removed", "finished"] * 3


def test_a_sibling_that_is_not_ready(scenario: Scenario) -> None:
    """A pod of a StatefulSet is not Ready: no other pod of it is touched, and the message names the one that is not Ready."""
    scenario.apply(scenario.workload("StatefulSet", "db", replicas=3, podManagementPolicy="Parallel"))
    pods = w.wait_ready(scenario.api, scenario.namespace, "db", 3)
    w.age(scenario.api, pods, OLD)
    scenario.not_ready("db-0")
    run = scenario.recreate(pods, pod_timeout=3)
    assert run.code == 1
    assert "db-0" in run.message
    assert "not Ready" in run.message
    assert set(run.outcomes.values()) == {"set_aside"}
    assert scenario.uids("db") == {uid_of(pod) for pod in pods}
    assert "removed" not in scenario.events()


def test_a_statefulset_that_updates_on_delete(scenario: Scenario) -> None:
    """A StatefulSet with updateStrategy OnDelete and a pending change: its pods are recreated, with the change."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", replicas=2, updateStrategy={"type": "OnDelete"}), 2)
    scenario.patch("StatefulSet", "db", {"spec": {"template": {"metadata": {"labels": {"release": "two"}}}}})
    run = scenario.recreate(pods)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert {pod["metadata"]["labels"].get("release") for pod in scenario.pods("db")} == {"two"}


def test_a_statefulset_with_a_partition(scenario: Scenario) -> None:
    """A StatefulSet with a partition: each pod comes back with the revision it had."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    pods = scenario.aged(scenario.workload("StatefulSet", "db", replicas=2, updateStrategy=strategy), 2)
    scenario.patch("StatefulSet", "db", {"spec": {"template": {"metadata": {"labels": {"release": "two"}}}}})

    def halfway() -> bool:
        found = scenario.pods("db")
        return len(found) == 2 and uid_of(found[1]) != uid_of(pods[1]) and all(w.is_ready(pod) for pod in found)

    w.wait_for(halfway, "the new db-1")
    half = scenario.pods("db")
    w.age(scenario.api, half, OLD)
    run = scenario.recreate(half)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    revision = "controller-revision-hash"
    assert [p["metadata"]["labels"][revision] for p in scenario.pods("db")] == [
        p["metadata"]["labels"][revision] for p in half
    ]


# -- Jobs ----------------------------------------------------------------------------------------------------------


def test_a_running_job(scenario: Scenario) -> None:
    """A running Job: the run waits for it, then deletes its pod and keeps the manifest."""
    job = scenario.workload("Job", "batch", annotations={"test.ackops/complete-after": "5s"})
    pods = scenario.aged(job)
    run = scenario.recreate(pods)
    assert list(run.outcomes.values()) == ["deleted"], run.told
    status = scenario.get("Job", "batch")["status"]
    assert status["succeeded"] == 1
    assert not status.get("failed")


def test_a_running_job_that_does_not_end(scenario: Scenario) -> None:
    """A Job that runs longer than the run waits: its pod is set aside, and the message names the options."""
    pods = scenario.aged(scenario.workload("Job", "batch"))
    run = scenario.recreate(pods, pod_timeout=2)
    assert run.code == 1
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "running_jobs: evict" in run.message
    assert scenario.uids("batch") == {uid_of(pods[0])}


def test_a_running_job_is_evicted_by_choice(scenario: Scenario) -> None:
    """With running_jobs: evict the pod of a running Job is evicted, and the Job starts another."""
    pods = scenario.aged(scenario.workload("Job", "batch", backoffLimit=6))
    run = scenario.recreate(pods, running_jobs="evict", pod_timeout=60)
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert run.result["pods"][0]["new_uid"] in scenario.uids("batch")


def test_a_job_whose_next_failure_is_its_last(scenario: Scenario) -> None:
    """With running_jobs: evict and backoffLimit 0, an eviction would fail the Job for good: the run waits for it instead."""
    job = scenario.workload("Job", "batch", backoffLimit=0, annotations={"test.ackops/complete-after": "4s"})
    pods = scenario.aged(job)
    run = scenario.recreate(pods, running_jobs="evict", pod_timeout=60)
    assert run.code == 0, run.told
    status = scenario.get("Job", "batch")["status"]
    assert status.get("succeeded") == 1, status
    assert not status.get("failed"), status


def test_a_job_that_may_fail_once(scenario: Scenario) -> None:
    """running_jobs: evict, three pods and backoffLimit 1: as soon as an eviction has counted, the others wait; the Job does not fail."""
    job = scenario.workload("Job", "batch", backoffLimit=1, parallelism=3, completions=3)
    pods = scenario.aged(job, 3)
    run = scenario.recreate(pods, running_jobs="evict", serial=["100%"], pod_timeout=30)
    status = scenario.get("Job", "batch")["status"]
    assert not status.get("conditions"), status
    # Before 1.26 the Job controller forgets a pod that was deleted while it ran; later ones count it as a failure.
    counted = status.get("failed", 0)
    assert counted <= 1, status
    assert run.code == counted
    assert sorted(run.outcomes.values()) == (
        ["recreated", "set_aside", "set_aside"] if counted else ["recreated"] * 3
    ), run.told
    assert not counted or "backoffLimit" in run.message
    assert len({uid_of(pod) for pod in pods} & scenario.uids("batch")) == 2 * counted


def test_a_job_with_a_pod_failure_policy(scenario: Scenario) -> None:
    """A podFailurePolicy fails the Job at any exit code but 0 (Kubernetes 1.26): running_jobs: evict waits for its pod instead."""
    with ControlPlane.start("1.26", name="policy") as recent, Scenario(recent, "shop", scenario.home) as there:
        codes = {"containerName": "app", "operator": "NotIn", "values": [0]}
        policy = {"rules": [{"action": "FailJob", "onExitCodes": codes}]}
        told = {"test.ackops/complete-after": "8s"}
        pods = there.aged(there.workload("Job", "batch", podFailurePolicy=policy, annotations=told))
        run = there.recreate(pods, running_jobs="evict")
        assert list(run.outcomes.values()) == ["deleted"], run.told
        assert there.get("Job", "batch")["status"]["succeeded"] == 1
        scenario.notes += there.notes


def test_a_job_that_fails_after_an_eviction(scenario: Scenario) -> None:
    """The Job fails after its pod was evicted (its deadline is over): that is a failure, and not 'finished meanwhile'."""
    pods = scenario.aged(scenario.workload("Job", "batch", annotations={"test.ackops/ready-delay": "5s"}))
    running = scenario.start(pods, running_jobs="evict")
    scenario.wait_ledger("removed")
    scenario.happens("The Job's activeDeadlineSeconds is over before another pod of it is Ready.")
    scenario.patch("Job", "batch", {"spec": {"activeDeadlineSeconds": 1}})
    run = scenario.note(running.wait())
    assert run.code == 1
    assert list(run.outcomes.values()) == ["failed"], run.told
    assert "failed after the pod was removed" in run.message


def test_a_finished_job(scenario: Scenario) -> None:
    """A finished Job: its pod is deleted without waiting, and the manifest is kept with mode 0600."""
    scenario.apply(scenario.workload("Job", "batch", annotations={"test.ackops/complete-after": "100ms"}))
    w.wait_for(lambda: scenario.get("Job", "batch").get("status", {}).get("succeeded") == 1, "its end")
    pods = scenario.pods("batch")
    w.age(scenario.api, pods, OLD)
    run = scenario.recreate(pods)
    assert list(run.outcomes.values()) == ["deleted"], run.told
    assert scenario.pods("batch") == []
    saved = next(Path(run.result["ledger"]).parent.glob("manifests/*batch*"))
    assert oct(saved.stat().st_mode & 0o777) == "0o600"
    assert json.loads(saved.read_text(encoding="utf-8"))["metadata"]["uid"] == uid_of(pods[0])


def test_a_child_of_a_cronjob(scenario: Scenario) -> None:
    """A Job made by a CronJob: the run waits for it as for any other, and does not change the CronJob."""
    template = scenario.workload("Job", "nightly", annotations={"test.ackops/complete-after": "3s"})
    cron: w.Manifest = {
        "kind": "CronJob",
        "metadata": {"namespace": scenario.namespace, "name": "nightly"},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": template["spec"]}},
    }
    scenario.apply(cron)
    parent = scenario.get("CronJob", "nightly")
    reference = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": parent["metadata"]["uid"]}
    template["metadata"] |= {"name": "nightly-1", "ownerReferences": [{**reference, "controller": True}]}
    scenario.apply(template)
    pods = w.wait_ready(scenario.api, scenario.namespace, "nightly", 1)
    w.age(scenario.api, pods, OLD)
    run = scenario.recreate(pods)
    assert list(run.outcomes.values()) == ["deleted"], run.told
    assert scenario.get("Job", "nightly-1")["status"]["succeeded"] == 1
    assert scenario.get("CronJob", "nightly")["spec"] == parent["spec"]


# -- what nothing brings back --------------------------------------------------------------------------------------


def custom_resource(scenario: Scenario, name: str, group: str, kind: str) -> dict[str, Any]:
    """A custom resource of a kind that makes pods, and the owner reference of its pods."""
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    definition = {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    with contextlib.suppress(ApiError):
        scenario.api.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    path = f"/apis/{group}/v1alpha1/namespaces/{scenario.namespace}/{plural}"
    head = {"apiVersion": f"{group}/v1alpha1", "kind": kind}
    made: list[w.Manifest] = []

    def created() -> bool:
        with contextlib.suppress(ApiError):
            made.append(scenario.api.request("POST", path, {**head, "metadata": {"name": name}}))
        return bool(made)

    w.wait_for(created, "the custom resource", 20)
    return {**head, "name": name, "uid": made[0]["metadata"]["uid"], "controller": True}


def test_a_custom_resource(scenario: Scenario) -> None:
    """A pod of a custom resource of an unknown kind: nobody knows whether it comes back, so it is set aside."""
    reference = custom_resource(scenario, "crowd", "games.example.com", "Crowd")
    owned = w.bare_pod(scenario.namespace, "crowd-1")
    owned["metadata"]["ownerReferences"] = [reference]
    scenario.apply(owned)
    crowd = w.wait_ready(scenario.api, scenario.namespace, "crowd-1", 1)
    w.age(scenario.api, crowd, OLD)
    web = scenario.aged(scenario.workload("Deployment"))
    run = scenario.recreate([*crowd, *web])
    assert run.code == 1
    assert "Crowd" in run.message
    assert run.outcomes == {"crowd-1": "set_aside", names_of(web)[0]: "recreated"}, run.told
    assert scenario.uids("crowd-1") == {uid_of(crowd[0])}


def owned_by(reference: dict[str, Any], scenario: Scenario, *names: str) -> list[w.Manifest]:
    """Old pods of an owner that does not make them again."""
    for name in names:
        manifest = w.bare_pod(scenario.namespace, name)
        manifest["metadata"]["ownerReferences"] = [{**reference, "controller": True}]
        scenario.apply(manifest)
    pods = [w.wait_ready(scenario.api, scenario.namespace, name, 1)[0] for name in names]
    w.age(scenario.api, pods, OLD)
    return pods


def test_three_pods_of_one_unknown_owner(scenario: Scenario) -> None:
    """Three pods of one owner of an unknown kind, unmanaged: recreate: each of the three comes back."""
    reference = custom_resource(scenario, "crowd", "games.example.com", "Crowd")
    pods = owned_by(reference, scenario, "crowd-1", "crowd-2", "crowd-3")
    run = scenario.recreate(pods, unmanaged="recreate")
    assert run.outcomes == {"crowd-1": "recreated", "crowd-2": "recreated", "crowd-3": "recreated"}, run.told
    assert len(scenario.pods()) == 3
    assert scenario.uids().isdisjoint({uid_of(pod) for pod in pods})


def test_pods_owned_by_a_deployment_itself(scenario: Scenario) -> None:
    """Pods that a Deployment owns without a ReplicaSet (Flink's native mode): no Deployment makes them again, so they stay."""
    web = scenario.aged(scenario.workload("Deployment"))
    owner = scenario.get("Deployment", "web")
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": owner["metadata"]["uid"]}
    workers = owned_by(reference, scenario, "worker-1", "worker-2")
    run = scenario.recreate([*web, *workers])
    assert run.code == 1
    assert run.outcomes == {names_of(web)[0]: "recreated", "worker-1": "set_aside", "worker-2": "set_aside"}, run.told
    assert "does not recreate pods that it owns directly" in run.message
    assert {uid_of(pod) for pod in workers} <= scenario.uids()


def test_pods_owned_by_a_pod(scenario: Scenario) -> None:
    """Executors that belong to a driver pod (Spark) would go with it: neither they nor the driver are touched."""
    driver = scenario.aged(w.bare_pod(scenario.namespace, "driver"))
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "driver", "uid": uid_of(driver[0])}
    executors = owned_by(reference, scenario, "executor-1", "executor-2")
    run = scenario.recreate([*driver, *executors], unmanaged="recreate", pod_timeout=5)
    assert run.code == 1
    assert set(run.outcomes.values()) == {"set_aside"}, run.told
    assert scenario.uids() == {uid_of(pod) for pod in [*driver, *executors]}


def test_a_bare_pod(scenario: Scenario) -> None:
    """A pod without a controller: it is set aside and the message names the options; all others are recreated."""
    lonely = scenario.aged(w.bare_pod(scenario.namespace, "lonely"))
    web = scenario.aged(scenario.workload("Deployment"))
    run = scenario.preflight()
    assert run.code == 2
    assert "lonely" in run.message
    assert "unmanaged: recreate" in run.message
    assert scenario.uids("lonely") == {uid_of(lonely[0])}
    assert scenario.uids("web").isdisjoint({uid_of(pod) for pod in web})
    assert run.preflight["counts"]["incompatible"] == 1


def test_a_bare_pod_is_made_again(scenario: Scenario) -> None:
    """With unmanaged: recreate a bare pod is created again from its manifest, with its spec, labels and annotations."""
    manifest = w.bare_pod(scenario.namespace, "lonely", labels={"tier": "one"}, annotations={"note": "kept"})
    old = scenario.aged(manifest)[0]
    run = scenario.recreate([old], unmanaged="recreate")
    assert run.code == 0, run.told
    new = scenario.pods("lonely")[0]
    assert uid_of(new) != uid_of(old)
    assert new["metadata"]["labels"] == old["metadata"]["labels"]
    assert new["metadata"]["annotations"]["note"] == "kept"
    assert new["metadata"]["annotations"][w.PLATFORM_VERSION] == NEW
    assert new["metadata"]["annotations"][w.INSTANCE_ID] != old["metadata"]["annotations"][w.INSTANCE_ID]
    assert [c["image"] for c in new["spec"]["containers"]] == [c["image"] for c in old["spec"]["containers"]]
    ledger = Path(run.result["ledger"])
    assert oct(ledger.stat().st_mode & 0o777) == "0o600"
    saved = next((ledger.parent / "manifests").glob("*lonely*"))
    assert oct(saved.stat().st_mode & 0o777) == "0o600"
    told = [entry for entry in scenario.ledger() if entry.get("name") == "lonely"]
    assert [entry["event"] for entry in told] == ["removing", "removed", "created", "finished"]
    assert {entry["uid"] for entry in told} == {uid_of(old)}
    assert told[0]["manifest"] == str(saved)


def test_a_bare_pod_that_cannot_be_made_again(scenario: Scenario) -> None:
    """A quota forbids the new pod: the server's dry run says so before anything is touched, in check mode too."""
    pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely", labels={"tier": "one"}))
    scenario.no_more_pods()
    check = scenario.recreate(pods, check=True, unmanaged="recreate")
    assert list(check.outcomes.values()) == ["blocked"], check.told
    run = scenario.recreate(pods, unmanaged="recreate", pod_timeout=2)
    assert run.code == 1
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "exceeded quota" in run.message
    assert "quota" in run.result["set_aside"][0]["remedy"]
    assert scenario.uids("lonely") == {uid_of(pods[0])}
    assert "removing" not in scenario.events()
    scenario.happens("The quota is lifted.")
    scenario.delete("ResourceQuota", "no-more-pods")
    again = scenario.recreate(pods, unmanaged="recreate")
    assert again.code == 0, again.told
    assert w.wait_ready(scenario.api, scenario.namespace, "lonely", 1)[0]["metadata"]["labels"]["tier"] == "one"
    third = scenario.recreate(scenario.pods("lonely"), unmanaged="recreate")
    assert (third.code, third.result["changed"]) == (0, False), third.told


def test_a_bare_pod_is_deleted_by_choice(scenario: Scenario) -> None:
    """With unmanaged: delete a bare pod is deleted permanently, and its manifest is kept."""
    pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely"))
    run = scenario.recreate(pods, unmanaged="delete")
    assert list(run.outcomes.values()) == ["deleted"], run.told
    assert scenario.pods("lonely") == []
    assert next((scenario.home / "state").rglob("*lonely*.json")).exists()


def test_pods_whose_owner_let_go_of_them(scenario: Scenario) -> None:
    """A ReplicaSet was deleted with --cascade=orphan: its pod has no controller any more, and is set aside."""
    scenario.aged(scenario.workload("ReplicaSet"))
    scenario.delete("ReplicaSet", "web", propagationPolicy="Orphan")
    w.wait_for(lambda: "ownerReferences" not in scenario.pods("web")[0]["metadata"], "the orphan")
    pods = scenario.pods("web")
    run = scenario.recreate(pods)
    assert run.code == 1
    assert "no controller" in run.message
    assert scenario.uids("web") == {uid_of(pods[0])}


def test_a_daemonset(scenario: Scenario) -> None:
    """The pods of a DaemonSet are never touched, whatever the user chose for pods without a controller."""
    scenario.apply(scenario.workload("DaemonSet", "agent"))
    pods = w.wait_ready(scenario.api, scenario.namespace, "agent", 2)
    w.age(scenario.api, pods, OLD)
    for choice in ("recreate", "delete"):
        scenario.happens(f"With unmanaged: {choice}")
        run = scenario.recreate(pods, unmanaged=choice)
        assert run.code == 1
        assert "DaemonSet" in run.message
        assert scenario.uids("agent") == {uid_of(pod) for pod in pods}


def test_a_mirror_pod(scenario: Scenario) -> None:
    """A mirror pod (a static pod of a kubelet) is never touched: only its kubelet can remove it."""
    manifest = w.bare_pod(scenario.namespace, "static", annotations={"kubernetes.io/config.mirror": "abc"})
    node = "virtual-kubelet-cn-hangzhou-h"
    manifest["spec"] = {**w.pod_spec("any"), "nodeName": node}
    pods = scenario.aged(manifest)
    for choice in ("refuse", "delete"):
        run = scenario.recreate(pods, unmanaged=choice)
        assert run.code == 1
        assert "mirror pod" in run.message
        assert scenario.uids("static") == {uid_of(pods[0])}

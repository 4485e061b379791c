# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that are missing."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from tests.cluster import workloads as w
from tests.cluster.webhook import Webhook
from tests.integration.scenarios.scenario import FINALIZER, Scenario
from tests.integration.support import LEASE, OLD

BARE: dict[str, Any] = {"unmanaged": "recreate"}


def lost(scenario: Scenario, namespace: str = "") -> w.Manifest:
    """A bare pod that was deleted, and whose creation was then forbidden (a quota); the manifest that was saved."""
    manifest = w.bare_pod(
        namespace or scenario.namespace,
        "lonely",
        annotations={"test.ackops/delete-delay": "8s"},
        labels={"tier": "one"},
        terminationGracePeriodSeconds=60,
    )
    scenario.apply(manifest)
    pods = w.wait_ready(scenario.api, namespace or scenario.namespace, "lonely", 1)
    w.age(scenario.api, pods, OLD)
    running = scenario.start(pods, **BARE)
    scenario.wait_ledger("removed")
    scenario.happens("While the old pod terminates, a quota is set that forbids the new one.")
    scenario.no_more_pods(namespace=namespace)
    run = scenario.note(running.wait())
    assert list(run.outcomes.values()) == ["failed"], run.told
    assert "exceeded quota" in run.message
    saved = next((scenario.home / "state").rglob("*lonely*.json"))
    assert str(saved) in run.message
    assert w.pods_of(scenario.api, namespace or scenario.namespace, "lonely") == []
    kept: w.Manifest = json.loads(saved.read_text(encoding="utf-8"))
    return kept


def by_hand(scenario: Scenario, manifest: w.Manifest) -> list[w.Manifest]:
    """Kubectl create -f."""
    scenario.apply(manifest)
    return w.wait_ready(scenario.api, scenario.namespace, "lonely", 1)


def elsewhere(scenario: Scenario) -> str:
    """The record directory of another machine, which knows nothing of what was done from here."""
    return str(scenario.home / "another-machine")


def test_a_pod_that_could_not_be_created_again(scenario: Scenario) -> None:
    """Deleted, and its creation forbidden by a quota: the cluster is not ready, whoever asks from wherever, until it is back."""
    lost(scenario)
    check = scenario.judge()
    assert check.code == 1, "the gate is open, and the pod is gone"
    assert [(pod["namespace"], pod["name"]) for pod in check.result["missing"]] == [(scenario.namespace, "lonely")]
    assert "lonely" in check.message
    scenario.happens("The playbook is run from another machine, without unmanaged: recreate.")
    other = scenario.preflight(record_dir=elsewhere(scenario))
    assert other.code == 2, "the gate is open, and the pod is gone"
    assert [pod["name"] for pod in other.preflight["missing"]] == ["lonely"]
    assert "forget" in other.message
    assert scenario.pods("lonely") == []
    scenario.happens("The quota is lifted, and the first machine runs again.")
    scenario.delete("ResourceQuota", "no-more-pods")
    again = scenario.recreate([], **BARE)
    assert again.code == 0, again.told
    assert w.wait_ready(scenario.api, scenario.namespace, "lonely", 1)[0]["metadata"]["labels"]["tier"] == "one"
    assert scenario.judge().code == 0


def test_a_missing_pod_is_made_by_hand(scenario: Scenario) -> None:
    """Someone creates the missing pod from its manifest: the cluster is ready; deleted on purpose later, it does not come back."""
    manifest = lost(scenario)
    scenario.delete("ResourceQuota", "no-more-pods")
    scenario.happens("The quota is lifted, and the user runs kubectl create -f.")
    made = by_hand(scenario, manifest)
    assert scenario.judge().code == 0
    run = scenario.recreate([], **BARE)
    assert run.code == 0, run.told
    assert scenario.uids("lonely") == {made[0]["metadata"]["uid"]}
    scenario.happens("Later the user deletes the pod on purpose.")
    scenario.delete("Pod", "lonely", gracePeriodSeconds=0)
    last = scenario.recreate([], **BARE)
    assert last.code == 0, last.told
    assert scenario.pods("lonely") == [], "a pod was made again that nobody wants"
    assert scenario.judge().code == 0


def test_a_missing_pod_that_nobody_wants(scenario: Scenario) -> None:
    """Nobody wants the missing pod any more: forget names it, and the cluster is ready; a name that is not missing is an error."""
    lost(scenario)
    scenario.delete("ResourceQuota", "no-more-pods")
    wrong = scenario.recreate([], forget=[f"{scenario.namespace}/typo"])
    assert wrong.code == 1
    assert "typo" in wrong.message
    scenario.happens(f"With forget: [{scenario.namespace}/lonely]")
    run = scenario.recreate([], forget=[f"{scenario.namespace}/lonely"])
    assert run.code == 0, run.told
    assert scenario.pods("lonely") == []
    assert scenario.judge().code == 0
    last = scenario.recreate([], **BARE)
    assert (last.code, scenario.pods("lonely")) == (0, []), last.told


def test_a_pod_whose_removal_was_refused(scenario: Scenario) -> None:
    """A budget refused the removal, and the user then deletes the pod for good: no later run makes it again."""
    pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely"))
    scenario.budget("keep", "lonely", 1)
    run = scenario.recreate(pods, pod_timeout=2, **BARE)
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    scenario.happens("The user deletes the pod.")
    scenario.delete("Pod", "lonely")
    assert scenario.judge().code == 0
    later = scenario.recreate(pods, **BARE)
    assert list(later.outcomes.values()) == ["already_gone"], later.told
    assert scenario.pods("lonely") == [], "a pod was made again that no run had removed"


def test_the_namespace_of_a_missing_pod_is_deleted(scenario: Scenario) -> None:
    """The user deletes the namespace of a missing pod, and a finalizer holds it: the run does everything else, nothing is missing."""
    gone = f"{scenario.namespace}-gone"
    lost(scenario, gone)
    web = scenario.aged(scenario.workload("Deployment"))
    scenario.happens("The user deletes the namespace, which hangs in Terminating.")
    path = f"/api/v1/namespaces/{gone}"
    stuck = {"metadata": {"name": "stuck", "finalizers": [FINALIZER]}}
    scenario.api.request("POST", f"{path}/configmaps", stuck)
    scenario.api.request("DELETE", path)
    w.wait_for(lambda: scenario.api.request("GET", path)["status"]["phase"] == "Terminating", "its end")
    run = scenario.recreate(web, **BARE)
    scenario.api.patch(f"{path}/configmaps/stuck", {"metadata": {"finalizers": None}})
    assert run.code == 0, run.told
    assert run.outcomes[web[0]["metadata"]["name"]] == "recreated"
    assert scenario.judge().code == 0


def test_another_cluster_at_the_same_address(scenario: Scenario) -> None:
    """The cluster was replaced by another one at the same address: what is missing in the first is not created in the second."""
    lost(scenario)
    scenario.delete("ResourceQuota", "no-more-pods")
    uid = scenario.api.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    [ledger] = scenario.home.glob("state/ackops-eci/*/ledger.jsonl")
    ledger.write_text(ledger.read_text(encoding="utf-8").replace(uid, "11111111" + uid[8:]), encoding="utf-8")
    scenario.api.request("DELETE", LEASE)
    scenario.happens("The ledger is of a cluster that had this address before.")
    run = scenario.recreate([], **BARE)
    assert (run.code, run.result["changed"]) == (0, False), run.told
    assert scenario.pods("lonely") == []


def test_the_name_of_the_new_pod_is_taken(scenario: Scenario) -> None:
    """While the new pod is created, another one of its name terminates (409): the run waits for the name, and creates its own."""
    pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely", labels={"tier": "one"}))
    taken = threading.Event()

    def squat(request: dict[str, Any]) -> str:
        if request["object"]["metadata"]["labels"].get("tier") == "one" and not taken.is_set():
            taken.set()
            squatter = w.bare_pod(scenario.namespace, "lonely", labels={"tier": "other"})
            squatter["metadata"]["finalizers"] = [FINALIZER]
            scenario.apply(squatter)
            scenario.delete("Pod", "lonely")
        return ""

    def leave() -> None:
        assert taken.wait(60)
        time.sleep(3)
        scenario.patch("Pod", "lonely", {"metadata": {"finalizers": None}})

    scenario.happens("Someone else takes the name for 3 seconds, just before the run creates the pod.")
    with Webhook(scenario.cluster, scenario.namespace, ["pods"], squat, dry_runs=False), scenario.meanwhile(leave):
        run = scenario.recreate(pods, **BARE)
    assert run.code == 0, run.told
    (new,) = w.wait_ready(scenario.api, scenario.namespace, "lonely", 1)
    assert new["metadata"]["labels"]["tier"] == "one"
    assert run.result["pods"][0]["new_uid"] == new["metadata"]["uid"]


def test_a_run_is_at_work(scenario: Scenario) -> None:
    """Another run is at work, or was cut off: the check says so, and the cluster is not ready before that run is over."""
    # Longer than the check takes on a machine that is busy.
    pods = scenario.aged(scenario.workload("StatefulSet", "db", annotations={"test.ackops/ready-delay": "20s"}))
    running = scenario.start(pods)
    scenario.wait_ledger("removed")
    scenario.happens("Another run is at work, and has just evicted the only old pod.")
    check = scenario.judge()
    assert check.code == 1, "the gate is open beside a run that is at work"
    assert "at work" in check.message
    running.kill()
    scenario.happens("That run is killed (SIGKILL).")
    assert scenario.judge().code == 1
    run = scenario.recreate([])
    assert run.code == 0, run.told
    assert scenario.judge().code == 0
    assert Path(run.result["ledger"]).exists()

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replacement."""

from __future__ import annotations

import time

from tests.cluster import REAL_NODE, VIRTUAL_NODES, workloads as w
from tests.cluster.webhook import Webhook
from tests.integration.scenarios.late_node import LATE_NODE, on_a_node_that_joins
from tests.integration.scenarios.module_run import ModuleRun
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import NEW, OLD


def meets(scenario: Scenario, seconds: int = 4, **trouble: str) -> ModuleRun:
    """Recreate the pod of a StatefulSet whose next pod meets that trouble."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", updateStrategy={"type": "OnDelete"}))
    scenario.next_pods_meet("db", **trouble)
    run = scenario.recreate(pods, pod_timeout=seconds)
    assert run.code == 1, run.told
    assert list(run.outcomes.values()) == ["failed"]
    return run


def test_it_lands_on_a_real_node(scenario: Scenario) -> None:
    """It becomes Ready on a real node: it has left ECI, and the cluster is ready."""
    with w.cordoned(scenario.api, REAL_NODE):
        scenario.aged(scenario.workload("Deployment", node="any"))
    with w.cordoned(scenario.api, *VIRTUAL_NODES):
        run = scenario.preflight()
    assert run.code == 0, run.text
    assert run.preflight["recreated"][0]["new_node"] == REAL_NODE


def test_it_lands_on_another_virtual_node(scenario: Scenario) -> None:
    """It starts in another zone, on another virtual node."""
    pods = scenario.aged(scenario.workload("Deployment"))
    there = pods[0]["spec"]["nodeName"]
    with w.cordoned(scenario.api, there):
        run = scenario.recreate(pods)
    new = run.result["pods"][0]
    assert (new["outcome"], new["new_version"]) == ("recreated", NEW), run.told
    assert new["new_node"] in set(VIRTUAL_NODES) - {there}


def test_it_lands_on_a_node_that_joined_meanwhile(scenario: Scenario) -> None:
    """It lands on a real node that did not exist when the run started (the autoscaler added it)."""
    run = on_a_node_that_joins(scenario)
    assert run.code == 0, run.told
    assert run.result["pods"][0]["new_node"] == LATE_NODE


def test_a_statefulsets_pod_comes_back_on_the_same_node(scenario: Scenario) -> None:
    """A StatefulSet's pod returns with the same name on the same node: its UID tells it from the old one."""
    node = next(iter(VIRTUAL_NODES))
    pods = scenario.aged(scenario.workload("StatefulSet", "db", node=node))
    run = scenario.recreate(pods, pod_timeout=60)
    new = run.result["pods"][0]
    assert (new["outcome"], new["new_name"], new["new_node"]) == ("recreated", "db-0", node), run.told
    assert new["new_uid"] != new["uid"]
    assert run.seconds < 30


def test_it_comes_back_on_an_old_version(scenario: Scenario) -> None:
    """It starts on platform version 1.0.0 again: that fails at once, because waiting cannot help."""
    run = meets(scenario, seconds=60, platform_version=OLD)
    assert "its replacement 'db-0' came up, but platform version 1.0.0" in run.message


def test_it_is_never_scheduled(scenario: Scenario) -> None:
    """No node accepts it: the message quotes the scheduler."""
    pods = scenario.aged(scenario.workload("Deployment"))
    with w.cordoned(scenario.api, *VIRTUAL_NODES):
        run = scenario.recreate(pods, pod_timeout=4)
    assert run.code == 1
    assert "Unschedulable" in run.message
    assert "nodes are available" in run.message


def test_there_is_no_stock(scenario: Scenario) -> None:
    """ECI is out of stock until the deadline."""
    run = meets(scenario, trouble="no-stock")
    assert "NoStock: Create ECI failed because the specified instance is out of stock" in run.message


def test_there_is_no_stock_for_a_while(scenario: Scenario) -> None:
    """ECI is out of stock at first: the run waits until the pod is Ready."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", updateStrategy={"type": "OnDelete"}))
    scenario.next_pods_meet("db", trouble="no-stock")

    def restock() -> None:
        scenario.wait_ledger("removed")
        time.sleep(2)
        scenario.patch("Pod", "db-0", {"metadata": {"annotations": {w.TROUBLE: None}}})

    scenario.happens("The virtual-kubelet finds stock after some seconds.")
    with scenario.meanwhile(restock):
        run = scenario.recreate(pods, pod_timeout=60)
    assert list(run.outcomes.values()) == ["recreated"], run.told


def test_it_crashes(scenario: Scenario) -> None:
    """Its container keeps crashing."""
    assert "CrashLoopBackOff" in meets(scenario, trouble="crash-loop").message


def test_its_image_cannot_be_pulled(scenario: Scenario) -> None:
    """Its image cannot be pulled: the first failure stops the run, and the other pods are not touched."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", replicas=2, updateStrategy={"type": "OnDelete"}), 2)
    scenario.next_pods_meet("db", trouble="image-pull")
    run = scenario.recreate(pods, pod_timeout=4)
    assert run.outcomes == {"db-1": "failed", "db-0": "not_started"}
    assert "ImagePullBackOff" in run.message
    assert pods[0]["metadata"]["uid"] in scenario.uids("db")


def test_it_is_slow(scenario: Scenario) -> None:
    """It becomes Ready slowly, but within the deadline."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", updateStrategy={"type": "OnDelete"}))
    scenario.next_pods_meet("db", ready_delay="4s")
    run = scenario.recreate(pods, pod_timeout=60)
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert run.result["pods"][0]["seconds"] > 3.5


def test_it_must_stay_ready(scenario: Scenario) -> None:
    """With minReadySeconds, it counts as Ready only after that time."""
    pods = scenario.aged(scenario.workload("Deployment", minReadySeconds=3))
    w.wait_for(lambda: scenario.get("Deployment", "web")["status"].get("availableReplicas") == 1, "its availability")
    run = scenario.recreate(pods, pod_timeout=60)
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert run.result["pods"][0]["seconds"] >= 3


def test_it_is_ready_and_then_is_not(scenario: Scenario) -> None:
    """It is Ready for a moment and then not, within minReadySeconds: that is a failure."""
    strategy = {"type": "OnDelete"}
    pods = scenario.aged(scenario.workload("StatefulSet", "db", updateStrategy=strategy, minReadySeconds=3))
    w.wait_for(lambda: scenario.get("StatefulSet", "db")["status"].get("availableReplicas") == 1, "its availability")
    scenario.next_pods_meet("db", trouble="unready-again")
    run = scenario.recreate(pods, pod_timeout=8)
    assert list(run.outcomes.values()) == ["failed"], run.told
    assert "readiness probe failed" in run.message


def test_a_quota_forbids_it(scenario: Scenario) -> None:
    """A quota forbids it: the server's dry run of its creation says so, and the old pod is not touched."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.no_more_pods()
    run = scenario.recreate(pods, pod_timeout=2)
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "exceeded quota" in run.message
    assert "quota" in run.result["set_aside"][0]["remedy"]
    assert scenario.uids("web") == {pods[0]["metadata"]["uid"]}


def test_a_quota_that_is_just_used_up(scenario: Scenario) -> None:
    """A quota is used up to its last pod: what the old pod gives back is enough for the new one, so it is recreated."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    scenario.no_more_pods(beyond=2)
    run = scenario.recreate(pods)
    assert set(run.outcomes.values()) == {"recreated"}, run.told


def test_a_webhook_forbids_it(scenario: Scenario) -> None:
    """An admission webhook forbids it: the dry run asks the webhook too, its words are the message, the old pod stays."""
    pods = scenario.aged(scenario.workload("Deployment"))
    with Webhook(scenario.cluster, scenario.namespace, ["pods"], lambda _request: "image is not signed"):
        run = scenario.recreate(pods, pod_timeout=2)
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "image is not signed" in run.message
    assert scenario.uids("web") == {pods[0]["metadata"]["uid"]}


def test_a_webhook_that_judges_a_dry_run_otherwise(scenario: Scenario) -> None:
    """A webhook lets the dry run through and then forbids the real pod: that is a failure, with the controller's event."""
    pods = scenario.aged(scenario.workload("Deployment"))
    hook = Webhook(
        scenario.cluster, scenario.namespace, ["pods"], lambda _request: "image is not signed", dry_runs=False
    )
    with hook:
        run = scenario.recreate(pods, pod_timeout=6)
    assert list(run.outcomes.values()) == ["failed"], run.told
    assert "image is not signed" in run.message

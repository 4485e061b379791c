# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads that are rolled by their own strategy (method: restart, auto), on a real control plane."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.webhook import Webhook
from tests.integration.scenarios.scenario import Scenario

SURGE = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
SLOW = {"test.ackops/ready-delay": "2s"}
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


@pytest.fixture
def scenario(scene: Scenario) -> Scenario:
    """Pods, runs and records of a test of its own."""
    return scene


def versions(scenario: Scenario, app: str = "web") -> set[str]:
    """The platform versions of the pods that are there."""
    return {pod["metadata"]["annotations"].get(w.PLATFORM_VERSION, "") for pod in scenario.pods(app)}


def restarted_at(scenario: Scenario, kind: str = "Deployment", name: str = "web") -> str:
    """What a restart has written into the template of a workload; empty where it was not restarted."""
    template = scenario.get(kind, name)["spec"]["template"]["metadata"]
    return str((template.get("annotations") or {}).get(RESTARTED_AT, ""))


@contextmanager
def fewest_ready(scenario: Scenario, app: str) -> Iterator[list[int]]:
    """Counts the Ready pods all the while; the list's only entry is the fewest there were at a time."""
    fewest, ended = [len([pod for pod in scenario.pods(app) if w.is_ready(pod)])], threading.Event()

    def count() -> None:
        while not ended.wait(0.03):
            fewest[0] = min(fewest[0], sum(w.is_ready(pod) for pod in scenario.pods(app)))

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield fewest
    finally:
        ended.set()
        thread.join()


def test_a_deployment_is_rolled(scenario: Scenario) -> None:
    """All its pods go by one change of the workload, the new ones first; the record tells of it."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=3, strategy=SURGE, annotations=SLOW), 3)
    with fewest_ready(scenario, "web") as fewest:
        run = scenario.recreate(pods, method="restart")
    assert run.outcomes == {pod["metadata"]["name"]: "recreated" for pod in pods}, run.told
    assert {entry["method"] for entry in run.result["pods"]} == {"restart"}
    assert {entry["new_uid"] for entry in run.result["pods"]} == scenario.uids("web")
    assert fewest == [3]
    assert restarted_at(scenario)
    assert scenario.events() == ["started", "restarting", "finished", "finished", "finished", "ended"]


def test_one_replica_is_never_without_a_ready_pod(scenario: Scenario) -> None:
    """auto: of a single pod, whose budget can never allow an eviction, the new one is Ready before the old one goes."""
    pods = scenario.aged(scenario.workload("Deployment", annotations=SLOW))
    scenario.budget("web", "web", 1)
    with fewest_ready(scenario, "web") as fewest:
        run = scenario.recreate(pods, method="auto")
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert "an eviction would leave it without a Ready pod" in next(iter(run.reasons.values()))
    assert fewest == [1]


def test_auto_evicts_where_few_are_old(scenario: Scenario) -> None:
    """One old pod of three is evicted; the template of the workload is left alone."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=3), 3)
    w.age(scenario.api, pods[1:], "1.1.0")
    run = scenario.recreate(pods[:1], method="auto")
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert {entry["method"] for entry in run.result["pods"]} == {"evict"}
    assert not restarted_at(scenario)
    assert {pod["metadata"]["uid"] for pod in pods[1:]} <= scenario.uids("web")


def test_auto_restarts_where_most_are_old(scenario: Scenario) -> None:
    """Three old pods of four: the whole workload is rolled, the pod that was new already with it."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=4), 4)
    w.age(scenario.api, pods[3:], "1.1.0")
    run = scenario.recreate(pods[:3], method="auto")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert "3 of its 4 pods are old" in next(iter(run.reasons.values()))
    assert len(w.wait_ready(scenario.api, scenario.namespace, "web", 4)) == 4
    assert versions(scenario) == {"1.1.0"}


def test_a_stateful_set_is_rolled(scenario: Scenario) -> None:
    """A StatefulSet rolls from the highest ordinal; each old pod is told with the new one of its name."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", replicas=3), 3)
    run = scenario.recreate(pods, method="restart")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert {entry["name"]: entry["new_name"] for entry in run.result["pods"]} == {
        f"db-{n}": f"db-{n}" for n in range(3)
    }
    assert restarted_at(scenario, "StatefulSet", "db")


@pytest.mark.parametrize(
    ("kind", "spec", "why"),
    [
        ("Deployment", {"strategy": {"type": "Recreate"}}, "its strategy is Recreate"),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "its strategy is OnDelete"),
        (
            "StatefulSet",
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
            "its update strategy has a partition (1)",
        ),
        ("ReplicaSet", {}, "a ReplicaSet has no rollout of its own"),
    ],
)
def test_what_cannot_be_rolled_is_evicted_and_says_so(
    scenario: Scenario, kind: str, spec: dict[str, Any], why: str
) -> None:
    """The wish for a restart does not keep a pod from going."""
    pods = scenario.aged(scenario.workload(kind, replicas=2, **spec), 2)
    run = scenario.recreate(pods, method="restart")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert all(why in reason for reason in run.reasons.values()) or why in str(scenario.ledger()), run.told
    assert {entry["method"] for entry in run.result["pods"]} == {"evict"}
    assert not restarted_at(scenario, kind)


def test_a_paused_deployment_is_evicted(scenario: Scenario) -> None:
    """A restart of a paused Deployment would do nothing until somebody resumes it."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    scenario.patch("Deployment", "web", {"spec": {"paused": True}})
    run = scenario.recreate(pods, method="restart")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert not restarted_at(scenario)


def test_new_pods_that_do_not_come_up(scenario: Scenario) -> None:
    """The rollout gets stuck on its first new pod: every old one is still there, the others go on, and it is said what to do."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, strategy=SURGE, annotations=SLOW), 2)
    others = scenario.aged(scenario.workload("StatefulSet", "zoo"))

    def no_stock() -> None:
        scenario.wait_ledger("restarting")
        w.wait_for(lambda: len(scenario.pods("web")) == 3, "the new pod")
        (new,) = [
            pod for pod in scenario.pods("web") if pod["metadata"]["uid"] not in {p["metadata"]["uid"] for p in pods}
        ]
        scenario.patch("Pod", new["metadata"]["name"], {"metadata": {"annotations": {w.TROUBLE: "no-stock"}}})

    with scenario.meanwhile(no_stock):
        run = scenario.recreate([*pods, *others], method="restart", pod_timeout=6)
    assert {run.outcomes[pod["metadata"]["name"]] for pod in pods} == {"set_aside"}, run.told
    assert run.outcomes["zoo-0"] == "recreated"
    assert "kubectl rollout undo" in run.message
    assert {pod["metadata"]["uid"] for pod in pods} <= scenario.uids("web")


def test_a_workload_that_must_not_be_changed(scenario: Scenario, cluster: ControlPlane) -> None:
    """A policy refuses the change of the workload: set aside, in check mode too, and not a pod is touched."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, strategy=SURGE), 2)
    with Webhook(
        cluster,
        scenario.namespace,
        ["deployments"],
        lambda _asked: "changes only by GitOps",
        groups=["apps"],
        operations=["UPDATE"],
    ):
        planned = scenario.recreate(pods, method="restart", check=True)
        run = scenario.recreate(pods, method="restart", pod_timeout=3)
    assert set(planned.outcomes.values()) == {"blocked"}, planned.told
    assert set(run.outcomes.values()) == {"set_aside"}, run.told
    assert "changes only by GitOps" in run.message
    assert {pod["metadata"]["uid"] for pod in pods} == scenario.uids("web")


def test_check_mode_changes_nothing(scenario: Scenario) -> None:
    """It says that the workload would be rolled, and why."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    run = scenario.recreate(pods, method="restart", check=True)
    assert set(run.outcomes.values()) == {"predicted"}, run.told
    assert {entry["method"] for entry in run.result["pods"]} == {"restart"}
    assert not restarted_at(scenario)
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}


def test_the_role_restarts(scenario: Scenario) -> None:
    """The whole role with eci_preflight_method: restart opens the gate."""
    scenario.aged(scenario.workload("Deployment", replicas=3), 3)
    scenario.aged(scenario.workload("StatefulSet", "db", replicas=2), 2)
    run = scenario.preflight(method="restart")
    assert run.code == 0, run.text
    assert run.preflight["ready"] is True
    assert versions(scenario) == versions(scenario, "db") == {"1.1.0"}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Methods."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster import VIRTUAL_NODES, workloads as w
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import NEW

SLOW = {"test.ackops/ready-delay": "2s"}


@contextmanager
def fewest_ready(scenario: Scenario, app: str) -> Iterator[list[int]]:
    """Counts the Ready pods of an app all the while: the fewest that there were at a time."""
    fewest, over = [sum(map(w.is_ready, scenario.pods(app)))], threading.Event()

    def count() -> None:
        while not over.wait(0.05):
            fewest.append(sum(map(w.is_ready, scenario.pods(app))))

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield fewest
    finally:
        over.set()
        thread.join()


def test_auto_restarts_what_an_eviction_would_stop(scenario: Scenario) -> None:
    """method: auto, one replica and minAvailable 1: no eviction can succeed, so the Deployment is rolled, and is Ready throughout."""
    pods = scenario.aged(scenario.workload("Deployment", annotations=SLOW))
    scenario.budget("keep", "web", 1)
    check = scenario.recreate(pods, check=True, method="auto")
    assert [pod["method"] for pod in check.result["pods"]] == ["restart"], check.told
    with fewest_ready(scenario, "web") as ready:
        run = scenario.recreate(pods, method="auto")
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert min(ready) == 1, "there was a moment without a Ready pod"
    assert run.result["pods"][0]["new_version"] == NEW
    assert "without a Ready pod" in run.reasons[pods[0]["metadata"]["name"]]
    scenario.shows("Counted all the while", "1 Ready pod or more at every moment")


def test_auto_evicts_where_few_pods_are_old(scenario: Scenario) -> None:
    """method: auto, one old pod of four and a budget with room: that pod is evicted, the others are left alone."""
    scenario.apply(scenario.workload("Deployment", replicas=4))
    pods = w.wait_ready(scenario.api, scenario.namespace, "web", 4)
    w.age(scenario.api, pods[:1], "1.0.0")
    scenario.budget("keep", "web", 3)
    run = scenario.recreate(pods[:1], method="auto")
    assert [(pod["outcome"], pod["method"]) for pod in run.result["pods"]] == [("recreated", "evict")], run.told
    assert {pod["metadata"]["uid"] for pod in pods[1:]} <= scenario.uids("web")


def test_restart_rolls_a_workload(scenario: Scenario) -> None:
    """method: restart: a Deployment's pods go by its own strategy, new pods first; a StatefulSet with OnDelete is evicted, and says so."""
    web = scenario.aged(scenario.workload("Deployment", replicas=3, annotations=SLOW), 3)
    db = scenario.aged(scenario.workload("StatefulSet", "db", updateStrategy={"type": "OnDelete"}))
    with fewest_ready(scenario, "web") as ready:
        run = scenario.recreate([*web, *db], method="restart")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert min(ready) >= 3
    assert {pod["method"] for pod in run.result["pods"]} == {"restart", "evict"}
    assert "its strategy is OnDelete" in run.reasons["db-0"]
    assert scenario.uids("web").isdisjoint({pod["metadata"]["uid"] for pod in web})


def test_restart_that_gets_stuck(scenario: Scenario) -> None:
    """method: restart, and the new pods do not come up: the old ones serve on, and the way back is named."""
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, strategy=strategy), 2)
    with w.cordoned(scenario.api, *VIRTUAL_NODES):
        run = scenario.recreate(pods, method="restart", pod_timeout=5)
        assert run.code == 1
        assert {pod["metadata"]["uid"] for pod in pods} <= scenario.uids("web")
        assert "Unschedulable" in run.message
        assert "rollout undo" in run.message
    assert w.wait_ready(scenario.api, scenario.namespace, "web", 2)


def test_several_pods_of_a_workload_at_once(scenario: Scenario) -> None:
    """workload_serial: "50%": two of a Deployment's four pods at a time, never more; its other pods are Ready all the while."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=4, annotations=SLOW), 4)
    with fewest_ready(scenario, "web") as ready:
        run = scenario.recreate(pods, serial=["100%"], workload_serial="50%")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert max(scenario.in_flight()) == 2
    assert min(ready) >= 2


def test_several_pods_at_once_and_a_budget(scenario: Scenario) -> None:
    """workload_serial: 3, and a budget that allows one disruption: the budget holds, and the work is done."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=3, annotations=SLOW), 3)
    scenario.budget("keep-two", "web", 2)
    with fewest_ready(scenario, "web") as ready:
        run = scenario.recreate(pods, serial=["100%"], workload_serial=3)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert min(ready) >= 2

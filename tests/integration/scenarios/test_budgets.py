# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets."""

from __future__ import annotations

import time
from typing import Any

from tests.cluster import workloads as w
from tests.cluster.webhook import Webhook
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import OLD


def test_a_budget_with_room(scenario: Scenario) -> None:
    """A PodDisruptionBudget allows one disruption at a time."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=3), 3)
    scenario.budget("keep-two", "web", 2)
    check = scenario.recreate(pods, check=True)
    assert set(check.outcomes.values()) == {"predicted"}
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}
    run = scenario.recreate(pods)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert scenario.uids("web").isdisjoint({pod["metadata"]["uid"] for pod in pods})


def test_a_budget_without_room(scenario: Scenario) -> None:
    """A budget never allows a disruption: its pods are set aside, all others are recreated (kubectl drain retries forever)."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    other = scenario.aged(scenario.workload("StatefulSet", "db"))
    scenario.budget("keep-both", "web", 2)
    check = scenario.recreate(pods, check=True)
    assert set(check.outcomes.values()) == {"blocked"}
    assert "keep-both" in next(iter(check.reasons.values()))
    run = scenario.preflight(pod_timeout=15)
    assert run.code == 2
    assert "keep-both" in run.message
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}
    assert scenario.uids("db").isdisjoint({pod["metadata"]["uid"] for pod in other})
    assert run.preflight["outcomes"] == {"recreated": 1, "set_aside": 2}
    [cause] = run.preflight["set_aside"]
    assert (cause["pods"], cause["workload"]) == (2, f"Deployment {scenario.namespace}/web")
    assert "method: restart" in cause["remedy"]
    assert run.preflight["counts"]["incompatible"] == 2, "the report counts a scan that is older than the run"


def test_the_message_of_a_budget(scenario: Scenario) -> None:
    """A budget blocks the eviction: the message names the budget and its numbers, not just 'Too Many Requests'."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    scenario.budget("keep-all", "web", "100%")
    run = scenario.recreate(pods[:1], pod_timeout=2)
    assert "keep-all" in run.message
    assert "needs 2 healthy pods and has 2 currently" in run.message
    assert "HTTP" not in run.message


def test_two_budgets_on_one_pod(scenario: Scenario) -> None:
    """Two budgets cover one pod: the server answers 500 and always will; the message names both, and the two ways out."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.budget("one", "web", 0)
    scenario.budget("two", "web", 0)
    check = scenario.recreate(pods, check=True)
    assert list(check.outcomes.values()) == ["blocked"]
    run = scenario.recreate(pods, pod_timeout=2)
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "one budget for each pod" in run.result["set_aside"][0]["remedy"]
    for name in ("one", "two"):
        assert name in run.message
        assert name in next(iter(check.reasons.values()))
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}


def test_a_budget_that_frees_up_while_we_wait(scenario: Scenario) -> None:
    """A budget allows the eviction after a while: the run retries until then (k8s_drain gives up at its first 429)."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.budget("keep", "web", 1)

    def give_room() -> None:
        scenario.wait_ledger("removing")
        time.sleep(1)  # let it be refused at least once
        scenario.patch("PodDisruptionBudget", "keep", {"spec": {"minAvailable": 0}})

    scenario.happens("The budget allows nothing until the run waits for it.")
    with scenario.meanwhile(give_room):
        run = scenario.recreate(pods, pod_timeout=60)
    assert list(run.outcomes.values()) == ["recreated"], run.told


def test_the_replacement_is_not_evicted_after_a_429(scenario: Scenario) -> None:
    """While an eviction is refused, someone else replaces the StatefulSet's pod: the new pod of that name is left alone."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db"))
    scenario.budget("keep", "db", 1)
    old = pods[0]["metadata"]["uid"]
    found: list[str] = []

    def replace() -> None:
        scenario.wait_ledger("removing")
        scenario.delete("Pod", "db-0")
        new = w.wait_ready(scenario.api, scenario.namespace, "db", 1)[0]
        found.append(new["metadata"]["uid"])
        # From here on an eviction by name would be let through.
        scenario.patch("PodDisruptionBudget", "keep", {"spec": {"minAvailable": 0}})
        scenario.budget_counted("keep")

    scenario.happens(
        "During the wait for the budget, db-0 is deleted and comes back with another UID; then the budget gives way."
    )
    with scenario.meanwhile(replace):
        run = scenario.recreate(pods, pod_timeout=60)
    assert found != [old]
    time.sleep(1)
    assert scenario.uids("db") == set(found), "the replacement was evicted"
    assert run.code == 0, run.told
    assert run.outcomes["db-0"] in ("recreated", "already_gone")


def test_a_budget_whose_controller_is_behind(scenario: Scenario) -> None:
    """The budget controller has not processed a new budget yet: the server asks to retry after 10 s, and the run does."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    scenario.budget("fresh", "web", 1)
    scenario.cluster.controller_manager.pause()
    try:
        scenario.patch("PodDisruptionBudget", "fresh", {"spec": {"minAvailable": 0}})
        check = scenario.recreate(pods[:1], check=True)
        assert "still being processed" in next(iter(check.reasons.values()))
        running = scenario.start(pods[:1], pod_timeout=90)
        scenario.wait_ledger("removing")
        time.sleep(1)
        assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}
    finally:
        scenario.cluster.controller_manager.resume()
    scenario.happens("The controller-manager stands still while the eviction is asked for, then goes on.")
    run = scenario.note(running.wait())
    assert list(run.outcomes.values()) == ["recreated"], run.told


def test_a_budget_over_pods_that_are_not_ready(scenario: Scenario) -> None:
    """The other pod of the workload is broken: evicting the healthy one would leave none, so it is not touched."""
    scenario.apply(scenario.workload("StatefulSet", "db", replicas=2, podManagementPolicy="Parallel"))
    pods = w.wait_ready(scenario.api, scenario.namespace, "db", 2)
    w.age(scenario.api, pods[:1], "1.0.0")
    scenario.budget("keep-two", "db", 2)
    scenario.not_ready("db-1")
    run = scenario.recreate(pods[:1], pod_timeout=3)
    assert run.code == 1
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "db-1" in run.message or "keep-two" in run.message
    assert scenario.uids("db") == {pod["metadata"]["uid"] for pod in pods}


def test_method_delete_asks_no_budget(scenario: Scenario) -> None:
    """With method: delete, chosen by the user, budgets are ignored."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.budget("keep", "web", 1)
    run = scenario.recreate(pods, method="delete")
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert {pod["method"] for pod in run.result["pods"]} == {"delete"}


def test_a_webhook_that_guards_pods(scenario: Scenario) -> None:
    """An admission webhook refuses the eviction, as some operators of stateful services do: the message quotes it."""
    pods = scenario.aged(scenario.workload("Deployment"))
    with Webhook(scenario.cluster, scenario.namespace, ["pods/eviction"], lambda _request: "db team: not before 18:00"):
        check = scenario.recreate(pods, check=True)
        run = scenario.recreate(pods, pod_timeout=2)
    assert list(check.outcomes.values()) == ["blocked"]
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "db team: not before 18:00" in run.message
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}


def test_a_webhook_that_answers_409(scenario: Scenario) -> None:
    """A webhook answers evictions with 409: the run asks a few times, with pauses, and then sets the pod aside."""
    pods = scenario.aged(scenario.workload("Deployment"))
    asked: list[float] = []

    def conflict(_request: dict[str, Any]) -> str:
        asked.append(time.monotonic())
        return "being backed up"

    with Webhook(scenario.cluster, scenario.namespace, ["pods/eviction"], conflict, code=409):
        run = scenario.recreate(pods, pod_timeout=6)
    assert list(run.outcomes.values()) == ["set_aside"], run.told
    assert "being backed up" in run.message
    assert len(asked) < 30, f"asked {len(asked)} times"
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}


def test_one_budget_over_a_broken_and_a_healthy_workload(scenario: Scenario) -> None:
    """One budget covers a pod that is not Ready and one that is: the broken one goes first, and gives the budget its room."""
    for name in ("a-healthy", "z-broken"):
        scenario.apply(scenario.workload("Deployment", name, labels={"tier": "front"}))
    pods = [w.wait_ready(scenario.api, scenario.namespace, name, 1)[0] for name in ("a-healthy", "z-broken")]
    w.age(scenario.api, pods, OLD)
    scenario.not_ready(pods[1]["metadata"]["name"])
    budget = w.budget(scenario.namespace, "keep-one", "", min_available=1)
    budget["spec"]["selector"] = {"matchLabels": {"tier": "front"}}
    scenario.apply(budget)
    scenario.budget_counted("keep-one")
    run = scenario.recreate(pods)
    assert run.code == 0, run.told
    removed = [entry["name"] for entry in scenario.ledger() if entry["event"] == "removed"]
    assert removed == [pods[1]["metadata"]["name"], pods[0]["metadata"]["name"]]

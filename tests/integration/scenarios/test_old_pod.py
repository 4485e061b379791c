# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The old pod."""

from __future__ import annotations

from tests.cluster import workloads as w
from tests.integration.scenarios.scenario import FINALIZER, Scenario
from tests.integration.support import NEW


def slow_to_end(scenario: Scenario, delay: str) -> list[w.Manifest]:
    """A pod whose containers take so long to end."""
    return scenario.aged(
        scenario.workload(
            "Deployment",
            annotations={"test.ackops/delete-delay": delay},
            pod={"terminationGracePeriodSeconds": 600},
        )
    )


def test_it_hangs_behind_a_finalizer(scenario: Scenario) -> None:
    """A finalizer holds it: nothing is forced, and the message names the finalizer."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.hold_end_of(pods[0])
    run = scenario.recreate(pods, pod_timeout=4)
    assert list(run.outcomes.values()) == ["failed"], run.told
    assert FINALIZER in run.message
    assert pods[0]["metadata"]["uid"] in scenario.uids("web")


def test_its_finalizer_is_taken_off(scenario: Scenario) -> None:
    """A finalizer holds it until its owner removes the finalizer."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.hold_end_of(pods[0])
    scenario.happens("The finalizer's owner takes it off after the eviction.")
    with scenario.meanwhile(lambda: scenario.let_end(pods[0], after="removed")):
        run = scenario.recreate(pods, pod_timeout=60)
    assert list(run.outcomes.values()) == ["recreated"], run.told


def test_it_takes_its_time_to_end(scenario: Scenario) -> None:
    """It uses part of a long grace period: the run waits for it, although its replacement is Ready earlier."""
    pods = slow_to_end(scenario, "4s")
    run = scenario.recreate(pods, pod_timeout=60)
    assert list(run.outcomes.values()) == ["recreated"], run.told
    assert run.result["pods"][0]["seconds"] > 3.5
    assert pods[0]["metadata"]["uid"] not in scenario.uids("web")


def test_its_grace_period_is_longer_than_the_deadline(scenario: Scenario) -> None:
    """Its grace period is longer than the pod's deadline: the run fails, says so, and does not shorten it."""
    pods = slow_to_end(scenario, "600s")
    run = scenario.recreate(pods, pod_timeout=4)
    assert list(run.outcomes.values()) == ["failed"], run.told
    assert "grace period is 600 s" in run.message
    found = next(pod for pod in scenario.pods("web") if pod["metadata"]["uid"] == pods[0]["metadata"]["uid"])
    assert found["metadata"]["deletionGracePeriodSeconds"] == 600
    scenario.patch("Pod", found["metadata"]["name"], {"metadata": {"annotations": {"test.ackops/delete-delay": "0s"}}})


def test_it_is_already_terminating(scenario: Scenario) -> None:
    """Someone else has already deleted it: the run waits until it is gone and does not delete it again."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.hold_end_of(pods[0])
    scenario.delete("Pod", pods[0]["metadata"]["name"])
    with scenario.meanwhile(lambda: scenario.let_end(pods[0], after="started")):
        run = scenario.recreate(pods, pod_timeout=60)
    assert run.code == 0, run.told
    assert "removing" not in scenario.events()
    assert pods[0]["metadata"]["uid"] not in scenario.uids("web")


def test_it_is_already_gone(scenario: Scenario) -> None:
    """It is gone when the run starts, and another pod has taken its place: nothing to do."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.delete("Pod", pods[0]["metadata"]["name"])
    w.wait_for(lambda: pods[0]["metadata"]["uid"] not in scenario.uids("web"), "its end")
    (new,) = w.wait_ready(scenario.api, scenario.namespace, "web", 1)
    run = scenario.recreate(pods)
    assert list(run.outcomes.values()) == ["already_gone"], run.told
    assert scenario.uids("web") == {new["metadata"]["uid"]}


def test_another_pod_has_its_name(scenario: Scenario) -> None:
    """Someone else has replaced it under the same name: the new pod has another UID and is left alone."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db"))
    scenario.delete("Pod", "db-0")
    w.wait_for(lambda: pods[0]["metadata"]["uid"] not in scenario.uids("db"), "its end")
    (new,) = w.wait_ready(scenario.api, scenario.namespace, "db", 1)
    run = scenario.recreate(pods)
    assert run.outcomes == {"db-0": "already_gone"}, run.told
    assert scenario.uids("db") == {new["metadata"]["uid"]}


def test_it_is_replaced_while_we_wait(scenario: Scenario) -> None:
    """Someone else deletes it while the run waits for its budget: its replacement is not touched and counts as done."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.budget("keep", "web", 1)
    found: list[str] = []

    def replace() -> None:
        scenario.wait_ledger("removing")
        scenario.delete("Pod", pods[0]["metadata"]["name"])
        w.wait_for(lambda: pods[0]["metadata"]["uid"] not in scenario.uids("web"), "its end")
        found.append(w.wait_ready(scenario.api, scenario.namespace, "web", 1)[0]["metadata"]["uid"])

    scenario.happens("The pod is deleted by hand while the run waits for its budget.")
    with scenario.meanwhile(replace):
        run = scenario.recreate(pods, pod_timeout=60)
    assert run.code == 0, run.told
    assert scenario.uids("web") == set(found)


def test_it_supports_the_target_by_now(scenario: Scenario) -> None:
    """The list is outdated: the pod supports the target by now and is left alone."""
    pods = scenario.aged(scenario.workload("Deployment"))
    w.age(scenario.api, pods, NEW)
    run = scenario.recreate(pods)
    assert list(run.outcomes.values()) == ["already_compatible"], run.told
    assert scenario.uids("web") == {pods[0]["metadata"]["uid"]}

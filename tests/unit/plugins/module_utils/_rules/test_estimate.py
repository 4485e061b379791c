# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run will take, and who will be without a Ready pod."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._recreate.result import estimate_of
from ansible_collections.ackops.eci.plugins.module_utils._rules.estimate import (
    Estimate,
    estimate,
    start_seconds,
    told,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Pod, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Step

CREATED = "2026-05-04T03:00:00Z"


def steps(name: str, count: int, action: Action = Action.BY_CONTROLLER, parallel: int = 1, **spec: Any) -> list[Step]:
    """So many old pods of a Deployment."""
    workload = Workload("Deployment", "shop", name, name, "ReplicaSet", {"spec": {"replicas": count, **spec}})
    pods = [
        Pod("shop", f"{name}-{number}", f"{name}-{number}", "v", "Running", "1.0.0", "i", None)
        for number in range(count)
    ]
    return [Step(pod, workload, action, "", parallel=parallel) for pod in pods]


def bare(action: Action) -> Step:
    """A pod that nothing recreates."""
    return Step(Pod("shop", "lonely", "lonely", "v", "Running", "1.0.0", "i", None, ready=True), BARE, action, "")


def pod(ready_at: str = "2026-05-04T03:00:12Z", ready: str = "True", restarts: int = 0) -> dict[str, Any]:
    """A pod that was created at three o'clock."""
    return {
        "metadata": {"creationTimestamp": CREATED},
        "status": {
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": ready_at}],
            "containerStatuses": [{"restartCount": 0}, {"restartCount": restarts}],
        },
    }


@pytest.mark.parametrize(
    ("manifest", "seconds"),
    [
        (pod(), 12.0),
        (pod(ready="False"), None),
        (pod(restarts=1), None),
        (pod(ready_at=""), None),
        (pod(ready_at="2026-05-04T02:59:59Z"), 0.0),
        ({}, None),
    ],
)
def test_the_time_that_a_pod_took_to_start(manifest: dict[str, Any], seconds: float | None) -> None:
    """From its creation to Ready, where that is on record."""
    assert start_seconds(manifest) == seconds


@pytest.mark.parametrize(
    ("plan", "limits", "total"),
    [
        (steps("web", 4), [1], 40),
        (steps("web", 4) + steps("api", 2), [1], 60),
        # Pods of one workload one after the other, workloads beside each other.
        (steps("web", 4) + steps("api", 2), [50], 40),
        (steps("web", 4, parallel=2) + steps("api", 2), [50], 20),
        # The second wave is twice as wide as the first, which is through after one success.
        (steps("web", 1) + steps("api", 1) + steps("db", 1), [1, 2], 20),
        (steps("web", 2, minReadySeconds=5), [1], 30),
        # Four pods, of which one more and one less at a time: two rounds.
        (steps("web", 4, Action.ROLL, strategy={"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}}), [1], 20),
        ([bare(Action.FROM_MANIFEST)], [1], 10),
        ([bare(Action.CLEAR), bare(Action.DELETE)], [1], 0),
    ],
)
def test_the_total_goes_by_the_slots(plan: list[Step], limits: list[int], total: float) -> None:
    """A pod takes ten seconds here."""
    assert estimate(plan, limits, {"elsewhere": [10.0, 10.0, 90.0]}, {}).total_seconds == total


def test_a_workload_goes_by_its_own_pods() -> None:
    """Another one's start says little; all of them together stand in for a workload that has none."""
    plan = steps("web", 1) + steps("slow", 1)
    found = estimate(plan, [1], {"slow": [60.0], "other": [10.0, 10.0]}, {})
    assert found == Estimate(70.0, 10.0, 3, {})


@pytest.mark.parametrize(
    ("plan", "ready", "seconds"),
    [
        (steps("web", 1), 1, {"Deployment shop/web": 10.0}),
        (steps("web", 2), 2, {}),
        (steps("web", 4, parallel=4), 4, {"Deployment shop/web": 10.0}),
        (steps("web", 4, parallel=2), 2, {"Deployment shop/web": 20.0}),
        (steps("web", 4, parallel=4), 5, {}),
        (steps("web", 1), 0, {}),  # nobody is served now either
        (steps("web", 1, Action.ROLL), 1, {}),
        (steps("web", 1, Action.ROLL, strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}), 1,
         {"Deployment shop/web": 10.0}),
        ([bare(Action.FROM_MANIFEST)], 1, {"shop/lonely": 10.0}),
        ([bare(Action.CLEAR)], 1, {}),
    ],
)  # fmt: skip
def test_who_is_without_a_ready_pod(plan: list[Step], ready: int, seconds: dict[str, float]) -> None:
    """Each time that all Ready pods of a workload are on their way at once."""
    found = estimate(plan, [50], {"elsewhere": [10.0]}, {plan[0].group: ready})
    assert dict(found.without_ready) == seconds


def test_the_pods_of_a_job_serve_nobody() -> None:
    """Their Job takes longer, but no service is down."""
    job = Workload("Job", "shop", "job", "job", "Job", {"spec": {}})
    one = Step(steps("x", 1)[0].pod, job, Action.BY_CONTROLLER, "")
    assert dict(estimate([one], [1], {"elsewhere": [10.0]}, {"job": 1}).without_ready) == {}


def test_the_words() -> None:
    """One line for the time, one for each workload, and how many more there are; text of a cluster stays one line."""
    without = {f"Deployment shop/{number:02}\n": 12.0 for number in range(12)}
    lines = told(estimate_of(Estimate(340.0, 12.0, 28, without)))
    assert lines[0] == "estimate: 5 min 40 s in all, because a pod takes 12 s to start (median of 28 of this cluster)"
    assert lines[1] == "without a Ready pod for about 12 s: Deployment shop/00\\n"
    assert lines[11:] == ["... and 2 more workloads without a Ready pod for a time"]
    assert told(estimate_of(Estimate())) == ["The time cannot be estimated: no pod shows how long it took to start."]
    assert told(estimate_of(Estimate(0.0))) == told({}) == []

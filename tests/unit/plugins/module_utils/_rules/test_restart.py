# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which workloads roll by themselves, how, and when that is better than evictions."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Policy, Step, decide
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import (
    AUTO,
    EVICT,
    RESTART,
    RESTARTED_AT,
    choose,
    max_unavailable,
    restart_patch,
    surges,
    why_not_restart,
)
from tests.unit.support.builders import pod

MAKERS = {"Deployment": "ReplicaSet", "Rollout": "ReplicaSet"}


def workload(kind: str, replicas: int = 1, **spec: Any) -> Workload:
    """A workload of that kind."""
    manifest = {"kind": kind, "spec": {"replicas": replicas, **spec}}
    return Workload(
        kind, "web", "shop", "uid-shop", MAKERS.get(kind, kind), manifest, custom=kind in ("CloneSet", "Rollout")
    )


def rolling(**settings: Any) -> dict[str, Any]:
    """The strategy of a Deployment."""
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": settings}}


def updating(kind: str = "RollingUpdate", **settings: Any) -> dict[str, Any]:
    """The update strategy of a StatefulSet or a CloneSet."""
    return {"updateStrategy": {"type": kind, **settings}}


def steps(whose: Workload, count: int = 1, *, ready: bool = True) -> list[Step]:
    """The steps for its old pods."""
    return [
        decide(pod(f"shop-{number}", ready=ready, labels={"app": "shop"}), whose, Policy()) for number in range(count)
    ]


@pytest.mark.parametrize(
    ("whose", "why"),
    [
        (BARE, "a pod has no rollout of its own"),
        (workload("ReplicaSet"), "a ReplicaSet has no rollout of its own"),
        (workload("Deployment"), ""),
        (workload("Deployment", paused=True), "it is paused"),
        (workload("Deployment", strategy={"type": "Recreate"}), "its strategy is Recreate"),
        (workload("Rollout", strategy={"type": "Recreate"}), ""),
        (workload("Rollout", paused=True), "it is paused"),
        (workload("StatefulSet"), ""),
        (workload("StatefulSet", **updating("OnDelete")), "its strategy is OnDelete"),
        (
            workload("StatefulSet", **updating(rollingUpdate={"partition": 2})),
            "its update strategy has a partition (2)",
        ),
        (workload("StatefulSet", **updating(rollingUpdate={"partition": 0})), ""),
        (workload("StatefulSet", **updating(rollingUpdate={"paused": True})), "its update strategy is paused"),
        (
            workload("StatefulSet", **updating(rollingUpdate={"podUpdatePolicy": "InPlaceOnly"})),
            "it updates its pods in place (InPlaceOnly)",
        ),
        (workload("CloneSet", **updating("InPlaceIfPossible")), "it updates its pods in place (InPlaceIfPossible)"),
        (workload("CloneSet", **updating("ReCreate", paused=True)), "its update strategy is paused"),
        (workload("CloneSet", **updating("ReCreate", partition="20%")), "its update strategy has a partition (20%)"),
        (workload("CloneSet", **updating("ReCreate", partition="0%")), ""),
    ],
)
def test_what_cannot_be_rolled_says_why(whose: Workload, why: str) -> None:
    """A restart that the controller does not carry out would be waited for in vain."""
    assert why_not_restart(whose) == why


@pytest.mark.parametrize(
    ("whose", "new_first"),
    [
        (workload("Deployment"), True),
        (workload("Deployment", **rolling(maxSurge=0)), False),
        (workload("Deployment", **rolling(maxSurge="0%")), False),
        (workload("Deployment", **rolling(maxSurge="1%")), True),
        (workload("CloneSet"), False),
        (workload("CloneSet", **updating(maxSurge=1)), True),
        (workload("StatefulSet"), False),
        (workload("Rollout"), False),
    ],
)
def test_where_the_new_pod_comes_first(whose: Workload, new_first: bool) -> None:
    """A percentage is rounded up, as Kubernetes does."""
    assert surges(whose) is new_first


@pytest.mark.parametrize(
    ("whose", "most"),
    [
        (workload("Deployment", 1), 0),
        (workload("Deployment", 8), 2),
        (workload("Deployment", 8, **rolling(maxUnavailable=3)), 3),
        (workload("CloneSet", 10, **updating(maxUnavailable="19%")), 1),
    ],
)
def test_how_many_pods_a_rollout_takes_away(whose: Workload, most: int) -> None:
    """A percentage is rounded down."""
    assert max_unavailable(whose) == most


def test_the_patch_is_the_one_of_kubectl_and_that_of_argo() -> None:
    """Only these make the controllers roll."""
    now = "2026-04-01T00:00:00Z"
    assert restart_patch("Rollout", now) == {"spec": {"restartAt": now}}
    template = restart_patch("Deployment", now)["spec"]["template"]
    assert template == {"metadata": {"annotations": {RESTARTED_AT: now}}}


@pytest.mark.parametrize("method", [EVICT, "delete"])
def test_other_methods_leave_the_steps_alone(method: str) -> None:
    """As does a workload without old pods."""
    given = steps(workload("Deployment"))
    assert choose(given, method) == given
    assert choose([], RESTART) == []


def test_a_restart_by_choice_rolls_what_can_be_rolled() -> None:
    """What cannot is evicted, and the reason says so."""
    [rolled] = choose(steps(workload("Deployment")), RESTART)
    assert (rolled.action, rolled.reason) == (
        Action.ROLL,
        "Deployment web/shop rolls it; restarted by choice (method: restart)",
    )
    [evicted] = choose(steps(workload("Deployment", paused=True)), RESTART)
    assert evicted.action == Action.BY_CONTROLLER
    assert evicted.reason.endswith("evicted, because Deployment web/shop cannot be restarted: it is paused")


def budget(expected: int, desired: int, app: str = "shop") -> dict[str, Any]:
    """A PodDisruptionBudget as the API shows it."""
    return {
        "metadata": {"name": "shop"},
        "spec": {"selector": {"matchLabels": {"app": app}}},
        "status": {"expectedPods": expected, "desiredHealthy": desired},
    }


@pytest.mark.parametrize(
    ("whose", "old", "budgets", "why"),
    [
        (workload("Deployment", 1), 1, [], "an eviction would leave it without a Ready pod"),
        (workload("Deployment", 4), 1, [budget(4, 4)], "the budget shop can never allow an eviction"),
        (workload("Deployment", 4), 1, [budget(4, 3)], ""),
        (workload("Deployment", 4), 1, [budget(0, 0)], ""),
        (workload("Deployment", 4), 1, [budget(4, 4, "other")], ""),
        (workload("Deployment", 4), 3, [], "3 of its 4 pods are old"),
        (workload("Deployment", 4), 2, [], ""),
        (workload("Deployment", 2, **rolling(maxUnavailable=2)), 2, [budget(2, 2)], ""),
        (workload("Deployment", 0), 1, [], ""),
        (workload("StatefulSet", 1), 1, [], ""),
        (workload("Deployment", 1, paused=True), 1, [], ""),
    ],
)
def test_auto_rolls_where_evictions_are_worse(
    whose: Workload, old: int, budgets: list[dict[str, Any]], why: str
) -> None:
    """Where the new pod comes first, and an eviction would do harm, cannot happen, or would happen to most pods."""
    given = steps(whose, old)
    chosen = choose(given, AUTO, budgets)
    if why:
        assert {step.action for step in chosen} == {Action.ROLL}
        assert {step.reason for step in chosen} == {f"Deployment web/shop rolls it; {why}"}
    else:
        assert chosen == given


def test_auto_evicts_the_only_pod_where_it_serves_nobody() -> None:
    """It is not Ready: an eviction takes nothing away."""
    given = steps(workload("Deployment", 1), ready=False)
    assert choose(given, AUTO) == given

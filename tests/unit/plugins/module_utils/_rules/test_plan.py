# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way a pod goes, and waves that keep their promises whatever the pods are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import (
    Action,
    Plan,
    Policy,
    Step,
    decide,
    make_plan,
    next_step,
)
from tests.unit.support.builders import QUICK, pod, state

KINDS = ["ReplicaSet", "StatefulSet", "Job", "DaemonSet", ""]
SERIALS = st.lists(
    st.one_of(st.integers(1, 6), st.integers(1, 6).map(str), st.integers(1, 100).map("{}%".format)), max_size=3
)
POLICIES = st.builds(Policy, st.sampled_from(["refuse", "recreate", "delete"]), st.sampled_from(["wait", "evict"]))


def workload(kind: str, name: str = "web", manifest: dict[str, Any] | None = None) -> Workload:
    """A workload whose pods that kind of controller makes; an empty kind is none at all."""
    if not kind:
        return BARE
    return Workload(kind, "web", name, f"uid-{name}", kind, {"spec": {}} if manifest is None else manifest)


def steps_of(groups: list[tuple[str, int]], policy: Policy) -> list[Step]:
    """Steps for workloads of (kind, number of pods)."""
    return [
        decide(pod(f"w{place}-{number}"), workload(kind, f"w{place}"), policy)
        for place, (kind, count) in enumerate(groups)
        for number in range(count)
    ]


STEPS = st.builds(steps_of, st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 12)), max_size=8), POLICIES)


@QUICK
@given(STEPS.flatmap(lambda steps: st.tuples(st.just(steps), st.permutations(steps))), SERIALS)
def test_every_step_is_planned_once_and_in_one_order(both: tuple[list[Step], list[Step]], serial: list[Any]) -> None:
    """Refused or planned; the order in which the pods came does not matter."""
    steps, shuffled = both
    plan = make_plan(steps, serial)
    assert Counter(step.pod.uid for step in [*plan.steps, *plan.refused]) == Counter(step.pod.uid for step in steps)
    assert {step.action for step in plan.refused} <= {Action.REFUSE}
    assert Action.REFUSE not in {step.action for step in plan.steps}
    assert make_plan(shuffled, serial) == plan


def all_together(plan: Plan) -> list[Step]:
    """The steps that are begun before any of them ends."""
    left, busy, begun = list(plan.steps), Counter[str](), []
    while (step := next_step(left, busy)) is not None:
        left.remove(step)
        busy[step.group] += 1
        begun.append(step)
    return begun


@QUICK
@given(STEPS, st.integers(1, 4))
def test_no_more_pods_of_a_workload_are_on_their_way_than_may_be(steps: list[Step], several: int) -> None:
    """One, or as many as workload_serial says; of a StatefulSet one. A workload with room left has no pod that waits."""
    plan = make_plan(steps, [1], several)
    begun = all_together(plan)
    for group, count in Counter(step.group for step in begun).items():
        parallel = next(step.parallel for step in begun if step.group == group)
        assert count <= parallel <= several
        assert count == parallel or group not in {step.group for step in plan.steps if step not in begun}


def test_what_is_set_aside_keeps_its_whole_workload_waiting() -> None:
    """The others go first."""
    steps = make_plan(steps_of([("ReplicaSet", 2), ("ReplicaSet", 1)], Policy()), [1]).steps
    chosen = next_step(steps, {}, {steps[0].group})
    assert chosen is not None
    assert chosen.workload.name == "w1"
    assert next_step(steps, {}, {step.group for step in steps}) is None


@QUICK
@given(STEPS, SERIALS)
def test_ordinals_of_a_stateful_set_fall(steps: list[Step], serial: list[Any]) -> None:
    """As numbers: 10 goes before 9."""
    plan = make_plan(steps, serial)
    for group in {step.group for step in plan.steps if step.workload.controller_kind == "StatefulSet"}:
        ordinals = [int(step.pod.name.rpartition("-")[2]) for step in plan.steps if step.group == group]
        assert ordinals == sorted(ordinals, reverse=True)


def test_pods_with_nothing_behind_them_do_not_wait_for_each_other() -> None:
    """Each is its own group."""
    assert len(all_together(make_plan(steps_of([("", 3)], Policy(unmanaged="delete")), [1]))) == 3


def test_what_serves_nobody_goes_first() -> None:
    """Its recreation may give room to a budget that covers other workloads, too."""
    healthy = decide(pod("a", ready=True), workload("ReplicaSet", "a"), Policy())
    broken = decide(pod("b", ready=False), workload("ReplicaSet", "b"), Policy())
    assert make_plan([healthy, broken], [1]).steps == [broken, healthy]


FINISHED_JOB = {"status": {"conditions": [state("Complete", "True")]}}
GONE = Workload("ReplicaSet", "web", "web", "uid-1", "ReplicaSet", None)
GONE_JOB = Workload("Job", "web", "web", "uid-1", "Job", None)
CUSTOM = Workload("CloneSet (apps.kruise.io/v1)", "web", "web", "uid-1", "", {})
KNOWN = Workload("CloneSet", "web", "web", "uid-1", "CloneSet", {"spec": {}}, custom=True)
DIRECT = Workload("Deployment", "web", "web", "uid-1", "Deployment", {"spec": {}})
DRIVER = Workload("Pod", "web", "web", "uid-1", "Pod", {})
REFUSING, EVICT = Policy(), Policy(running_jobs="evict")
AGAIN, AWAY = Policy(unmanaged="recreate"), Policy(unmanaged="delete")


@pytest.mark.parametrize(
    ("phase", "behind", "policy", "action"),
    [
        ("Running", workload("ReplicaSet"), REFUSING, Action.BY_CONTROLLER),
        ("Running", workload("ReplicationController"), REFUSING, Action.BY_CONTROLLER),
        ("Running", workload("StatefulSet"), REFUSING, Action.BY_CONTROLLER),
        ("Failed", workload("ReplicaSet"), REFUSING, Action.CLEAR),
        ("Failed", workload("StatefulSet"), REFUSING, Action.BY_CONTROLLER),
        ("Running", workload("ReplicaSet"), AWAY, Action.BY_CONTROLLER),
        ("Running", workload("DaemonSet"), AWAY, Action.REFUSE),
        ("Running", workload("Node"), AGAIN, Action.REFUSE),
        ("Running", workload("Job"), REFUSING, Action.AWAIT_JOB),
        ("Running", workload("Job"), EVICT, Action.BY_CONTROLLER),
        ("Succeeded", workload("Job"), EVICT, Action.AWAIT_JOB),
        ("Running", workload("Job", manifest={"spec": {"backoffLimit": 0}}), EVICT, Action.AWAIT_JOB),
        ("Running", workload("Job", manifest={"spec": {"backoffLimit": 1}}), EVICT, Action.BY_CONTROLLER),
        ("Running", workload("Job", manifest={"status": {"failed": 6}}), EVICT, Action.AWAIT_JOB),
        ("Succeeded", workload("Job", manifest=FINISHED_JOB), REFUSING, Action.CLEAR),
        ("Running", GONE_JOB, REFUSING, Action.REFUSE),
        ("Running", GONE, REFUSING, Action.REFUSE),
        ("Running", GONE, AGAIN, Action.REFUSE),
        ("Running", GONE, AWAY, Action.DELETE),
        ("Running", KNOWN, REFUSING, Action.BY_CONTROLLER),
        ("Running", DIRECT, REFUSING, Action.REFUSE),
        ("Running", DIRECT, AGAIN, Action.FROM_MANIFEST),
        ("Running", DRIVER, AGAIN, Action.REFUSE),
        ("Running", DRIVER, AWAY, Action.DELETE),
        ("Running", workload("Job", manifest={"spec": {"suspend": True}}), EVICT, Action.AWAIT_JOB),
        ("Running", CUSTOM, REFUSING, Action.REFUSE),
        ("Running", CUSTOM, AGAIN, Action.FROM_MANIFEST),
        ("Running", CUSTOM, AWAY, Action.DELETE),
        ("Running", BARE, REFUSING, Action.REFUSE),
        ("Running", BARE, AGAIN, Action.FROM_MANIFEST),
        ("Running", BARE, AWAY, Action.DELETE),
        ("Succeeded", BARE, REFUSING, Action.CLEAR),
        ("Succeeded", CUSTOM, REFUSING, Action.REFUSE),
        ("Succeeded", BARE, AGAIN, Action.CLEAR),
    ],
)
def test_which_way_a_pod_goes(phase: str, behind: Workload, policy: Policy, action: str) -> None:
    """What nothing replaces is refused, unless the user chose otherwise; a reason is always given."""
    step = decide(pod(phase=phase), behind, policy)
    assert step.action == action
    assert step.reason
    assert bool(step.remedy) == (action in (Action.REFUSE, Action.AWAIT_JOB))


def test_a_pod_whose_end_argo_has_recorded_is_cleared() -> None:
    """Its label says so; the Workflow itself need not be read."""
    behind = Workload("Workflow (argoproj.io/v1alpha1)", "web", "web", "uid-1", "", {})
    completed = pod(phase="Succeeded", labels={"workflows.argoproj.io/completed": "true"})
    assert decide(completed, behind, REFUSING).action == Action.CLEAR
    assert decide(pod(phase="Succeeded"), behind, REFUSING).action == Action.REFUSE


@QUICK
@given(POLICIES, st.sampled_from(KINDS), st.sampled_from(["Running", "Failed"]))
def test_a_mirror_pod_is_never_touched(policy: Policy, kind: str, phase: str) -> None:
    """Whatever stands behind it and whatever the user chose."""
    assert decide(pod(mirror=True, phase=phase), workload(kind), policy).action == Action.REFUSE


def test_workloads_are_named_for_people() -> None:
    """Kind, namespace and name."""
    assert workload("StatefulSet", "db").shown == "StatefulSet web/db"
    assert BARE.shown == "no controller"


@pytest.mark.parametrize(
    ("whose", "policy", "action", "reason"),
    [
        (
            Workload("Farm", "web", "web", "uid-web", unread=True, manifest={}),
            Policy("recreate"),
            Action.REFUSE,
            "this user may not read its controller, a Farm",
        ),
        (
            Workload("Farm", "web", "web", "uid-web", "Farm", manifest=None),
            Policy("delete"),
            Action.DELETE,
            "its controller (Farm web) was deleted; deleted by choice (unmanaged: delete)",
        ),
    ],
)
def test_what_is_said_of_a_controller_that_is_not_understood(
    whose: Workload, policy: Policy, action: Action, reason: str
) -> None:
    """It may not be read, or is gone."""
    step = decide(pod(), whose, policy)
    assert (step.action, step.reason) == (action, reason)


def test_a_finished_pod_of_an_unknown_controller_is_cleared_where_others_are_recreated() -> None:
    """To make it again would do its work twice."""
    step = decide(
        pod(phase="Failed"), Workload("Farm", "web", "web", "uid-web", "Farm", manifest={}), Policy("recreate")
    )
    assert step.action == Action.CLEAR
    assert step.reason.endswith("and it has finished (Failed)")

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way a pod goes, and waves that keep their promises whatever the pods are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import (
    Action,
    Policy,
    Step,
    decide,
    make_plan,
    wave_limits,
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
    return Workload(kind, "web", name, f"uid-{name}", kind, {} if manifest is None else manifest)


def steps_of(groups: list[tuple[str, int]], policy: Policy) -> list[Step]:
    """Steps for workloads of (kind, number of pods)."""
    return [
        decide(pod(f"w{place}-{number}"), workload(kind, f"w{place}"), policy)
        for place, (kind, count) in enumerate(groups)
        for number in range(count)
    ]


STEPS = st.builds(steps_of, st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 12)), max_size=8), POLICIES)


def limit_of(serial: list[Any], place: int, total: int) -> int:
    """The most pods that a wave may hold, worked out in another way than the room does."""
    entry = str((serial or [1])[min(place, len(serial or [1]) - 1)])
    return max(1, total * int(entry[:-1]) // 100) if entry.endswith("%") else int(entry)


@QUICK
@given(STEPS.flatmap(lambda steps: st.tuples(st.just(steps), st.permutations(steps))), SERIALS)
def test_every_step_is_planned_once_and_in_one_order(both: tuple[list[Step], list[Step]], serial: list[Any]) -> None:
    """Refused or in exactly one wave; the order in which the pods came does not matter."""
    steps, shuffled = both
    plan = make_plan(steps, serial)
    assert Counter(step.pod.uid for step in [*plan.steps, *plan.refused]) == Counter(step.pod.uid for step in steps)
    assert {step.action for step in plan.refused} <= {Action.REFUSE}
    assert Action.REFUSE not in {step.action for step in plan.steps}
    assert make_plan(shuffled, serial) == plan


@QUICK
@given(STEPS, SERIALS)
def test_waves_are_no_larger_than_serial_and_hold_one_of_a_workload(steps: list[Step], serial: list[Any]) -> None:
    """No workload loses two pods at a time."""
    plan = make_plan(steps, serial)
    for place, wave in enumerate(plan.waves):
        assert 1 <= len(wave) <= limit_of(serial, place, len(plan.steps))
        assert len({step.group for step in wave}) == len(wave)


@QUICK
@given(STEPS, SERIALS)
def test_waves_are_as_large_as_they_may_be(steps: list[Step], serial: list[Any]) -> None:
    """A wave with room left has a pod of every workload that still has some: the last entry of serial is repeated."""
    plan = make_plan(steps, serial)
    for place, wave in enumerate(plan.waves):
        later = {step.group for rest in plan.waves[place + 1 :] for step in rest}
        full = len(wave) == limit_of(serial, place, len(plan.steps))
        assert full or later <= {step.group for step in wave}


def test_a_short_last_wave_does_not_slow_down_those_after_it() -> None:
    """The same in numbers: 5 workloads of 6 pods and one of 1, thirty at a time, take six waves."""
    steps = steps_of([("ReplicaSet", 6)] * 5 + [("ReplicaSet", 1)], Policy())
    assert [len(wave) for wave in make_plan(steps, [30]).waves] == [6, 5, 5, 5, 5, 5]


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
    plan = make_plan(steps_of([("", 3)], Policy(unmanaged="delete")), ["100%"])
    assert [len(wave) for wave in plan.waves] == [3]


@pytest.mark.parametrize(
    ("serial", "total", "sizes"),
    [
        ([], 2, [1, 1]),
        ([1], 3, [1, 1, 1]),
        (["2"], 3, [2, 1]),
        (["30%"], 10, [3, 3, 3, 1]),
        ([1, 5, "25%"], 20, [1, 5, 5, 5, 4]),
        (["1%"], 3, [1, 1, 1]),
        ([" 50% "], 4, [2, 2]),
        (["100%"], 4, [4]),
        ([9], 0, []),
    ],
)
def test_serial_reads_as_in_a_play(serial: list[object], total: int, sizes: list[int]) -> None:
    """Numbers, percentages of all, growing waves; the last one is repeated."""
    plan = make_plan(steps_of([("", total)], Policy(unmanaged="delete")), serial)
    assert [len(wave) for wave in plan.waves] == sizes


BAD_SERIALS = [
    0,
    -1,
    "0",
    "0%",
    "101%",
    "-5%",
    "x",
    "",
    " ",
    "1.5",
    1.5,
    1.0,
    True,
    None,
    "1e3",
    "\uff11",
    "5 %",
    [1],
    {},
]


@pytest.mark.parametrize("entry", BAD_SERIALS, ids=ascii)
@pytest.mark.parametrize("total", [0, 3])
def test_serial_that_means_nothing_is_refused(entry: object, total: int) -> None:
    """Also after a good entry, and also where there is nothing to do today."""
    with pytest.raises(
        InvalidInput, match=r"^serial: .* is neither a number of pods above 0 nor a percentage"
    ) as caught:
        wave_limits([1, entry], total)
    assert "'25%'" in caught.value.remedy


FINISHED_JOB = {"status": {"conditions": [state("Complete", "True")]}}
GONE = Workload("ReplicaSet", "web", "web", "uid-1", "ReplicaSet", None)
GONE_JOB = Workload("Job", "web", "web", "uid-1", "Job", None)
CUSTOM = Workload("CloneSet (apps.kruise.io/v1)", "web", "web", "uid-1", "", {})
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
        ("Running", GONE, AGAIN, Action.FROM_MANIFEST),
        ("Running", CUSTOM, REFUSING, Action.REFUSE),
        ("Running", CUSTOM, AGAIN, Action.FROM_MANIFEST),
        ("Running", CUSTOM, AWAY, Action.DELETE),
        ("Running", BARE, REFUSING, Action.REFUSE),
        ("Running", BARE, AGAIN, Action.FROM_MANIFEST),
        ("Running", BARE, AWAY, Action.DELETE),
        ("Succeeded", BARE, REFUSING, Action.REFUSE),
        ("Succeeded", BARE, AGAIN, Action.CLEAR),
    ],
)
def test_which_way_a_pod_goes(phase: str, behind: Workload, policy: Policy, action: str) -> None:
    """What nothing replaces is refused, unless the user chose otherwise; a reason is always given."""
    step = decide(pod(phase=phase), behind, policy)
    assert step.action == action
    assert step.reason


@QUICK
@given(POLICIES, st.sampled_from(KINDS), st.sampled_from(["Running", "Failed"]))
def test_a_mirror_pod_is_never_touched(policy: Policy, kind: str, phase: str) -> None:
    """Whatever stands behind it and whatever the user chose."""
    assert decide(pod(mirror=True, phase=phase), workload(kind), policy).action == Action.REFUSE


def test_workloads_are_named_for_people() -> None:
    """Kind, namespace and name."""
    assert workload("StatefulSet", "db").shown == "StatefulSet web/db"
    assert BARE.shown == "no controller"

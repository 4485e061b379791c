# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever follows a run is told of every pod, and what it waits for: soon after it begins, and again while it lasts."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Lines
from ansible_collections.ackops.eci.plugins.module_utils._recreate.restart import WorkloadRestart
from ansible_collections.ackops.eci.plugins.module_utils._recreate.run import Environment, carry_out
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waiting import MOST_AGAIN, Waiting
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Policy
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import RESTART, choose
from tests.unit.plugins.module_utils._recreate.test_pod import context_of
from tests.unit.plugins.module_utils._recreate.test_restart import RollingCluster
from tests.unit.plugins.module_utils._recreate.test_run_on_model import Notes, old_pods, request
from tests.unit.support.model_cluster import ModelClock, ModelCluster, ModelPool

SOON, LASTING = 5.0, 30.0


class Heard(Notes):
    """A journal that keeps when each pod was spoken of, recorded or not."""

    def __init__(self, clock: ModelClock) -> None:
        super().__init__()
        self.clock = clock
        self.lines: list[tuple[float, str, dict[str, Any]]] = []

    def write(self, event: str, **details: Any) -> None:
        """Keep it with the time."""
        super().write(event, **details)
        self.lines.append((self.clock.time, event, details))

    def tell(self, event: str, **details: Any) -> None:
        """Keep it with the time, too."""
        super().tell(event, **details)
        self.lines.append((self.clock.time, event, details))

    def waits(self) -> list[tuple[float, dict[str, Any]]]:
        """When a wait was told of, and how."""
        return [(when, details) for when, event, details in self.lines if event == "waits"]


def follow(cluster: ModelCluster, **choices: Any) -> tuple[dict[str, Any], Heard]:
    """Run to the end, followed in the model's time."""
    heard = Heard(cluster.clock)
    around = Environment(cluster, cluster.clock, heard, pool=lambda: ModelPool(cluster.clock), ticking=cluster.ticking)
    return carry_out(around, request(old_pods(cluster), **choices), dry_run=False, limit=1000), heard


def gaps(heard: Heard, uid: str) -> list[float]:
    """Seconds between two lines about a pod, from the first to the last."""
    shown = ("removing", "set_aside", "waits", "finished", "failed")
    times = [when for when, event, details in heard.lines if event in shown and details.get("uid") == uid]
    return [later - earlier for earlier, later in pairwise(times)]


@pytest.mark.parametrize("seed", range(30))
def test_every_wait_is_told_soon_and_again(seed: int) -> None:
    """Whatever a pod waits for, and whatever is wrong with the connection: nobody looks at a silent screen."""
    cluster = ModelCluster(seed, faults=[0.0, 0.1][seed % 2])
    for number in range(3):
        cluster.workload(["ReplicaSet", "StatefulSet"][number % 2], f"app{number}", 3)
    result, heard = follow(cluster, serial=[1 + seed % 3])
    assert result["problem"] == ""
    for done in result["pods"]:
        assert max(gaps(heard, done["uid"])) <= LASTING
        begun = max(
            when for when, event, details in heard.lines if event == "removing" and details["uid"] == done["uid"]
        )
        [end] = [when for when, event, details in heard.lines if event == "finished" and details["uid"] == done["uid"]]
        first = [when for when, details in heard.waits() if details["uid"] == done["uid"] and when >= begun]
        assert end - begun <= SOON or first[0] - begun <= SOON
    assert all(details["reason"] for _when, details in heard.waits())


def test_a_blocked_budget_is_told_while_it_blocks() -> None:
    """With its name, how long it has been so, and, when nothing else is left to do, of which limit."""
    cluster = ModelCluster(1)
    for name in ("a", "b"):
        cluster.workload("ReplicaSet", name, 3)
    cluster.budgets_left["b"] = 0
    _result, heard = follow(cluster)
    told = [(when, details) for when, details in heard.waits() if details.get("aside")]
    assert {details["reason"] for _when, details in told} == {"The disruption budget b has no room"}
    assert {details["pods"] for _when, details in told} == {3}
    [first] = [when for when, event, _details in heard.lines if event == "set_aside"]
    times = [first, *(when for when, _details in told), cluster.clock.time]
    assert max(later - earlier for earlier, later in pairwise(times)) <= LASTING
    assert 0 < told[-1][1]["idle"] <= told[-1][1]["limit"] == 300.0


def test_what_is_awaited_of_a_pod_is_told_in_turn() -> None:
    """The old pod first, then its controller with its last warning, then the new pod, then that it stays Ready."""
    cluster = ModelCluster(4)
    db = cluster.workload("StatefulSet", "db", 1)
    cluster.workloads[db]["spec"]["minReadySeconds"] = 20
    reconcile = cluster._reconcile

    def later(owner: str) -> None:
        cluster.clock.after(15.0, functools.partial(reconcile, owner))

    def complains(namespace: str, uid: str) -> list[str]:
        return [f"FailedCreate: no room in {namespace} for {uid == db}"]

    cluster._reconcile, cluster.warnings_about = later, complains  # type: ignore[method-assign]
    _result, heard = follow(cluster)
    reasons = [details["reason"] for _when, details in heard.waits()]
    assert list(dict.fromkeys(reasons)) == [
        "the old pod is terminating, its grace period is None s",
        "StatefulSet shop/db has not made a replacement yet",
        "StatefulSet shop/db has not made a replacement yet: FailedCreate: no room in shop for True",
        "its replacement 'db-0' on 'virtual-kubelet-a' is not Ready: its ECI instance is being created",
        "its replacement 'db-0' has to stay Ready for 20 s (minReadySeconds)",
    ]


def test_a_rollout_is_told() -> None:
    """How many old pods are left, and which of its pods is not Ready."""
    cluster = RollingCluster(1)
    cluster.workload("StatefulSet", "db", 3)
    heard = Heard(cluster.clock)
    steps = choose(Workloads(cluster).steps_for(old_pods(cluster), Policy()), RESTART)
    context = replace(context_of(cluster), journal=heard)
    with cluster.ticking(context.waiting.tick):
        WorkloadRestart(context, steps, 300.0).run()
    assert {details["workload"] for _when, details in heard.waits()} == {"StatefulSet shop/db"}
    reasons = [details["reason"] for _when, details in heard.waits()]
    assert reasons[0].startswith("3 of 3 old pods are still there")
    assert "; its pod 'db-1' is not Ready: its ECI instance is being created" in " ".join(reasons)
    assert reasons[-1].startswith("0 of 3 old pods are still there")


def test_a_server_that_does_not_answer_is_told() -> None:
    """While the run looks around, too: nothing has begun, and the screen says why."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "a", 1)
    pods = request(old_pods(cluster))
    pages = cluster.pages

    def no_answer(path: str, query: Mapping[str, str], size: int) -> Iterator[Mapping[str, Any]]:
        if cluster.clock.time < 40:
            raise ConnectionFailed("no answer from https://model:6443", "")
        return pages(path, query, size)

    cluster.pages = no_answer  # type: ignore[method-assign]
    heard = Heard(cluster.clock)
    around = Environment(cluster, cluster.clock, heard, pool=lambda: ModelPool(cluster.clock), ticking=cluster.ticking)
    assert carry_out(around, pods, dry_run=False, limit=10)["problem"] == ""
    times = [when for when, details in heard.waits() if details["reason"] == "no answer from https://model:6443"]
    assert times[0] <= SOON
    assert 25 <= times[1] - times[0] <= LASTING


def test_a_server_that_throttles_is_told() -> None:
    """Its own words, until it lets the pod go."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "a", 1)
    cluster.refusals = [ApiError(429, "TooManyRequests", "come again", retry_after=5.0)] * 3
    _result, heard = follow(cluster)
    assert heard.waits()[0][1]["reason"] == "come again"


def waiting() -> tuple[ModelClock, list[tuple[str, dict[str, Any]]], Waiting]:
    """Nobody yet, and what is told."""
    clock, told = ModelClock(), list[tuple[str, dict[str, Any]]]()
    return clock, told, Waiting(clock, lambda event, **details: told.append((event, details)))


def pass_seconds(clock: ModelClock, waits: Waiting, seconds: int) -> None:
    """Let time pass, with a tick every second."""
    for _second in range(seconds):
        clock.sleep(1.0)
        waits.tick()


def test_short_waits_and_ended_ones_are_not_worth_a_line() -> None:
    """Nor is one without a reason."""
    clock, told, waits = waiting()
    short, _silent = waits.begin("a", 60.0), waits.begin("b", 60.0)
    short.because("soon over")
    pass_seconds(clock, waits, 1)
    short.end()
    short.because("too late")
    pass_seconds(clock, waits, 60)
    assert told == []


def test_a_change_is_told_and_a_flutter_is_not() -> None:
    """A reason that comes and goes every second fills no screen."""
    clock, told, waits = waiting()
    one = waits.begin("a", 60.0, name="web")
    for second in range(30):
        one.because(f"reason {second}")
        pass_seconds(clock, waits, 1)
    assert 2 < len(told) <= 10
    one.because("at last", "1.1.0")
    pass_seconds(clock, waits, 4)
    assert told[-1][1]["reason"] == "at last"
    assert told[-1][1]["new_version"] == "1.1.0"


def test_what_the_run_waits_for_counts_from_its_own_beginning() -> None:
    """Each time anew, and at once."""
    clock, told, waits = waiting()
    hold = waits.begin("hold", 900.0)
    for _time in range(2):
        pass_seconds(clock, waits, 100)
        hold.because("no contact")
        pass_seconds(clock, waits, 3)
        hold.because("")
    assert [(details["reason"], details["seconds"]) for _event, details in told] == [("no contact", 2.0)] * 2


def test_many_that_wait_are_told_in_turn() -> None:
    """So many at a time, those first that were told of least lately; the others are counted."""
    clock, told, waits = waiting()
    for number in range(MOST_AGAIN * 2):
        waits.aside(f"aside:{number}", 900.0, "no room", name=f"web-{number}", pods=2)
    pass_seconds(clock, waits, 25)
    assert [event for event, _details in told] == ["waits"] * MOST_AGAIN + ["waits_for_more"]
    assert told[-1][1] == {"pods": MOST_AGAIN * 2}
    first = {details["name"] for event, details in told if event == "waits"}
    pass_seconds(clock, waits, 25)
    assert len(first | {details["name"] for event, details in told if event == "waits"}) == MOST_AGAIN * 2


def test_the_lines_say_where_and_how_long() -> None:
    """The place in the plan, versions, the time and its limit, and, once a pod is done, what the others may take."""
    lines = Lines()
    pods = [{"uid": f"u{n}", "namespace": "shop", "name": f"web-{n}", "old_version": "1.0.0"} for n in (1, 2, 3)]
    assert lines.of("plan", {"pods": pods}) == ""
    first, second, third = pods
    times = {"seconds": 12.4, "idle": 0.0, "limit": 900.0}
    why = {"reason": "NoStock: none\nleft", "new_version": "1.1.0"}
    assert lines.of("removing", {**first, "method": "evict", "reason": "it is old"}) == (
        "1/3 shop/web-1 (1.0.0): evict, because it is old"
    )
    assert lines.of("waits", {**first, **times, **why}) == (
        r"1/3 shop/web-1 (1.0.0 -> 1.1.0): waiting, 12 of 900 s: NoStock: none\nleft"
    )
    done = {"outcome": "recreated", "new_name": "web-9", "new_version": "1.1.0", "seconds": 60.0}
    assert lines.of("finished", {**first, **done}) == (
        "1/3 shop/web-1 (1.0.0 -> 1.1.0): recreated as web-9 on 1.1.0 in 60.0 s (1 of 3 done, about 2 min left)"
    )
    aside = {**second, **times, "reason": "no room", "aside": True, "pods": 2, "workload": "Deployment shop/web"}
    assert lines.of("waits", aside) == (
        "2/3 shop/web-2 (1.0.0) and 1 more of Deployment shop/web: set aside for 12 s: no room"
    )
    assert lines.of("waits", {**aside, "pods": 1, "idle": 7.0}) == (
        "2/3 shop/web-2 (1.0.0): set aside for 12 s, 7 of 900 s with nothing else to do: no room"
    )
    rollout = {**times, "workload": "Deployment shop/web", "pods": 3, "reason": "1 of 3 old pods are still there"}
    assert lines.of("waits", rollout) == (
        "Deployment shop/web (3 pod(s)): waiting, 12 of 900 s: 1 of 3 old pods are still there"
    )
    assert lines.of("waits", {**times, "reason": "no answer"}) == "the run: waiting, 12 of 900 s: no answer"
    assert lines.of("waits_for_more", {"pods": 7}) == "7 more pod(s) wait as they did"
    assert "left" not in lines.of("failed", {**third, "outcome": "failed", "reason": "gone", "seconds": 1.0})

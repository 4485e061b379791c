# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that looks like production: what is healthy is recreated, what is not is told once, and nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster import workloads as w
from tests.demo.busy_scene import DEPLOYMENTS, NEW, SHOP, STATEFUL_SETS, TROUBLES, BusyScene, Trouble
from tests.integration.support import Run, run_preflight

# What these tests share is made once, for one worker.
pytestmark = pytest.mark.xdist_group("busy")

POD_TIMEOUT = 20
BLOCKED = [trouble for trouble in TROUBLES if trouble.reason]


@dataclass
class Story:
    """A check and a run, and what was to be seen around them."""

    scene: BusyScene
    check: Run
    run: Run
    # Pods by workload: before, after the check, after the run.
    workloads: list[Counter[str]]
    uids: list[set[str]]
    ledger: list[dict[str, Any]]

    @property
    def ended(self) -> list[dict[str, Any]]:
        """How each pod that was removed ended: all of them, where a result lists the first ones."""
        return [entry for entry in self.ledger if entry["event"] == "finished" and entry["removed"]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Look, check, run with the defaults (but for a short time for each pod)."""
    home = tmp_path_factory.mktemp("busy")
    workloads: list[Counter[str]] = []
    uids: list[set[str]] = []
    with BusyScene() as scene:

        def look() -> None:
            workloads.append(scene.by_workload())
            uids.append(scene.uids())

        look()
        check = run_preflight(scene.cluster.kubeconfig, home, "--check", pod_timeout=POD_TIMEOUT)
        look()
        run = run_preflight(scene.cluster.kubeconfig, home, pod_timeout=POD_TIMEOUT)
        look()
        assert run.preflight["set_aside"], run.text
        (path,) = home.glob("state/ackops-eci/*/ledger.jsonl")
        ledger = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        yield Story(scene, check, run, workloads, uids, ledger)


def of(causes: list[dict[str, Any]], namespace: str) -> list[dict[str, Any]]:
    """The causes of a namespace."""
    return [cause for cause in causes if cause["namespace"] == namespace]


def test_every_healthy_pod_is_recreated(story: Story) -> None:
    """All of them are Ready on the version that supports the target, whatever is the matter beside them."""
    assert story.scene.old()[SHOP] == 0, story.run.text
    pods = story.scene.pods(SHOP)
    assert all(w.is_ready(pod) for pod in pods)
    assert len(pods) == story.scene.healthy == sum([*DEPLOYMENTS.values(), *STATEFUL_SETS.values()])
    assert {pod["metadata"]["uid"] for pod in pods}.isdisjoint(story.uids[0])


def test_nothing_is_lost(story: Story) -> None:
    """Every workload has as many pods as before, and what was removed is what the report says."""
    assert story.workloads[2] == story.workloads[0]
    gone = story.uids[1] - story.uids[2]
    assert gone == {entry["uid"] for entry in story.ended}
    assert Counter(entry["outcome"] for entry in story.ended) == {"recreated": story.scene.healthy + 4, "deleted": 1}
    outcomes = story.run.preflight["outcomes"]
    assert (outcomes["recreated"], outcomes["deleted"]) == (story.scene.healthy + 4, 1)
    assert set(outcomes) == {"recreated", "deleted", "set_aside"}


def test_what_is_left_is_what_cannot_go(story: Story) -> None:
    """As many old pods in each namespace as its trouble keeps there."""
    assert story.scene.old() == Counter({trouble.namespace: trouble.left for trouble in TROUBLES if trouble.left})


@pytest.mark.parametrize("trouble", BLOCKED, ids=lambda trouble: str(trouble.namespace))
def test_each_trouble_is_told_once_with_its_remedy(story: Story, trouble: Trouble) -> None:
    """In the one list of the result, for as many pods as it keeps; in the message too."""
    (cause,) = of(story.run.preflight["set_aside"], trouble.namespace)
    assert cause["pods"] == trouble.left
    assert trouble.reason in cause["reason"]
    assert trouble.remedy in cause["remedy"]
    shown = [line for line in story.run.result("Show the result")["msg"] if f" {trouble.namespace}/" in f" {line}"]
    assert len([line for line in shown if line.startswith("set aside: ")]) == 1, shown


def test_there_is_nothing_else_in_the_list(story: Story) -> None:
    """A healthy workload is never among what was set aside."""
    named = {cause["namespace"] for cause in story.run.preflight["set_aside"]}
    assert named == {trouble.namespace for trouble in BLOCKED}


def test_the_gate_stays_shut_and_says_it_once(story: Story) -> None:
    """One failed task at the end, after a fresh scan; it names what the matrix does not know too."""
    assert story.run.code == 2
    assert story.run.preflight["ready"] is False
    shut = [entry for entry in story.run.entries if "Keep the gate shut" in entry.get("task", "")]
    assert [entry["result"].get("failed") for entry in shut] == [True]
    left = sum(trouble.left for trouble in TROUBLES)
    counts = story.run.preflight["counts"]
    assert counts["incompatible"] + counts["unknown"] == left
    assert counts["unknown"] == 2


def test_the_run_waits_together(story: Story) -> None:
    """For what may change it waits once at the end, one pod_timeout in all: not one for each trouble."""
    removed = [entry for entry in story.ledger if entry["event"] == "removed"]
    (stopped,) = [entry for entry in story.ledger if entry["event"] == "stopped"]
    assert stopped["reason"] == f"nothing else could be done for {POD_TIMEOUT} s"
    assert story.ledger.index(stopped) > story.ledger.index(removed[-1])
    # What was set aside is written down when it is, and again only when its reason has changed.
    aside = Counter((entry["uid"], entry["reason"]) for entry in story.ledger if entry["event"] == "set_aside")
    assert max(aside.values()) == 1


def test_the_broken_workload_goes_first(story: Story) -> None:
    """Of two workloads under one budget: that gives it the room for the healthy one."""
    removed = [
        entry["name"] for entry in story.ledger if entry["event"] == "removed" and entry["namespace"] == "shared"
    ]
    assert [name.split("-")[0] for name in removed] == ["sick", "well", "well"]


def test_what_crash_loops_before_and_after_is_done(story: Story) -> None:
    """What it was before is the yardstick, and the report says so."""
    (entry,) = of(story.ended, "crash")
    assert (entry["outcome"], entry["new_version"]) == ("recreated", NEW)
    assert "CrashLoopBackOff" in entry["reason"]


def test_a_finished_pod_is_deleted_with_its_manifest_kept(story: Story) -> None:
    """Nobody needs it, and nothing would recreate it."""
    (entry,) = of(story.ended, "finished")
    assert entry["outcome"] == "deleted"
    assert "its manifest is kept in" in entry["reason"]


def test_check_mode_says_the_same_and_touches_nothing(story: Story) -> None:
    """The same troubles with the same remedies, before anything is removed."""
    assert story.uids[1] == story.uids[0]
    assert story.workloads[1] == story.workloads[0]
    named = {cause["namespace"] for cause in story.check.preflight["set_aside"]}
    assert {trouble.namespace for trouble in BLOCKED} <= named, story.check.text
    assert SHOP not in named, story.check.text
    # The result lists the first pods only; its counts are of all.
    assert int(story.check.preflight["outcomes"]["predicted"]) >= story.scene.healthy

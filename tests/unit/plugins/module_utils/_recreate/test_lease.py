# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease by which one run at a time works on a cluster, and the words that name its holder."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.interrupt import Interrupts
from ansible_collections.ackops.eci.plugins.module_utils._recreate.lease import (
    DURATION_SECONDS,
    LOOK_SECONDS,
    RENEW_SECONDS,
    ClusterBusy,
    Lease,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import (
    ANNOTATION,
    Entry,
    entries_of,
    missing_pods,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from tests.unit.support.model_cluster import ModelCluster

HERE = Holder.of_this_process("run-1")
ELSEWHERE = dataclasses.replace(HERE, who="root@other", space="00000000", run="run-2")
DEAD = dataclasses.replace(HERE, pid=2**30, started="1", run="run-3")


def held_by(cluster: ModelCluster, holder: Holder) -> str:
    """Take the lease for somebody; returns the text of the holder."""
    Lease(cluster, cluster.clock, holder).take()
    return str(holder)


def holder_of(cluster: ModelCluster) -> str:
    """Who holds it now."""
    assert cluster.lease is not None
    return str(cluster.lease["spec"]["holderIdentity"])


def test_a_holder_reads_as_it_was_written() -> None:
    """Whatever is in the lease of somebody else is no holder of ours."""
    for holder in (HERE, ELSEWHERE, DEAD, dataclasses.replace(HERE, started="", space="")):
        assert Holder.parse(str(holder)) == holder
    for text in ("", "kube-scheduler_1234", f"{HERE}\n", "a@b pid x.1 in 0 run r"):
        assert Holder.parse(text) is None


def test_a_process_is_told_from_others() -> None:
    """This one lives, one that never was does not, and of another machine nothing is known."""
    assert HERE.lives() is True
    assert DEAD.lives() is False
    assert ELSEWHERE.lives() is None
    assert dataclasses.replace(HERE, started="1").lives() is False
    assert dataclasses.replace(HERE, space="").lives() is None


def test_a_process_that_has_ended_does_not_live() -> None:
    """Neither as a zombie nor when it is gone."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    holder = dataclasses.replace(HERE, pid=process.pid, started=started)
    assert holder.lives() is True
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert holder.lives() is False
    process.communicate()
    assert holder.lives() is False


def test_a_living_holder_on_this_machine_is_found_busy_at_once() -> None:
    """The second run names the first, and takes no time."""
    cluster = ModelCluster(1)
    held_by(cluster, HERE)
    with pytest.raises(ClusterBusy, match=r"run run-1' holds the Lease kube-system/ackops-eci-preflight"):
        Lease(cluster, cluster.clock, ELSEWHERE).take()
    assert cluster.clock.time == 0
    assert holder_of(cluster) == str(HERE)


def test_a_dead_holder_on_this_machine_is_replaced_at_once() -> None:
    """Run again after a kill, and it goes on."""
    cluster = ModelCluster(1)
    held_by(cluster, DEAD)
    assert held_by(cluster, HERE) == holder_of(cluster)
    assert cluster.clock.time == 0


def test_a_holder_elsewhere_that_renews_is_alive() -> None:
    """Seen by its next renewal, whatever its clock says."""
    cluster = ModelCluster(1)
    other = Lease(cluster, cluster.clock, ELSEWHERE)
    other.take()
    cluster.clock.after(RENEW_SECONDS, other.renew)
    said: list[str] = []
    with pytest.raises(ClusterBusy):
        Lease(cluster, cluster.clock, HERE).take(tell=said.append)
    assert cluster.clock.time <= RENEW_SECONDS + LOOK_SECONDS
    assert len(said) == 1
    assert "waiting for a sign of life" in said[0]


def test_a_holder_elsewhere_that_is_silent_is_waited_out() -> None:
    """So long as its lease lasts, and no longer; an interrupt ends the wait."""
    cluster = ModelCluster(1)
    held_by(cluster, ELSEWHERE)
    with pytest.raises(ClusterBusy, match="it was interrupted"):
        Lease(cluster, cluster.clock, HERE).take(stop=lambda: "it was interrupted" if cluster.clock.time > 5 else "")
    assert holder_of(cluster) == str(ELSEWHERE)
    began = cluster.clock.time
    held_by(cluster, HERE)
    assert DURATION_SECONDS <= cluster.clock.time - began <= DURATION_SECONDS + 2
    assert holder_of(cluster) == str(HERE)


def test_a_lease_that_is_lost_says_so() -> None:
    """Not renewed in time: nothing is removed until it is. Taken by somebody: the run ends. Released: anybody's, at once."""
    cluster = ModelCluster(1)
    mine = Lease(cluster, cluster.clock, HERE)
    assert mine.lost() == ""
    mine.take()
    cluster.clock.sleep(DURATION_SECONDS - 1)
    assert mine.hold() == ""
    cluster.clock.sleep(2)
    assert "could not be renewed for 30 s" in mine.hold()
    assert mine.lost() == ""  # nobody else has it
    mine.renew()
    assert mine.hold() == ""
    assert cluster.lease is not None
    cluster.lease["spec"]["holderIdentity"] = str(ELSEWHERE)
    mine.renew()
    assert "was taken by" in mine.lost()
    mine.release()
    assert holder_of(cluster) == str(ELSEWHERE)


def test_a_released_lease_is_free() -> None:
    """For the next run, without a wait."""
    cluster = ModelCluster(1)
    mine = Lease(cluster, cluster.clock, HERE)
    mine.take()
    mine.release()
    assert holder_of(cluster) == ""
    held_by(cluster, ELSEWHERE)
    assert cluster.clock.time == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_is_noted(number: signal.Signals) -> None:
    """It raises nothing, and the handler of before is put back."""
    # Tests that are started in the background may find it ignored.
    before = signal.signal(number, signal.default_int_handler)
    try:
        with Interrupts() as interrupts:
            assert interrupts.said() == ""
            os.kill(os.getpid(), number)
            assert interrupts.said() == f"it was interrupted ({number.name})"
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As nohup wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.said() == ""
    finally:
        signal.signal(signal.SIGHUP, before)


def test_progress_is_one_plain_line_for_each_step(tmp_path: Path) -> None:
    """What comes from a cluster cannot break the line; a file that cannot be written stops nothing."""
    path = tmp_path / "progress"
    progress = Progress(str(path))
    pod = {"namespace": "shop", "name": "web\n{{ 1 }}", "uid": "u1"}
    progress.tell("started", {"pods": 2, "ledger": "/l"})
    progress.tell("removing", {**pod, "method": "evict", "reason": "it\x1b[2J is old"})
    progress.tell("removed", pod)
    done = {"outcome": "recreated", "new_name": "web-2", "new_version": "1.1.0", "new_node": "n", "seconds": 1.25}
    progress.tell("finished", {**pod, **done})
    progress.tell("failed", {**pod, "uid": "u2", "outcome": "failed", "reason": "no stock"})
    assert path.read_text(encoding="utf-8").splitlines() == [
        "2 pod(s) to recreate; the ledger is /l",
        r"shop/web\n{{ 1 }}: evict, because it\x1b[2J is old",
        r"shop/web\n{{ 1 }}: recreated as web-2 on 1.1.0 in 1.2 s (1 of 2 done, about 1 s left)",
        r"shop/web\n{{ 1 }}: failed, no stock (2 of 2 done)",
    ]
    Progress(str(tmp_path / "no" / "where")).tell("started", {"pods": 1, "ledger": "/l"})


def note(name: str, again: bool = True) -> Entry:
    """A pod that a run has taken away."""
    return Entry("shop", name, f"uid-of-{name}", again)


def test_what_is_missing_is_noted_until_it_is_back() -> None:
    """The next run, on whatever machine, finds it on the lease; a renewal does not lose it."""
    cluster = ModelCluster(1)
    mine = Lease(cluster, cluster.clock, HERE)
    mine.take()
    mine.add(note("a"))
    mine.add(note("b"))
    mine.renew()
    mine.drop(["uid-of-a", "never noted"])
    mine.release()
    assert [entry.name for entry in entries_of(cluster.lease)] == ["b"]
    theirs = Lease(cluster, cluster.clock, ELSEWHERE)
    theirs.take()
    assert theirs.missing() == [note("b")]
    theirs.drop(["uid-of-b"])
    assert entries_of(cluster.lease) == []


def test_what_nobody_wants_back_is_remembered() -> None:
    """The machine whose ledger would make the pod again finds out by the lease; the gate does not wait for it."""
    cluster = ModelCluster(1)
    mine = Lease(cluster, cluster.clock, HERE)
    mine.take()
    mine.add(note("a"))
    assert mine.forget(["shop/a", "shop/other"]) == {"shop/a"}
    mine.release()
    assert missing_pods(cluster, Workloads(cluster)) == []
    theirs = Lease(cluster, cluster.clock, ELSEWHERE)
    theirs.take()
    assert theirs.missing() == []
    assert [entry.name for entry in theirs.missing(forgotten=True)] == ["a"]


def test_nothing_is_noted_on_a_lease_that_was_taken_away() -> None:
    """The pod must not be removed then: nobody would know."""
    cluster = ModelCluster(1)
    mine = Lease(cluster, cluster.clock, HERE)
    mine.take()
    assert cluster.lease is not None
    cluster.lease["spec"]["holderIdentity"] = str(ELSEWHERE)
    with pytest.raises(ClusterBusy):
        mine.add(note("a"))


@pytest.mark.parametrize(
    "text", ["", "{", "null", "7", '["x"]', '[{"name": "a"}]', '[{"namespace": 1, "name": "", "uid": "u"}]']
)
def test_a_note_that_nobody_of_us_wrote_names_no_pod(text: str) -> None:
    """It is text from the cluster like any other."""
    assert entries_of({"metadata": {"annotations": {ANNOTATION: text}}}) == []

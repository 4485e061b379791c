# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record on disk: private, flushed, and read again by the next run."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import RecordFailed
from ansible_collections.ackops.eci.plugins.module_utils._recreate.ledger import (
    Ledger,
    default_directory,
    ledgers_of,
    open_ledger,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.unfinished import Cluster
from tests.unit.support.model_cluster import ModelClock

POD = {"namespace": "shop", "name": "web-1", "uid": "uid-1"}
SERVER = "https://a:6443"


def ledger_in(path: Path, run: str = "run-1", server: str = SERVER, cluster: str = "", **more: Any) -> Ledger:
    """The ledger of a run."""
    return open_ledger(str(path), run, Cluster(server, cluster), ModelClock(), **more)


def lines_of(path: Path) -> list[str]:
    """The lines of the ledger in a directory."""
    return (path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()


def removing(action: str = "by_controller", manifest: str = "") -> dict[str, Any]:
    """The details of an entry before a removal."""
    return {"uid": POD["uid"], "pod": POD, "action": action, "manifest": manifest}


def test_every_entry_says_who_and_when_and_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line of JSON each, mode 0600, flushed before the next step begins."""
    flushed: list[int] = []
    heard: list[str] = []
    ledger = ledger_in(tmp_path / "records", tell=lambda event, _details: heard.append(event))
    monkeypatch.setattr(os, "fsync", flushed.append)
    ledger.write("removing", **removing())
    assert len(flushed) == 1
    [line] = (tmp_path / "records" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    entry = json.loads(line)
    assert {key: entry[key] for key in ("event", "run", "server", "uid")} == {
        "event": "removing", "run": "run-1", "server": "https://a:6443", "uid": "uid-1",
    }  # fmt: skip
    assert entry["user"]
    assert entry["time"]
    assert heard == ["removing"]
    assert oct((tmp_path / "records" / "ledger.jsonl").stat().st_mode & 0o777) == "0o600"


def test_threads_that_wait_for_the_disk_wait_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One flush serves all entries that were written before it began, and nobody goes on before the one of his own ended."""
    ledger = ledger_in(tmp_path)
    begun, go_on, ended = threading.Semaphore(0), threading.Semaphore(0), threading.Semaphore(0)

    def slow_disk(_descriptor: int) -> None:
        begun.release()
        assert go_on.acquire(timeout=10)

    def write(uid: str) -> None:
        ledger.write("removed", uid=uid)
        ended.release()

    monkeypatch.setattr(os, "fsync", slow_disk)
    writers = [threading.Thread(target=write, args=(f"uid-{number}",)) for number in range(5)]
    writers[0].start()
    assert begun.acquire(timeout=10)
    for writer in writers[1:]:
        writer.start()
    deadline = time.monotonic() + 10
    while ledger._written < len(writers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not ended.acquire(blocking=False)
    go_on.release()  # the first entry's own flush, which none of the others may take for theirs
    assert ended.acquire(timeout=10)
    assert begun.acquire(timeout=10)
    assert not ended.acquire(blocking=False)
    go_on.release()  # and one for all the others
    for writer in writers:
        writer.join(10)
    assert not any(writer.is_alive() for writer in writers)


def test_a_manifest_is_kept_private_and_whole(tmp_path: Path) -> None:
    """One file a pod; its name cannot lead anywhere else."""
    ledger = ledger_in(tmp_path)
    manifest = {"metadata": {"namespace": "../..", "name": "web/1"}}
    path = Path(ledger.save_manifest("uid-1", manifest))
    assert path.parent == tmp_path / "manifests"
    assert json.loads(path.read_text(encoding="utf-8")) == manifest
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert ledger.save_manifest("uid-1", manifest) == str(path)
    assert len(list(path.parent.iterdir())) == 1


def test_only_what_a_later_run_needs_of_a_pod_is_written_down(tmp_path: Path) -> None:
    """Values of annotations are nobody's business but the cluster's."""
    pod = {**POD, "annotations": {"k8s.aliyun.com/eci-extra": "hidden"}, "labels": {"app": "hidden"}, "owner": None}
    ledger = ledger_in(tmp_path)
    ledger.write("removing", **{**removing(), "pod": pod})
    assert json.loads(lines_of(tmp_path)[0])["pod"] == {**POD, "owner": None}
    assert ledger.unfinished()[0].pod == {**POD, "owner": None}


def test_directories_are_private_but_for_those_that_were_there(tmp_path: Path) -> None:
    """Those above it that had to be made, too."""
    (tmp_path / "there").mkdir(mode=0o755)
    ledger_in(tmp_path / "there" / "made" / "records")
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("there", "there/made", "there/made/records")}
    assert modes == {"there": 0o755, "there/made": 0o700, "there/made/records": 0o700}
    assert (tmp_path / "there/made/records/manifests").stat().st_mode & 0o777 == 0o700


# -- what is left to do -------------------------------------------------------------------------------------------


def test_what_has_no_end_is_unfinished(tmp_path: Path) -> None:
    """Of this server only; a line that was cut off with its run is passed over."""
    ledger = ledger_in(tmp_path)
    ledger.write("started", pods=1)
    ledger.write("removing", **removing())
    ledger.write("removed", uid="uid-1")
    ledger.write("interrupted", uid="uid-1")
    with (tmp_path / "ledger.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"event": "finished", "uid": "uid-1", "server": "https://a:6')
    later = ledger_in(tmp_path, "run-2")
    [left] = later.unfinished()
    assert (left.pod, left.manifest, left.removed) == (POD, None, True)
    assert ledger_in(tmp_path, server="https://b:6443").unfinished() == []
    later.write("started", pods=0)
    assert json.loads(lines_of(tmp_path)[-1])["run"] == "run-2"
    assert [text for text in later.doubts() if text.startswith("1 line(s) of the ledger")]


def test_whether_a_pod_was_removed_is_told_from_whether_that_was_tried(tmp_path: Path) -> None:
    """A run that was killed before the answer does not know; the next one has to look."""
    ledger = ledger_in(tmp_path)
    ledger.write("removing", **removing())
    assert [left.removed for left in ledger.unfinished()] == [False]
    ledger.write("removed", uid="uid-1")
    assert [left.removed for left in ledger.unfinished()] == [True]


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("end", ["created", "finished", "not_started"])
def test_an_end_is_an_end(tmp_path: Path, end: str, removed: bool) -> None:
    """Such a pod needs nothing from the next run."""
    ledger = ledger_in(tmp_path)
    ledger.write("removing", **removing())
    if removed:
        ledger.write("removed", uid="uid-1")
    ledger.write(end, uid="uid-1")
    assert ledger.unfinished() == []


@pytest.mark.parametrize("action", ["by_controller", "from_manifest"])
def test_a_failure_ends_only_what_was_not_removed(tmp_path: Path, action: str) -> None:
    """A pod that was refused its eviction is not ours to make again; one that is gone is missed until it is back."""
    ledger = ledger_in(tmp_path)
    path = ledger.save_manifest("uid-1", {"metadata": POD})
    for removed in (False, True):
        ledger.write("removing", **removing(action, path))
        ledger.write("failed", uid="uid-1", removed=removed)
        assert bool(ledger.unfinished()) is removed


def test_a_pod_to_be_made_again_is_unfinished_until_it_was_created(tmp_path: Path) -> None:
    """Without its manifest there is an error, and a remedy."""
    ledger = ledger_in(tmp_path)
    path = ledger.save_manifest("uid-1", {"metadata": POD})
    ledger.write("removing", **removing("from_manifest", path))
    ledger.write("removed", uid="uid-1")
    [left] = ledger.unfinished()
    assert (left.manifest, left.path) == ({"metadata": POD}, path)
    for broken in ("{", "[]", "[" * 100_000):
        Path(path).write_text(broken, encoding="utf-8")
        with pytest.raises(RecordFailed, match="which cannot be read") as caught:
            ledger.unfinished()
        assert "forget: ['shop/web-1']" in caught.value.remedy
    ledger.write("created", uid="uid-1")
    assert ledger.unfinished() == []


@pytest.mark.parametrize("name", ["shop/web-1", "uid-1"])
def test_a_pod_that_nobody_wants_back_is_forgotten(tmp_path: Path, name: str) -> None:
    """By its name or its UID; a name that is in no ledger is told. Its manifest need not be readable."""
    ledger = ledger_in(tmp_path)
    ledger.write("removing", **removing("from_manifest", "/nowhere"))
    ledger.write("removed", uid="uid-1")
    assert ledger.forget(["shop/other", name]) == ["shop/other"]
    assert ledger.unfinished() == []
    assert json.loads(lines_of(tmp_path)[-1]).items() >= {"event": "forgotten", **POD}.items()
    assert ledger.forget([name]) == [name]


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ((SERVER, "A"), (SERVER, "A"), True),
        ((SERVER, "A"), (SERVER, "B"), False),  # one cluster after the other under one address
        ((SERVER, "A"), ("https://other", "A"), True),  # one cluster under two addresses
        ((SERVER, "A"), (SERVER, ""), True),
        ((SERVER, ""), (SERVER, "A"), True),
        ((SERVER, "A"), ("https://other", ""), False),
    ],
)
def test_a_cluster_is_known_by_its_identity(
    tmp_path: Path, ours: tuple[str, str], theirs: tuple[str, str], same: bool
) -> None:
    """By its address only where one of the two runs could not read the identity."""
    ledger_in(tmp_path, "run-1", *theirs).write("removing", **removing())
    ledger = ledger_in(tmp_path, "run-2", *ours)
    assert bool(ledger.unfinished()) is same
    assert ledger.forget(["uid-1"]) == ([] if same else ["uid-1"])


def test_a_cluster_with_two_addresses_has_one_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the default place: what one run removed by the private address, the next one misses by the public one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state[1]"))
    clock = ModelClock()
    private = open_ledger(None, "run-1", Cluster("https://10.0.0.1:6443", "A"), clock)
    other = open_ledger(None, "run-1", Cluster("https://10.0.0.2:6443", "B"), clock)
    private.write("removing", **removing())
    other.write("removing", **{**removing(), "uid": "uid-2", "pod": {**POD, "uid": "uid-2"}})
    clock.sleep(1)
    public = open_ledger(None, "run-2", Cluster("https://1.2.3.4:6443", "A"), clock)
    assert [left.pod["uid"] for left in public.unfinished()] == ["uid-1"]
    public.write("finished", uid="uid-1")
    again = open_ledger(None, "run-3", Cluster("https://10.0.0.1:6443", "A"), clock)
    assert public.unfinished() == again.unfinished() == []
    assert open_ledger(str(tmp_path / "own"), "run-3", Cluster("https://1.2.3.4:6443", "A"), clock).unfinished() == []


def test_clusters_do_not_share_a_ledger() -> None:
    """The default directory is the server's own; one that is given is the only one."""
    state = {"XDG_STATE_HOME": "/state"}
    assert default_directory("https://10.0.0.1:6443", state) == "/state/ackops-eci/10.0.0.1_6443"
    assert ledgers_of(None, "https://10.0.0.1:6443", state) == ["/state/ackops-eci/10.0.0.1_6443/ledger.jsonl"]
    assert ledgers_of("/given", "https://10.0.0.1:6443", state) == ["/given/ledger.jsonl"]


# -- a record that cannot be written or read ------------------------------------------------------------------------


def test_a_directory_that_cannot_be_written_is_found_out_first(tmp_path: Path) -> None:
    """Before anything was deleted."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "ledger.jsonl").symlink_to("/dev/full")
    for place in (tmp_path / "file" / "records", Path("/proc/records"), tmp_path / "full"):
        with pytest.raises(RecordFailed, match=r"record_dir: .* cannot be written: \w"):
            ledger_in(place)


def test_a_disk_that_fills_up_is_told_and_raises_nothing(tmp_path: Path) -> None:
    """What was begun has to be ended first. What the disk did not take is written when it has room, in order."""
    heard: list[str] = []
    ledger = ledger_in(tmp_path, tell=lambda event, _details: heard.append(event))
    ledger.write("removing", **removing())
    assert ledger.trouble() == ""
    path, aside = tmp_path / "ledger.jsonl", tmp_path / "aside"
    path.rename(aside)
    path.symlink_to("/dev/full")
    ledger.write("removed", uid="uid-1")
    ledger.write("created", uid="uid-1")
    assert ledger.trouble() == f"the ledger {path} cannot be written: No space left on device"
    path.unlink()
    aside.rename(path)
    ledger.write("ended", problem="")
    assert [json.loads(line)["event"] for line in lines_of(tmp_path)] == ["removing", "removed", "created", "ended"]
    assert heard == ["removing", "removed", "created", "ended"]
    assert ledger.trouble()


def test_a_directory_that_vanishes_is_told_and_raises_nothing(tmp_path: Path) -> None:
    """Somebody cleans up while the run is at work."""
    ledger = ledger_in(tmp_path / "records")
    (tmp_path / "records").rename(tmp_path / "moved")
    (tmp_path / "records").write_text("now a file", encoding="utf-8")
    ledger.write("removing", **removing())
    assert ledger.trouble().endswith("cannot be written: Not a directory")
    with pytest.raises(RecordFailed, match="The pod was not touched"):
        ledger.save_manifest("uid-1", {"metadata": POD})


SHORT = """
import resource, sys
from pathlib import Path
from tests.unit.plugins.module_utils._recreate.test_ledger import ledger_in, removing
ledger = ledger_in(Path(sys.argv[1]))
ledger.write("removing", **removing())
size = (Path(sys.argv[1]) / "ledger.jsonl").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))
ledger.write("removed", uid="uid-1")
try:
    ledger.save_manifest("uid-1", {"metadata": {"name": "x" * 10_000}})
except Exception as error:
    print(type(error).__name__)
print(ledger.trouble())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ledger.write("interrupted", uid="uid-1")
"""


def test_a_line_that_fits_only_in_part_is_written_whole_later(tmp_path: Path) -> None:
    """A real limit of the system, in a process of its own: half a line and half a manifest, then room again."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", SHORT, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[0] == "RecordFailed"
    assert "cannot be written: File too large" in done.stdout
    events = [json.loads(line)["event"] for line in lines_of(tmp_path) if line.endswith("}")]
    assert events == ["removing", "removed", "interrupted"]
    assert list((tmp_path / "manifests").iterdir()) == []
    assert [left.removed for left in ledger_in(tmp_path, "run-2").unfinished()] == [True]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\x00", b"\x00" * 40, b'{"event": "fin', b"[]", b'"removing"', b'{"event": 7}', b"[" * 100_000,
        b'{"event": "removed\xc3"}', b"NaN", b"{}",
    ],
)  # fmt: skip
def test_odd_bytes_are_passed_over_and_told(tmp_path: Path, line: bytes) -> None:
    """What is around them counts."""
    ledger = ledger_in(tmp_path)
    ledger.write("removing", **removing())
    with (tmp_path / "ledger.jsonl").open("ab") as stream:
        stream.write(line + b"\n")
    ledger.write("removed", uid="uid-1")
    assert [left.removed for left in ledger.unfinished()] == [True]
    [doubt] = ledger.doubts()
    assert doubt.startswith(f"1 line(s) of the ledger {tmp_path}/ledger.jsonl cannot be read: a run was cut off")


@pytest.mark.parametrize(
    "pod",
    [None, "web-1", [], {}, {**POD, "uid": 7}, {**POD, "name": ""}, {**POD, "owner": "x"}, {"namespace": "shop"}],
)
def test_an_entry_that_names_no_pod_begins_nothing(tmp_path: Path, pod: object) -> None:
    """Somebody has edited the file."""
    ledger = ledger_in(tmp_path)
    entry = {"event": "removing", "server": SERVER, "uid": "uid-1", "pod": pod}
    with (tmp_path / "ledger.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(entry) + "\n")
    assert ledger.unfinished() == []


def test_a_ledger_that_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    """A pipe, for example, would be read for ever."""
    ledger = ledger_in(tmp_path)
    (tmp_path / "ledger.jsonl").unlink()
    os.mkfifo(tmp_path / "ledger.jsonl")
    assert ledger.unfinished() == []
    assert ledger.doubts() == [f"The ledger {tmp_path}/ledger.jsonl cannot be read: it is not a file."]

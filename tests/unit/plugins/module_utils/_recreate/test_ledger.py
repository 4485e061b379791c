# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record on disk: private, flushed, and read again by the next run."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._recreate.ledger import Ledger, default_directory, open_ledger
from tests.unit.support.model_cluster import ModelClock

POD = {"namespace": "shop", "name": "web-1", "uid": "uid-1"}


def ledger_in(path: Path, run: str = "run-1", server: str = "https://a:6443", **more: Any) -> Ledger:
    """The ledger of a run."""
    return open_ledger(str(path), run, server, ModelClock(), **more)


def removing(action: str = "replace", manifest: str = "") -> dict[str, Any]:
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


def test_what_has_no_end_is_unfinished(tmp_path: Path) -> None:
    """Of this server only; a line that was cut off with its run is passed over."""
    ledger = ledger_in(tmp_path)
    ledger.write("started", pods=1)
    ledger.write("removing", **removing())
    ledger.write("removed", uid="uid-1")
    ledger.write("interrupted", uid="uid-1")
    with (tmp_path / "ledger.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"event": "finished", "uid": "uid-1", "server": "https://a:6')
    [left] = ledger_in(tmp_path, "run-2").unfinished()
    assert left.pod == POD
    assert left.manifest is None
    assert ledger_in(tmp_path, server="https://b:6443").unfinished() == []


@pytest.mark.parametrize("end", ["finished", "failed", "not_started"])
def test_an_end_is_an_end(tmp_path: Path, end: str) -> None:
    """A pod that its workload replaces needs nothing from the next run once its end is known."""
    ledger = ledger_in(tmp_path)
    ledger.write("removing", **removing())
    ledger.write(end, uid="uid-1")
    assert ledger.unfinished() == []


def test_a_pod_to_be_made_again_is_unfinished_until_it_was_created(tmp_path: Path) -> None:
    """A failure does not end it; without its manifest there is an error, and a remedy."""
    ledger = ledger_in(tmp_path)
    path = ledger.save_manifest("uid-1", {"metadata": POD})
    ledger.write("removing", **removing("from_manifest", path))
    ledger.write("failed", uid="uid-1")
    [left] = ledger.unfinished()
    assert (left.manifest, left.path) == ({"metadata": POD}, path)
    Path(path).write_text("{", encoding="utf-8")
    with pytest.raises(EciError, match="which cannot be read") as caught:
        ledger.unfinished()
    assert "by hand" in caught.value.remedy
    ledger.write("created", uid="uid-1")
    assert ledger.unfinished() == []


def test_a_directory_that_cannot_be_written_is_found_out_first(tmp_path: Path) -> None:
    """Before anything was deleted."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(EciError, match=r"record_dir: .* cannot be written"):
        ledger_in(tmp_path / "file" / "records")


def test_clusters_do_not_share_a_ledger() -> None:
    """The default directory is the server's own."""
    state = {"XDG_STATE_HOME": "/state"}
    assert default_directory("https://10.0.0.1:6443", state) == "/state/ackops-eci/10.0.0.1_6443"

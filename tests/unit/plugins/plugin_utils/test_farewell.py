# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interrupted run is summed up: by its module where that is on this machine, else by what was seen of it."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import signal
import threading
import time
from pathlib import Path

import ansible.constants
import pytest

from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress
from ansible_collections.ackops.eci.plugins.plugin_utils import _farewell
from ansible_collections.ackops.eci.plugins.plugin_utils._farewell import Note, farewell
from ansible_collections.ackops.eci.plugins.plugin_utils._progress import Screen, SharedFile

BEGUN = "- 3 pod(s) to recreate; the ledger is /l"
DONE = "done 1/3 shop/web-1 (1.0.0 -> 1.1.0): recreated as web-9 on 1.1.0 in 9.0 s (1 of 3 done, about 18 s left)"
ENDED = {"counts": {"failed": 1, "not_started": 2}, "problem": "Choose method: restart."}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of temporary files for this test alone, and little patience."""
    monkeypatch.setattr(ansible.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(_farewell, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(_farewell, "LOOK_SECONDS", 0.01)


def test_the_module_sums_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for while it ends in order; the file is found though it has lost its name."""
    monkeypatch.setattr(_farewell, "PATIENCE_SECONDS", 20.0)
    screen = Screen("ack-prod", "ackops.eci.eci_preflight")
    shared = SharedFile(screen)
    module = Progress(shared.path)
    assert not Path(shared.path).exists()
    module.tell("started", {"pods": 3, "ledger": "/l"})
    later = threading.Timer(0.1, module.tell, ("ended", ENDED))
    later.start()
    assert farewell(str(tmp_path)) == ["eci: [ack-prod] 1 failed, 2 not_started. Choose eci_preflight_method: restart."]
    later.join()
    screen.close()
    shared.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lines", [[], [BEGUN], [BEGUN, DONE, "waits 2/3 shop/web-2: waiting, 5 of 900 s: NoStock"]])
def test_a_module_on_another_machine_is_not_waited_for(tmp_path: Path, lines: list[str]) -> None:
    """What was seen of it is told, and where the rest is."""
    note = Note("ack-prod")
    for line in lines:
        note.saw(line)
    seen = " ".join(line.partition(" ")[2] for line in lines[:2])
    told = f"eci: [ack-prod] the run was interrupted, and ends in order on its machine. {seen}".strip()
    assert farewell(str(tmp_path)) == [told]
    note.close()
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_was_killed_too(tmp_path: Path) -> None:
    """It says nothing any more; nobody waits longer than that."""
    screen = Screen("ack-prod")
    shared = SharedFile(screen)
    Progress(shared.path)
    assert farewell(str(tmp_path)) == ["eci: [ack-prod] the run was interrupted, and ends in order on this machine."]
    shared.close()


def test_without_a_run_nothing_is_told(tmp_path: Path) -> None:
    """Nor where the directory is gone, or has other files."""
    (tmp_path / "eci-run-broken").write_text("{", encoding="utf-8")
    assert farewell(str(tmp_path)) == []
    assert farewell(str(tmp_path / "none")) == []


def _work(path: Path) -> None:
    """The first signal does not come through."""
    signal.signal(signal.SIGTERM, lambda *_arguments: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    path.touch()
    while True:
        time.sleep(600)


def _at_work(path: Path) -> multiprocessing.process.BaseProcess:
    """A process that works, as those of tasks do."""
    task = multiprocessing.get_context("fork").Process(target=_work, args=(path,))
    task.start()
    while not path.exists():
        time.sleep(0.01)
    return task


def test_a_task_that_the_interrupt_did_not_reach_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ansible-playbook would wait for it, and the run would go on."""
    monkeypatch.setattr(_farewell, "PATIENCE_SECONDS", 20.0)
    task = _at_work(tmp_path / "ready")
    note = Note("ack-prod")
    assert len(farewell(str(tmp_path))) == 1
    task.join(20)
    assert task.exitcode == -signal.SIGTERM
    note.close()


def test_other_tasks_are_left_to_ansible(tmp_path: Path) -> None:
    """Where no run was interrupted."""
    task = _at_work(tmp_path / "ready")
    assert farewell(str(tmp_path)) == []
    task.join(0.2)
    assert task.is_alive()
    task.kill()
    task.join()

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While a module runs, signals to the process of its task come to the thread that waits for the module."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import ansible.constants
import pytest

from ansible_collections.ackops.eci.plugins.action.eci_pod_recreate import Attendance
from ansible_collections.ackops.eci.plugins.plugin_utils._progress import RemoteFile, Screen

MEANT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of temporary files for this test alone."""
    monkeypatch.setattr(ansible.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))


def blocked(thread: threading.Thread) -> set[int]:
    """The signals that a thread does not get (Linux)."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="utf-8")
    mask = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk")), 16)
    return {number for number in MEANT if mask & 1 << number - 1}


def test_the_thread_beside_gets_no_signal() -> None:
    """An interrupt or a time limit that came to it would have no effect until the module ends."""
    with Attendance(None, None, None) as attendance:
        assert blocked(attendance._thread) == set(MEANT)
        assert blocked(threading.main_thread()) == set()


def test_the_thread_that_follows_another_machine_gets_no_alarm() -> None:
    """The time limit of a task is one; what ends a process has to end what the thread has started, too."""
    remote = RemoteFile(Screen("far"), "~/far", lambda: lambda _command: (1, "", ""), lambda _command: (1, "", ""))
    remote.start()
    assert blocked(remote._thread) == {signal.SIGALRM}
    assert blocked(threading.main_thread()) == set()
    remote.abandon()
    remote._thread.join(20)

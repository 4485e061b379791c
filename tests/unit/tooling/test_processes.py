# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of the test cluster, and those that a test starts beside it."""

from __future__ import annotations

import contextlib
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from tests.cluster import ControlPlane
from tests.cluster.processes import Process, Reaper
from tests.integration.scenarios.scenario import Scenario

TICKING = """
import threading, time
def tick():
    while True:
        time.sleep(0.001)
        sum(range(2000))
for _ in range(12):
    threading.Thread(target=tick).start()
"""


def states(pid: int) -> set[str]:
    """The states of its threads, as ps shows them."""
    stats = [(thread / "stat").read_text(encoding="utf-8") for thread in Path(f"/proc/{pid}/task").iterdir()]
    return {stat.rpartition(")")[2].split()[0] for stat in stats}


def test_what_is_paused_stands_still(tmp_path: Path) -> None:
    """All of its threads, as soon as the call returns; SIGSTOP alone takes its time."""
    reaper = Reaper()
    process = Process("ticking", [sys.executable, "-c", TICKING], tmp_path, reaper)
    process.launch()
    try:
        for _round in range(30):
            process.pause()
            assert states(process.pid) == {"T"}
            process.resume()
    finally:
        process.kill()
        reaper.finish()


def test_what_a_test_leaves_running_is_ended(tmp_path: Path) -> None:
    """As a failed one does: neither its modules nor its programs go on beside the next test."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = f"http://127.0.0.1:{mute.getsockname()[1]}"
        cluster = cast(ControlPlane, SimpleNamespace(api=None, kubeconfig=None))
        with contextlib.suppress(ZeroDivisionError), Scenario(cluster, "shop", tmp_path) as scenario:
            module = scenario.start([], host=server, api_key="any")
            program = scenario.start_program(["sleep", "600"], {})
            asked, _address = mute.accept()
            assert module.running
            raise ZeroDivisionError
        asked.close()
    assert not module.running
    assert program.returncode == -9
    assert program.stdout is not None
    assert program.stdout.closed

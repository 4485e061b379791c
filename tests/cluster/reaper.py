# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends what a cluster has started when its owner is gone, however it went: run as a process of its own.

The owner holds the other end of the pipe and writes a line for every process it starts (``pid PID START``) and for its
directory (``dir PATH``). When the pipe closes, the owner has stopped or has died, and what is left is cleared away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

LONGEST_SECONDS = 10.0


def start_time(pid: int) -> str:
    """When a process was started, in the kernel's own count; with the pid it names one process for good."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def end(processes: dict[int, str]) -> None:
    """Kill the processes, and wait until they are gone. Nobody needs what they would still write."""
    deadline = time.monotonic() + LONGEST_SECONDS
    left = [pid for pid, started in processes.items() if start_time(pid) == started]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [pid for pid in left if start_time(pid) == processes[pid]]


def main() -> None:
    """Read until the owner is gone, then clear away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    processes: dict[int, str] = {}
    directories: list[str] = []
    for line in sys.stdin:
        kind, _space, rest = line.rstrip("\n").partition(" ")
        if kind == "pid":
            pid, _space, started = rest.partition(" ")
            processes[int(pid)] = started
        else:
            directories.append(rest)
    end(processes)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a command and measuring it: seconds, processor time, and the peak memory of all its processes together."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 0.05
REST_SECONDS = 5.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Outcome:
    """A command that has ended. Memory is in MB (shared pages counted once), 0 where it was not looked at."""

    code: int
    output: str
    seconds: float
    cpu_seconds: float
    peak_mb: float = 0.0


def _stat(pid: str) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def cpu_of(*pids: int) -> float:
    """Processor seconds that the processes have used so far, their threads included."""
    stats = [_stat(str(pid)) for pid in pids]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS


def family(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError):
                children.setdefault(int(_stat(entry)[1]), []).append(int(entry))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def memory_of(pids: Sequence[int]) -> float:
    """Proportional set size of the processes together, in MB."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


@dataclass
class Sampler:
    """Looks at a process and its descendants again and again, in a thread."""

    root: int
    peak_mb: float = 0.0
    _done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until told to stop. A look at a large process takes long; nine tenths of the time go by without."""
        pause = SAMPLE_SECONDS
        while not self._done.wait(pause):
            started = time.monotonic()
            self.peak_mb = max(self.peak_mb, memory_of(family(self.root)))
            pause = max(SAMPLE_SECONDS, 9 * (time.monotonic() - started))

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """While the block runs."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()


def run(command: Sequence[str], env: Mapping[str, str], cwd: Path, memory: bool = False) -> Outcome:
    """Run a command to its end; ``memory`` also samples its processes, which costs a little time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command), env=dict(env), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    sampler = Sampler(process.pid)
    with sampler.looking() if memory else contextlib.nullcontext():
        output, _none = process.communicate()
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Outcome(process.returncode, output, seconds, cpu, sampler.peak_mb)


Contender = Callable[[bool], Outcome]


def in_turn(contenders: Mapping[str, Contender], times: int, patience: float) -> dict[str, tuple[list[Outcome], float]]:
    """The runs of each, and the peak memory of one more run of it.

    They run in turn, so that what else goes on on the machine meets all of them, each after a rest: the API server still
    clears away what it made for the one before. The first run of each warms up and has
    its memory sampled; it counts only where it took more than ``patience`` seconds, and is then the only one.
    """
    firsts = {who: once(True) for who, once in contenders.items()}
    runs: dict[str, list[Outcome]] = {who: [one] if one.seconds > patience else [] for who, one in firsts.items()}
    for _number in range(times):
        for who, once in contenders.items():
            if firsts[who].seconds <= patience:
                time.sleep(REST_SECONDS)
                runs[who].append(once(False))
    return {who: (runs[who], firsts[who].peak_mb) for who in contenders}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test`: every check, two at a time where one core is enough for each, and how long each took."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from tests.dev.paths import REPO, say

if TYPE_CHECKING:
    from collections.abc import Iterator

CORES = 2
# The targets of the Makefile in the order in which they begin, and how many cores each keeps busy. What is quick comes first;
# integration is last, so that its summary ends the output.
PARTS = {
    "ruff": 1, "gates": 1, "types": 1, "browser": 1, "unit": 2, "sanity": 1, "ansible-lint": 1, "docs": 1, "importer": 1,
    "awx": 1, "compat": 2, "integration": 2,
}  # fmt: skip
# Takes minutes where the cache is empty, and only the last parts wait for it.
MADE_MEANWHILE = "binaries"
BEHIND_ALL_ELSE = 10
END_SECONDS = 10
LOOK_SECONDS = 0.1


class _Part:
    """A part that has begun. What it says goes into a file, and is shown when those before it are through."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.status: int | None = None
        self.took = 0.0
        self._shown = 0
        self._started = time.monotonic()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  end() closes it
        self._process = subprocess.Popen(
            _make(name), cwd=REPO, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def look(self) -> None:
        """See whether it has ended, and how."""
        if self.status is None:
            self.status = self._process.poll()
            self.took = time.monotonic() - self._started

    def show(self) -> None:
        """Print what it has said since the last time."""
        while said := os.pread(self._output.fileno(), 1 << 16, self._shown):
            self._shown += len(said)
            sys.stdout.buffer.write(said)
        sys.stdout.flush()

    def end(self) -> None:
        """End it where it still runs, and throw away what it said."""
        _end(self._process)
        self._output.close()


def check() -> int:
    """Run the parts until one fails, and tell the time of each."""
    begun = time.monotonic()
    parts: list[_Part] = []
    with _meanwhile(MADE_MEANWHILE):
        try:
            failed = _run(parts)
        finally:
            for part in parts:
                part.end()
    for part in parts:
        outcome = "FAILED" if part is failed else "passed" if part.status == 0 else "stopped"
        say(f"  {part.name:<14} {_clock(part.took)}  {outcome}")
    outcome = f"`make {failed.name}` FAILED; the parts after it did not run" if failed else "all passed"
    say(f"make test: {_clock(time.monotonic() - begun)} min, {outcome}")
    return int(failed is not None)


def _run(begun: list[_Part]) -> _Part | None:
    """Begin each part as soon as there are cores for it, note it in the list, and return the one that failed."""
    waiting, unseen = list(PARTS), list[_Part]()
    while waiting or unseen:
        for part in unseen:
            part.look()
        if failed := next((part for part in unseen if part.status), None):
            say(f"make test: {failed.name} failed" + ("" if failed is unseen[0] else "; this is what it said:"))
            failed.show()
            return failed
        while waiting and PARTS[waiting[0]] + sum(PARTS[part.name] for part in unseen if part.status is None) <= CORES:
            unseen.append(_begin(waiting.pop(0), unseen))
            begun.append(unseen[-1])
        unseen[0].show()
        if unseen[0].status is None:
            time.sleep(LOOK_SECONDS)
        else:
            del unseen[0]
            if unseen:
                say(f"make test: {unseen[0].name}, which has begun before")
    return None


def _begin(name: str, unseen: list[_Part]) -> _Part:
    before = " and ".join(part.name for part in unseen)
    say(f"make test: {name} begins" + (f", and is shown after {before}" if before else ""))
    return _Part(name)


def _make(target: str) -> list[str]:
    return ["make", "--no-print-directory", target]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:>3}:{int(seconds) % 60:02}"


@contextlib.contextmanager
def _meanwhile(target: str) -> Iterator[None]:
    """Make a target beside the rest, with what they leave of the processor. What fails there fails again where it is needed."""
    command = ["nice", "-n", str(BEHIND_ALL_ELSE), *_make(target)]
    process = subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it where it still runs, with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

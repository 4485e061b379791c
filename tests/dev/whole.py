# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test`: every check, in two rows side by side, and how long each took."""

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
    from collections.abc import Iterator, Mapping

# The targets of the Makefile, one after the other. What is quick comes first; integration is last, so that its summary ends the output.
IN_FRONT = ("ruff", "gates", "browser", "unit", "compat", "integration")
# Meanwhile, one after the other too, others, and how far they stand behind (nice): what only computes has what the row in front leaves,
# which waits a lot. The tests of AWX have time limits.
BEHIND = {"types": 10, "sanity": 10, "ansible-lint": 10, "docs": 10, "importer": 10, "awx": 0}
# Takes minutes where the cache is empty, and only the last parts wait for it.
MADE_MEANWHILE = "binaries"
BEHIND_ALL_ELSE = 10
END_SECONDS = 10
LOOK_SECONDS = 0.1


class _Part:
    """A part that has begun. What it says goes into a file, and is shown when nothing else is being shown."""

    def __init__(self, name: str, behind: int) -> None:
        self.name = name
        self.status: int | None = None
        self.took = 0.0
        self._shown = 0
        self._started = time.monotonic()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  end() closes it
        self._process = subprocess.Popen(
            _make_behind(behind, name), cwd=REPO, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
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


class _Row:
    """Parts that run one after the other."""

    def __init__(self, parts: Mapping[str, int]) -> None:
        self._waiting = dict(parts)
        self._now: _Part | None = None

    def go_on(self) -> list[_Part]:
        """Begin the next part where none runs, and return it."""
        if self._now is not None:
            self._now.look()
        if not self._waiting or (self._now is not None and self._now.status != 0):
            return []
        name = next(iter(self._waiting))
        if name not in BEHIND:  # that would be in the middle of what another says
            say(f"make test: {name} begins")
        self._now = _Part(name, self._waiting.pop(name))
        return [self._now]


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
    """Run the rows side by side, note each part in the list, and return the one that failed."""
    rows = _Row(dict.fromkeys(IN_FRONT, 0)), _Row(BEHIND)
    shown: _Part | None = None
    seen: list[_Part] = []
    while True:
        for row in rows:
            begun += row.go_on()
        if failed := next((part for part in begun if part.status), None):
            say(f"make test: {failed.name} failed" + ("" if failed is shown else "; this is what it said:"))
            failed.show()
            return failed
        if shown is not None:
            shown.show()
        if shown is not None and shown.status is None:
            time.sleep(LOOK_SECONDS)
            continue
        # What has ended, then what is in front, then what is left.
        unseen = [part for part in begun if part not in seen]
        shown = min(unseen, key=lambda part: (part.status is None, part.name in BEHIND), default=None)
        if shown is None:
            return None
        seen.append(shown)
        if shown.name in BEHIND:
            say(
                f"make test: {shown.name}, which has run meanwhile" if shown.status == 0 else f"make test: {shown.name}"
            )


def _make(target: str) -> list[str]:
    return ["make", "--no-print-directory", target]


def _make_behind(behind: int, target: str) -> list[str]:
    return ["nice", "-n", str(behind), *_make(target)]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:>3}:{int(seconds) % 60:02}"


@contextlib.contextmanager
def _meanwhile(target: str) -> Iterator[None]:
    """Make a target beside the rest, with what they leave of the processor. What fails there fails again where it is needed."""
    process = subprocess.Popen(
        _make_behind(BEHIND_ALL_ELSE, target), cwd=REPO, stdin=subprocess.DEVNULL, start_new_session=True
    )
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

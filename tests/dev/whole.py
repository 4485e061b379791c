# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test`: every check, in rows side by side, and how long each took."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.dev.paths import REPO, say

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence


class Row(NamedTuple):
    """Targets of the Makefile that run one after the other."""

    names: Sequence[str]
    # How far they stand behind (nice).
    behind: int = 0
    # The part after which they begin, where it is not the start.
    after: str | None = None


# The rows run side by side; the first is shown as it runs.
ROWS = (
    # What the longest of them waits for, and no more.
    Row(("ruff", "unit", "integration")),
    # They and integration are many sessions, beside which unit, which is one, would starve.
    Row(("compat", "awx"), after="unit"),
    # Short, and the importer gives what it starts two minutes.
    Row(("types", "gates", "browser", "importer", "ansible-lint", "docs")),
    # It has no time limit, and has what the others leave.
    Row(("sanity",), behind=5),
)
# Takes minutes where the cache is empty, and the tests on clusters wait for it.
MADE_MEANWHILE = "binaries"
END_SECONDS = 10
LOOK_SECONDS = 0.1
AUTOGROUP_TRIES = 5


class _Part:
    """A part that has begun. What it says goes into a file, and is shown when nothing else is being shown."""

    def __init__(self, name: str, behind: int) -> None:
        self.name = name
        self.in_front = _in_front(name)
        self.status: int | None = None
        self.took = 0.0
        self._shown = 0
        self._started = time.monotonic()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  end() closes it
        self._process = subprocess.Popen(
            ["nice", "-n", str(behind), *_make(name)], cwd=REPO, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        if behind:
            _put_group_behind(self._process.pid, behind)

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


class _Running:
    """How far a row is."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._waiting = list(row.names)
        self._now: _Part | None = None

    def go_on(self, passed: Container[str | None]) -> list[_Part]:
        """Begin the next part where none runs, and return it."""
        free = self._now.status == 0 if self._now else self._row.after in passed
        if not self._waiting or not free:
            return []
        name = self._waiting.pop(0)
        if _in_front(name):  # of another, that would be in the middle of what this row says
            say(f"make test: {name} begins")
        self._now = _Part(name, self._row.behind)
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
    rows = [_Running(row) for row in ROWS]
    shown: _Part | None = None
    seen: list[_Part] = []
    while True:
        for part in begun:
            part.look()
        passed = {None, *(part.name for part in begun if part.status == 0)}
        for row in rows:
            begun += row.go_on(passed)
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
        shown = min(unseen, key=lambda part: (part.status is None, not part.in_front), default=None)
        if shown is None:
            return None
        seen.append(shown)
        if not shown.in_front:
            say(
                f"make test: {shown.name}, which has run meanwhile" if shown.status == 0 else f"make test: {shown.name}"
            )


def _in_front(name: str) -> bool:
    return name in ROWS[0].names


def _make(target: str) -> list[str]:
    return ["make", "--no-print-directory", target]


def _put_group_behind(leader: int, behind: int) -> None:
    """Have the session of a leader stand behind other sessions.

    Linux schedules each session as a group. nice counts within the group only, and the group has a nice value of its own:
    https://man7.org/linux/man-pages/man7/sched.7.html ("The autogroup feature").
    """
    group = Path(f"/proc/{leader}/autogroup")
    for _attempt in range(AUTOGROUP_TRIES):
        try:
            group.write_text(str(behind), encoding="ascii")
        except BlockingIOError:  # one in a tenth of a second, for all users but root
            time.sleep(LOOK_SECONDS)
        except OSError:  # another system, or it has ended
            return
        else:
            return


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:>3}:{int(seconds) % 60:02}"


@contextlib.contextmanager
def _meanwhile(target: str) -> Iterator[None]:
    """Make a target beside the rest, with what they leave of the processor. What fails there fails again where it is needed."""
    process = subprocess.Popen(_make(target), cwd=REPO, stdin=subprocess.DEVNULL, start_new_session=True)
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

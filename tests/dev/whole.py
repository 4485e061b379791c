# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test`: every check, what is quick first, and how long each took."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from tests.dev.paths import REPO, say

if TYPE_CHECKING:
    from collections.abc import Iterator

# The targets of the Makefile in the order in which they run; integration is last, so that its summary ends the output.
PARTS = (
    "ruff", "gates", "types", "unit", "browser", "ansible-lint", "docs", "awx", "sanity", "importer", "compat",
    "integration",
)  # fmt: skip
# Takes minutes where the cache is empty, and only the last parts wait for it.
MADE_MEANWHILE = "binaries"
BEHIND_ALL_ELSE = 10
END_SECONDS = 10


def check() -> int:
    """Run the parts one by one until one fails, and tell the time of each."""
    begun = time.monotonic()
    took: dict[str, float] = {}
    failed = ""
    with _meanwhile(MADE_MEANWHILE):
        for part in PARTS:
            say(f"make test: {part}")
            started = time.monotonic()
            status = subprocess.run(_make(part), check=False, cwd=REPO).returncode
            took[part] = time.monotonic() - started
            if status:
                failed = part
                break
    for part, seconds in took.items():
        say(f"  {part:<14} {_clock(seconds)}  {'FAILED' if part == failed else 'passed'}")
    outcome = f"`make {failed}` FAILED; the parts after it did not run" if failed else "all passed"
    say(f"make test: {_clock(time.monotonic() - begun)} min, {outcome}")
    return 1 if failed else 0


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
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the demonstrations speak: headlines, steps with their time, lines of proof."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.cluster.errors import ClusterError


def say(text: str) -> None:
    """A headline."""
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def timed(text: str, work: Callable[[], object]) -> object:
    """Say what a step does, do it, and say how long it took."""
    print(f"-- {text} ...", flush=True)
    started = time.monotonic()
    done = work()
    print(f"   done in {time.monotonic() - started:.1f} s", flush=True)
    return done


def prove(holds: bool, what: str) -> None:
    """One line of the proof. Raises ClusterError where it does not hold."""
    print(f"  [{'ok' if holds else 'NOT SO'}] {what}", flush=True)
    if not holds:
        message = f"not so: {what}"
        raise ClusterError(message)

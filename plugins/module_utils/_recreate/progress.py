# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told while a run goes on: one line for each step, from the entries of the ledger."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.estimate import told
from ansible_collections.ackops.eci.plugins.module_utils._text import plain

# How the names of the files begin that the action plugin makes.
TEMPORARY = "eci-progress-"


class Progress:
    """Appends lines to a file that somebody follows. It never stops the work: a file that cannot be written is left.

    The file is made where there is none. The action plugin holds a lock on the one that it makes. Such a file loses its name as
    soon as both have it open, so that it is gone with them, however they end.
    """

    def __init__(self, path: str) -> None:
        self._total = 0
        self._done = 0
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            self._file = -1
        self._was_followed = self._is_locked()
        if self._was_followed and os.path.basename(path).startswith(TEMPORARY):
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _is_locked(self) -> bool:
        """Whether another process holds a lock on the file; no, where that cannot be told."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except (OSError, ValueError):
            return False
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return False

    def lost_its_follower(self) -> bool:
        """Whether somebody held a lock on the file from the beginning on, and does not any more."""
        return self._was_followed and not self._is_locked()

    def tell(self, event: str, details: Mapping[str, Any]) -> None:
        """Add the line of one ledger entry, where it has one."""
        line = self._line(event, details)
        if line:
            with contextlib.suppress(OSError):
                os.write(self._file, (line + "\n").encode("utf-8", "replace"))

    def _line(self, event: str, details: Mapping[str, Any]) -> str:
        pod = plain(f"{details.get('namespace')}/{details.get('name')}")
        if event == "started":
            self._total = int(details["pods"])
            return f"{self._total} pod(s) to recreate; the ledger is {plain(details['ledger'])}"
        if event == "estimated":
            return "; ".join(told(details["estimate"]))
        if event in ("waiting", "stopped"):
            return plain(details["reason"])
        if event in ("finished", "failed", "interrupted"):
            self._done += 1
            return f"{pod}: {_ending(details)} ({self._done} of {self._total})"
        begun = _beginning(event, details)
        what = plain(details.get("workload")) if event == "restarting" else pod
        return f"{what}: {begun}" if begun else ""


def _beginning(event: str, details: Mapping[str, Any]) -> str:
    """What is about to happen to a pod or a workload, or why nothing does; empty for other events."""
    reason = plain(details.get("reason"))
    if event == "planned":
        what = "would be blocked" if details["outcome"] == "blocked" else f"would {details['method']}"
        return f"{plain(what)}, because {reason}"
    if event == "removing":
        return f"{plain(details['method'])}, because {reason}"
    if event == "set_aside":
        return f"set aside for now, {reason}"
    return f"restarted, because {reason}" if event == "restarting" else ""


def _ending(details: Mapping[str, Any]) -> str:
    if details.get("outcome") == "recreated":
        where = details.get("new_version") or f"real node {details.get('new_node')}"
        return plain(f"recreated as {details.get('new_name')} on {where} in {float(details.get('seconds') or 0):.1f} s")
    return plain(f"{details.get('outcome')}, {details.get('reason')}", 600)

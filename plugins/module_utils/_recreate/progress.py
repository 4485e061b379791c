# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told while a run goes on: one line for each step, from the entries of the ledger."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.estimate import told
from ansible_collections.ackops.eci.plugins.module_utils._text import duration, plain

# How the names of the files begin that the action plugin names; their lines begin with a word for their kind.
TEMPORARY = "eci-progress-"
# What a line is about, for whoever gives it a colour; a dash for the others.
# The last line, which sums up, is for those who get no result.
DONE, TROUBLE, WAITS, END = "done", "trouble", "waits", "end"
KINDS = {
    "finished": DONE,
    "failed": TROUBLE,
    "interrupted": TROUBLE,
    "stopped": TROUBLE,
    "set_aside": WAITS,
    "waits": WAITS,
    "waits_for_more": WAITS,
    "waiting": WAITS,
    "ended": END,
}
ENDS = ("finished", "failed", "interrupted")


class Progress:
    """Appends lines to a file that somebody follows. It never stops the work: a file that cannot be written is left.

    The file is made where there is none. The action plugin holds a lock on the one that it makes. Such a file loses its name as
    soon as both have it open, so that it is gone with them, however they end. On another machine than the action plugin's the
    module makes the file, and the action plugin has it removed; where nobody waits any more, :meth:`abandon` does.
    """

    def __init__(self, path: str) -> None:
        self._lines = Lines()
        self._says_kinds = os.path.basename(path).startswith(TEMPORARY)
        self._path = path
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            if self._says_kinds:
                os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
                flags |= os.O_NOFOLLOW
            self._file = os.open(path, flags, 0o600)
        except OSError:
            self._file = -1
        self._was_followed = self._is_locked()
        if self._was_followed:
            self.abandon()

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

    def abandon(self) -> None:
        """Take the name of the file away, unless it is one that the user named."""
        if self._says_kinds and self._file >= 0:
            with contextlib.suppress(OSError):
                os.unlink(self._path)

    def tell(self, event: str, details: Mapping[str, Any]) -> None:
        """Add the line of one event, where it has one."""
        line = self._lines.of(event, details)
        if line and (self._says_kinds or event != "ended"):
            kind = f"{KINDS.get(event, '-')} " if self._says_kinds else ""
            with contextlib.suppress(OSError):
                os.write(self._file, f"{kind}{line}\n".encode("utf-8", "replace"))


class Lines:
    """Words events: each pod with its place in the plan, and how many are done."""

    def __init__(self) -> None:
        self._total = 0
        self._places: dict[str, tuple[int, str]] = {}
        self._done: dict[str, float] = {}  # by UID, the seconds it took
        self._going: set[str] = set()
        self._aside: dict[str, int] = {}

    def of(self, event: str, details: Mapping[str, Any]) -> str:
        """The line of an event; empty where nobody needs to hear of it."""
        if event == "started":
            self._total = int(details["pods"])
            return f"{self._total} pod(s) to recreate; the ledger is {plain(details['ledger'])}"
        if event == "plan":
            listed = details["pods"]
            self._places = {pod["uid"]: (place, pod["old_version"]) for place, pod in enumerate(listed, 1)}
            self._total = len(listed)
            return ""
        if event in _OF_THE_RUN:
            return _OF_THE_RUN[event](details)
        if event == "waits":
            self._count(event, details)
            return self._waits(details)
        if event in ENDS:
            return self._ended(event, details)
        begun = _beginning(event, details)
        self._count(event, details)
        what = plain(details.get("workload")) if event == "restarting" else self._pod(details)
        return f"{what}: {begun}" if begun else ""

    def _count(self, event: str, details: Mapping[str, Any]) -> None:
        """Which pods are on their way, and how many are set aside."""
        group = str(details.get("workload") or details.get("uid"))
        if event == "removing":
            self._going.add(str(details.get("uid")))
            self._aside.pop(group, None)
        elif event == "set_aside" or details.get("aside"):
            self._aside[group] = int(details.get("pods", 1))

    def _pod(self, details: Mapping[str, Any], new_version: object = "") -> str:
        """``3/20 shop/web-1 (1.0.0 -> 1.1.0)``, as far as it is known."""
        place, old = self._places.get(str(details.get("uid")), (0, ""))
        number = f"{place}/{self._total} " if place else ""
        old = str(details.get("old_version") or old)
        new = f" -> {new_version}" if new_version else ""
        versions = f" ({old}{new})" if old else ""
        return number + plain(f"{details.get('namespace')}/{details.get('name')}{versions}")

    def _waits(self, details: Mapping[str, Any]) -> str:
        seconds, idle, limit = (float(details[key]) for key in ("seconds", "idle", "limit"))
        so_long = f"waiting, {seconds:.0f} of {limit:.0f} s"
        more = int(details.get("pods", 1)) - 1
        what = "the run"
        if details.get("name"):
            what = self._pod(details, details.get("new_version"))
        elif details.get("workload"):
            what = f"{plain(details['workload'])} ({more + 1} pod(s))"
        if details.get("aside"):
            what += f" and {more} more of {plain(details['workload'])}" if more else ""
            so_long = f"set aside for {seconds:.0f} s"
            so_long += f", {idle:.0f} of {limit:.0f} s with nothing else to do" if idle else ""
        return f"{what}: {so_long}: {plain(details['reason'], 600)}"

    def _ended(self, event: str, details: Mapping[str, Any]) -> str:
        uid = str(details.get("uid"))
        self._done[uid] = float(details.get("seconds") or 0)
        slots = len(self._going | {uid})
        self._going.discard(uid)
        left = self._total - len(self._done)
        mean = sum(self._done.values()) / len(self._done)
        coming = left - sum(self._aside.values())
        # A run that has been told to end, or lost a pod, does not get to the others.
        estimate = f", about {duration(mean * coming / slots)} left" if event == "finished" and coming > 0 else ""
        done = f"{len(self._done)} of {self._total} done{estimate}"
        return f"{self._pod(details, details.get('new_version'))}: {_ending(details)} ({done})"


def _sum(details: Mapping[str, Any]) -> str:
    """The end of the run: how many pods ended how, and what is to be done."""
    counts = ", ".join(f"{number} {outcome}" for outcome, number in (details.get("counts") or {}).items())
    return plain(
        " ".join(text for text in (f"{counts}." if counts else "", details.get("problem") or "") if text), 2000
    )


# Events that are about no single pod.
_OF_THE_RUN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "estimated": lambda details: "; ".join(told(details["estimate"])),
    "ended": _sum,
    "waiting": lambda details: plain(details["reason"]),
    "stopped": lambda details: plain(details["reason"]),
    "waits_for_more": lambda details: f"{details['pods']} more pod(s) wait as they did",
}


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

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs, in words that name one process for good, and whether that process still lives."""

from __future__ import annotations

import getpass
import os
import re
import socket
import zlib
from dataclasses import dataclass

_TEXT = re.compile(r"(?P<who>\S+@\S+) pid (?P<pid>\d+)\.(?P<started>\d*) in (?P<space>\w*) run (?P<run>\S+)", re.ASCII)


def user() -> str:
    """The name of the user, or the number of one that has no name (as in many containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process was started, in the kernel's own count; empty where there is none, or that cannot be told."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in ("Z", "X") else ""


def _space() -> str:
    """What makes a process id unique: this boot, and the namespace of process ids (a container has its own)."""
    boot = _read("/proc/sys/kernel/random/boot_id")
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    return f"{zlib.crc32((boot + namespace).encode()):08x}" if boot else ""


@dataclass(frozen=True)
class Holder:
    """A run and its process: ``who`` is user@host, ``space`` is empty where a process cannot be told from another's."""

    who: str
    pid: int
    started: str
    space: str
    run: str

    @classmethod
    def of_this_process(cls, run: str) -> Holder:
        """This one."""
        who = re.sub(r"\s+", "_", f"{user()}@{socket.gethostname()}")
        return cls(who, os.getpid(), _started(os.getpid()), _space(), run)

    @classmethod
    def parse(cls, text: str) -> Holder | None:
        """From the text of a lease; None where it was not written by this collection."""
        found = _TEXT.fullmatch(text)
        if found is None:
            return None
        return cls(found["who"], int(found["pid"]), found["started"], found["space"], found["run"])

    def __str__(self) -> str:
        return f"{self.who} pid {self.pid}.{self.started} in {self.space} run {self.run}"

    def lives(self) -> bool | None:
        """Whether its process lives; None where that cannot be told from here (another machine, another container)."""
        if not self.space or not self.started or self.space != _space():
            return None
        return _started(self.pid) == self.started

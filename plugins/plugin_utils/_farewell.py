# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a run when ansible-playbook is interrupted: no task can tell it any more, for the playbook ends at once.

The process of the task keeps a note of how far the run has come, and a second name of the file with its progress. Both lie in the
directory of temporary files that ansible-playbook removes when it ends; before it does, it tells what they say.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import multiprocessing
import os
import signal
import time
import uuid

import ansible.constants
from ansible.utils.display import Display

from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import DONE, END, WAITS
from ansible_collections.ackops.eci.plugins.plugin_utils._role_names import line_for

NOTE = "eci-run-"
# So long the module may take to end in order.
PATIENCE_SECONDS = 15.0
LOOK_SECONDS = 0.2


class Note:
    """How far the run on a host has come; ``progress`` is the file of its progress, empty where that is on another machine."""

    def __init__(self, host: str, progress: str = "", role: str = "") -> None:
        self._path = os.path.join(ansible.constants.DEFAULT_LOCAL_TMP, f"{NOTE}{uuid.uuid4()}")
        self._told = {"host": host, "begun": "", "done": "", "progress": "", "role": role}
        with contextlib.suppress(OSError):  # another file system, or one without links
            if progress:
                os.link(progress, f"{self._path}.progress")
                self._told["progress"] = f"{self._path}.progress"
        self._keep()

    def _keep(self) -> None:
        with contextlib.suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(self._told, stream)

    def saw(self, line: str) -> None:
        """Remember a line of the progress: the first one, and the last one of a pod that was done."""
        kind, _space, text = line.partition(" ")
        if not self._told["begun"] and kind not in (DONE, WAITS):
            self._told["begun"] = text
            self._keep()
        elif kind == DONE:
            self._told["done"] = text
            self._keep()

    def close(self) -> None:
        """The run has ended, and its task tells of it."""
        for path in (self._told["progress"], self._path):
            with contextlib.suppress(OSError):
                if path:
                    os.unlink(path)


def _last_line(path: str, until: float) -> str:
    """The last line of a progress, for which the module is waited for; empty where it never came."""
    while path and time.monotonic() < until:
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as stream:
            ends = [line for line in stream if line.startswith(f"{END} ") and line.endswith("\n")]
            if ends:
                return ends[-1].partition(" ")[2].strip()
        time.sleep(LOOK_SECONDS)
    return ""


def _end_tasks(until: float) -> None:
    """Ask the tasks that still work to end, until they have; ansible-core hands the signal on to the module.

    An interrupt that ansible-playbook sends them can be kept from a task that waits: Python notes it in whichever thread the system
    chose, and acts on it in the first one. The run would go on behind the user's back.
    """
    while (tasks := multiprocessing.active_children()) and time.monotonic() < until:
        for task in tasks:
            with contextlib.suppress(OSError):
                if task.pid:
                    os.kill(task.pid, signal.SIGTERM)
        time.sleep(LOOK_SECONDS)


def farewell(directory: str) -> list[str]:
    """What the notes in a directory say, a line for each run, once the modules have ended."""
    lines = []
    until = time.monotonic() + PATIENCE_SECONDS
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    names = [name for name in names if name.startswith(NOTE) and "." not in name]
    if names:
        _end_tasks(until)
    for name in names:
        with contextlib.suppress(OSError, ValueError), open(os.path.join(directory, name), encoding="utf-8") as stream:
            note = json.load(stream)
            ended = _last_line(note["progress"], until)
            so_far = " ".join(text for text in (note["begun"], note["done"]) if text)
            where = "its machine" if not note["progress"] else "this machine"
            told = ended or f"the run was interrupted, and ends in order on {where}. {so_far}".strip()
            lines.append(f"eci: [{note['host']}] {line_for(note['role'], told)}")
    return lines


def _tell() -> None:
    with contextlib.suppress(KeyboardInterrupt):  # somebody cannot wait
        for line in farewell(ansible.constants.DEFAULT_LOCAL_TMP):
            Display().display(line, color=ansible.constants.COLOR_WARN)


def tell_at_exit() -> None:
    """In the process of ansible-playbook: tell of the runs that it leaves. The processes of tasks never come to their exit."""
    atexit.register(_tell)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows each step of eci_pod_recreate while it runs (with a local connection), and ends it where nobody waits any more.

A controller that is killed (which is how ansible-runner and AWX cancel a job), or whose task times out, leaves the process that
runs the task, or the module itself, at work. This one tells them, so that the run ends in order within seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from ansible.utils.display import Display

from ansible_collections.ackops.eci.plugins.module_utils._argspec import recreate_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import TEMPORARY
from ansible_collections.ackops.eci.plugins.plugin_utils._action import RoleAwareAction

LOOK_SECONDS = 0.3


class Progress:
    """A file whose lines are displayed as they come. ``path`` is the file; the lock on it says that somebody follows it.

    The module takes the name away once it has the file open.
    """

    def __init__(self, host: str) -> None:
        descriptor, self.path = tempfile.mkstemp(prefix=TEMPORARY)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._stream = os.fdopen(descriptor, encoding="utf-8", errors="replace")
        self._host = host
        self._rest = ""

    def show(self) -> None:
        """Display what has come."""
        *lines, self._rest = (self._rest + self._stream.read()).split("\n")
        for line in lines:
            Display().display(f"eci: [{self._host}] {line}")

    def close(self) -> None:
        """Remove the file, and give the lock back."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._stream.close()


def _descendants(process: int) -> list[int]:
    """The processes below one, as far as the system tells (Linux)."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as stream:
                parent = int(stream.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found, left = [], [process]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def _end_children() -> None:
    """Ask what this process has started to end: a local module ends in order, an ssh closes the channel of a remote one."""
    if os.getpgrp() == os.getpid():  # since ansible-core 2.18 a task has a process group of its own
        with contextlib.suppress(OSError):
            os.killpg(os.getpid(), signal.SIGTERM)
        return
    for process in _descendants(os.getpid()):
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGTERM)


@contextlib.contextmanager
def _deaf_to_sigterm() -> Iterator[None]:
    """While this process signals its own group."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Attendance:
    """In a ``with``, while the module runs: shows its progress, and ends it where the controller is gone or gives up."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._parent = os.getppid()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._attend, daemon=True)

    def _attend(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if os.getppid() != self._parent:
                self._leave()
            with contextlib.suppress(OSError):  # nobody takes what is displayed: the next look tells why
                if self._progress is not None:
                    self._progress.show()

    def _leave(self) -> None:
        """ansible-playbook is gone: nobody is left who could be told the result."""
        try:
            if self._progress is not None:
                self._progress.close()
            _end_children()
        finally:
            os._exit(1)

    def __enter__(self) -> Attendance:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        if self._progress is not None:
            self._progress.show()
            self._progress.close()
        if kind is not None and not issubclass(kind, Exception):  # the task's timeout, an interrupt
            with _deaf_to_sigterm():
                _end_children()


class ActionModule(RoleAwareAction):
    """Runs the module; where it can, with a file for its progress."""

    options = staticmethod(recreate_argument_spec)

    def run_module(self, task_vars: dict[str, Any] | None, **arguments: Any) -> dict[str, Any]:
        """Run the module and return its result."""
        given = dict(self._task.args)
        if self._task.async_val:  # by the user's choice nobody waits
            return super().run_module(task_vars, **arguments)
        progress = None
        if self._connection.transport == "local" and not given.get("progress_file"):
            progress = Progress(str((task_vars or {}).get("inventory_hostname", "localhost")))
            given["progress_file"] = progress.path
        with Attendance(progress):
            return super().run_module(task_vars, module_args=given, **arguments)

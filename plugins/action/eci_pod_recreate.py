# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows each step of eci_pod_recreate while it runs, and ends it where nobody waits any more.

A controller that is killed (which is how ansible-runner and AWX cancel a job), or whose task times out, leaves the process that
runs the task, or the module itself, at work. This one tells them, so that the run ends in order within seconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.ackops.eci.plugins.module_utils._argspec import recreate_argument_spec
from ansible_collections.ackops.eci.plugins.plugin_utils._action import RoleAwareAction
from ansible_collections.ackops.eci.plugins.plugin_utils._farewell import tell_at_exit
from ansible_collections.ackops.eci.plugins.plugin_utils._progress import (
    RemoteFile,
    Screen,
    SharedFile,
    directory_for,
    execute_with,
    second_connection,
    start_without_signals,
)

LOOK_SECONDS = 0.3

if not multiprocessing.parent_process():
    tell_at_exit()


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

    def __init__(self, screen: Screen | None, shared: SharedFile | None, remote: RemoteFile | None) -> None:
        self._screen = screen
        self._shared = shared
        self._remote = remote
        self._parent = os.getppid()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._attend, daemon=True)

    def _attend(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if os.getppid() != self._parent:
                self._leave()
            with contextlib.suppress(OSError):  # nobody takes what is displayed: the next look tells why
                if self._shared is not None:
                    self._shared.show()

    def _leave(self) -> None:
        """ansible-playbook is gone: nobody is left who could be told the result."""
        try:
            if self._shared is not None:
                self._shared.close()
            if self._screen is not None:
                self._screen.close()
            _end_children()
        finally:
            os._exit(1)

    def __enter__(self) -> Attendance:
        start_without_signals(self._thread)
        if self._remote is not None:
            self._remote.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        if self._shared is not None:
            self._shared.show()
            self._shared.close()
        if self._remote is not None and kind is None:
            self._remote.end()
        elif self._remote is not None:
            self._remote.abandon()
        if kind is not None and not issubclass(kind, Exception):  # the task's timeout, an interrupt
            with _deaf_to_sigterm():
                _end_children()
        elif self._screen is not None:
            self._screen.close()


class ActionModule(RoleAwareAction):
    """Runs the module, with a file for its progress."""

    options = staticmethod(recreate_argument_spec)

    def run_module(self, task_vars: dict[str, Any] | None, **arguments: Any) -> dict[str, Any]:
        """Run the module and return its result."""
        given = dict(self._task.args)
        if self._task.async_val:  # by the user's choice nobody waits
            return super().run_module(task_vars, **arguments)
        host = str((task_vars or {}).get("inventory_hostname", "localhost"))
        quiet = boolean(given.get("quiet", False), strict=False) or bool(self._task.no_log)
        screen = None if quiet or given.get("progress_file") else Screen(host, self.role_name)
        shared, remote = None, None
        if not given.get("progress_file"):
            if self._connection.transport == "local" and not self._is_become_unprivileged():
                shared = SharedFile(screen)
            elif screen is not None:
                screen.keep_note()
                remote = self._remote_file(screen)
        followed = shared or remote
        if followed is not None:
            given["progress_file"] = followed.path
        with Attendance(screen, shared, remote):
            return super().run_module(task_vars, module_args=given, **arguments)

    def _remote_file(self, screen: Screen) -> RemoteFile | None:
        """The progress on another machine; none where its shell cannot be asked for it."""
        directory = directory_for(self)
        if not directory:
            return None
        return RemoteFile(screen, directory, lambda: execute_with(second_connection(self)), execute_with(self))

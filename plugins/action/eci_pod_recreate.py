# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows each step of eci_pod_recreate while it runs: with a local connection, module and controller share a file."""

from __future__ import annotations

import os
import tempfile
import threading
from typing import Any

from ansible.utils.display import Display

from ansible_collections.ackops.eci.plugins.plugin_utils._action import RoleAwareAction

LOOK_SECONDS = 0.3


class Follower:
    """Displays the lines of a file as they come, in a ``with``. ``path`` is the file."""

    def __init__(self, host: str) -> None:
        descriptor, self.path = tempfile.mkstemp(prefix="eci-progress-")
        self._stream = os.fdopen(descriptor, encoding="utf-8", errors="replace")
        self._host = host
        self._rest = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def _follow(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self._show()

    def _show(self) -> None:
        *lines, self._rest = (self._rest + self._stream.read()).split("\n")
        for line in lines:
            Display().display(f"eci: [{self._host}] {line}")

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        self._show()
        self._stream.close()
        os.unlink(self.path)


class ActionModule(RoleAwareAction):
    """Runs the module; where it can, with a file for its progress."""

    def run_module(self, task_vars: dict[str, Any] | None, **arguments: Any) -> dict[str, Any]:
        """Run the module and return its result."""
        given = dict(self._task.args)
        if self._connection.transport != "local" or self._task.async_val or given.get("progress_file"):
            return super().run_module(task_vars, **arguments)
        with Follower(str((task_vars or {}).get("inventory_hostname", "localhost"))) as follower:
            return super().run_module(task_vars, module_args={**given, "progress_file": follower.path}, **arguments)

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows each step of eci_pod_recreate while it runs: with a local connection, module and controller share a file."""

from __future__ import annotations

import os
import tempfile
import threading
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

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


class ActionModule(ActionBase):
    """Runs the module; where it can, with a file for its progress."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module and return its result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        in_background = bool(self._task.async_val)
        if self._connection.transport != "local" or in_background or arguments.get("progress_file"):
            outcome = self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=in_background)
        else:
            with Follower(str((task_vars or {}).get("inventory_hostname", "localhost"))) as follower:
                arguments["progress_file"] = follower.path
                outcome = self._execute_module(module_args=arguments, task_vars=task_vars)
        return {**result, **outcome}

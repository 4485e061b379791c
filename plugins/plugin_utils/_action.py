# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins share: they run the module of their name, and let its messages name the role's variables."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.ackops.eci.plugins.plugin_utils._role_names import result_for


def _whole(value: Any) -> Any:
    """A path, or several in a list or between commas, from the root on."""
    if isinstance(value, str):
        return ",".join(_whole_path(part.strip()) for part in value.split(","))
    return (
        [_whole_path(part) if isinstance(part, str) else part for part in value] if isinstance(value, list) else value
    )


def _whole_path(path: str) -> str:
    return os.path.abspath(os.path.expanduser(os.path.expandvars(path)))


class RoleAwareAction(ActionBase):
    """Runs the module. In a task of the role eci_preflight its messages name the role's variables."""

    _supports_check_mode = True
    _supports_async = True
    # Options that name files. A module with a local connection runs elsewhere than ansible-playbook was started.
    _paths: tuple[str, ...] = ()

    def _with_whole_paths(self, given: dict[str, Any]) -> dict[str, Any]:
        """The options with paths that count from where ansible-playbook was started, if that is the machine of the module."""
        if self._connection.transport != "local":
            return given
        return {**given, **{name: _whole(given[name]) for name in self._paths if given.get(name)}}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module and return its result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        return {**result, **self.run_module(task_vars)}

    def run_module(self, task_vars: dict[str, Any] | None, **arguments: Any) -> dict[str, Any]:
        """Run the module, in the background if the task says so."""
        in_background = bool(self._task.async_val)
        arguments["module_args"] = self._with_whole_paths(arguments.get("module_args", self._task.args))
        outcome = self._execute_module(task_vars=task_vars, wrap_async=in_background, **arguments)
        return result_for(self.role_name, outcome)

    @property
    def role_name(self) -> str:
        """The full name of the role of the task; empty outside of roles."""
        role = self._task._role  # noqa: SLF001 (Task has no public name for it)
        return str(role.get_name()) if role is not None else ""

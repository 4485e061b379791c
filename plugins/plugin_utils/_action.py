# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins share: they run the module of their name, and let its messages name the role's variables."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.ackops.eci.plugins.plugin_utils._role_names import result_for
from ansible_collections.ackops.eci.plugins.plugin_utils._values import understood_all

# What plugins/modules and plugins/module_utils are written for.
OLDEST_PYTHON = (3, 9)
# Any Python understands it.
_ASK = "print('%d.%d' % __import__('sys').version_info[:2])"


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
    # The options of the module.
    options: Callable[[], dict[str, Any]] = dict
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
        given = understood_all(arguments.get("module_args", self._task.args), type(self).options())
        arguments["module_args"] = self._with_whole_paths(given)
        outcome = self._of_old_python(self._execute_module(task_vars=task_vars, wrap_async=in_background, **arguments))
        return result_for(self.role_name, outcome)

    @property
    def role_name(self) -> str:
        """The full name of the role of the task; empty outside of roles."""
        role = self._task._role  # noqa: SLF001 (Task has no public name for it)
        return str(role.get_name()) if role is not None else ""

    def _of_old_python(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """The outcome; where the module did not start because its Python is too old, that is the message.

        The module cannot say so itself: an old Python does not get past its first lines.
        """
        interpreter = str(self._used_interpreter or "").lstrip("#!")
        if not (outcome.get("failed") and "module_stderr" in outcome and interpreter):
            return outcome
        told = self._low_level_execute_command(f"{shlex.quote(interpreter)} -c {shlex.quote(_ASK)}")
        found = re.search(r"^(\d+)\.(\d+)\s*$", str(told.get("stdout")), re.MULTILINE)
        if not found or (version := (int(found[1]), int(found[2]))) >= OLDEST_PYTHON:
            return outcome
        return {
            "failed": True,
            "changed": False,
            "rc": outcome.get("rc"),
            "msg": f"{interpreter} is Python {'.'.join(map(str, version))}, and this module needs Python "
            f"{'.'.join(map(str, OLDEST_PYTHON))} or newer. Set ansible_python_interpreter to one that has the packages "
            "kubernetes and jmespath.",
        }

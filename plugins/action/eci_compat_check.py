# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs eci_compat_check; in the role eci_preflight its messages name the role's variables. Brings its whole lists to the controller."""

from __future__ import annotations

import os
import uuid
from typing import Any

import ansible.constants
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display

from ansible_collections.ackops.eci.plugins.module_utils._argspec import check_argument_spec
from ansible_collections.ackops.eci.plugins.plugin_utils._action import RoleAwareAction


class ActionModule(RoleAwareAction):
    """Runs the module; with ``keep_lists`` its lists end up in a file on the controller that lives as long as ansible-playbook."""

    options = staticmethod(check_argument_spec)
    _paths = ("src", "list_file")

    def run_module(self, task_vars: dict[str, Any] | None, **arguments: Any) -> dict[str, Any]:
        """Run the module and return its result."""
        given = dict(self._task.args)
        if not boolean(given.get("keep_lists", False), strict=False) or given.get("list_file") or self._task.async_val:
            return super().run_module(task_vars, **arguments)
        # Ansible removes this directory when it ends; every task of the play sees it.
        kept = os.path.join(ansible.constants.DEFAULT_LOCAL_TMP, f"eci-lists-{uuid.uuid4()}.json")
        if self._connection.transport == "local":
            outcome = super().run_module(task_vars, module_args={**given, "list_file": kept}, **arguments)
        else:
            outcome = self._run_afar(task_vars, given, kept, arguments)
        return {**outcome, "lists": kept} if os.path.exists(kept) else outcome

    def _run_afar(
        self, task_vars: dict[str, Any] | None, given: dict[str, Any], kept: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the module on another machine, and fetch the file before that machine forgets it."""
        directory = self._make_tmp_path()
        try:
            there = self._connection._shell.join_path(directory, "eci-lists.json")  # noqa: SLF001 (connections have no public name for it)
            outcome = super().run_module(task_vars, module_args={**given, "list_file": there}, **arguments)
            try:
                self._connection.fetch_file(there, kept)
            except AnsibleError as error:
                Display().warning(f"The whole lists of eci_compat_check could not be fetched: {error}")
        finally:
            self._remove_tmp_path(directory, force=True)
        return outcome

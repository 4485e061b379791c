# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Ansible can load the user's upgrade tasks: asked before anything is touched.

Ansible loads an included file when the play comes to it, and then ends the whole run where it cannot: after pods were recreated, and
without a report. Here its own loader reads the tasks first.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.helpers import load_list_of_blocks
from ansible.playbook.play import Play
from ansible.vars.manager import VariableManager

from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

FILE, ROLE = "eci_fleet_upgrade_tasks_file", "eci_fleet_upgrade_role"
# What only an entry of a playbook has.
_OF_A_PLAY = ("hosts", "import_playbook", "ansible.builtin.import_playbook")
# In ansible-core before 2.19 a message goes on with an excerpt of the file.
_EXCERPT = "\n\nThe error appears to be"


def whole_path(path: str) -> str:
    """A path that counts from where ansible-playbook was started, as on any command line."""
    return os.path.realpath(os.path.expanduser(path))


def wrong_file(path: str, directory: str) -> str:
    """Why the file cannot be the upgrade tasks; empty if it can. ``directory`` is that of the playbook."""
    loader = _loader(directory)
    try:
        entries = loader.load_from_file(path)
    except AnsibleError as error:
        return _sentence(FILE, path, f"cannot be read: {_said(error)}", "Repair it.")
    if isinstance(entries, list) and any(
        isinstance(e, Mapping) and any(key in e for key in _OF_A_PLAY) for e in entries
    ):
        return _sentence(
            FILE, path, "is a playbook", "Give a file with tasks alone: the list that a play has under tasks."
        )
    if not isinstance(entries, list) or not entries:
        return _sentence(FILE, path, "holds no list of tasks", "Give a file with the tasks that upgrade one cluster.")
    said = _loaded([{"ansible.builtin.import_tasks": path}], loader)
    if not said:
        return ""
    first = next((number for number, entry in enumerate(entries, 1) if _loaded([entry], loader)), 0)
    return _sentence(FILE, path, f"cannot be loaded{f', task {first} of it' if first else ''}: {said}", "Repair it.")


def wrong_role(name: str, directory: str) -> str:
    """Why the role cannot be the upgrade; empty if it can."""
    said = _loaded([{"ansible.builtin.import_role": {"name": name}}], _loader(directory))
    remedy = "Name a role that is installed, or in a directory of roles_path."
    return _sentence(ROLE, name, f"cannot be loaded: {said}", remedy) if said else ""


def wrong_upgrades(files: Sequence[str], roles: Sequence[str], directory: str) -> list[str]:
    """A sentence for each of the files and roles that cannot be loaded."""
    found = [wrong_file(whole_path(path), directory) for path in dict.fromkeys(files)]
    found += [wrong_role(name, directory) for name in dict.fromkeys(roles)]
    return [line for line in found if line]


def _sentence(option: str, value: str, problem: str, remedy: str) -> str:
    return f"{option}: {quoted(value, 300)} {problem}{'' if problem.endswith('.') else '.'} {remedy}"


def _loader(directory: str) -> DataLoader:
    loader = DataLoader()
    loader.set_basedir(directory)
    return loader


def _loaded(entries: list[Any], loader: DataLoader) -> str:
    """Why Ansible cannot load these tasks; empty if it can."""
    variables = VariableManager(loader=loader, inventory=InventoryManager(loader=loader, sources=[]))
    try:
        play = Play.load(
            {"name": "Upgrade", "hosts": "all", "gather_facts": False}, variable_manager=variables, loader=loader
        )
        load_list_of_blocks(entries, play=play, variable_manager=variables, loader=loader)
    except AnsibleError as error:
        return _said(error)
    return ""


def _said(error: AnsibleError) -> str:
    return plain(" ".join(str(error).partition(_EXCERPT)[0].split()), 400)

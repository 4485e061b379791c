# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the playbook awx_apply with a stand-in for awx.awx that notes how each module is called, and calls nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dev.paths import REPO

APPLY = REPO / "playbooks" / "awx_apply.yml"
MODULES = (
    "credential", "credential_input_source", "credential_type", "execution_environment", "inventory", "inventory_source",
    "job_template", "label", "notification_template", "organization", "project", "role", "schedule", "team",
    "workflow_job_template",
)  # fmt: skip
PLUGIN = """
from __future__ import annotations
import json, os
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        with open(os.environ["ECI_AWX_CALLS"], "a") as stream:
            stream.write(json.dumps([self._task.action, self._task.args]) + "\\n")
        return {"changed": False}
"""
# Nothing is in AWX yet.
LOOKUP = """
from __future__ import annotations
from ansible.plugins.lookup import LookupBase

class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        return []
"""


@dataclass(frozen=True)
class Call:
    """One module as it would be called."""

    module: str
    arguments: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The module's name without its collection."""
        return self.module.rpartition(".")[2]

    @property
    def name(self) -> str:
        """The name of the object, or what stands for one."""
        if self.kind == "role":
            goals = {key: value for key, value in self.arguments.items() if key not in {"role", "teams"}}
            return f"{self.arguments['role']} of {self.arguments['teams']} on {goals}"
        if self.kind == "credential_input_source":
            return f"{self.arguments['target_credential']}: {self.arguments['input_field_name']}"
        return str(self.arguments["name"])

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}"


def variables_of(folder: Path, names: Iterable[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that the playbook applies, as another collection would read them."""
    files = sorted(str(path) for path in (REPO / "playbooks" / "awx").glob("objects/*.yml"))
    content = "{{ dict(names | zip(query('ansible.builtin.vars', *names))) | to_json }}"
    play = {
        "hosts": "localhost", "gather_facts": False, "connection": "local", "vars": {"names": list(names)},
        "vars_files": [str(REPO / "playbooks" / "awx" / "settings.yml"), *files],
        "tasks": [{"ansible.builtin.copy": {"content": content, "dest": str(folder / "data.json"), "mode": "0600"}}],
    }  # fmt: skip
    (folder / "data.yml").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        ["ansible-playbook", str(folder / "data.yml"), "-e", json.dumps(variables)],
        capture_output=True, text=True, check=False, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    loaded: dict[str, Any] = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    return loaded


def record(folder: Path, variables: Mapping[str, Any]) -> list[Call]:
    """The calls that awx_apply makes with these settings, in order."""
    plugins = folder / "ansible_collections" / "awx" / "awx" / "plugins"
    for kind, names, text in (("action", MODULES, PLUGIN), ("lookup", ("controller_api",), LOOKUP)):
        (plugins / kind).mkdir(parents=True)
        for name in names:
            (plugins / kind / f"{name}.py").write_text(text, encoding="utf-8")
    notes = folder / "calls.jsonl"
    extra = {"ANSIBLE_COLLECTIONS_PATH": str(folder), "ECI_AWX_CALLS": str(notes), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        ["ansible-playbook", str(APPLY), "-e", json.dumps(variables)],
        capture_output=True, text=True, check=False, env={**os.environ, **extra}, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [Call(*json.loads(line)) for line in notes.read_text(encoding="utf-8").splitlines()]

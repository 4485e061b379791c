# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file is followed on another machine: over SSH as it is, with pipelining, as another user; no cluster is needed for that."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.integration.ssh import machine
from tests.integration.support import run_playbook

# Does what eci_pod_recreate's does, with a shell in the place of the module.
ACTION = """\
from ansible.plugins.action import ActionBase
from ansible_collections.ackops.eci.plugins.plugin_utils import _progress
from ansible_collections.ackops.eci.plugins.plugin_utils._progress import (
    RemoteFile, directory_for, execute_with, second_connection,
)


class Screen(_progress.Screen):
    # So that the test knows what was displayed before the end.
    def __init__(self, host):
        super().__init__(host)
        self.shown = []

    def show(self, line):
        self.shown.append(line)
        super().show(line)


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        here = execute_with(self)
        remote = RemoteFile(Screen("there"), directory_for(self), lambda: execute_with(second_connection(self)), here)
        remote.start()
        file = remote._quoted
        work = 'for n in 1 2 3; do echo "done $n $(id -un)" >> ' + file + '; sleep 2; done; echo "- 4 the rest" >> ' + file
        code, _said, errors = here(f"umask 077; mkdir -p $(dirname {file}); {work}")
        before = list(remote._screen.shown)
        remote.end()
        return {**result, "failed": bool(code), "msg": errors, "before": before, "path": remote.path}
"""
NOBODY: dict[str, object] = {
    "ansible_become": True,
    "ansible_become_method": "su",
    "ansible_become_user": "nobody",
    "ansible_become_flags": "-s /bin/sh",
}
PIPELINING: dict[str, object] = {"ansible_pipelining": True}
# Without a password only root can become somebody else.
ROOT = os.geteuid() == 0
WAYS: dict[str, dict[str, object]] = {
    "as it is": {},
    "pipelining": PIPELINING,
    **({"become": NOBODY, "become, pipelining": {**NOBODY, **PIPELINING}} if ROOT else {}),
}


@pytest.mark.compat
@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_followed(home: Path, tmp_path: Path, way: str) -> None:
    """Each line comes while the work goes on, once; one login serves both connections, and nothing is left there."""
    (home / "action_plugins").mkdir(parents=True)
    (home / "library").mkdir()
    (home / "library" / "follow.py").touch()
    (home / "action_plugins" / "follow.py").write_text(ACTION, encoding="utf-8")
    with machine(tmp_path / "there") as there:
        inventory = home / "hosts.json"
        inventory.write_text(
            json.dumps({"all": {"hosts": {"there": {**there.variables, **WAYS[way]}}}}), encoding="utf-8"
        )
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"name": "Follow", "follow": {}}]}
        run = run_playbook([play], None, home, "-i", str(inventory))
        assert run.code == 0, run.text
        assert there.logins() == 1
    user = "nobody" if "become" in way else there.variables["ansible_user"]
    assert re.findall(r"^eci: \[there\] (.*)$", run.text, re.MULTILINE) == [
        *(f"{n} {user}" for n in (1, 2, 3)),
        "4 the rest",
    ]
    result = run.result("Follow", "there")
    assert len(result["before"]) >= 2, "they came only in the end"
    assert not Path(result["path"]).exists()
    assert [*there.tmp.glob("*")] == []

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins share: a Python that is too old for a module is named as such."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.plugin_utils._action import RoleAwareAction
from tests.dev import gates

BROKEN = {
    "failed": True,
    "changed": False,
    "rc": 1,
    "msg": "MODULE FAILURE",
    "module_stdout": "",
    "module_stderr": "SyntaxError: future feature annotations is not defined",
}


class Action(RoleAwareAction):
    """An action whose module answers as told, and whose commands run on this machine."""

    def __init__(self, interpreter: Path | str | None, outcome: dict[str, Any]) -> None:
        """Neither a task nor a connection is needed for it."""
        self._used_interpreter = interpreter and f"#!{interpreter}"
        self._task = SimpleNamespace(async_val=0, args={}, _role=None)
        self._connection = SimpleNamespace(transport="ssh")
        self.outcome = outcome

    def _execute_module(self, **_: Any) -> dict[str, Any]:
        return dict(self.outcome)

    def _low_level_execute_command(self, cmd: str, **_: Any) -> dict[str, Any]:
        done = subprocess.run(["sh", "-c", cmd], capture_output=True, text=True, check=False)
        return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def interpreter(place: Path, answer: str) -> Path:
    """A program that answers as an interpreter of some version would; its path has a space."""
    path = place / "a python"
    path.write_text(f'#!/bin/sh\n[ "$1" = -c ] && echo "{answer}"\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8"])
def test_a_python_that_is_too_old_is_named(tmp_path: Path, version: str) -> None:
    """With what is needed and what to set, and without the traceback of the module's first line."""
    path = interpreter(tmp_path, version)
    assert Action(path, BROKEN).run_module({}) == {
        "failed": True,
        "changed": False,
        "rc": 1,
        "msg": f"{path} is Python {version}, and this module needs Python {gates.OLDEST_TARGET} or newer. "
        "Set ansible_python_interpreter to one that has the packages kubernetes and jmespath.",
    }


@pytest.mark.parametrize("answer", ["3.9", "3.10", "no such thing", ""])
def test_another_failure_stays_what_it_is(tmp_path: Path, answer: str) -> None:
    """A Python that is new enough, or that says nothing, is not to blame."""
    assert Action(interpreter(tmp_path, answer), BROKEN).run_module({}) == BROKEN


@pytest.mark.parametrize("outcome", [{"failed": True, "msg": "no"}, {"changed": True}])
def test_a_module_that_ran_is_not_asked(outcome: dict[str, Any]) -> None:
    """It answered, so its Python is new enough: an interpreter that is not there is never called."""
    assert Action("/nowhere/python", outcome).run_module({}) == outcome


def test_an_unknown_interpreter_is_not_asked() -> None:
    """A module that never got as far as an interpreter, for an unreachable host."""
    assert Action(None, BROKEN).run_module({}) == BROKEN

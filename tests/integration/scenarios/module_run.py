# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a module of the collection as a process of its own, without a playbook around it: a second instead of five."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.support import environment
from tests.preloaded import run as preloaded

_numbers = itertools.count(1)


@dataclass(frozen=True)
class ModuleRun:
    """A finished module: its exit code, what it returned, and what it left on stderr."""

    code: int
    result: dict[str, Any]
    errors: str
    seconds: float

    @property
    def message(self) -> str:
        """Why it failed."""
        assert self.result.get("failed"), f"it did not fail: {self.result}"
        return str(self.result["msg"])

    @property
    def told(self) -> str:
        """What it said, for the message of an assertion."""
        pods = [f"{pod['name']}: {pod['outcome']}, {pod['reason']}" for pod in self.result.get("pods", [])]
        return "\n".join([str(self.result.get("msg", "no message")), *pods])

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome by name of the old pod."""
        return {pod["name"]: pod["outcome"] for pod in self.result["pods"]}

    @property
    def reasons(self) -> dict[str, str]:
        """Reason by name of the old pod."""
        return {pod["name"]: pod["reason"] for pod in self.result["pods"]}


class StartedModule:
    """A module that runs."""

    def __init__(self, name: str, arguments: Mapping[str, Any], kubeconfig: Path | None, home: Path, *,
                 environ: Mapping[str, str] | None = None) -> None:  # fmt: skip
        home.mkdir(parents=True, exist_ok=True)
        self._stem = home / f"module-{next(_numbers)}"
        internal = {"_ansible_remote_tmp": str(home), "_ansible_keep_remote_files": False}
        handed = self._stem.with_suffix(".args")
        handed.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**internal, **arguments}}), encoding="utf-8")
        self._started = time.monotonic()
        with self._file(".out").open("wb") as output, self._file(".err").open("wb") as errors:
            self.process = preloaded.module([name, str(handed)], environment(kubeconfig, home, environ), output, errors)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def wait(self, seconds: float = 120) -> ModuleRun:
        """Its end."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        text = self._file(".out").read_text(encoding="utf-8")
        errors = self._file(".err").read_text(encoding="utf-8")
        assert text.strip(), f"no result, exit code {code}:\n{errors}"
        return ModuleRun(code, json.loads(text), errors, time.monotonic() - self._started)

    def kill(self) -> None:
        """SIGKILL: it cannot say anything any more."""
        self.process.kill()
        self.process.wait()

    def _file(self, suffix: str) -> Path:
        return self._stem.with_suffix(suffix)


def run_module(
    name: str, arguments: Mapping[str, Any], kubeconfig: Path | None, home: Path, *, seconds: float = 120
) -> ModuleRun:
    """Run a module to its end."""
    return StartedModule(name, arguments, kubeconfig, home).wait(seconds)

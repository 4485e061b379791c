# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests share: running playbooks as a user does, and reading what came of it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.preloaded import run as preloaded

REPO = Path(__file__).resolve().parents[2]
PREFLIGHT = "ackops.eci.eci_preflight"
NEW, OLD = "1.1.0", "1.0.0"
# On it runs take turns, and note the pods that are missing.
LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/ackops-eci-preflight"


@dataclass
class Run:
    """A finished ansible-playbook: its exit code, its output, and the result of each task on each host."""

    code: int
    text: str
    entries: list[dict[str, Any]]

    def result(self, task: str, host: str = "localhost") -> dict[str, Any]:
        """The result of the last task whose name contains the text."""
        found = [e["result"] for e in self.entries if task in e.get("task", "") and e["host"] == host]
        assert found, f"no task named {task!r} on {host} in:\n{self.text}"
        return dict(found[-1])

    @property
    def message(self) -> str:
        """The message of the last task that failed."""
        failed = [e["result"] for e in self.entries if "task" in e and e["result"].get("failed")]
        assert failed, f"nothing failed:\n{self.text}"
        return str(failed[-1]["msg"])

    @property
    def tasks(self) -> set[str]:
        """The names of the tasks that ran or were skipped, without that of their role."""
        return {entry["task"].rpartition(" : ")[2] for entry in self.entries if "task" in entry}

    @property
    def preflight(self) -> dict[str, Any]:
        """The fact that the role set."""
        return self.preflight_of("localhost")

    def preflight_of(self, host: str) -> dict[str, Any]:
        """The same, on one of several hosts."""
        facts = [e["result"].get("ansible_facts") or {} for e in self.entries if "task" in e and e["host"] == host]
        found = [known["eci_preflight"] for known in facts if "eci_preflight" in known]
        assert found, f"the role set no fact on {host} in:\n{self.text}"
        return dict(found[-1])

    @property
    def summed_up(self) -> dict[str, Any]:
        """The same; empty where the role did not come so far."""
        return self.preflight if any("Sum up" in entry.get("task", "") for entry in self.entries) else {}

    @property
    def custom_stats(self) -> dict[str, Any]:
        """What set_stats left for AWX."""
        return dict(self.entries[-1]["custom"])

    def changed(self, host: str = "localhost") -> int:
        """How many tasks changed something."""
        return int(self.entries[-1]["recap"][host]["changed"])


@contextmanager
def hearing_ctrl_c() -> Iterator[None]:
    """Start a program meanwhile that hears SIGINT, as a terminal's does.

    A job that a script starts in the background ignores it, and so would all that it starts.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def environment(kubeconfig: Path | None, home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a user with that kubeconfig and an empty home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("K8S_AUTH_", "KUBE"))}
    ours = {
        "ANSIBLE_CALLBACK_PLUGINS": str(REPO / "tests" / "integration" / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "eci_record",
        "ANSIBLE_CONFIG": str(REPO / "tests" / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
    }
    return {**kept, **ours, **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}), **(extra or {})}


def run_playbook(
    playbook: str | list[dict[str, Any]],
    kubeconfig: Path | None,
    home: Path,
    *arguments: str,
    variables: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Run:
    """Run a playbook (of the collection by its name, or a list of plays), and read what came of it."""
    home.mkdir(parents=True, exist_ok=True)
    if not isinstance(playbook, str):
        path = home / "playbook.yml"
        path.write_text(yaml.safe_dump(playbook), encoding="utf-8")
        playbook = str(path)
    record = home / "record.jsonl"
    record.unlink(missing_ok=True)
    command = ["ansible-playbook", playbook, *arguments]
    if variables:
        command += ["-e", json.dumps(variables)]
    env = {**environment(kubeconfig, home, environ), "ECI_RECORD": str(record)}
    done = preloaded.playbook(command, env, home, timeout=300)
    text = done.stdout + done.stderr
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    return Run(done.returncode, text, [json.loads(line) for line in lines])


def run_preflight(found: Path | None, home: Path, /, *arguments: str, **options: object) -> Run:
    """Run the collection's playbook with KUBECONFIG (``found``) and ``eci_preflight_<option>`` variables."""
    options.setdefault("target_version", "1.26")
    variables = {f"eci_preflight_{name}": value for name, value in options.items()}
    return run_playbook(PREFLIGHT, found, home, *arguments, variables=variables)


def run_tasks(
    tasks: Sequence[dict[str, Any]], kubeconfig: Path | None, home: Path, *arguments: str, **extra: Any
) -> Run:
    """Run tasks on localhost."""
    play = {"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}
    return run_playbook([play], kubeconfig, home, *arguments, **extra)

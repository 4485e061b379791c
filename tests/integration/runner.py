# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs by ansible-runner, as AWX makes them: its private data directory, and what its artifacts say."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.integration.support import environment

IDENT = "job"


def data_dir(
    path: Path,
    playbook: str,
    variables: Mapping[str, object],
    *,
    envvars: Mapping[str, str] | None = None,
    cmdline: str = "",
    hosts: Mapping[str, Mapping[str, object]] | None = None,
) -> Path:
    """A private data directory whose project is one playbook of the collection."""
    for name in ("project", "env", "inventory"):
        (path / name).mkdir(parents=True)
    (path / "project" / "play.yml").write_text(f"- import_playbook: {playbook}\n", encoding="utf-8")
    (path / "env" / "extravars").write_text(json.dumps(variables), encoding="utf-8")
    (path / "env" / "envvars").write_text(json.dumps(envvars or {}), encoding="utf-8")
    (path / "env" / "cmdline").write_text(cmdline, encoding="utf-8")
    if hosts is not None:
        # JSON is YAML.
        (path / "inventory" / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    return path


def run_here(path: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run it on this machine."""
    home.mkdir(parents=True, exist_ok=True)
    command = ["ansible-runner", "run", str(path), "-p", "play.yml", "--ident", IDENT]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(None, home), cwd=home, timeout=300
    )


def events(path: Path) -> Iterable[dict[str, Any]]:
    """The events of the run, in order."""
    files = (path / "artifacts" / IDENT / "job_events").glob("*.json")
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return sorted(found, key=lambda event: int(event["counter"]))


def artifacts(path: Path) -> dict[str, Any]:
    """What AWX takes for the artifacts of the job: what set_stats gave."""
    (end,) = [event for event in events(path) if event["event"] == "playbook_on_stats"]
    return dict(end["event_data"].get("artifact_data") or {})

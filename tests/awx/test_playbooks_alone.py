# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook works with meta/, plugins/, roles/ and playbooks/ alone, as Ansible's inclusion checklist asks.

Here, because two of them apply objects of AWX, whose modules only this environment has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.dev.paths import COLLECTION, REPO

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("meta", "playbooks", "plugins", "roles")
PLAYBOOKS = sorted(path.stem for path in (REPO / "playbooks").glob("*.yml"))
DUMP = {"kind": "List", "apiVersion": "v1", "items": []}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path in which the collection has these four folders and nothing else."""
    root = tmp_path_factory.mktemp("alone")
    for folder in FOLDERS:
        shutil.copytree(REPO / folder, root / COLLECTION / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def run(alone: Path, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook of the collection that lies there, from a folder with nothing in it."""
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(alone),
        "PYTHONPATH": "",
        "KUBECONFIG": str(alone / "none"),
    }
    place = alone / "elsewhere"
    place.mkdir(exist_ok=True)
    command = ["ansible-playbook", f"ackops.eci.{playbook}", *arguments]
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_it_is_whole(alone: Path, playbook: str) -> None:
    """Every role, task file and module that it names is found."""
    done = run(alone, playbook, "--syntax-check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"playbook: {alone / COLLECTION / 'playbooks' / playbook}.yml" in done.stdout


def test_one_works_from_end_to_end(alone: Path, tmp_path: Path) -> None:
    """What a syntax check does not load is there too: filters, tests, the page of a report."""
    dump, report = tmp_path / "cluster.json", tmp_path / "report.html"
    node = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "virtual-kubelet-cn-a"}}
    dump.write_text(json.dumps({**DUMP, "items": [node]}))
    done = run(
        alone, "eci_audit", "-e", "eci_preflight_target_version=1.26", "-e", f"eci_audit_src={dump}",
        "-e", f"eci_preflight_report={report}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "<html" in report.read_text(encoding="utf-8")

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main path, from nothing to the proof, on the control plane and the Python that the matrix asks for.

`make matrix` names them in the environment; without it the control plane is one that the other tests start less often.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.integration.support import NEW, OLD, run_playbook, run_preflight

# What these tests share is made once, for one worker.
pytestmark = pytest.mark.xdist_group("main_path")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTROL_PLANE = os.environ.get("ACKOPS_CONTROL_PLANE") or "1.26"
# The Python that the modules run on, where it is not the controller's: that of a bastion.
TARGET_PYTHON = os.environ.get("ACKOPS_TARGET_PYTHON")
# A target that the built-in matrix may not name, on any of the control planes.
QUESTION = {
    "target_version": f"1.{int(CONTROL_PLANE.split('.')[1]) + 2}",
    "matrix": {"1.1.0": ">=1.12", "1.0.0": ["1.12"]},
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[ControlPlane]:
    """A cluster of the version that is asked for, with pods of an old platform version."""
    with ControlPlane.start(CONTROL_PLANE, name="main-path") as running:
        w.apply(
            running.api, w.workload("Deployment", "shop", "web", replicas=3), w.workload("StatefulSet", "shop", "db")
        )
        pods = w.wait_ready(running.api, "shop", "web", 3) + w.wait_ready(running.api, "shop", "db", 1)
        w.age(running.api, pods, OLD)
        yield running


def on_the_target() -> dict[str, Any]:
    """Where the modules run."""
    return {"ansible_python_interpreter": TARGET_PYTHON or "{{ ansible_playbook_python }}"}


def test_check_recreate_verify_report(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """Check mode, the run with a report, a second run, and the test plugin in front of the user's own upgrade."""
    arguments = ("-e", "ansible_python_interpreter=" + TARGET_PYTHON) if TARGET_PYTHON else ()
    report = tmp_path / "report.html"
    before = {pod["metadata"]["uid"] for pod in w.pods_of(cluster.api, "shop")}
    check = run_preflight(cluster.kubeconfig, home, "--check", "--diff", *arguments, **QUESTION)
    assert check.code == 0, check.text
    assert len(check.preflight["planned"]) == 4
    assert {pod["metadata"]["uid"] for pod in w.pods_of(cluster.api, "shop")} == before

    run = run_preflight(cluster.kubeconfig, home, *arguments, **QUESTION, report=str(report))
    assert run.code == 0, run.text
    assert run.preflight["ready"] is True
    assert {entry["new_version"] for entry in run.preflight["recreated"]} == {NEW}
    assert {entry["uid"] for entry in run.preflight["recreated"]} == before
    assert "<html" in report.read_text(encoding="utf-8")

    again = run_preflight(cluster.kubeconfig, home, *arguments, **QUESTION)
    assert (again.code, again.changed()) == (0, 0), again.text

    compatible = (
        f"ansible_facts.eci_pods is ackops.eci.eci_compatible('{QUESTION['target_version']}', {QUESTION['matrix']})"
    )
    tasks = [
        {"name": "Gather", "ackops.eci.eci_pod_facts": {}},
        {"name": "Upgrade", "ansible.builtin.debug": {"msg": "upgrade"}, "when": compatible},
    ]
    play = {"hosts": "localhost", "gather_facts": False, "vars": on_the_target(), "tasks": tasks}
    upgrade = run_playbook([play], cluster.kubeconfig, home)
    assert upgrade.code == 0, upgrade.text
    assert upgrade.result("Upgrade")["msg"] == "upgrade"

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody waits for a run any more: it ends in order, alone, within seconds, and leaves nothing behind but its ledger."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import workloads as w
from tests.integration.scenarios.scenario import Scenario, record_of
from tests.integration.support import LEASE, environment

PODS = 8


def start(scene: Scenario, pods: list[w.Manifest], **task: Any) -> subprocess.Popen[str]:
    """Start ansible-playbook with one task."""
    temporary = scene.home / "tmp"
    temporary.mkdir(parents=True)
    arguments = {"target_version": "1.26", "pods": [record_of(pod) for pod in pods], "pod_timeout": 60}
    tasks = [{"ackops.eci.eci_pod_recreate": arguments, **task}]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    path = scene.home / "play.yml"
    path.write_text(json.dumps([play]), encoding="utf-8")
    extra = {"TMPDIR": str(temporary), "ANSIBLE_LOCAL_TEMP": str(temporary)}
    return scene.start_program(["ansible-playbook", str(path)], environment(scene.kubeconfig, scene.home, extra))


def lives(pid: int) -> bool:
    """Whether a process is at work."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in ("Z", "X")


def assert_nothing_goes_on(scene: Scenario, module: int) -> None:
    """The process is gone, no further pod was begun."""
    w.wait_for(lambda: not lives(module), "the end of the module", 30)
    events = scene.events()
    assert events.count("removing") <= 2, events
    assert len(w.wait_ready(scene.api, scene.namespace, "web", PODS)) == PODS


def assert_it_ends_in_order(scene: Scenario, module: int) -> None:
    """No further pod is begun, the record is ended, the lease is free, nobody is left, nothing lies about."""
    assert_nothing_goes_on(scene, module)
    assert [*(scene.home / "tmp").rglob("eci-*")] == []
    events = scene.events()
    assert events[-2:] == ["stopped", "ended"], events
    [why] = [entry["reason"] for entry in scene.ledger() if entry["event"] == "stopped"]
    assert "nobody waits for it any more" in why or "it was interrupted (SIG" in why, why
    assert not scene.api.request("GET", LEASE)["spec"].get("holderIdentity")


def kill_ansible(process: subprocess.Popen[str]) -> None:
    """SIGKILL to ansible-playbook alone."""
    process.kill()


def kill_the_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to its process group, as ansible-runner cancels a job."""
    os.killpg(process.pid, signal.SIGKILL)


def hang_up(process: subprocess.Popen[str]) -> None:
    """The terminal is closed."""
    os.killpg(process.pid, signal.SIGHUP)


@pytest.mark.parametrize("end", [kill_ansible, kill_the_group, hang_up])
def test_the_controller_is_killed(scene: Scenario, end: Callable[[subprocess.Popen[str]], None]) -> None:
    """Whoever waits for the next pod does not get to it."""
    pods = scene.aged(scene.workload("Deployment", replicas=PODS, annotations={"test.ackops/ready-delay": "2s"}), PODS)
    process = start(scene, pods)
    scene.wait_ledger("removed", seconds=60)
    module = int(scene.wait_ledger("started")["pid"])
    assert lives(module)
    dies_too = end is kill_the_group and os.getpgid(module) == process.pid  # before ansible-core 2.18
    end(process)
    if dies_too:
        assert_nothing_goes_on(scene, module)
    else:
        assert_it_ends_in_order(scene, module)


def test_the_tasks_time_is_over(scene: Scenario) -> None:
    """Ansible's own timeout ends the task for the play; the module hears of it."""
    pods = scene.aged(scene.workload("Deployment", replicas=PODS, annotations={"test.ackops/ready-delay": "8s"}), PODS)
    process = start(scene, pods, timeout=10)
    module = int(scene.wait_ledger("started", seconds=60)["pid"])
    said, _none = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert "10" in said, said
    assert_it_ends_in_order(scene, module)

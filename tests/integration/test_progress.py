# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see while a run waits, over every kind of connection, and when the gate stays shut at its end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__ as ansible_release

from tests.cluster import workloads as w
from tests.integration.runner import data_dir, events, run_here
from tests.integration.scenarios.scenario import Scenario
from tests.integration.ssh import Machine, machine
from tests.integration.support import PREFLIGHT, environment, run_playbook, run_preflight

POD_TIMEOUT = 32
SOON, LASTING = 5.0, 30.0
# What a busy machine, and a ledger whose times are whole seconds, may add.
SLACK = 3.0
LOCAL: dict[str, object] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
# These releases show the message of every task that fails twice.
ONCE = 2 if ansible_release.startswith(("2.19.", "2.20.")) else 1
# As another user, for which su has to be asked; without a password only root can, and this one reads what root's tests need.
BECOME: dict[str, object] = {"ansible_become": True, "ansible_become_method": "su", "ansible_become_user": "root"}
WAYS: dict[str, dict[str, object]] = {
    "local": {},
    "ssh": {},
    "ssh, pipelining": {"ansible_pipelining": True},
    **({"ssh, become": BECOME} if os.geteuid() == 0 else {}),
}


@pytest.fixture
def scene(scene: Scenario) -> Scenario:
    """With a home that is there."""
    scene.home.mkdir()
    return scene


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Machine]:
    """A machine to log in to."""
    with machine(tmp_path / "there") as listening:
        yield listening


def blocked(scene: Scenario) -> None:
    """Two pods that take a while, and two whose budget never lets them go."""
    scene.aged(scene.workload("Deployment", "slow", replicas=2, annotations={"test.ackops/ready-delay": "8s"}), 2)
    scene.aged(scene.workload("Deployment", "web", replicas=2), 2)
    scene.budget("web", "web", 2)


def start(scene: Scenario, host: Mapping[str, object], **options: object) -> subprocess.Popen[str]:
    """Start the playbook."""
    inventory = scene.home / "clusters.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"ack-prod": host}}}), encoding="utf-8")
    given = {
        "target_version": "1.26",
        "pod_timeout": POD_TIMEOUT,
        "kubeconfig": str(scene.kubeconfig),
        **options,
    }
    variables = scene.home / "variables.json"
    variables.write_text(
        json.dumps({f"eci_preflight_{name}": value for name, value in given.items()}), encoding="utf-8"
    )
    extra = {"ECI_RECORD": str(scene.home / "record.jsonl"), "ANSIBLE_BECOME_ALLOW_SAME_USER": "true"}
    command = ["ansible-playbook", PREFLIGHT, "-i", str(inventory), "-e", f"@{variables}"]
    return scene.start_program(command, environment(None, scene.home, extra))


def play(scene: Scenario, host: Mapping[str, object], **options: object) -> tuple[int, list[tuple[float, str]]]:
    """Run the playbook; its exit code, and its lines with the time of day at which each came."""
    process = start(scene, host, **options)
    assert process.stdout is not None
    with process.stdout:
        lines = [(time.time(), line.rstrip("\n")) for line in process.stdout]
    return process.wait(), lines


def shown(lines: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The lines of the progress."""
    return [(when, line) for when, line in lines if line.startswith("eci: ")]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_blocked_budget(scene: Scenario, there: Machine, way: str) -> None:
    """Every pod, and what it waits for, is shown soon and again; the reason is told once; nothing is left behind."""
    blocked(scene)
    host = {**(LOCAL if way == "local" else there.variables), **WAYS[way]}
    code, lines = play(scene, host, record_dir=str(scene.home / "record"))
    text = "\n".join(line for _when, line in lines)
    assert code == 2, text
    told = shown(lines)
    # The place, the name, the versions, and, after the first, what the others may take.
    name = re.escape(scene.namespace)
    recreated = [
        line for _when, line in told if re.search(rf"\d/4 {name}/slow-\S+ \(1.0.0 -> 1.1.0\): recreated as", line)
    ]
    assert len(recreated) == 2, text
    assert re.search(r"\(1 of 4 done, about \d+ s left\)$", recreated[0]), text
    assert re.search(rf"{name}/slow-\S+ \(1.0.0 -> 1.1.0\): waiting, \d+ of {POD_TIMEOUT} s: its replacement ", text), (
        text
    )
    why = "The disruption budget web needs 2 healthy pods and has 2 currently"
    assert re.search(rf"3/4 {name}/web-\S+ \(1.0.0\): set aside for now, {why}", text), text
    again = rf"3/4 {name}/web-\S+ \(1.0.0\) and 1 more of Deployment {name}/web: set aside for \d+ s, \d+ of {POD_TIMEOUT} s with nothing"
    assert re.search(again, text), text
    # Soon after it was so, and never silent for long.
    begun = [
        when
        for when, line in told
        if line.endswith(": evict, because Deployment " + scene.namespace + "/slow replaces it")
    ]
    waits = [when for when, line in told if "/slow-" in line and ": waiting, " in line]
    assert waits[0] - begun[0] <= SOON + SLACK, text
    assert max(later - earlier for (earlier, _one), (later, _other) in pairwise(told)) <= LASTING + SLACK, text
    assert text.count("Do not upgrade this cluster.") == ONCE, text
    assert text.count("Origin: ") <= 1, text
    assert not re.search(r"WARNING.*progress", text), text
    assert re.search(r"ack-prod +: ok=\d+ +changed=1 +unreachable=0 +failed=1 .*rescued=0", text), text
    assert [*there.tmp.glob("eci-progress-*")] == []


def interrupted(scene: Scenario, host: Mapping[str, object]) -> str:
    """What ansible-playbook says when somebody presses Ctrl-C while the second of four pods is awaited."""
    scene.aged(scene.workload("Deployment", "web", replicas=4, annotations={"test.ackops/ready-delay": "8s"}), 4)
    process = start(scene, host, record_dir=str(scene.home / "state" / "ackops-eci" / "here"))
    scene.wait_ledger("removed", 2, seconds=90)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    said, _none = process.communicate(timeout=60)
    assert process.returncode == 99, said
    assert "User interrupted execution" in said
    return said


@pytest.mark.compat
def test_ctrl_c(scene: Scenario) -> None:
    """The run ends in order, and is summed up: what was done, what is on its way, what was not touched, what to do."""
    said = interrupted(scene, LOCAL)
    [last] = [line for line in said.splitlines() if "not_started" in line]
    assert last.startswith("eci: [ack-prod] 1 failed, 2 not_started, 1 recreated. "), said
    assert "the run stopped: it was interrupted (SIG" in last or "nobody waits for it any more" in last, said
    assert last.endswith("Fix the causes and run again; finished pods are skipped."), said
    assert scene.events()[-1] == "ended"


def test_ctrl_c_over_ssh(scene: Scenario, there: Machine) -> None:
    """What was seen of the run is told at once; on its machine it ends in order, and leaves nothing but its ledger."""
    said = interrupted(scene, there.variables)
    assert re.search(
        r"^eci: \[ack-prod\] the run was interrupted, and ends in order on its machine. 4 pod\(s\) to recreate; the ledger is"
        r" \S+ 1/4 \S+ .*: recreated as .*\(1 of 4 done, about \d+ s left\)$",
        said,
        re.MULTILINE,
    ), said
    scene.wait_ledger("ended", seconds=30)
    w.wait_for(lambda: not [*there.tmp.glob("eci-progress-*")], "the end of the file", 10)


def test_quiet(scene: Scenario, there: Machine) -> None:
    """Nothing but the result; over SSH nobody logs in a second time to ask."""
    scene.aged(scene.workload("Deployment", "web", replicas=1), 1)
    code, lines = play(scene, there.variables, quiet=True, record_dir=str(scene.home / "record"))
    assert code == 0, lines
    assert shown(lines) == []


def test_hosts_that_go_at_their_own_pace(scene: Scenario, there: Machine) -> None:
    """With strategy free every line names its host, whatever its connection; in check mode it is the plan."""
    scene.aged(scene.workload("Deployment", "web", replicas=2), 2)
    inventory = scene.home / "clusters.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"a": LOCAL, "b": there.variables}}}), encoding="utf-8")
    task = {"ackops.eci.eci_pod_recreate": {"target_version": "1.26", "kubeconfig": str(scene.kubeconfig)}}
    tasks = {"hosts": "all", "strategy": "free", "gather_facts": False, "tasks": [task]}
    run = run_playbook([tasks], None, scene.home, "-i", str(inventory), "--check")
    assert run.code == 0, run.text
    for host in ("a", "b"):
        for place in (1, 2):
            line = rf"eci: \[{host}\] {place}/2 {scene.namespace}/web-\S+ \(1.0.0\): would evict, because Deployment"
            assert re.search(line, run.text), run.text


def test_events_of_ansible_runner(scene: Scenario, tmp_path: Path) -> None:
    """As AWX shows them: each line is an event, with the host and the pod, in its place among the others."""
    scene.aged(scene.workload("Deployment", "web", replicas=1), 1)
    variables = {"eci_preflight_target_version": "1.26", "eci_preflight_kubeconfig": str(scene.kubeconfig)}
    job = data_dir(tmp_path / "job", PREFLIGHT, variables, envvars={"ANSIBLE_NOCOLOR": "1"}, hosts={"ack-prod": LOCAL})
    done = run_here(job, scene.home)
    assert done.returncode == 0, done.stdout
    said = [event["stdout"] for event in events(job)]
    [begun] = [
        number for number, line in enumerate(said) if re.search(r"eci: \[ack-prod\] 1/1 \S+/web-\S+ .*: evict", line)
    ]
    [ended] = [
        number
        for number, line in enumerate(said)
        if re.search(r"eci: \[ack-prod\] 1/1 \S+/web-\S+ .*: recreated", line)
    ]
    started = [
        number for number, line in enumerate(said) if "TASK [ackops.eci.eci_preflight : Recreate the ECI pods" in line
    ]
    assert started[0] < begun < ended


def test_a_terminal_gets_colour_and_a_log_file_does_not(scene: Scenario) -> None:
    """Ansible's own settings decide."""
    scene.aged(scene.workload("Deployment", "web", replicas=1), 1)
    log = scene.home / "ansible.log"
    extra = {"ANSIBLE_FORCE_COLOR": "1", "ANSIBLE_NOCOLOR": "0", "ANSIBLE_LOG_PATH": str(log)}
    arguments: dict[str, Any] = {"environ": extra, "variables": {"eci_preflight_target_version": "1.26"}}
    run = run_playbook(PREFLIGHT, scene.kubeconfig, scene.home, **arguments)
    assert run.code == 0, run.text
    assert re.search(r"\x1b\[0;32meci: \[localhost\] 1/1 \S+/web-.*recreated", run.text), run.text
    logged = [line for line in log.read_text(encoding="utf-8").splitlines() if "eci: [localhost] 1/1" in line]
    assert logged
    assert not any("\x1b" in line for line in logged)


@pytest.mark.compat
def test_a_cluster_that_cannot_be_read_is_told_once(home: Path, tmp_path: Path) -> None:
    """The host fails with one message; a host that is not to fail says it in its result."""
    kubeconfig = tmp_path / "nobody.kubeconfig"
    cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    users = [{"name": "u", "user": {}}]
    kubeconfig.write_text(
        json.dumps({"clusters": [cluster], "contexts": [context], "users": users, "current-context": "c"}),
        encoding="utf-8",
    )
    run = run_preflight(kubeconfig, home)
    assert run.code == 2, run.text
    assert "127.0.0.1:9" in run.message
    assert run.text.count(run.message[:40]) == ONCE, run.text
    run = run_preflight(kubeconfig, home, fail_when_not_ready=False)
    assert run.code == 0, run.text
    assert "127.0.0.1:9" in run.preflight["problem"]
    assert run.preflight["ready"] is False

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a cluster, by whole commands as a user gives them; and the scan alone against its bytes alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tests.bench import measure, pods
from tests.bench.measure import Outcome
from tests.bench.setting import Row, Setting, environment, role_play, say, write_playbook
from tests.cluster import ControlPlane
from tests.cluster.tools import repaired, seed_commands
from tests.dev.paths import REPO

ANNOTATION = "k8s.aliyun.com/eci-platform-version"


def our_playbook(cluster: ControlPlane) -> list[str]:
    """The role, entered for an audit, which does not fail because of what it finds."""
    return write_playbook(cluster.directory, "ours", [role_play(cluster, "check")])


def k8s_info_playbook(cluster: ControlPlane) -> list[str]:
    """The same question asked with kubernetes.core: a list of all pods, filtered in a template."""
    loop = (
        "{% set ns = namespace(n=0) %}{% for pod in found.resources"
        " if (pod.spec.nodeName | default('')).startswith('virtual-kubelet')"
        f" and (pod.metadata.annotations | default({{}})).get('{ANNOTATION}', '') in ['', '1.0.0'] %}}"
        "{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}"
    )
    tasks = [
        {"name": "List", "kubernetes.core.k8s_info": {"kind": "Pod", "api_version": "v1"}, "register": "found"},
        {"name": "Count", "ansible.builtin.debug": {"msg": "affected=" + loop}},
    ]
    return write_playbook(cluster.directory, "k8s-info", [{"hosts": "localhost", "tasks": tasks}])


def seed_pipeline() -> list[str]:
    """The documented command, not stopping at a pod without a node; its lines are counted by us."""
    return ["/bin/sh", "-c", repaired(seed_commands()[0])]


def _affected(who: str, output: str) -> int:
    """How many old pods a contender found: each must find the same."""
    if who == "seed":
        return len([line for line in output.splitlines() if line.startswith("team-")])
    if who == "k8s_info":
        return int(output.rpartition("affected=")[2].split('"')[0])
    found = output.rpartition(" incompatible")[0].split()
    return int(found[-1]) if found and found[-1].isdigit() else 0


def _contender(cluster: ControlPlane, row: Row, command: Sequence[str], expected: int) -> measure.Contender:
    """One command, whose answer must be right; the processor time that it took is noted in the row."""
    env, pids = environment(cluster), (cluster.apiserver.pid, cluster.etcd.pid)

    def once(memory: bool) -> Outcome:
        before = measure.cpu_of(*pids)
        outcome = measure.run(command, env, cluster.directory, memory)
        row.server_cpu.append(measure.cpu_of(*pids) - before)
        row.cpu.append(outcome.cpu_seconds)
        if outcome.code != 0 or _affected(row.who, outcome.output) != expected:
            message = f"{row.who} did not find {expected} pods, exit status {outcome.code}:\n{outcome.output[-2000:]}"
            raise RuntimeError(message)
        return outcome

    return once


def _alone(cluster: ControlPlane, row: Callable[[str], Row], setting: Setting) -> list[Row]:
    """The scan by itself, in a process of its own, and the same requests with the answers thrown away."""
    command = [sys.executable, "-m", "tests.bench.gather", str(cluster.kubeconfig), str(setting.times)]
    outcome = measure.run(command, environment(cluster), REPO)
    if outcome.code:
        raise RuntimeError(outcome.output)
    told: dict[str, Any] = json.loads(outcome.output.splitlines()[-1])
    gather, limit = row("gather"), row("bytes")
    gather.seconds, limit.seconds = told["gather"], told["bytes"]
    gather.more, gather.peak_mb = {"mb_read": told["mb_read"], "requests": told["requests"]}, told["peak_mb"]
    say(
        f"  scan alone {min(gather.seconds):.2f} s, its bytes alone {min(limit.seconds):.2f} s ({told['mb_read']:.0f} MB)"
    )
    return [gather, limit]


def _old(size: int, share: int) -> int:
    return sum(pods.placed(number, share)[1] == pods.OLD for number in range(size))


def part(setting: Setting, version: str) -> None:
    """Every share in a cluster of its own, which grows from size to size."""
    for share in setting.shares:
        rows: list[Row] = []
        with ControlPlane.start(version, name="bench") as cluster:
            pods.prepare(cluster)
            there = 0
            for size in setting.sizes:
                say(f"Kubernetes {version}, {size} pods, {share} % on ECI: making {size - there} more")
                pods.create(cluster, there, size, share)
                there = size
                rows += _one_size(cluster, setting, size, share)
                setting.save(f"scan-{share}", version, rows)


def _one_size(cluster: ControlPlane, setting: Setting, size: int, share: int) -> list[Row]:
    def row(who: str) -> Row:
        return Row("scan", cluster.minor, who, size, share)

    expected = _old(size, share)
    commands: dict[str, list[str]] = {"ours": our_playbook(cluster), "seed": seed_pipeline()}
    if size <= setting.heaviest:
        commands["k8s_info"] = k8s_info_playbook(cluster)
    found = {who: row(who) for who in commands}
    contenders = {who: _contender(cluster, found[who], command, expected) for who, command in commands.items()}
    for who, (outcomes, peak) in measure.in_turn(contenders, setting.times, setting.patience).items():
        found[who].seconds, found[who].peak_mb = [one.seconds for one in outcomes], peak
        say(f"  {who}: {min(found[who].seconds):.2f} s, {peak:.0f} MB ({len(outcomes)} runs)")
    return [*found.values(), *_alone(cluster, row, setting)]

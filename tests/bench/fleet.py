# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clusters in one run: the playbook over an inventory of contexts.

One cluster plays them all, behind addresses of its own for each, so that the machine's processors are not spent on 20
control planes. What they must compute in any case is counted as part of the limit.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from tests.bench import measure, pods
from tests.bench.proxies import many_addresses
from tests.bench.setting import MATRIX, TARGETS, Row, Setting, environment, say
from tests.cluster import ControlPlane

FORKS = 10
PODS, SHARE = 1000, 25


def _command(cluster: ControlPlane, kubeconfig: Path, count: int) -> list[str]:
    hosts = {
        f"c{number:02}": {"eci_preflight_kubeconfig": str(kubeconfig), "eci_preflight_context": f"c{number:02}"}
        for number in range(count)
    }
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "eci_preflight_target_version": TARGETS[cluster.minor],
        # Old pods are accepted: this is about the scan of many clusters.
        "eci_preflight_matrix": {**MATRIX, "1.0.0": ">=1.12"},
    }
    path = cluster.directory / f"fleet-{count}.yml"
    path.write_text(yaml.safe_dump({"all": {"vars": variables, "hosts": hosts}}), encoding="utf-8")
    return ["ansible-playbook", "ackops.eci.eci_preflight", "-i", str(path), "--forks", str(FORKS)]


def part(setting: Setting, version: str) -> None:
    """One cluster alone, then all of them."""
    with ControlPlane.start(version, name="bench") as cluster:
        pods.prepare(cluster)
        pods.create(cluster, 0, PODS, SHARE)
        row = Row("fleet", cluster.minor, "ours", PODS, SHARE, more={"contexts": setting.contexts, "forks": FORKS})
        alone = Row("fleet", cluster.minor, "one cluster", PODS, SHARE)
        limit = Row("fleet", cluster.minor, "limit", PODS, SHARE)
        with many_addresses(cluster, setting.contexts) as kubeconfig:
            env = environment(cluster, kubeconfig)
            env.pop("K8S_AUTH_KUBECONFIG")
            one, many = (_command(cluster, kubeconfig, count) for count in (1, setting.contexts))
            for _number in range(setting.times):
                single = measure.run(one, env, cluster.directory)
                before = measure.cpu_of(cluster.apiserver.pid, cluster.etcd.pid)
                fleet = measure.run(many, env, cluster.directory)
                server = measure.cpu_of(cluster.apiserver.pid, cluster.etcd.pid) - before
                if single.code or fleet.code:
                    raise RuntimeError(single.output + fleet.output)
                alone.seconds.append(single.seconds)
                row.seconds.append(fleet.seconds)
                row.server_cpu.append(server)
                limit.seconds.append(single.seconds + (fleet.cpu_seconds + server) / (os.cpu_count() or 1))
        say(f"fleet {version}: {min(row.seconds):.1f} s, one cluster {min(alone.seconds):.1f} s")
        setting.save("fleet", version, [row, alone, limit])

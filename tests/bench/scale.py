# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make scale``: the playbook over simulated fleets of 1 to 1,000 inventory hosts; seconds, processor and memory per cluster.

Each host is a door (a port) to one of the control planes at hand, so that to the playbook it is an API server of its own.
What the control planes and the doors use is not counted; they share the machine, though, so that seconds are too many
rather than too few.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.bench import measure
from tests.cluster import ControlPlane, workloads as w
from tests.cluster.certificates import write_private
from tests.cluster.doors import Doors
from tests.cluster.errors import ClusterError

PODS = 50
WARM_UP = 1


@dataclass(frozen=True)
class Cost:
    """What one fleet cost."""

    hosts: int
    forks: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    load: float  # of the machine, as it began

    @property
    def line(self) -> str:
        """A row of the table."""
        each, cpu = self.seconds / self.hosts, self.cpu_seconds / self.hosts
        return f"{self.hosts:>6}  {self.seconds:>8.1f} s  {each:>6.2f} s  {cpu:>6.2f} s  {self.peak_mb:>7.0f} MB  {self.load:>5.1f}"


HEADER = f"{'hosts':>6}  {'wall':>10}  {'a host':>8}  {'cpu each':>8}  {'peak memory':>10}  {'load':>5}"


def populate(cluster: ControlPlane) -> None:
    """Fifty ECI pods on a platform version that supports the target."""
    w.apply(cluster.api, w.workload("Deployment", "shop", "web", replicas=PODS))
    w.wait_ready(cluster.api, "shop", "web", PODS, seconds=120)


def kubeconfigs(place: Path, clusters: list[ControlPlane], servers: list[str]) -> Path:
    """A kubeconfig for each host, as ACK hands them out, and the inventory source over them."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for number, server in enumerate(servers):
        cluster = clusters[number % len(clusters)]
        document: dict[str, Any] = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
        document["contexts"][0]["name"] = document["current-context"] = f"cluster-{number:05}"
        document["clusters"][0]["cluster"]["server"] = server
        write_private(place / f"{number:05}.conf", yaml.safe_dump(document))
    source = place / "fleet.kubeconfig.yml"
    source.write_text("plugin: ackops.eci.kubeconfig\nkubeconfigs: ['*.conf']\n", encoding="utf-8")
    return source


def measured(hosts: int, forks: int, clusters: list[ControlPlane], playbook: str) -> Cost:
    """Run the playbook over so many hosts. Raises ClusterError where it fails."""
    home = clusters[0].directory
    with Doors([clusters[number % len(clusters)].server for number in range(hosts)]) as doors:
        source = kubeconfigs(home / "fleet", clusters, doors.servers)
        command = ["ansible-playbook", playbook, "-i", str(source), "--forks", str(forks), "--check"]
        command += ["-e", "eci_preflight_target_version=1.26"]
        if playbook.endswith("fleet_upgrade"):
            command += ["-e", json.dumps({"eci_fleet_upgrade_role": "none", "eci_fleet_upgrade_serial": [1, "20%"]})]
        load = os.getloadavg()[0]
        done = measure.run(command, {**os.environ, "XDG_STATE_HOME": str(home / "state")}, home, memory=True)
    # In the recap, every host is ok.
    if done.code or done.output.count("failed=0") != hosts:
        message = f"the run over {hosts} hosts failed:\n{done.output[-3000:]}"
        raise ClusterError(message)
    return Cost(hosts, forks, done.seconds, done.cpu_seconds, done.peak_mb, load)


def main() -> int:
    """Start the clusters, measure each size, print the table as it grows, write JSON."""
    parser = argparse.ArgumentParser(prog="tests.bench.scale", description=__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=[1, 10, 100], help="sizes of fleets; default: 1 10 100")
    parser.add_argument("--forks", type=int, default=10, help="default: 10")
    parser.add_argument("--clusters", type=int, default=2, help="control planes behind them; default: 2")
    parser.add_argument("--playbook", default="ackops.eci.eci_preflight", help="default: ackops.eci.eci_preflight")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    costs: list[Cost] = []
    try:
        with contextlib.ExitStack() as stack:
            clusters = [
                stack.enter_context(ControlPlane.start("1.24", name=f"scale-{number}"))
                for number in range(options.clusters)
            ]
            for cluster in clusters:
                populate(cluster)
            measured(WARM_UP, 1, clusters, options.playbook)
            print(HEADER, flush=True)
            for hosts in options.hosts:
                costs.append(measured(hosts, options.forks, clusters, options.playbook))
                print(costs[-1].line, flush=True)
                if options.json:
                    found = {"playbook": options.playbook, "processors": os.cpu_count(), "pods": PODS,
                             "costs": [asdict(cost) for cost in costs]}  # fmt: skip
                    options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except ClusterError as error:
        print(f"scale: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

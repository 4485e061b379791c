# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo-fleet``: four real control planes are upgraded behind the gate, three of them in trouble; repair; the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from tests.cluster import binaries
from tests.cluster.errors import ClusterError
from tests.demo.fleet_scene import CLUSTERS, FleetScene
from tests.demo.talk import prove, say, timed

COMMAND = ["ansible-playbook", "ackops.eci.fleet_upgrade"]


def upgrade(scene: FleetScene, *arguments: str) -> str:
    """Run the playbook as a user does; show its output, and return it."""
    variables = scene.directory / "fleet.json"
    variables.write_text(json.dumps(scene.variables()), encoding="utf-8")
    command = [*COMMAND, "-i", str(scene.inventory), "-e", f"@{variables}", *arguments]
    print(f"$ {' '.join(command)}", flush=True)
    environ = {
        **os.environ,
        "XDG_STATE_HOME": str(scene.directory / "state"),
        # What is skipped tells nothing, and a failed task is shown once.
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
    }
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ)
    assert process.stdout is not None
    lines = []
    with process.stdout:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    process.wait()
    return "".join(lines)


def demonstrate(scene: FleetScene) -> None:
    """The whole show on running clusters."""
    say("The fleet: a host of the inventory is a cluster, from the contexts of kubeconfig files")
    for name, about in CLUSTERS.items():
        print(f"   {name:8} {scene.clusters[name].server}  {about}", flush=True)
    say("An audit: what would become of each")
    upgrade(scene, "--check")
    untouched = {name: set(scene.pods(name)) for name in CLUSTERS} == scene.aged
    say("The upgrade, two clusters to a wave; one loses its API server on the way")
    scene.await_outage()
    started = time.monotonic()
    first = upgrade(scene)
    seconds = time.monotonic() - started
    timed("the control plane that lost its API server is started again", scene.end_outage)
    versions, clean = scene.versions(), scene.pods("clean")
    same = {name: set(scene.pods(name)) == scene.aged[name] for name in ("bare", "budget")}
    say("Repair, as the report says (the bare pod and the budget are taken away), and the same command again")
    scene.repair()
    second = upgrade(scene)

    say("What this proved")
    prove(untouched, "the audit touched nothing")
    prove(
        versions == {**dict.fromkeys(CLUSTERS, "1.24"), "clean": "1.26"},
        "the first run upgraded the clean cluster and no other",
    )
    prove(set(clean.values()) == {"1.1.0"}, "every ECI pod of the upgraded cluster runs platform version 1.1.0")
    prove(all(same.values()), "no pod was touched behind the gates that stayed shut")
    prove("4 clusters: 1 upgraded, 3 skipped (not ready)" in first, "the report says so")
    prove(set(scene.versions().values()) == {"1.26"}, "after the repair every cluster is on 1.26")
    platform = {version for name in CLUSTERS for version in scene.pods(name).values()}
    prove(platform == {"1.1.0"}, "and every ECI pod on 1.1.0")
    prove("clean: already up to date" in second, "the cluster that was done was skipped")
    prove(scene.pods("clean") == clean, "and not a pod of it was touched again")
    print(f"\nThe first run took {seconds:.0f} s, one upgrade of a control plane included.", flush=True)


def main() -> int:
    """Start, demonstrate, clear away."""
    started = time.monotonic()
    say("Four real Kubernetes 1.24 control planes on this machine (the first time their programs are built)")
    try:
        binaries.build_all(["1.24", "1.26"])
        with FleetScene(lambda text: print(f"-- {text}", flush=True)) as scene:
            demonstrate(scene)
    except ClusterError as error:
        print(f"demo-fleet: {error}", file=sys.stderr)
        return 1
    print(f"The clusters are gone again. {time.monotonic() - started:.0f} s in all.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

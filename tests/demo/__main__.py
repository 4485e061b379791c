# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: what the procedure by hand lists, the playbook in check mode, for real, and once more; and the proof."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.cluster import ControlPlane
from tests.cluster.errors import ClusterError
from tests.cluster.tools import repaired, run_pipeline, seed_commands
from tests.demo import scene
from tests.demo.talk import prove, say, timed

REPO = Path(__file__).resolve().parents[2]
PLAYBOOK = ["ansible-playbook", "ackops.eci.eci_preflight", "-e", "eci_preflight_target_version=1.26"]


def playbook(cluster: ControlPlane, *arguments: str) -> str:
    """Run the playbook as a user does; show its output, and return it."""
    command = [*PLAYBOOK, *arguments]
    print(f"$ {' '.join(command)}", flush=True)
    environ = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "XDG_STATE_HOME": str(cluster.directory / "state")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ)
    assert process.stdout is not None
    lines = []
    with process.stdout:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.wait() != 0:
        message = f"the playbook failed with exit status {process.returncode}"
        raise ClusterError(message)
    return "".join(lines)


def oracle(cluster: ControlPlane) -> tuple[list[str], set[str]]:
    """What the seed's two pipelines say, repaired: the pods to recreate, and the platform versions there are."""
    first, second = (
        run_pipeline(repaired(command), cluster.kubeconfig, cluster.version).stdout for command in seed_commands()
    )
    return first.splitlines(), {line.split(",")[2] for line in second.splitlines()}


def by_hand(cluster: ControlPlane) -> list[str]:
    """Show the seed's own command, where it stops, and what it would have listed."""
    first = seed_commands()[0]
    print(f"$ {first}", flush=True)
    found = run_pipeline(first, cluster.kubeconfig, cluster.version)
    print(found.stdout + found.stderr.strip(), flush=True)
    listed, _versions = oracle(cluster)
    print(
        f"-- it stopped at a pod that has no node yet, after {len(found.stdout.splitlines())} of {len(listed)} pods.",
        flush=True,
    )
    return listed


def demonstrate(cluster: ControlPlane) -> None:
    """The whole show on a running cluster."""
    timed("creating workloads on virtual and real nodes", lambda: scene.build(cluster))
    count = scene.make_old(cluster)
    scene.leave_unscheduled(cluster)
    print(
        f"   {count} pods made old (1.0.0, annotation missing, annotation empty), {len(scene.uids(cluster))} pods in all",
        flush=True,
    )
    say("By hand: the documented command, on a cluster with one pod that is not scheduled yet")
    listed = by_hand(cluster)
    before, old = scene.ready_by_workload(cluster), scene.uids(cluster)

    say("The playbook in check mode: the plan, and nothing touched")
    planned = playbook(cluster, "--check", "--diff")
    untouched = scene.uids(cluster) == old
    say("The playbook for real")
    started = time.monotonic()
    playbook(cluster)
    seconds = time.monotonic() - started
    say("The playbook once more")
    again = playbook(cluster)

    say("What this proved")
    left, versions = oracle(cluster)
    names = ["/".join(line.split(",")[:2]) for line in listed]
    in_plan = re.findall(r"^-(\S+/\S+): ", planned, re.MULTILINE)
    prove(
        sorted(in_plan) == sorted(names),
        f"check mode planned exactly the {len(names)} pods that the repaired command lists",
    )
    prove(untouched, "check mode touched nothing")
    prove(left == [], "afterwards the documented command (repaired) lists nothing")
    prove(versions == {"1.1.0"}, "every ECI pod runs platform version 1.1.0")
    prove(scene.ready_by_workload(cluster) == before, "every workload has as many Ready pods as before")
    prove(bool(re.search(r"changed=0\s+unreachable=0\s+failed=0", again)), "a second run changed nothing")
    print(f"\n{len(names)} pods recreated one after another in {seconds:.0f} s, playbook included.", flush=True)


def main() -> int:
    """Start, demonstrate, clear away."""
    started = time.monotonic()
    say("A real Kubernetes 1.24 control plane on this machine (the first time its programs are built)")
    try:
        with ControlPlane.start("1.24", name="demo") as cluster:
            print(f"-- {cluster.server} runs {cluster.api.request('GET', '/version')['gitVersion']}", flush=True)
            demonstrate(cluster)
    except ClusterError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(f"The cluster is gone again. {time.monotonic() - started:.0f} s in all.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

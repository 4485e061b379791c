# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make chaos``: a run in a storm against the same storm without it, and a run that is killed 22 times."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import kills
from tests.chaos.scene import Scene
from tests.chaos.storm import Storm
from tests.cluster import ControlPlane
from tests.cluster.errors import ClusterError
from tests.demo.talk import prove, say
from tests.integration.support import Run, run_preflight

# A pod that nothing recreates is made again from its manifest: nothing is left to be refused.
COMMON = {"unmanaged": "recreate", "pod_timeout": 120}


def _show(run: Run, seconds: float) -> None:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in run.summed_up.get("outcomes", {}).items())
    print(f"   one run of {seconds:.0f} s: {outcomes}", flush=True)
    for line in [run.summed_up.get("problem", run.text[-2000:])] if run.code else []:
        print(f"   {line}", flush=True)


def in_a_storm(seed: int, count: int, deployments: int, replicas: int, bare: int) -> None:
    """Raises ClusterError where a pod is missing that the same storm without a run has, or one run was not enough."""
    say(f"Storm {seed}: {deployments * replicas + bare} old pods, {count} things happen")
    with ControlPlane.start(name="chaos") as cluster:
        scene = Scene(cluster, deployments, replicas, bare)
        storm = Storm(scene, seed, count)
        with storm.blowing():
            print("   without a run ...", flush=True)
        scene.settle()
        there = scene.bare_there()
    print(f"   {', '.join(f'{number} times {what}' for what, number in storm.happened.items())}", flush=True)
    with ControlPlane.start(name="chaos") as cluster, TemporaryDirectory() as home:
        scene = Scene(cluster, deployments, replicas, bare)
        with Storm(scene, seed, count).blowing():
            started = time.monotonic()
            run = run_preflight(cluster.kubeconfig, Path(home), serial=["10%"], workload_serial="25%", **COMMON)
            _show(run, time.monotonic() - started)
        scene.settle()
        prove(scene.short() == {}, "every Deployment has the pods that it wants")
        prove(
            there <= scene.bare_there(),
            f"all {len(there)} pods without a controller are there that are there without a run",
        )
        prove(scene.old() == [] and run.code == 0, "no pod is old, and the gate is open after one run")


def killed_again_and_again(times: int, deployments: int, replicas: int, bare: int) -> None:
    """Raises ClusterError where a pod is lost."""
    say(f"{times} times SIGKILL: {deployments * replicas + bare} old pods, {bare} of them without a controller")
    variables: dict[str, object] = {"target_version": "1.26", "serial": [2], **COMMON}
    named = {f"eci_preflight_{name}": value for name, value in variables.items()}
    chance = random.Random(times)  # noqa: S311 (repeatable, no secret)
    with ControlPlane.start(name="chaos") as cluster, TemporaryDirectory() as home:
        scene = Scene(cluster, deployments, replicas, bare)
        done = sum(kills.killed(cluster.kubeconfig, Path(home), named, chance) for _time in range(times))
        left = len(scene.old())
        started = time.monotonic()
        run = run_preflight(cluster.kubeconfig, Path(home), **variables)
        _show(run, time.monotonic() - started)
        scene.settle()
        prove(done == times, f"{done} runs were killed in the middle; {left} pods were old then")
        prove(scene.short() == {}, "every Deployment has the pods that it wants")
        prove(scene.bare_there() == set(scene.bare), f"all {bare} pods without a controller are there")
        prove(scene.old() == [] and run.code == 0, "no pod is old, and the gate is open")


def main(arguments: list[str]) -> int:
    """Three storms of 500 pods, then the kills; less of everything with ``--quick``."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",") if part], default=[1, 2, 3])
    parser.add_argument("--kills", type=int, default=22)
    parser.add_argument("--quick", action="store_true", help="60 pods and 3 kills")
    options = parser.parse_args(arguments)
    storm, few = ((30, 5, 10, 10), (4, 8, 8)) if options.quick else ((120, 24, 20, 20), (17, 10, 30))
    times = min(options.kills, 3) if options.quick else options.kills
    try:
        for seed in options.seeds:
            in_a_storm(seed, *storm)
        if times:
            killed_again_and_again(times, *few)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

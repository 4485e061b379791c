# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo-busy``: fifty healthy old pods among one of each trouble; one run, one list of what is left, and the proof."""

from __future__ import annotations

import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.cluster.errors import ClusterError
from tests.demo.busy_scene import NEW, SHOP, TROUBLES, BusyScene
from tests.demo.talk import prove, say
from tests.integration.support import Run, run_preflight

POD_TIMEOUT = 20
WIDTH = 110


def show(lines: Iterable[str]) -> None:
    """Entries of a list, wrapped."""
    for line in lines:
        print(textwrap.fill(line, WIDTH, initial_indent="   - ", subsequent_indent="     "), flush=True)


def who(entry: dict[str, Any]) -> str:
    """Whose pods it is about."""
    if entry.get("pods", 1) > 1:
        return f"{entry['pods']} pods of {entry['workload']}"
    return f"{entry['namespace']}/{entry['name']}"


def told(cause: dict[str, Any]) -> str:
    """One cause: whose pods, why, and what helps."""
    return f"{who(cause)}: {cause['reason'].rstrip('.')}. -> {cause['remedy']}"


def show_scene(scene: BusyScene) -> None:
    """What there is before the run."""
    old = scene.old()
    apps = {pod["metadata"]["labels"]["app"] for pod in scene.pods(SHOP)}
    print(
        f"   {old[SHOP]} healthy pods of {len(apps)} workloads, all on platform version 1.0.0, and among them:",
        flush=True,
    )
    for trouble in TROUBLES:
        print(f"   {trouble.namespace:12} {trouble.about}", flush=True)


def show_run(run: Run) -> None:
    """What the run did, and why the rest was left alone."""
    result = run.preflight
    counts = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in result["outcomes"].items())
    print(f"   {counts}\n   {run.result('Show the result')['msg'][0]}", flush=True)
    say("What is left, and what helps")
    unknown = [entry for entry in result["blockers"] if entry["verdict"] == "unknown"]
    show([*map(told, result["set_aside"]), *(f"{who(entry)}: {entry['reason']}" for entry in unknown)])


def demonstrate(scene: BusyScene, home: Path) -> None:
    """The whole show on a running cluster."""
    say("What there is")
    show_scene(scene)
    before, old = scene.by_workload(), scene.old()

    say("One run with the defaults, but for the time that a pod may take")
    print(
        f"$ ansible-playbook ackops.eci.eci_preflight -e eci_preflight_target_version=1.26 -e eci_preflight_pod_timeout={POD_TIMEOUT}",
        flush=True,
    )
    started = time.monotonic()
    run = run_preflight(scene.cluster.kubeconfig, home, pod_timeout=POD_TIMEOUT)
    seconds = time.monotonic() - started
    show_run(run)

    say("What this proved")
    left, result = scene.old(), run.preflight
    prove(left[SHOP] == 0, f"all {old[SHOP]} healthy pods run platform version {NEW}")
    prove(scene.by_workload() == before, f"every one of the {len(before)} workloads has as many pods as before")
    prove(
        left == Counter({trouble.namespace: trouble.left for trouble in TROUBLES if trouble.left}),
        "what is still old is what could not go, and nothing else",
    )
    named = {cause["namespace"] for cause in result["set_aside"]}
    prove(
        named == {trouble.namespace for trouble in TROUBLES if trouble.left and trouble.reason},
        "each of those is in the list,",
    )
    prove(all(cause["remedy"] for cause in result["set_aside"]), "with a remedy")
    prove(run.code != 0 and not result["ready"], "the gate stays shut")
    print(f"\n{result['outcomes']['recreated']} pods in {seconds:.0f} s, playbook and scans included,", flush=True)
    print(f"of which up to {POD_TIMEOUT} s were spent on waiting for what might have changed.", flush=True)


def main() -> int:
    """Start, demonstrate, clear away."""
    started = time.monotonic()
    say("A real Kubernetes 1.24 control plane on this machine (the first time its programs are built)")
    try:
        with TemporaryDirectory() as home, BusyScene(lambda text: print(f"-- {text} ...", flush=True)) as scene:
            demonstrate(scene, Path(home))
    except ClusterError as error:
        print(f"demo-busy: {error}", file=sys.stderr)
        return 1
    print(f"The cluster is gone again. {time.monotonic() - started:.0f} s in all.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

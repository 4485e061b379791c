# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of ``python -m tests.cluster`` do; each returns an exit status."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import yaml

from tests.cluster import binaries, keeper, tools, workloads
from tests.cluster.control_plane import STAGES, ControlPlane

if TYPE_CHECKING:
    import argparse

KINDS = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job", "Pod")
# Those of which it is known how many pods there will be, and that these stay.
COUNTED = ("Deployment", "StatefulSet", "ReplicaSet", "Pod")
PLATFORM_WORDS = {"missing": None, "empty": ""}
# How long a command that is interrupted may take to clear up, before it is asked to, and before it is made to.
LEAVE_SECONDS = 3.0


def troubles() -> list[str]:
    """The troubles that the stages know how to play."""
    known: set[str] = set()
    for stage in yaml.safe_load_all(STAGES.read_text(encoding="utf-8")):
        for entry in stage["spec"]["selector"]["matchExpressions"]:
            known |= set(entry.get("values") or ()) if workloads.TROUBLE in entry["key"] else set()
    return sorted(known)


def _up(options: argparse.Namespace) -> int:
    one = keeper.up(options.name, options.version)
    print(
        f"{one.name}: Kubernetes {one.version} at {one.server}; until: python -m tests.cluster down --name {one.name}"
    )
    print(f"export KUBECONFIG={one.kubeconfig}")
    return 0


def _down(options: argparse.Namespace) -> int:
    keeper.down(options.name)
    return 0


def _list(_options: argparse.Namespace) -> int:
    for one in keeper.kept():
        print(f"{one.name}  {one.version}  {one.server or 'starting'}  {one.kubeconfig}".rstrip())
    return 0


def _kubeconfig(options: argparse.Namespace) -> int:
    print(keeper.find(options.name).kubeconfig)
    return 0


def _build(options: argparse.Namespace) -> int:
    binaries.build_all(binaries.versions_under_test() if options.all else options.version or [binaries.DEFAULT])
    return 0


def _workload(options: argparse.Namespace) -> int:
    api = keeper.find(options.name).api()
    kind, namespace, name, replicas = options.kind, options.namespace, options.workload, options.replicas
    annotations = {workloads.TROUBLE: options.trouble} if options.trouble else {}
    if kind == "Pod":
        replicas = 1
        manifest = workloads.bare_pod(namespace, name, node=options.node, annotations=annotations)
    else:
        extra = {"parallelism": replicas, "completions": replicas} if kind == "Job" else {}
        manifest = workloads.workload(
            kind, namespace, name, replicas=replicas, node=options.node, annotations=annotations, **extra
        )
    workloads.apply(api, manifest)
    if kind in COUNTED and not options.trouble:
        workloads.wait_ready(api, namespace, name, replicas)
    print(f"{kind} {namespace}/{name} is there")
    return 0


def _age(options: argparse.Namespace) -> int:
    api = keeper.find(options.name).api()
    version = PLATFORM_WORDS.get(options.version, options.version)
    path = workloads.path_of("Pod", options.namespace) if options.namespace else "/api/v1/pods"
    query = {"labelSelector": f"app={options.app}"} if options.app else {}
    pods = [
        pod for pod in api.list(path, **query) if workloads.INSTANCE_ID in (pod["metadata"].get("annotations") or {})
    ]
    chosen = sorted(pods, key=lambda pod: (str(pod["metadata"]["namespace"]), str(pod["metadata"]["name"])))[
        : options.count
    ]
    workloads.age(api, chosen, version)
    for pod in chosen:
        print(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}")
    if not chosen or len(chosen) < (options.count or 0):
        print(f"ECI pods found: {len(chosen)}", file=sys.stderr)
        return 1
    return 0


def _upgrade(options: argparse.Namespace) -> int:
    one = keeper.upgrade(options.name, options.to)
    print(f"{one.name}: Kubernetes {one.version} at {one.server}")
    return 0


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def run(command: list[str], version: str) -> int:
    """Run a program with a cluster of its own; the cluster ends with it, and where we are interrupted, both end."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _end)
    with ControlPlane.start(version, name="run") as cluster:
        try:
            process = subprocess.Popen(command, env=tools.environment(cluster.kubeconfig, cluster.version))
        except FileNotFoundError:
            print(f"there is no program {command[0]!r}", file=sys.stderr)
            return 127
        try:
            code = process.wait()
        except BaseException:
            _leave(process)
            raise
    return 128 - code if code < 0 else code


def _leave(process: subprocess.Popen[bytes]) -> None:
    """Let a program end by the interrupt that it got from the terminal as we did, else ask it to, else make it."""
    for insist in (process.terminate, process.kill):
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            insist()
    process.wait()


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "age": _age,
    "build": _build,
    "down": _down,
    "kubeconfig": _kubeconfig,
    "list": _list,
    "up": _up,
    "upgrade": _upgrade,
    "workload": _workload,
}

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test cluster by hand: keep one running, put pods on it, age them, upgrade it. Without a command: up."""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
from types import FrameType
from typing import NoReturn

import urllib3
import yaml

from tests.cluster import binaries, keeper, tools, workloads
from tests.cluster.api import ApiError
from tests.cluster.control_plane import STAGES, ControlPlane
from tests.cluster.errors import ClusterError

DEFAULT_VERSION, DEFAULT_NAME = "1.24", "demo"
VERSION_WORDS = {"missing": None, "empty": ""}
# How long a command that is interrupted may take to clear up after itself.
LEAVE_SECONDS = 5.0


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help tells more)\n")


def _version(text: str) -> str:
    if text not in binaries.KUBERNETES and text not in binaries.KUBERNETES.values():
        message = f"{text!r} is not one of {', '.join(binaries.KUBERNETES)}"
        raise argparse.ArgumentTypeError(message)
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?", text):
        message = f"{text!r} is not a name of up to 30 small letters, digits and hyphens"
        raise argparse.ArgumentTypeError(message)
    return text


def _count(text: str) -> int:
    if not text.isdecimal():
        message = f"{text!r} is not a number"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _troubles() -> list[str]:
    """The troubles that the stages know how to play."""
    known: set[str] = set()
    for stage in yaml.safe_load_all(STAGES.read_text(encoding="utf-8")):
        for entry in stage["spec"]["selector"]["matchExpressions"]:
            known |= set(entry.get("values") or ()) if workloads.TROUBLE in entry["key"] else set()
    return sorted(known)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="tests.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, about: str, *, named: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        if named:
            command.add_argument("--name", type=_name, default=DEFAULT_NAME, metavar="CLUSTER", help=f"default: {DEFAULT_NAME}")
        return command

    command = add("up", "start a cluster that runs until 'down'")
    command.add_argument("--version", type=_version, default=DEFAULT_VERSION, help=f"default: {DEFAULT_VERSION}")
    add("down", "stop a cluster; nothing of it stays")
    add("list", "the clusters that run", named=False)
    add("kubeconfig", "print where a cluster's kubeconfig is")
    command = add("run", "run a command with the KUBECONFIG of a cluster that ends with it: run -- COMMAND", named=False)
    command.add_argument("--version", type=_version, default=DEFAULT_VERSION, help=f"default: {DEFAULT_VERSION}")
    command = add("build", "build what clusters need (else it is built when it is first needed)", named=False)
    which = command.add_mutually_exclusive_group()
    which.add_argument("--version", type=_version, action="append", help="more than once for several")
    which.add_argument("--all", action="store_true", help=f"all of {', '.join(binaries.KUBERNETES)}")
    _add_workload(add("workload", "create a workload, and wait for its pods where they are to become Ready"))
    command = add("age", "give ECI pods another platform version")
    command.add_argument("--version", required=True, help="such as 1.0.0; 'missing' or 'empty'")
    command.add_argument("--namespace", help="only there")
    command.add_argument("--app", help="only the pods of the workload of that name")
    command.add_argument("--count", type=_count, help="only so many of them, the first by name")
    command = add("upgrade", "put another version in the place of a cluster's; its pods live on")
    command.add_argument("--to", type=_version, required=True, metavar="VERSION")
    return parser


def _add_workload(command: argparse.ArgumentParser) -> None:
    kinds = [*workloads.CONTROLLERS, "Pod"]
    command.add_argument("kind", type=lambda text: {kind.lower(): kind for kind in kinds}.get(text.lower(), text), choices=kinds)
    command.add_argument("workload", type=_name, metavar="NAME")
    command.add_argument("--namespace", type=_name, default="default")
    command.add_argument("--replicas", type=_count, default=1)
    command.add_argument("--node", default="virtual", help="virtual, real, any, or the name of one; default: virtual")
    command.add_argument("--trouble", choices=_troubles(), help="what is to go wrong with its pods")

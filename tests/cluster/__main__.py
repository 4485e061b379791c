# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test cluster by hand: keep one running, put pods on it, age them, upgrade it. Without a command: up."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

import urllib3

from tests.cluster import binaries, commands
from tests.cluster.api import ApiError
from tests.cluster.errors import ClusterError

DEFAULT_NAME = "demo"


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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="tests.cluster", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, about: str, *, named: bool = True) -> argparse.ArgumentParser:
        command = subparsers.add_parser(name, help=about, description=about)
        if named:
            command.add_argument(
                "--name", type=_name, default=DEFAULT_NAME, metavar="CLUSTER", help=f"default: {DEFAULT_NAME}"
            )
        return command

    command = add("up", "start a cluster that runs until 'down'")
    command.add_argument("--version", type=_version, default=binaries.DEFAULT, help=f"default: {binaries.DEFAULT}")
    add("down", "stop a cluster; nothing of it stays")
    add("list", "the clusters that run", named=False)
    add("kubeconfig", "print where a cluster's kubeconfig is")
    command = add(
        "run", "run a command with the KUBECONFIG of a cluster that ends with it: run -- COMMAND", named=False
    )
    command.add_argument("--version", type=_version, default=binaries.DEFAULT, help=f"default: {binaries.DEFAULT}")
    command = add("build", "build what clusters need (else it is built when it is first needed)", named=False)
    which = command.add_mutually_exclusive_group()
    which.add_argument("--version", type=_version, action="append", help="more than once for several")
    which.add_argument("--all", action="store_true", help="those of the tests (RELEASES=oldest: without the newest)")
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
    kinds = list(commands.KINDS)
    command.add_argument(
        "kind", type=lambda text: {kind.lower(): kind for kind in kinds}.get(text.lower(), text), choices=kinds
    )
    command.add_argument("workload", type=_name, metavar="NAME")
    command.add_argument("--namespace", type=_name, default="default")
    command.add_argument("--replicas", type=_count, default=1)
    command.add_argument("--node", default="virtual", help="virtual, real, any, or the name of one; default: virtual")
    command.add_argument("--trouble", choices=commands.troubles(), help="what is to go wrong with its pods")


def main(arguments: list[str]) -> int:
    """Do one thing, and return its exit status."""
    # What follows the first -- is another program's.
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    own, theirs = arguments[:cut] or ["up"], arguments[cut + 1 :]
    parser = _parser()
    options = parser.parse_args(own)
    if bool(theirs) != (options.command == "run"):
        parser.error("'run', and no other command, takes a command to run after --")
    try:
        return commands.run(theirs, options.version) if theirs else commands.COMMANDS[options.command](options)
    except (ClusterError, ApiError, OSError, urllib3.exceptions.HTTPError) as error:
        print(f"{parser.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

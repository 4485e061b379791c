# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Ansible's programs read their command lines: JSON in (a list of commands), JSON out (the options of each).

In a process of its own, because importing Ansible's programs changes the process, and a wrong option ends it.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from typing import Any, NoReturn

# Each program's module in ansible.cli, and its class there.
PROGRAMS = {
    "ansible": ("adhoc", "AdHocCLI"),
    "ansible-doc": ("doc", "DocCLI"),
    "ansible-galaxy": ("galaxy", "GalaxyCLI"),
    "ansible-inventory": ("inventory", "InventoryCLI"),
    "ansible-playbook": ("playbook", "PlaybookCLI"),
}


class Wrong(Exception):
    """A command line that the program refuses."""


class Refusing(argparse.ArgumentParser):
    """A parser that does not end the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse a command line."""
        raise Wrong(message)


def options_of(command: list[str]) -> dict[str, Any]:
    """The options of a command; ``error`` alone where its program would refuse it."""
    module, name = PROGRAMS[command[0]]
    program = getattr(import_module(f"ansible.cli.{module}"), name)(command)
    program.init_parser()
    try:
        return dict(vars(program.parser.parse_args(command[1:])))
    except Wrong as error:
        return {"error": str(error)}


def main() -> int:
    """Answer."""
    argparse.ArgumentParser.error = Refusing.error  # type: ignore[assignment, method-assign]
    print(json.dumps([options_of(command) for command in json.load(sys.stdin)], default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())

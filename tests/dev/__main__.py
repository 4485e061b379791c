# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands behind the Makefile's targets."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.dev import (
    artifact,
    awx,
    browser,
    checks,
    clean,
    compat,
    covered,
    envs,
    gates,
    importer,
    matrix,
    pins,
    run,
    sanity,
    whole,
)
from tests.dev.paths import say

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS: dict[str, Callable[[], int]] = {
    "artifact": artifact.here,
    "ansible-lint": checks.ansible_lint,
    "clean": clean.clean,
    "clean-environments": clean.clean_environments,
    "docs": checks.docs_site,
    "docs-lint": checks.docs_lint,
    "format": checks.format_code,
    "gates": gates.check,
    "importer": importer.check,
    "release": checks.release,
    "ruff": checks.ruff,
    "test": whole.check,
    "types": checks.types,
}
WITH_ARGUMENTS: dict[str, Callable[..., int]] = {
    "awx": awx.check,
    "browser": browser.check,
    "compat": compat.check,
    "coverage": covered.check,
    "matrix": matrix.check,
    "requirements": pins.write,
    "sanity": sanity.check,
}


def _env(names: list[str]) -> int:
    for name in names or list(envs.SPECS):
        try:
            print(f"{name}: {envs.ensure(name)}", flush=True)
        except envs.MissingPythonError as missing:
            say(str(missing))
    return 0


def _dispatch(command: str, rest: list[str]) -> int:
    if command == "env":
        return _env(rest)
    if command == "run":
        run.replace(rest[0], rest[1:])
    if command in WITH_ARGUMENTS:
        return WITH_ARGUMENTS[command](*rest)
    return COMMANDS[command]()


def main() -> int:
    """Do one thing, and return its exit status."""
    parser = argparse.ArgumentParser(prog="tests.dev", description="What the Makefile's targets do.")
    parser.add_argument("command", choices=sorted([*COMMANDS, *WITH_ARGUMENTS, "env", "run"]))
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="run ENVIRONMENT COMMAND...; env [ENVIRONMENT...]")
    options = parser.parse_args()
    try:
        return _dispatch(options.command, options.rest)
    except (envs.BrokenEnvironmentError, envs.MissingPythonError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every supported Ansible on its oldest and newest Python, with clients and control planes spread over them.

Each cell runs the unit tests and the main path on a real cluster; each Ansible runs its sanity tests once. The whole run
writes docs/docsite/rst/tested_with.rst.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import dataclass, field

from tests.dev import envs, python_packages, pythons, run, sanity
from tests.dev.paths import REPO, say

PAGE = REPO / "docs" / "docsite" / "rst" / "tested_with.rst"
CHECKS = ("unit", "sanity", "main path")
PASSED, FAILED, ELSEWHERE = "passed", "FAILED", "in the other row"
# For each Ansible: client and control plane on its oldest Python, then on its newest. Clients and control planes meet in
# every pair, and the oldest client meets the newest Ansible.
PAIRS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "2.16": (("oldest", "1.24"), ("newest", "1.26")),
    "2.17": (("middle", "1.31"), ("oldest", "1.26")),
    "2.18": (("newest", "1.31"), ("middle", "1.24")),
    "2.19": (("oldest", "1.24"), ("newest", "1.31")),
    "2.20": (("middle", "1.26"), ("newest", "1.24")),
    "2.21": (("oldest", "1.31"), ("newest", "1.26")),
}


@dataclass
class Cell:
    """One row of the table."""

    core: str
    client: str
    python: pythons.Version
    control_plane: str
    # The oldest Python of a core also has its sanity tests, and runs the modules on the oldest Python that they support.
    first: bool
    versions: dict[str, str] = field(default_factory=dict)
    outcome: dict[str, str] = field(default_factory=dict)

    @property
    def spec(self) -> envs.Spec:
        """Its environment."""
        return envs.cell(self.core, self.client, self.python)

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"{self.spec.purpose}, Kubernetes {self.control_plane}"


def cells(cores: list[str]) -> list[Cell]:
    """The rows for these releases of Ansible."""
    return [
        Cell(core, client, python, control_plane, python == envs.CORES[core][0])
        for core in cores
        for python, (client, control_plane) in zip(envs.CORES[core], PAIRS[core], strict=True)
    ]


def _modules_on(cell: Cell) -> tuple[str, str]:
    """The path and the version of the Python for the modules; no path for the controller's own."""
    if cell.first:
        try:
            home = envs.ensure("target")
        except envs.MissingPythonError as missing:
            say(f"matrix: modules run on the controller's Python: {missing}")
        else:
            return str(home / "bin" / "python"), ".".join(map(str, envs.SPECS["target"].lowest))
    return "", cell.versions["Python"]


def _provide(cell: Cell) -> None:
    """Fetch the cell's Python where the machine has none."""
    if pythons.find(cell.python):
        return
    try:
        python_packages.ensure(".".join(map(str, cell.python)))
    except python_packages.NoPackagesError as missing:
        say(f"matrix: {missing}")
    pythons.find.cache_clear()


def _fill(cell: Cell, checks: list[str]) -> None:
    _provide(cell)
    try:
        envs.ensure(cell.spec)
    except envs.MissingPythonError as missing:
        say(f"matrix: not run: {missing}")
        cell.outcome = dict.fromkeys(CHECKS, "no such Python here")
        return
    ask = "import sys, importlib.metadata as m; print(sys.version.split()[0], m.version('ansible-core'), m.version('kubernetes'))"
    told = run.output(cell.spec, "python", "-c", ask).split()
    cell.versions = dict(zip(("Python", "ansible-core", "kubernetes"), told, strict=True))
    target, cell.versions["modules"] = _modules_on(cell)
    extra = {"ACKOPS_CONTROL_PLANE": cell.control_plane, "ACKOPS_TARGET_PYTHON": target}
    pytest = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    works = {
        "unit": lambda: run.run(cell.spec, *pytest, "tests/unit", "-n", "2"),
        "sanity": lambda: sanity.inside(cell.spec),
        "main path": lambda: run.run(cell.spec, *pytest, "tests/integration/test_main_path.py", extra=extra),
    }
    for check in checks:
        if check == "sanity" and not cell.first:
            cell.outcome[check] = ELSEWHERE
            continue
        say(f"matrix: {check}: {cell.label}")
        cell.outcome[check] = FAILED if works[check]() else PASSED


def rows(filled: list[Cell]) -> list[list[str]]:
    """The table."""
    heads = ["ansible-core", "Python", "Modules on Python", "kubernetes", "Control plane", *CHECKS]
    return [heads] + [
        [
            cell.versions.get("ansible-core", cell.core),
            cell.versions.get("Python", ".".join(map(str, cell.python))),
            cell.versions.get("modules", ""),
            cell.versions.get("kubernetes", cell.client),
            cell.control_plane,
            *(cell.outcome.get(check, "") for check in CHECKS),
        ]
        for cell in filled
    ]


def page(filled: list[Cell], day: str) -> str:
    """The page of the documentation."""
    lines = [
        "..",
        *(
            f"  {line.removeprefix('# ')}"
            for line in (REPO / "galaxy.yml").read_text(encoding="utf-8").splitlines()[:3]
        ),
        "",
        ".. _ansible_collections.ackops.eci.docsite.tested_with:",
        "",
        "Tested with",
        "===========",
        "",
        f"Written by ``make matrix`` from its run of {day}. Each row ran the unit tests and the main path on a real control plane: check",
        "mode, recreation, proof, report, a second run. Each ansible-core ran its own ``ansible-test sanity``, with empty ignore files.",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "",
    ]
    for row in rows(filled):
        lines += [f"   {'*' if not number else ' '} - {text}".rstrip() for number, text in enumerate(row)]
    return "\n".join([*lines, ""])


def check(*arguments: str) -> int:
    """Run the cells, print the table, and write the page where the run was whole."""
    parser = argparse.ArgumentParser(prog="make matrix")
    parser.add_argument(
        "cores", nargs="*", help=f"releases of ansible-core; all of {', '.join(PAIRS)} if none is named"
    )
    parser.add_argument("--check", action="append", choices=CHECKS, help="one of the checks, instead of all")
    options = parser.parse_args(arguments)
    if unknown := set(options.cores) - set(PAIRS):
        parser.error(f"{', '.join(sorted(unknown))}: not supported; these are: {', '.join(PAIRS)}")
    filled = cells(options.cores or list(PAIRS))
    for cell in filled:
        _fill(cell, options.check or list(CHECKS))
    for row in rows(filled):
        print("".join(f"{text:20}" for text in row).rstrip(), flush=True)
    if not options.cores and not options.check:
        day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        PAGE.write_text(page(filled, day), encoding="utf-8")
        say(f"wrote {PAGE.relative_to(REPO)}")
    return int(any(FAILED in cell.outcome.values() for cell in filled))

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every supported Ansible on its oldest and newest Python, with clients and control planes spread over them.

Each cell runs the unit tests and the main path on a real cluster; each Ansible runs its sanity tests once. Results are kept
(tests/dev/matrix_records.py), and when every cell has them, docs/docsite/rst/tested_with.rst is written.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import dataclass, field

from tests.dev import envs, matrix_records as records, python_packages, pythons, run, sanity
from tests.dev.paths import REPO, say

PAGE = REPO / "docs" / "docsite" / "rst" / "tested_with.rst"
CHECKS = ("unit", "sanity", "main path")
PASSED, FAILED, ELSEWHERE, NO_PYTHON = records.PASSED, "FAILED", "in the other row", "no such Python here"
# For each Ansible: client and control plane on its oldest Python, then on its newest. Clients and control planes meet in
# every pair, and the oldest client meets the newest Ansible.
PAIRS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "2.16": (("oldest", "1.24"), ("newest", "1.26")),
    "2.17": (("middle", "1.31"), ("oldest", "1.26")),
    "2.18": (("newest", "1.31"), ("middle", "1.24")),
    "2.19": (("oldest", "1.37"), ("middle", "1.26")),
    "2.20": (("middle", "1.37"), ("newest", "1.24")),
    "2.21": (("oldest", "1.31"), ("newest", "1.37")),
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
    # The days and the commits of the outcome.
    days: set[str] = field(default_factory=set)
    commits: set[str] = field(default_factory=set)

    @property
    def spec(self) -> envs.Spec:
        """Its environment."""
        return envs.cell(self.core, self.client, self.python)

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"{self.spec.purpose}, Kubernetes {self.control_plane}"

    @property
    def name(self) -> str:
        """Its name among the results that are kept."""
        return f"{self.core}-py{self.python[0]}.{self.python[1]}-{self.client}-{self.control_plane}"

    @property
    def checks(self) -> list[str]:
        """What it runs."""
        return [check for check in CHECKS if self.first or check != "sanity"]


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


def _run(cell: Cell, checks: list[str]) -> None:
    """Run these checks, and keep what each came to at once."""
    kept = records.Kept(checks=records.load(cell.name).checks)
    _provide(cell)
    try:
        envs.ensure(cell.spec)
    except envs.MissingPythonError as missing:
        say(f"matrix: not run: {missing}")
        before = records.state(but=PAGE)
        for check in checks:
            kept.checks[check] = records.Record(NO_PYTHON, records.today(), before.tree, before.commit)
        records.save(cell.name, kept)
        return
    ask = "import sys, importlib.metadata as m; print(sys.version.split()[0], m.version('ansible-core'), m.version('kubernetes'))"
    told = run.output(cell.spec, "python", "-c", ask).split()
    cell.versions = dict(zip(("Python", "ansible-core", "kubernetes"), told, strict=True))
    target, cell.versions["modules"] = _modules_on(cell)
    kept.versions = cell.versions
    extra = {"ACKOPS_CONTROL_PLANE": cell.control_plane, "ACKOPS_TARGET_PYTHON": target}
    pytest = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    works = {
        "unit": lambda: run.run(cell.spec, *pytest, "tests/unit", "-n", "2"),
        "sanity": lambda: sanity.inside(cell.spec),
        "main path": lambda: run.run(cell.spec, *pytest, "tests/integration/test_main_path.py", extra=extra),
    }
    for check in checks:
        say(f"matrix: {check}: {cell.label}")
        before = records.state(but=PAGE)
        result = FAILED if works[check]() else PASSED
        if result == PASSED and records.state(but=PAGE).tree != before.tree:
            say("matrix: files changed meanwhile, so it is not known what has passed")
            result = FAILED
        kept.checks[check] = records.Record(result, records.today(), before.tree, before.commit)
        records.save(cell.name, kept)


def _passed(cell: Cell, check: str, wanted: records.Wanted) -> bool:
    record = records.load(cell.name).checks.get(check)
    return record is not None and record.result == PASSED and wanted.counts(record)


def _read(cell: Cell, wanted: records.Wanted) -> Cell:
    """Fill it in from what is kept and counts."""
    kept = records.load(cell.name)
    counted = {check: record for check, record in kept.checks.items() if wanted.counts(record) and check in cell.checks}
    if counted:
        cell.versions = kept.versions
    cell.outcome = {check: record.result for check, record in counted.items()}
    if not cell.first:
        cell.outcome["sanity"] = ELSEWHERE
    cell.days = {record.day for record in counted.values()}
    # The same files may meanwhile be in a commit of another name.
    same = wanted.state.tree
    cell.commits = {wanted.state.commit if record.tree == same else record.commit for record in counted.values()} - {""}
    return cell


def rows(filled: list[Cell]) -> list[list[str]]:
    """The table."""
    heads = ["ansible-core", "Python", "Modules on Python", "kubernetes", "Control plane", *CHECKS, "Run on"]
    return [heads] + [
        [
            cell.versions.get("ansible-core", cell.core),
            cell.versions.get("Python", ".".join(map(str, cell.python))),
            cell.versions.get("modules", ""),
            cell.versions.get("kubernetes", cell.client),
            cell.control_plane,
            *(cell.outcome.get(check, "") for check in CHECKS),
            ", ".join([*sorted(cell.days), *sorted(cell.commits)]),
        ]
        for cell in filled
    ]


def page(filled: list[Cell]) -> str:
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
        "Written by ``make matrix``. Each row ran the unit tests and the main path on a real control plane: check mode, recreation, proof,",
        "report, a second run. Each ansible-core ran its own ``ansible-test sanity``, with empty ignore files. The last column has the day",
        "and the commit; a row whose checks ran on more than one has them all.",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "",
    ]
    for row in rows(filled):
        lines += [f"   {'*' if not number else ' '} - {text}".rstrip() for number, text in enumerate(row)]
    return "\n".join([*lines, ""])


def _day(text: str) -> str:
    return datetime.date.fromisoformat(text).isoformat()


def _options(arguments: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make matrix",
        description="What has passed on the same files is not run again, so a run that was interrupted goes on where it stopped.",
    )
    parser.add_argument(
        "cores", nargs="*", help=f"releases of ansible-core; all of {', '.join(PAIRS)} if none is named"
    )
    parser.add_argument("--check", action="append", choices=CHECKS, help="one of the checks, instead of all")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--again", action="store_true", help="run everything, whatever has passed before")
    which.add_argument(
        "--since",
        type=_day,
        metavar="DAY",
        help="go by what has passed on other states of the repository, too, from this day on (UTC, such as 2026-04-01)",
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.cores) - set(PAIRS):
        parser.error(f"{', '.join(sorted(unknown))}: not supported; these are: {', '.join(PAIRS)}")
    return options


def check(*arguments: str) -> int:
    """Run the cells that have not passed yet, print the table, and write the page when every cell has its results."""
    options = _options(arguments)
    wanted = records.Wanted(records.state(but=PAGE), options.since or "")
    asked = cells(options.cores or list(PAIRS))
    checks = options.check or list(CHECKS)
    for cell in asked:
        of_this = [check for check in cell.checks if check in checks]
        due = [check for check in of_this if options.again or not _passed(cell, check, wanted)]
        if kept := [check for check in of_this if check not in due]:
            say(f"matrix: has passed before: {', '.join(kept)}: {cell.label}")
        if due:
            _run(cell, due)
    for row in rows([_read(cell, wanted) for cell in asked]):
        print("".join(f"{text:18}" for text in row).rstrip(), flush=True)
    _write_page(wanted)
    return int(any(cell.outcome.get(check) == FAILED for cell in asked for check in checks))


def _write_page(wanted: records.Wanted) -> None:
    """Write it from the results of every cell, or say which are missing."""
    every = [_read(cell, wanted) for cell in cells(list(PAIRS))]
    due = [(cell, check) for cell in every for check in cell.checks if cell.outcome.get(check) in {None, FAILED}]
    if due:
        cores = dict.fromkeys(cell.core for cell, _check in due)
        say(f"{PAGE.relative_to(REPO)} is as it was: {len(due)} results are still missing, of {', '.join(cores)}")
        return
    PAGE.write_text(page(every), encoding="utf-8")
    say(f"wrote {PAGE.relative_to(REPO)}")

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix: nothing that is supported is left out of it, and its page is the one that it writes."""

from __future__ import annotations

import itertools

import yaml

from tests.cluster import binaries
from tests.dev import covered, envs, matrix
from tests.dev.paths import REPO

CELLS = matrix.cells(list(matrix.PAIRS))


def test_every_supported_release_is_in_it() -> None:
    """From the one that meta/runtime.yml asks for, each on the oldest and the newest Python."""
    assert list(matrix.PAIRS) == list(envs.CORES)
    oldest = next(iter(envs.CORES))
    assert (
        yaml.safe_load((REPO / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
        == f">={oldest}.0"
    )
    assert {(cell.core, cell.python) for cell in CELLS} == {
        (core, python) for core, ends in envs.CORES.items() for python in ends
    }


def test_clients_and_control_planes_meet_in_every_pair() -> None:
    """The oldest client meets the newest server, too."""
    met = {(cell.client, cell.control_plane) for cell in CELLS}
    assert met == set(itertools.product(envs.CLIENTS, binaries.KUBERNETES))


def test_the_environments_of_a_cell_are_exactly_its_python() -> None:
    """Never another that happens to be there."""
    for cell in CELLS:
        assert (cell.spec.lowest, cell.spec.highest) == (cell.python, cell.python)
        assert all(path.is_file() for path in cell.spec.requirements)


def test_a_page_has_a_row_for_each_cell() -> None:
    """And says what was not run, and what failed."""
    cells = matrix.cells(["2.16"])
    cells[0].versions = {"ansible-core": "2.16.19", "Python": "3.10.13", "modules": "3.9", "kubernetes": "24.2.0"}
    cells[0].outcome = {"unit": matrix.PASSED, "sanity": matrix.PASSED, "main path": matrix.FAILED}
    cells[0].days, cells[0].commits = {"2026-04-01"}, {"b7152b8"}
    cells[1].outcome = dict.fromkeys(matrix.CHECKS, matrix.NO_PYTHON)
    assert matrix.rows(cells)[1:] == [
        ["2.16.19", "3.10.13", "3.9", "24.2.0", "1.24", "passed", "passed", "FAILED", "2026-04-01, b7152b8"],
        ["2.16", "3.12", "", "newest", "1.26", *["no such Python here"] * 3, ""],
    ]
    text = matrix.page(cells)
    assert text.count("   * - ") == 3
    assert "     - FAILED\n" in text
    assert "     - 2026-04-01, b7152b8\n" in text


def test_the_page_in_the_repository_has_every_cell() -> None:
    """Written by a whole run, of the cells that there are now."""
    lines = matrix.PAGE.read_text(encoding="utf-8").splitlines()
    shown = [line.removeprefix("   * - ").split(".")[:2] for line in lines if line.startswith("   * - 2.")]
    assert shown == [cell.core.split(".") for cell in CELLS]
    assert not [line for line in lines if "FAILED" in line]


def test_the_rules_are_reached_in_every_branch() -> None:
    """`make coverage` may not be made to ask for less."""
    assert covered.LEAST == {"plugins/module_utils/_rules/*": 100, "plugins/*": 95}

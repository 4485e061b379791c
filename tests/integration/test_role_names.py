# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs the role reads the names of its variables; who runs a module, those of its options."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.support import run_preflight, run_tasks

NO_VERSIONS: dict[str, list[str]] = {"1.1.0": []}


@pytest.mark.compat
def test_the_role_names_its_variables(home: Path) -> None:
    """In the result of the task and on the screen, which ansible-core 2.19 and newer write from another place."""
    run = run_preflight(None, home, matrix=NO_VERSIONS)
    assert run.code == 2
    assert run.message.startswith("eci_preflight_matrix['1.1.0']: [] lists no version.")
    assert " matrix['1.1.0']" not in run.text


@pytest.mark.compat
def test_a_module_names_its_options(home: Path) -> None:
    """Outside of the role the variables of the role mean nothing."""
    options = {"target_version": "1.26", "pods": [], "matrix": NO_VERSIONS}
    run = run_tasks([{"name": "Check", "ackops.eci.eci_compat_check": options}], None, home)
    assert run.message.startswith("matrix['1.1.0']: [] lists no version.")
    assert "eci_preflight" not in run.text

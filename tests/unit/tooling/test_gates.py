# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates: they look at what they claim to look at, and no pin goes without a hash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.dev import envs, gates
from tests.dev.paths import REPO

if TYPE_CHECKING:
    from pathlib import Path


def dotted(version: tuple[int, int]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))


def test_every_checker_is_told_the_same_pythons() -> None:
    """ruff, vermin, ansible-test and the environments of the oldest releases."""
    # Python 3.10 has no parser of TOML.
    ruff = dict(
        re.findall(r'^"?([\w/*.-]+)"? = "(py\d+)"$', (REPO / "ruff.toml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    sanity = yaml.safe_load((REPO / "tests" / "config.yml").read_text(encoding="utf-8"))
    target, controller = (f"py{version.replace('.', '')}" for version in (gates.OLDEST_TARGET, gates.OLDEST_CONTROLLER))
    assert ruff == {"target-version": controller} | {f"{kind}/*.py": target for kind in gates.ON_TARGETS[:2]}
    assert sanity["modules"]["python_requires"] == f">={gates.OLDEST_TARGET}"
    assert dotted(envs.SPECS["target"].lowest) == gates.OLDEST_TARGET
    assert dotted(min(envs.CORES.values())[0]) == gates.OLDEST_CONTROLLER


def test_shell_scripts_are_found_by_their_first_line() -> None:
    """Also those without an ending."""
    assert {".ci/run", "tests/dev/start.sh"} <= set(gates.shell_scripts())


@pytest.mark.parametrize("path", sorted(envs.REQUIREMENTS.glob("*.txt")), ids=lambda path: path.name)
def test_every_pin_has_a_hash(path: Path) -> None:
    """A line that ends without a backslash has no hash after it."""
    pins = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] not in "# "]
    assert pins
    assert [line for line in pins if "==" not in line or not line.endswith(" \\")] == []


def test_every_list_is_pinned() -> None:
    """What `make requirements` writes is what lies there, and every list that environments use."""
    assert {path.stem for path in envs.REQUIREMENTS.glob("*.txt")} == set(envs.pinned_lists())

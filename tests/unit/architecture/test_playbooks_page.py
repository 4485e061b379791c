# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the playbooks: each has its section, with an example, its own variables, and what its exit code means.

That the variables which the page names exist is held for all pages, in test_commands.py.
"""

from __future__ import annotations

import re

import pytest

from tests.dev.paths import REPO
from tests.unit.architecture.blocks import commands, read

PAGE = "docs/docsite/rst/playbooks.rst"
PLAYBOOKS = sorted(path.stem for path in REPO.glob("playbooks/*.yml"))


def sections() -> dict[str, str]:
    """The text of each section, by its title."""
    parts = re.split(r"^(.+)\n-+\n", read(PAGE), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def own_variables(playbook: str) -> set[str]:
    """The variables that a playbook reads itself; those of the roles are in the reference of the roles."""
    lines = [line for line in read(f"playbooks/{playbook}.yml").splitlines() if not line.lstrip().startswith("#")]
    found = set(re.findall(r"(?<![\w.])eci_(?:preflight|fleet_upgrade|audit|report)_\w+", "\n".join(lines)))
    return found - {
        "eci_preflight_result_",
        "eci_fleet_upgrade_result_",
        "eci_preflight_src",
        "eci_preflight_cluster_version",
    }


def test_every_playbook_has_its_section() -> None:
    """And there is no section of a playbook that is not there."""
    assert {title for title in sections() if re.fullmatch(r"\w+", title)} == set(PLAYBOOKS)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_section_is_whole(playbook: str) -> None:
    """An example, each variable that the playbook reads, and the exit code."""
    section = sections()[playbook]
    assert "**Exit code**: 0" in section
    assert any(f" ackops.eci.{playbook} " in command for command in commands(PAGE))
    assert sorted(name for name in own_variables(playbook) if f"``{name}``" not in section) == []


@pytest.mark.parametrize("variable", ["eci_awx_project_scm_url", "eci_awx_execution_environment_image"])
def test_what_awx_cannot_do_without_is_named(variable: str) -> None:
    """Every other setting has a default."""
    assert f"``{variable}``" in sections()["awx_apply"]
    assert not re.search(rf"^{variable}:", read("playbooks/awx/settings.yml"), re.MULTILINE)

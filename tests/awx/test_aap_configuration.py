# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data is in the form of infra.aap_configuration, complete, and what awx_apply applies is that and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx import recorder
from tests.awx.recorder import Call
from tests.awx.test_objects import ALL

SPEC: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("aap_configuration.yml").read_text(encoding="utf-8")
)
# Written in two forms that mean the same, and what awx_apply adds of what AWX has.
APPLIED_OTHERWISE = {"inputs", "state", "workflow_nodes", "destroy_current_nodes", "name"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The variables, with all settings."""
    return recorder.variables_of(tmp_path_factory.mktemp("data"), SPEC, ALL)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """What awx_apply calls, with all settings."""
    return recorder.record(tmp_path_factory.mktemp("calls"), ALL)


@pytest.mark.parametrize("variable", SPEC)
def test_the_roles_read_every_key(data: dict[str, list[dict[str, Any]]], variable: str) -> None:
    """What a role does not read it would leave out without a word."""
    assert data[variable]
    unread = {key for entry in data[variable] for key in entry} - set(SPEC[variable]["keys"])
    assert unread == set()


@pytest.mark.parametrize("variable", SPEC)
def test_the_playbook_applies_the_same(data: dict[str, list[dict[str, Any]]], calls: list[Call], variable: str) -> None:
    """A thin loop: each entry is a call, and each argument of the call is in the entry."""
    mine = [call for call in calls if call.kind == SPEC[variable]["module"]]
    assert len(mine) == len(data[variable])
    for call, entry in zip(mine, data[variable], strict=True):
        other = {
            key: value
            for key, value in call.arguments.items()
            if key not in APPLIED_OTHERWISE and value != entry.get(key)
        }
        assert other == {}, call


def test_no_credential_is_given_in_part(tmp_path: Path) -> None:
    """AWX replaces the inputs whole, so that one of them would erase the others."""
    given = recorder.variables_of(tmp_path, ["controller_credentials"], {**ALL, "eci_awx_access_key_secret": ""})
    assert [entry["inputs"] for entry in given["controller_credentials"]] == [
        {"kubeconfig": ALL["eci_awx_kubeconfig"]},
        {},
    ]

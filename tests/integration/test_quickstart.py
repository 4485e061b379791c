# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quickstart, walked from top to bottom by somebody who has nothing but a kubeconfig: its commands work, and print what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cluster import ControlPlane
from tests.dev import artifact
from tests.integration.access import kubeconfig_of
from tests.integration.newcomer import old_pods, typed
from tests.integration.scenarios.masks import masked
from tests.unit.architecture.blocks import blocks

PAGE = "docs/docsite/rst/quickstart.rst"
USER = "system:serviceaccount:default:quickstart"


def shown(text: str, places: list[tuple[str, str]]) -> list[str]:
    """The lines of a text, without what differs from run to run."""
    lines = [re.sub(r"\b\d+ s\b", "N s", line.rstrip()) for line in masked(text, places).splitlines()]
    return [line for line in lines if line.strip() not in ("", "...")]


@pytest.mark.slow
def test_from_nothing_to_ready(cluster: ControlPlane, namespace: str, home: Path, tmp_path: Path) -> None:
    """What the page shows of the output is in the output, line for line and in its order; ... leaves something out."""
    home.mkdir()
    built = artifact.build(tmp_path)
    old_pods(cluster, namespace)
    admin, user = cluster.kubeconfig, kubeconfig_of(cluster, "quickstart", [], tmp_path)
    places = [(str(home), "/home/alice"), (namespace, "shop")]
    walked = 0
    told: list[str] = []
    for block in blocks(PAGE):
        for line in shown(block.text, []) if block.kind == "text" else ():
            assert line in told, f"{line!r} is not in the output, or not there:\n" + "\n".join(told)
            told = told[told.index(line) + 1 :]
        for command in block.commands:
            walked += 1
            known = command.replace("install ackops.eci", f"install --offline {built}").replace("=alice", f"={USER}")
            told = shown(typed(known, admin if command.startswith("kubectl") else user, home), places)
    assert walked == 7
    assert "Ready for Kubernetes 1.26" in (home / "report.html").read_text(encoding="utf-8")

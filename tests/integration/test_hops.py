# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades over several versions, one run for each, and upgrades that ACK does not offer, on a real control plane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.demo.fleet_api import FleetApi
from tests.integration.fleets import fleet_kubeconfig, run_fleet, source_of, states, tasks_file
from tests.integration.support import NEW, OLD, REPO, Run

# What these tests share is made once, for one worker.
pytestmark = pytest.mark.xdist_group("hops")

SPACE = "shop"


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A cluster of its own: it is upgraded."""
    with ControlPlane.start("1.24", name="hops") as running:
        w.ensure_namespace(running.api, SPACE)
        w.apply(running.api, w.workload("Deployment", SPACE, "web", replicas=2))
        w.age(running.api, w.wait_ready(running.api, SPACE, "web", 2), OLD)
        yield running


def versions(plane: ControlPlane) -> list[str]:
    """The platform versions of its pods."""
    return [pod["metadata"]["annotations"][w.PLATFORM_VERSION] for pod in w.pods_of(plane.api, SPACE, "web")]


@pytest.mark.parametrize("arguments", [["--check"], []])
def test_an_upgrade_that_is_not_offered_touches_no_pod(
    plane: ControlPlane, home: Path, tmp_path: Path, arguments: list[str]
) -> None:
    """In check mode, too; the message says which version is next, and what lets it go on."""
    source = source_of(fleet_kubeconfig(tmp_path / "fleet.conf", {"c": (plane, plane.server)}))
    upgraded = tmp_path / "upgraded"
    tasks = tasks_file(tmp_path / "upgrade.yml", {"ansible.builtin.file": {"path": str(upgraded), "state": "touch"}})

    def run(**options: object) -> Run:
        return run_fleet(
            source, home, *arguments, tasks_file=str(tasks), eci_preflight_target_version="1.28", **options
        )

    shut = run()
    assert shut.code == 2, shut.text
    assert states(shut, "c") == {"c": "left_out"}
    said = "from 1.24 the next is 1.26, not 1.28. Go on with the next version that ACK offers"
    assert said in shut.message
    assert "set eci_fleet_upgrade_allow_skipped_versions to true" in shut.message
    assert versions(plane) == [OLD, OLD]
    if not arguments:
        return
    allowed = run(allow_skipped_versions="true")
    assert allowed.code == 0, allowed.text
    assert states(allowed, "c") == {"c": "planned"}
    assert not upgraded.exists()


def test_one_run_for_each_version(plane: ControlPlane, home: Path, tmp_path: Path) -> None:
    """The loop of the fleet guide: a cluster that is at a version, or past it, is passed by, and the last run says of the whole."""
    with FleetApi({"c": plane}) as api:
        source = source_of(fleet_kubeconfig(tmp_path / "fleet.conf", {"c": (plane, plane.server)}))

        def loop() -> list[tuple[int, str]]:
            found = []
            for version in ("1.24", "1.26"):
                run = run_fleet(
                    source, home, "-e", f"fleet_api={api.url}", eci_preflight_target_version=version,
                    tasks_file=str(REPO / "tests" / "demo" / "upgrade.yml"),
                )  # fmt: skip
                found.append((run.code, states(run, "c")["c"]))
            return found

        assert loop() == [(0, "current"), (0, "upgraded")]
        assert plane.api.request("GET", "/version")["minor"] == "26"
        assert versions(plane) == [NEW, NEW]
        assert loop() == [(2, "left_out"), (0, "current")]

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on another Kubernetes version than the one of the other tests, and on both sides of a real upgrade."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.integration.support import OLD, run_preflight


@pytest.mark.recent
@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_on_recent_versions(home: Path, version: str) -> None:
    """With a target that the built-in matrix does not name and the user does."""
    target = f"1.{int(version.partition('.')[2]) + 1}"
    with ControlPlane.start(version, name="recent") as cluster:
        w.apply(
            cluster.api, w.workload("Deployment", "shop", "web", replicas=2), w.workload("StatefulSet", "shop", "db")
        )
        w.age(
            cluster.api, w.wait_ready(cluster.api, "shop", "web", 2) + w.wait_ready(cluster.api, "shop", "db", 1), OLD
        )
        shut = run_preflight(cluster.kubeconfig, home, target_version=target)
        assert shut.code == 2, shut.text
        assert f"does not list Kubernetes {target}" in shut.message
        run = run_preflight(cluster.kubeconfig, home, target_version=target, matrix={"1.1.0": ">=1.12"})
        assert run.code == 0, run.text
        assert len(run.preflight["recreated"]) == 3


@pytest.mark.slow
def test_before_and_after_a_real_upgrade(home: Path) -> None:
    """Ready on 1.24, upgraded to 1.26 on the same etcd, and nothing to do there; the next hop is judged anew."""
    with ControlPlane.start("1.24", name="upgraded") as cluster:
        w.apply(cluster.api, w.workload("Deployment", "shop", "web", replicas=2))
        w.age(cluster.api, w.wait_ready(cluster.api, "shop", "web", 2), OLD)
        assert run_preflight(cluster.kubeconfig, home).code == 0
        before = {pod["metadata"]["uid"] for pod in w.pods_of(cluster.api, "shop", "web")}
        cluster.upgrade("1.26")
        after = run_preflight(cluster.kubeconfig, home)
        assert (after.code, after.changed()) == (0, 0), after.text
        assert after.preflight["cluster_version"] == "1.26"
        hop = run_preflight(cluster.kubeconfig, home, target_version="1.30")
        assert hop.code == 0, hop.text
        assert "one supported version at a time" in hop.text
        assert {pod["metadata"]["uid"] for pod in w.wait_ready(cluster.api, "shop", "web", 2)} == before

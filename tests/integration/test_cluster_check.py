# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two modules that need no list of pods: eci_cluster_check, and eci_pod_recreate on the whole cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.integration.support import NEW, OLD, run_tasks

WAIVER = {"match": "labels.app == 'kept'", "reason": "moved on Friday", "expires": "2999-12-31"}


def check(**options: Any) -> dict[str, Any]:
    """A task."""
    return {"name": "Check", "ackops.eci.eci_cluster_check": {"target_version": "1.26", **options}}


def recreate(**options: Any) -> dict[str, Any]:
    """A task."""
    return {"name": "Recreate", "ackops.eci.eci_pod_recreate": {"target_version": "1.26", **options}}


@pytest.mark.compat
def test_check_and_recreate_without_a_list_of_pods(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """The check fails with the pods that block; all of them are recreated but the exempt; then it passes."""
    api = cluster.api
    w.apply(api, w.workload("Deployment", namespace, "web", replicas=3), w.workload("Deployment", namespace, "kept"))
    web, kept = w.wait_ready(api, namespace, "web", 3), w.wait_ready(api, namespace, "kept", 1)
    w.age(api, [*web[:2], *kept], OLD)

    shut = run_tasks([check(exempt=[WAIVER])], cluster.kubeconfig, home)
    assert shut.code == 2, shut.text
    assert f"2 ECI pod(s) incompatible: {namespace}/web-" in shut.message
    result = shut.result("Check")
    assert {entry["uid"] for entry in result["blockers"]} == {pod["metadata"]["uid"] for pod in web[:2]}
    assert [entry["name"] for entry in result["exempted"]] == [kept[0]["metadata"]["name"]]
    assert result["counts"] == {"compatible": 1, "incompatible": 2, "unknown": 0, "undetermined": 0, "exempt": 1}
    facts = result["ansible_facts"]
    assert set(facts) == {"eci_cluster"}
    assert facts["eci_cluster"]["pods_by_platform_version"] == {NEW: 1, OLD: 3}
    assert facts["eci_cluster"]["server"] == cluster.server

    done = run_tasks(
        [recreate(whole_cluster=True, exempt=[WAIVER], record_dir=str(home / "record")), check(exempt=[WAIVER])],
        cluster.kubeconfig,
        home,
    )
    assert done.code == 0, done.text
    assert done.result("Recreate")["counts"] == {"recreated": 2}
    assert done.result("Check")["compatible"] is True
    assert [pod["metadata"]["uid"] for pod in w.pods_of(api, namespace, "kept")] == [kept[0]["metadata"]["uid"]]
    again = run_tasks([recreate(whole_cluster=True, exempt=[WAIVER])], cluster.kubeconfig, home, "--check")
    assert (again.code, again.result("Recreate")["pods"]) == (0, []), again.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "are both missing"),
        ({"whole_cluster": True, "pods": []}, "exclude each other"),
        ({"pods": [], "exempt": [WAIVER]}, "has no effect on pods that are given"),
    ],
)
def test_options_of_the_recreation_that_cannot_be_meant(
    cluster: ControlPlane, home: Path, options: dict[str, Any], said: str
) -> None:
    """One clear error, and nothing is touched."""
    run = run_tasks([recreate(**options)], cluster.kubeconfig, home)
    assert run.code == 2, run.text
    assert said in run.message

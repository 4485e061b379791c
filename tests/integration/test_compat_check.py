# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules eci_compat_check and eci_pod_recreate, with a list of pods and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.integration.support import NEW, OLD, run_tasks

WAIVER = {"match": "labels.app == 'kept'", "reason": "moved on Friday", "expires": "2999-12-31"}


def check(**options: Any) -> dict[str, Any]:
    """A task."""
    return {"name": "Check", "ackops.eci.eci_compat_check": {"target_version": "1.26", **options}}


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
    # What was looked at is part of the result, and no fact.
    assert "ansible_facts" not in result
    assert result["cluster"]["pods_by_platform_version"] == {NEW: 1, OLD: 3}
    assert (result["cluster"]["server"], result["cluster"]["whole_cluster"]) == (cluster.server, True)

    done = run_tasks(
        [recreate(exempt=[WAIVER], record_dir=str(home / "record")), check(exempt=[WAIVER])], cluster.kubeconfig, home
    )
    assert done.code == 0, done.text
    assert done.result("Recreate")["counts"] == {"recreated": 2}
    assert done.result("Check")["compatible"] is True
    assert [pod["metadata"]["uid"] for pod in w.pods_of(api, namespace, "kept")] == [kept[0]["metadata"]["uid"]]
    again = run_tasks([recreate(exempt=[WAIVER])], cluster.kubeconfig, home, "--check")
    assert (again.code, again.result("Recreate")["pods"]) == (0, []), again.text


def test_the_scan_is_that_of_the_facts(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """`cluster` is the dictionary that eci_pod_facts returns."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=2))
    w.wait_ready(cluster.api, namespace, "web", 2)
    run = run_tasks([{"name": "Gather", "ackops.eci.eci_pod_facts": {}}, check()], cluster.kubeconfig, home)
    facts, seen = run.result("Gather")["ansible_facts"]["eci_cluster"], run.result("Check")["cluster"]
    assert {**facts, "scanned_at": ""} == {**seen, "scanned_at": ""}


def test_an_empty_list_recreates_nothing(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """It is not the same as no list."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web"))
    pods = w.wait_ready(cluster.api, namespace, "web", 1)
    w.age(cluster.api, pods, OLD)
    run = run_tasks([recreate(pods=[])], cluster.kubeconfig, home)
    assert (run.code, run.changed(), run.result("Recreate")["pods"]) == (0, 0, []), run.text
    assert [pod["metadata"]["uid"] for pod in w.pods_of(cluster.api, namespace)] == [pods[0]["metadata"]["uid"]]


def test_options_of_the_recreation_that_cannot_be_meant(cluster: ControlPlane, home: Path) -> None:
    """One clear error, and nothing is touched."""
    run = run_tasks([recreate(pods=[], exempt=[WAIVER])], cluster.kubeconfig, home)
    assert run.code == 2, run.text
    assert "has no effect on pods that are given" in run.message


@pytest.mark.compat
def test_pods_that_are_given_need_no_cluster_and_no_kubernetes_package(home: Path, tmp_path: Path) -> None:
    """No connection is made, the connection options are ignored, and `kubernetes` is not imported."""
    package = tmp_path / "path" / "kubernetes"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('kubernetes was imported')\n", encoding="utf-8")
    environ = {"PYTHONPATH": str(package.parent)}
    pod = {"namespace": "shop", "name": "web-1", "uid": "u", "platform_version": OLD}
    nowhere = {"host": "https://127.0.0.1:9", "api_key": "x"}
    run = run_tasks([check(pods=[pod], **nowhere, fail_when_incompatible=False)], None, home, environ=environ)
    assert run.code == 0, run.text
    result = run.result("Check")
    assert [entry["name"] for entry in result["blockers"]] == ["web-1"]
    assert "cluster" not in result
    assert run_tasks([check(pods=[])], None, home, environ=environ).result("Check")["compatible"] is True
    without = run_tasks([check(**nowhere)], None, home, environ=environ)
    assert without.code == 2, without.text
    assert "kubernetes" in without.message
    contradiction = run_tasks([check(cluster_version="1.24")], None, home)
    assert "cluster_version: '1.24' says something of pods" in contradiction.message

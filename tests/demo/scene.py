# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster that the demonstration works on: about 40 pods as a small ACK cluster has them, most of them old."""

from __future__ import annotations

from collections import Counter

from tests.cluster import ControlPlane, workloads as w

DEPLOYMENTS = {"portal-server": 8, "cart": 5, "search": 4, "mailer": 3}
STATEFUL_SETS = {"ledger-db": 3, "queue": 3}
REAL = {"ingress": 3, "monitoring": 3}
NAMESPACE = "shop"


def build(cluster: ControlPlane) -> None:
    """Create the workloads and wait for them."""
    api = cluster.api
    for name, replicas in DEPLOYMENTS.items():
        w.apply(api, w.workload("Deployment", NAMESPACE, name, replicas=replicas))
    for name, replicas in STATEFUL_SETS.items():
        w.apply(api, w.workload("StatefulSet", NAMESPACE, name, replicas=replicas, podManagementPolicy="Parallel"))
    for name, replicas in REAL.items():
        w.apply(api, w.workload("Deployment", "ops", name, replicas=replicas, node="real"))
    w.apply(
        api,
        w.workload("Job", "batch", "nightly-report", annotations={"test.ackops/complete-after": "100ms"}),
        w.workload("Deployment", "edge", "fresh", replicas=5),
        w.budget(NAMESPACE, "portal-server", "portal-server", min_available=6),
    )
    for name, replicas in {**DEPLOYMENTS, **STATEFUL_SETS}.items():
        w.wait_ready(api, NAMESPACE, name, replicas)
    for name, replicas in REAL.items():
        w.wait_ready(api, "ops", name, replicas)
    w.wait_ready(api, "edge", "fresh", 5)
    w.wait_for(
        lambda: any(pod["status"]["phase"] == "Succeeded" for pod in w.pods_of(api, "batch")), "the end of the Job"
    )


def make_old(cluster: ControlPlane) -> int:
    """Age the ECI pods of the shop and of the Job: a third each 1.0.0, without the annotation, with an empty one."""
    pods = [*w.pods_of(cluster.api, NAMESPACE), *w.pods_of(cluster.api, "batch")]
    for position, version in enumerate(("1.0.0", None, "")):
        w.age(cluster.api, pods[position::3], version)
    return len(pods)


def leave_unscheduled(cluster: ControlPlane) -> None:
    """Add the pod that the procedure by hand stumbles over: one that no node takes."""
    w.apply(cluster.api, w.workload("Deployment", "default", "waiting", replicas=1, node="no-such-node"))
    w.wait_for(lambda: bool(w.pods_of(cluster.api, "default", "waiting")), "the unscheduled pod")


def ready_by_workload(cluster: ControlPlane) -> Counter[str]:
    """Ready pods of each app in the whole cluster."""
    pods = cluster.api.list("/api/v1/pods")
    return Counter(f"{p['metadata']['namespace']}/{p['metadata']['labels']['app']}" for p in pods if w.is_ready(p))


def uids(cluster: ControlPlane) -> set[str]:
    """The UIDs of all pods."""
    return {pod["metadata"]["uid"] for pod in cluster.api.list("/api/v1/pods")}

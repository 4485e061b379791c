# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Lease of the runs says of a cluster keeps the gate shut."""

from __future__ import annotations

from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import Entry, missing_pods, with_entries
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from tests.unit.support.model_cluster import ModelCluster

GONE = Entry("shop", "lonely", "uid-1", again=True, manifest="/state/lonely.json", host="bastion")


def told(cluster: ModelCluster) -> list[tuple[str, str]]:
    """The pods that are missing, and why."""
    return [(pod.name, pod.reason) for pod in missing_pods(cluster, Workloads(cluster))]


def test_a_pod_that_is_not_back() -> None:
    """It is missing until somebody says that nobody wants it."""
    cluster = ModelCluster(1)
    cluster.lease = with_entries({"metadata": {}}, [GONE])
    assert told(cluster) == [
        ("lonely", "it was removed and not made again; its manifest is /state/lonely.json on bastion")
    ]
    cluster.lease = with_entries({"metadata": {}}, [Entry(**{**vars(GONE), "forgotten": True})])
    assert told(cluster) == []


def test_a_pod_that_is_back() -> None:
    """Another one of its name is there."""
    cluster = ModelCluster(1)
    cluster.bare("lonely")
    namespace = next(iter(cluster.pods.values()))["metadata"]["namespace"]
    cluster.lease = with_entries({"metadata": {}}, [Entry(**{**vars(GONE), "namespace": namespace})])
    assert told(cluster) == []


def test_a_run_that_is_not_over() -> None:
    """It may have taken a pod away and not noted it yet."""
    cluster = ModelCluster(1)
    cluster.lease = {"metadata": {}, "spec": {"holderIdentity": "alice@bastion", "acquireTime": "2026-01-01T00:00:00Z"}}
    [(name, why)] = told(cluster)
    assert name == ""
    assert "a run of alice@bastion has been at work" in why
    cluster.lease = {"metadata": {}, "spec": {}}
    assert told(cluster) == []

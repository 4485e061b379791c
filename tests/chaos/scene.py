# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster full of old pods: Deployments, and pods that nothing recreates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.cluster import ControlPlane, workloads as w

SPACE = "storm"
OLD, NEW = "1.0.0", "1.1.0"
# A pod is Ready so long after it is on its node.
START = {"test.ackops/ready-delay": "500ms"}
SETTLE_SECONDS = 180.0


def app(number: int) -> str:
    """The name of a Deployment."""
    return f"web-{number:02}"


class Scene:
    """``deployments`` of ``replicas`` pods each, every third with a budget, and ``bare`` pods without a controller; all old."""

    def __init__(self, cluster: ControlPlane, deployments: int, replicas: int, bare: int) -> None:
        self.cluster = cluster
        self.apps = [app(number) for number in range(deployments)]
        self.replicas = replicas
        self.bare = [f"lonely-{number:02}" for number in range(bare)]
        w.ensure_namespace(cluster.api, SPACE)
        manifests = [w.workload("Deployment", SPACE, name, replicas=replicas, annotations=START) for name in self.apps]
        budgets = [w.budget(SPACE, name, name, min_available="50%") for name in self.apps[::3]]
        w.apply(cluster.api, *manifests, *budgets, *(w.bare_pod(SPACE, name, annotations=START) for name in self.bare))
        for name in self.apps:
            w.wait_ready(cluster.api, SPACE, name, replicas, SETTLE_SECONDS)
        for name in self.bare:
            w.wait_ready(cluster.api, SPACE, name, 1, SETTLE_SECONDS)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda pod: w.age(cluster.api, [pod], OLD), w.pods_of(cluster.api, SPACE)))

    def settle(self) -> None:
        """Wait until each Deployment has the Ready pods that it wants."""
        w.wait_for(lambda: not self.short(), "every Deployment to have its pods", SETTLE_SECONDS)

    def short(self) -> dict[str, int]:
        """How many pods the Deployments lack."""
        found = {}
        for deployment in self.cluster.api.list(w.path_of("Deployment", SPACE)):
            lacks = deployment["spec"]["replicas"] - (deployment.get("status") or {}).get("readyReplicas", 0)
            if lacks > 0:
                found[deployment["metadata"]["name"]] = lacks
        return found

    def bare_there(self) -> set[str]:
        """The pods without a controller that are there."""
        names = {pod["metadata"]["name"] for pod in w.pods_of(self.cluster.api, SPACE)}
        return names & set(self.bare)

    def old(self) -> list[str]:
        """The pods that are still old."""
        return [
            pod["metadata"]["name"]
            for pod in w.pods_of(self.cluster.api, SPACE)
            if (pod["metadata"].get("annotations") or {}).get("k8s.aliyun.com/eci-platform-version") == OLD
        ]

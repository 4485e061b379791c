# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The busy cluster of the demonstration and of its test: fifty healthy old pods among one of each trouble that clusters have."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.webhook import Webhook

OLD, NEW, UNNAMED = "1.0.0", "1.1.0", "1.2.0"
SHOP = "shop"
DEPLOYMENTS = {"portal": 9, "cart": 6, "search": 5, "mailer": 3, "gateway": 10, "thumbnails": 1}
STATEFUL_SETS = {"ledger-db": 3, "queue": 5, "cache": 2, "sessions": 6}
# No pod is made beyond those that are wanted before the old one is gone: what is stuck stays as it is.
SURGE = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
FINALIZER = "example.org/backup"


@dataclass(frozen=True)
class Trouble:
    """One trouble: where it is, what it is, how it is made, and what the report has to say of it.

    ``left``: how many of its pods stay old; ``reason`` and ``remedy`` are parts of what is told of them.
    """

    namespace: str
    about: str
    make: Callable[[ControlPlane, str], None]
    left: int
    reason: str = ""
    remedy: str = ""


def _old(cluster: ControlPlane, namespace: str, app: str, count: int, *manifests: w.Manifest) -> list[w.Manifest]:
    """Create objects, wait for the pods of an app, and make them old."""
    w.apply(cluster.api, *manifests)
    pods = w.wait_ready(cluster.api, namespace, app, count)
    w.age(cluster.api, pods, OLD)
    return pods


def _budget(cluster: ControlPlane, namespace: str) -> None:
    deployment = w.workload("Deployment", namespace, "api", replicas=2)
    _old(cluster, namespace, "api", 2, deployment, w.budget(namespace, "api", "api", min_available=2))


def _rollout(cluster: ControlPlane, namespace: str) -> None:
    deployment = w.workload("Deployment", namespace, "checkout", replicas=2, strategy=SURGE)
    _old(cluster, namespace, "checkout", 2, deployment)
    template = {"metadata": {"annotations": {w.TROUBLE: "image-pull"}}}
    cluster.api.patch(w.path_of("Deployment", namespace, "checkout"), {"spec": {"template": template}})
    w.wait_for(lambda: len(w.pods_of(cluster.api, namespace, "checkout")) == 3, "the pod that does not come up")


def _crash_loop(cluster: ControlPlane, namespace: str) -> None:
    w.apply(cluster.api, w.workload("Deployment", namespace, "importer", annotations={w.TROUBLE: "crash-loop"}))
    w.wait_for(
        lambda: any(pod["status"]["phase"] == "Running" for pod in w.pods_of(cluster.api, namespace)), "the crash loop"
    )
    w.age(cluster.api, w.pods_of(cluster.api, namespace), OLD)


def _break(cluster: ControlPlane, pod: w.Manifest) -> None:
    """Let a pod not be Ready any more; the one after it is."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    path = w.path_of("Pod", namespace, name)
    cluster.api.patch(path, {"metadata": {"annotations": {w.TROUBLE: "unready-again"}}})
    w.wait_for(lambda: not w.is_ready(cluster.api.request("GET", path)), f"{name} to be not Ready")


def _sibling(cluster: ControlPlane, namespace: str) -> None:
    pods = _old(cluster, namespace, "stock", 2, w.workload("Deployment", namespace, "stock", replicas=2))
    w.age(cluster.api, pods[:1], NEW)
    _break(cluster, pods[0])


def _job(cluster: ControlPlane, namespace: str) -> None:
    _old(cluster, namespace, "export", 1, w.workload("Job", namespace, "export"))


def _bare(cluster: ControlPlane, namespace: str) -> None:
    _old(cluster, namespace, "console", 1, w.bare_pod(namespace, "console"))


def _finished(cluster: ControlPlane, namespace: str) -> None:
    w.apply(cluster.api, w.bare_pod(namespace, "migration", annotations={"test.ackops/complete-after": "100ms"}))
    w.wait_for(lambda: w.pods_of(cluster.api, namespace)[0]["status"]["phase"] == "Succeeded", "the end of the pod")
    w.age(cluster.api, w.pods_of(cluster.api, namespace), OLD)


def _unknown_owner(cluster: ControlPlane, namespace: str) -> None:
    owner = {"apiVersion": "example.org/v1", "kind": "Lobby", "name": "eu", "uid": "0f0e0d0c", "controller": True}
    pod = w.bare_pod(namespace, "lobby-eu")
    pod["metadata"]["ownerReferences"] = [owner]
    _old(cluster, namespace, "lobby-eu", 1, pod)


def _terminating(cluster: ControlPlane, namespace: str) -> None:
    (pod,) = _old(cluster, namespace, "archive", 1, w.workload("Deployment", namespace, "archive"))
    path = w.path_of("Pod", namespace, pod["metadata"]["name"])
    cluster.api.patch(path, {"metadata": {"finalizers": [FINALIZER]}})
    cluster.api.request("DELETE", path)
    w.wait_for(lambda: sum(map(w.is_ready, w.pods_of(cluster.api, namespace))) == 2, "the pod in its place")


def _quota(cluster: ControlPlane, namespace: str) -> None:
    _old(cluster, namespace, "batch-ui", 2, w.workload("Deployment", namespace, "batch-ui", replicas=2))
    quota = {
        "kind": "ResourceQuota",
        "metadata": {"namespace": namespace, "name": "small"},
        "spec": {"hard": {"pods": "1"}},
    }
    w.apply(cluster.api, quota)
    path = w.path_of("ResourceQuota", namespace, "small")
    w.wait_for(lambda: "used" in cluster.api.request("GET", path).get("status", {}), "the quota's count")


def _pod_security(cluster: ControlPlane, namespace: str) -> None:
    _old(cluster, namespace, "legacy", 1, w.workload("Deployment", namespace, "legacy"))
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.api.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": label}})


def _guarded(cluster: ControlPlane, namespace: str) -> None:
    _old(cluster, namespace, "ledger", 2, w.workload("Deployment", namespace, "ledger", replicas=2))


def _shared_budget(cluster: ControlPlane, namespace: str) -> None:
    labels = {"tier": "front"}
    for name, replicas in (("well", 2), ("sick", 1)):
        _old(
            cluster,
            namespace,
            name,
            replicas,
            w.workload("Deployment", namespace, name, replicas=replicas, labels=labels),
        )
    budget = w.budget(namespace, "front", "", min_available=2)
    budget["spec"]["selector"]["matchLabels"] = labels
    w.apply(cluster.api, budget)
    _break(cluster, w.pods_of(cluster.api, namespace, "sick")[0])


def _unnamed_version(cluster: ControlPlane, namespace: str) -> None:
    w.apply(cluster.api, w.workload("Deployment", namespace, "canary", replicas=2))
    w.age(cluster.api, w.wait_ready(cluster.api, namespace, "canary", 2), UNNAMED)


def _daemon_set(cluster: ControlPlane, namespace: str) -> None:
    _old(cluster, namespace, "agent", 2, w.workload("DaemonSet", namespace, "agent"))


# In the order in which they are made.
TROUBLES = (
    Trouble("budget", "a PodDisruptionBudget without room", _budget, 2, "budget", "Give the budget room"),
    Trouble("rollout", "a rollout whose image cannot be pulled", _rollout, 2, "has not settled", "kubectl rollout undo"),
    Trouble("crash", "a pod that crash-loops, before and after", _crash_loop, 0),
    Trouble("sibling", "a pod whose sibling is not Ready", _sibling, 1, "its sibling", "Repair that pod"),
    Trouble("job", "a Job that runs", _job, 1, "its Job still runs", "Wait for the Job to end"),
    Trouble("bare", "a pod without a controller", _bare, 1, "nothing recreates it", "unmanaged: recreate"),
    Trouble("finished", "a pod without a controller that has finished", _finished, 0),
    Trouble("owner", "a pod of an owner of an unknown kind", _unknown_owner, 1, "a Lobby", "unmanaged: recreate"),
    Trouble("terminating", "a pod that a finalizer holds", _terminating, 1, "finalizers hold it", "Find out what keeps it"),
    Trouble("quota", "a ResourceQuota that would refuse the pod", _quota, 2, "exceeded quota", "Raise the quota"),
    Trouble("security", "a pod that PodSecurity would refuse", _pod_security, 1, "violates PodSecurity", "Change what refuses it"),
    Trouble("guarded", "a webhook that refuses evictions", _guarded, 2, "no evictions here", "webhook"),
    Trouble("shared", "one budget over a broken and a healthy workload", _shared_budget, 0),
    Trouble("unnamed", "pods on a version that the matrix does not name", _unnamed_version, 2),
    Trouble("daemon", "a DaemonSet on the virtual nodes", _daemon_set, 2, "DaemonSet", "node affinity"),
)  # fmt: skip


class BusyScene:
    """The cluster, with everything on it. Use it in a ``with``."""

    def __init__(self, tell: Callable[[str], object] = lambda _text: None) -> None:
        self._stack = contextlib.ExitStack()
        self._tell = tell

    def __enter__(self) -> BusyScene:
        with contextlib.ExitStack() as started:
            self.cluster = started.enter_context(ControlPlane.start("1.24", name="busy"))
            self._tell(f"creating {self.healthy} healthy pods, and one of each of {len(TROUBLES)} troubles")
            self._populate()
            started.enter_context(
                Webhook(self.cluster, "guarded", ["pods/eviction"], lambda _asked: "no evictions here, says the owner")
            )
            self._stack = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def healthy(self) -> int:
        """How many pods there are that nothing stands in the way of."""
        return sum(DEPLOYMENTS.values()) + sum(STATEFUL_SETS.values())

    def _populate(self) -> None:
        api = self.cluster.api
        for name, replicas in DEPLOYMENTS.items():
            w.apply(api, w.workload("Deployment", SHOP, name, replicas=replicas))
        for name, replicas in STATEFUL_SETS.items():
            w.apply(api, w.workload("StatefulSet", SHOP, name, replicas=replicas, podManagementPolicy="Parallel"))
        for trouble in TROUBLES:
            trouble.make(self.cluster, trouble.namespace)
        for name, replicas in {**DEPLOYMENTS, **STATEFUL_SETS}.items():
            w.age(api, w.wait_ready(api, SHOP, name, replicas), OLD)

    # -- what is to be seen ------------------------------------------------------------------------------------------

    def pods(self, namespace: str = "") -> list[w.Manifest]:
        """The pods of a namespace, or all of them."""
        return w.pods_of(self.cluster.api, namespace) if namespace else self.cluster.api.list("/api/v1/pods")

    def uids(self, namespace: str = "") -> set[str]:
        """Their UIDs."""
        return {pod["metadata"]["uid"] for pod in self.pods(namespace)}

    def by_workload(self) -> Counter[str]:
        """How many pods each workload has; without the finished pod, which nobody needs."""
        living = [pod for pod in self.pods() if pod["status"]["phase"] != "Succeeded"]
        return Counter(f"{pod['metadata']['namespace']}/{pod['metadata']['labels']['app']}" for pod in living)

    def old(self) -> Counter[str]:
        """How many pods of each namespace are not on the version that supports the target."""
        found = ((pod["metadata"]["namespace"], version_of(pod)) for pod in self.pods())
        return Counter(namespace for namespace, version in found if version != NEW)


def version_of(pod: dict[str, Any]) -> str:
    """The platform version that a pod says."""
    return str((pod["metadata"].get("annotations") or {}).get(w.PLATFORM_VERSION, ""))

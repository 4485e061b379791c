# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads for tests: manifests, the calls that create them and wait for them, and the ageing of their pods."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.cluster.api import Api, ApiError
from tests.cluster.errors import WaitError
from tests.cluster.nodes import TAINT

Manifest = dict[str, Any]
INSTANCE_ID = "k8s.aliyun.com/eci-instance-id"
PLATFORM_VERSION = "k8s.aliyun.com/eci-platform-version"
TROUBLE = "test.ackops/trouble"
PLURALS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v1/namespaces/{}/horizontalpodautoscalers",
    "Pod": "/api/v1/namespaces/{}/pods",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "ResourceQuota": "/api/v1/namespaces/{}/resourcequotas",
}


def path_of(kind: str, namespace: str, name: str = "") -> str:
    """The path of a kind's objects in a namespace, or of one of them."""
    return PLURALS[kind].format(namespace) + (f"/{name}" if name else "")


def pod_spec(node: str = "virtual", **extra: Any) -> Manifest:
    """A pod's spec for a ``virtual`` or ``real`` node, ``any`` node, or the node of that name."""
    spec: Manifest = {
        "containers": [
            {"name": "app", "image": "registry.example/app:1", "resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}
        ],
        "terminationGracePeriodSeconds": 0,
    }
    if node != "real":
        spec["tolerations"] = [{"key": TAINT["key"], "operator": "Exists"}]
    if node == "virtual":
        spec["nodeSelector"] = {"type": "virtual-kubelet"}
    elif node not in ("real", "any"):
        spec["nodeSelector"] = {"kubernetes.io/hostname": node}
    return {**spec, **extra}


def _template(
    name: str, node: str, annotations: Mapping[str, str], labels: Mapping[str, str], pod: Mapping[str, Any]
) -> Manifest:
    return {
        "metadata": {"labels": {"app": name, **labels}, "annotations": dict(annotations)},
        "spec": pod_spec(node, **pod),
    }


def workload(
    kind: str,
    namespace: str,
    name: str,
    *,
    replicas: int = 1,
    node: str = "virtual",
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    pod: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Manifest:
    """A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job; ``spec`` is merged into its spec, ``pod`` into its pods'."""
    body: Manifest = {"template": _template(name, node, annotations or {}, labels or {}, pod or {})}
    if kind == "Job":
        body["template"]["spec"].setdefault("restartPolicy", "Never")
    else:
        body["selector"] = {"matchLabels": {"app": name}}
    if kind not in ("Job", "DaemonSet"):
        body["replicas"] = replicas
    if kind == "StatefulSet":
        body["serviceName"] = name
    version = "batch/v1" if kind == "Job" else "apps/v1"
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"namespace": namespace, "name": name},
        "spec": {**body, **spec},
    }


def bare_pod(namespace: str, name: str, *, node: str = "virtual", annotations: Mapping[str, str] | None = None,
             labels: Mapping[str, str] | None = None, **pod: Any) -> Manifest:  # fmt: skip
    """A pod without a controller."""
    metadata = {
        "namespace": namespace,
        "name": name,
        "labels": {"app": name, **(labels or {})},
        "annotations": dict(annotations or {}),
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(node, **pod)}


def budget(namespace: str, name: str, app: str, *, min_available: int | str) -> Manifest:
    """A PodDisruptionBudget over the pods of an app."""
    spec = {"minAvailable": min_available, "selector": {"matchLabels": {"app": app}}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"namespace": namespace, "name": name},
        "spec": spec,
    }


@contextlib.contextmanager
def cordoned(api: Api, *nodes: str) -> Iterator[None]:
    """Nothing new is scheduled to these nodes, as after ``kubectl cordon``."""
    for node in nodes:
        api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
    try:
        yield
    finally:
        for node in nodes:
            api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": None}})


def ensure_namespace(api: Api, namespace: str) -> None:
    """Create the namespace where it is missing, and wait for its default service account (pods need it)."""
    try:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    except ApiError as error:
        if error.status != 409:
            raise
    wait_for(
        lambda: bool(api.list(f"/api/v1/namespaces/{namespace}/serviceaccounts")), f"service account of {namespace}"
    )


def apply(api: Api, *manifests: Manifest) -> None:
    """Create the objects, and their namespaces."""
    for manifest in manifests:
        namespace = manifest["metadata"]["namespace"]
        ensure_namespace(api, namespace)
        api.request("POST", path_of(manifest["kind"], namespace), manifest)


def pods_of(api: Api, namespace: str, app: str = "") -> list[Manifest]:
    """The pods of an app, by name."""
    query = {"labelSelector": f"app={app}"} if app else {}
    return sorted(api.list(path_of("Pod", namespace), **query), key=lambda pod: str(pod["metadata"]["name"]))


def is_ready(pod: Manifest) -> bool:
    """Whether a pod is Ready."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def wait_for(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Ask ten times a second. Raises WaitError."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            message = f"after {seconds:.0f} s still not: {what}"
            raise WaitError(message)
        time.sleep(0.1)


def wait_ready(api: Api, namespace: str, app: str, count: int, seconds: float = 60.0) -> list[Manifest]:
    """Wait until an app has exactly so many Ready pods, and return them."""

    def enough() -> bool:
        pods = pods_of(api, namespace, app)
        return len(pods) == count and all(is_ready(pod) for pod in pods)

    wait_for(enough, f"{count} Ready pods of {namespace}/{app}", seconds)
    return pods_of(api, namespace, app)


def age(api: Api, pods: Iterable[Manifest], version: str | None) -> None:
    """Give pods that run an older platform version: a text, '' for an empty annotation, None for none at all."""
    for pod in pods:
        metadata = pod["metadata"]
        api.patch(
            path_of("Pod", metadata["namespace"], metadata["name"]),
            {"metadata": {"annotations": {PLATFORM_VERSION: version}}},
        )


def clear(api: Api, namespace: str) -> None:
    """Delete every workload of a namespace and wait until no pod is left (finalizers of stuck pods are taken off)."""
    for kind in (
        "HorizontalPodAutoscaler",
        "CronJob",
        "Deployment",
        "StatefulSet",
        "ReplicaSet",
        "DaemonSet",
        "Job",
        "PodDisruptionBudget",
        "ResourceQuota",
        "Pod",
    ):
        api.request("DELETE", path_of(kind, namespace), {"propagationPolicy": "Background", "gracePeriodSeconds": 0})

    def empty() -> bool:
        pods = pods_of(api, namespace)
        for pod in pods:
            if pod["metadata"].get("finalizers"):
                api.patch(path_of("Pod", namespace, pod["metadata"]["name"]), {"metadata": {"finalizers": None}})
        return not pods

    wait_for(empty, f"no pods in {namespace}")

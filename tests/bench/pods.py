# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many pods, quickly: bound and Running, about 8 kB each in JSON, as the pods of a web application are.

One of each kind is created through the API server, so that admission, defaults and managedFields are real; the others are
copies, in etcd, of what it stored, with a name, UID and instance id of their own. What scheduler and kubelet would do is
written by us, so that neither has to run while a scan is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.bench.etcd import Etcd
from tests.cluster import ControlPlane, workloads as w
from tests.cluster.control_plane import REAL_NODE, VIRTUAL_NODES

NAMESPACES = [f"team-{number}" for number in range(20)]
OLD, NEW = "1.0.0", "1.1.0"
# Of the ECI pods, one in so many is old: enough to shut the gate.
OLD_EVERY = 10
STARTED = "2026-03-01T00:00:00Z"
# The number of the pod that is copied. Copies must be of the same length: lengths are part of what is stored.
ORIGINAL = 999_999


def _container(name: str) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "timeoutSeconds": 2}
    return {
        "name": name,
        "image": f"registry-vpc.cn-hangzhou.aliyuncs.com/shop/{name}:2026.03.26-1a2b3c4d",
        "env": [{"name": f"SETTING_{number:02}", "value": f"value-of-{number:02}-{'x' * 20}"} for number in range(4)],
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}},
        "readinessProbe": probe,
        "livenessProbe": probe,
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
    }


def manifest(namespace: str, node: str, version: str | None, owned: bool) -> dict[str, Any]:
    """The pod that is copied, on a node; on a virtual one it has a platform version."""
    annotations = {"prometheus.io/scrape": "true", "checksum/config": "0123456789abcdef" * 4}
    if version is not None:
        annotations |= {w.INSTANCE_ID: _instance(ORIGINAL), w.PLATFORM_VERSION: version}
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web-5d9c7b6f4",
        "uid": str(uuid5(NAMESPACE_URL, namespace)),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    labels = {"app": "web", "pod-template-hash": "5d9c7b6f4", "team": namespace, "tier": "front"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": namespace,
            "name": _name(ORIGINAL),
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [owner] if owned else [],
        },
        "spec": {
            "nodeName": node,
            "containers": [_container("web"), _container("sidecar")],
            "volumes": [{"name": "config", "configMap": {"name": "web"}}],
            "tolerations": [{"key": "virtual-kubelet.io/provider", "operator": "Exists"}],
        },
    }


def status() -> dict[str, Any]:
    """What a kubelet says of a pod that runs."""
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": STARTED}
        for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    containers = [
        {
            "name": name,
            "image": "registry/app:1",
            "imageID": f"sha256:{'ab' * 32}",
            "containerID": f"containerd://{'cd' * 32}",
            "ready": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": STARTED}},
        }
        for name in ("web", "sidecar")
    ]
    return {
        "phase": "Running",
        "startTime": STARTED,
        "hostIP": "10.0.0.1",
        "podIP": "10.1.0.1",
        "podIPs": [{"ip": "10.1.0.1"}],
        "conditions": conditions,
        "containerStatuses": containers,
    }


def placed(number: int, share: int) -> tuple[str, str | None]:
    """Node and platform version of the pod of that number, where so many in a hundred are on ECI."""
    if number * share % 100 >= share:
        return REAL_NODE, None
    ordinal = number * share // 100
    return list(VIRTUAL_NODES)[ordinal % len(VIRTUAL_NODES)], OLD if ordinal % OLD_EVERY == 0 else NEW


def _name(number: int) -> str:
    return f"web-5d9c7b6f4-{number:06}"


def _instance(number: int) -> str:
    return f"eci-bp1{number:017}"


def _uid(number: int) -> str:
    return str(uuid5(NAMESPACE_URL, _name(number)))


def _original(cluster: ControlPlane, namespace: str, node: str, version: str | None, owned: bool) -> tuple[bytes, str]:
    """What the API server stores of a pod of that kind, and its UID. The pod itself is gone again."""
    api, path = cluster.api, w.path_of("Pod", namespace)
    pod = manifest(namespace, node, version, owned)
    made = api.request("POST", path, pod)
    patch = "application/strategic-merge-patch+json"
    api.request("PATCH", f"{path}/{_name(ORIGINAL)}/status", {"status": status()}, content_type=patch)
    stored = Etcd(cluster.etcd_port).get(f"/registry/pods/{namespace}/{_name(ORIGINAL)}")
    api.request("DELETE", f"{path}/{_name(ORIGINAL)}", {"gracePeriodSeconds": 0})
    return stored, str(made["metadata"]["uid"])


def create(cluster: ControlPlane, first: int, beyond: int, share: int, owned: bool = True) -> None:
    """Create the pods of these numbers; ``share`` is that of ECI pods in percent, ``owned`` gives them a controller."""
    originals: dict[tuple[str, str, str | None], tuple[bytes, str]] = {}

    def copies() -> Iterator[tuple[str, bytes]]:
        for number in range(first, beyond):
            kind = (NAMESPACES[number % len(NAMESPACES)], *placed(number, share))
            if kind not in originals:
                originals[kind] = _original(cluster, *kind, owned)
            stored, uid = originals[kind]
            for old, new in (
                (_name(ORIGINAL), _name(number)),
                (uid, _uid(number)),
                (_instance(ORIGINAL), _instance(number)),
            ):
                stored = stored.replace(old.encode(), new.encode())
            yield f"/registry/pods/{kind[0]}/{_name(number)}", stored

    Etcd(cluster.etcd_port).put(copies())


def prepare(cluster: ControlPlane, pause: bool = True) -> None:
    """Make the namespaces; ``pause`` stops everything that would touch the pods."""
    for namespace in NAMESPACES:
        w.ensure_namespace(cluster.api, namespace)
    if pause:
        for process in (cluster.kwok, cluster.controller_manager, cluster.scheduler):
            process.pause()

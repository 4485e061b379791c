# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind a pod: its controller, followed up to the Deployment, read through the port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import owner_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Owner, Pod, Workload, controller_of
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Policy, Step, decide


def selector_of(manifest: Mapping[str, Any]) -> str:
    """A workload's ``spec.selector`` as the text of a label selector."""
    selector = (manifest.get("spec") or {}).get("selector") or {}
    labels = selector.get("matchLabels") if "matchLabels" in selector or "matchExpressions" in selector else selector
    parts = [f"{key}={value}" for key, value in sorted((labels or {}).items())]
    for term in selector.get("matchExpressions") or () if isinstance(selector, Mapping) else ():
        key, operator, options = term.get("key"), term.get("operator"), ",".join(term.get("values") or ())
        parts.append(
            {
                "In": f"{key} in ({options})",
                "NotIn": f"{key} notin ({options})",
                "Exists": f"{key}",
                "DoesNotExist": f"!{key}",
            }[operator]
        )
    return ",".join(parts)


def _read(api: ClusterApi, namespace: str, owner: Owner) -> Mapping[str, Any] | None:
    """The controller, if it exists and is the very one (a new one of the same name is another)."""
    path = owner_path(namespace, owner)
    manifest = api.get(path) if path else None
    if manifest is None or (manifest.get("metadata") or {}).get("uid") != owner.uid:
        return None
    # A single object read from the API carries its kind; a List's entries do not.
    return {**manifest, "kind": owner.kind}


def workload_of(api: ClusterApi, pod: Pod) -> Workload:
    """The workload of a pod, as it is now."""
    owner = pod.owner
    if owner is None:
        return BARE
    known = bool(owner_path(pod.namespace, owner))
    manifest = _read(api, pod.namespace, owner)
    if manifest is None:
        kind = owner.kind if known or owner.kind in ("DaemonSet", "Node") else f"{owner.kind} ({owner.api_version})"
        controller_kind = owner.kind if owner.kind in ("DaemonSet", "Node") else ""
        # Of a kind that is not understood nothing is read; that it exists is taken for granted.
        return Workload(kind, pod.namespace, owner.name, owner.uid, controller_kind, None if known else {})
    above = controller_of(manifest)
    selector = selector_of(manifest)
    if above is not None and above.kind == "Deployment":
        deployment = _read(api, pod.namespace, above)
        if deployment is not None:
            return Workload(
                "Deployment", pod.namespace, above.name, above.uid, owner.kind, deployment, selector_of(deployment)
            )
    return Workload(owner.kind, pod.namespace, owner.name, owner.uid, owner.kind, manifest, selector)


def reread(api: ClusterApi, workload: Workload, pod: Pod) -> Mapping[str, Any] | None:
    """The workload's manifest now; None where it is gone or being deleted."""
    if workload.manifest is None or pod.owner is None:
        return None
    version = "batch/v1" if workload.kind == "Job" else "v1" if workload.kind == "ReplicationController" else "apps/v1"
    owner = Owner(version, workload.kind, workload.name, workload.uid)
    manifest = _read(api, workload.namespace, owner)
    if manifest is None or (manifest.get("metadata") or {}).get("deletionTimestamp"):
        return None
    return manifest


class Ownership:
    """Whether a pod belongs to a workload: directly, or through any ReplicaSet of the same Deployment."""

    def __init__(self, api: ClusterApi, workload: Workload) -> None:
        self._api = api
        self._workload = workload
        self._known: dict[str, bool] = {workload.uid: True}

    def owns(self, pod: Pod) -> bool:
        """Ask the API once per controller UID."""
        owner = pod.owner
        if owner is None:
            return False
        if owner.uid not in self._known:
            manifest = _read(self._api, pod.namespace, owner) if owner.kind == "ReplicaSet" else None
            above = controller_of(manifest) if manifest is not None else None
            self._known[owner.uid] = above is not None and above.uid == self._workload.uid
        return self._known[owner.uid]


def steps_for(api: ClusterApi, pods: list[Pod], policy: Policy) -> list[Step]:
    """What is to be done with each pod, its workload read from the API once."""
    known: dict[str, Workload] = {}
    steps = []
    for pod in pods:
        key = pod.owner.uid if pod.owner else pod.uid
        if key not in known:
            known[key] = workload_of(api, pod)
        steps.append(decide(pod, known[key], policy))
    return steps

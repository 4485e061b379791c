# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind a pod: its controller, followed up to the workload that people know, read through the port."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import object_path, owner_path, resources_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi, Manifest
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Owner, Pod, Workload, controller_of
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Policy, Step, decide

# Kinds of other projects whose controllers make a pod again that was deleted, as GROUP/KIND:
# https://openkruise.io/docs/user-manuals/cloneset, .../advancedstatefulset, https://argo-rollouts.readthedocs.io
KNOWN_TO_RECREATE = ("apps.kruise.io/CloneSet", "apps.kruise.io/StatefulSet", "argoproj.io/Rollout")
# Workloads that own ReplicaSets, which own the pods.
_ABOVE_REPLICA_SETS = ("apps/Deployment", "argoproj.io/Rollout")
# Owners that never recreate, and are not read.
_NEVER = ("DaemonSet", "Node", "Pod")


def parse_kinds(entries: Collection[str], option: str) -> frozenset[str]:
    """The kinds that are known to recreate and those that the user names, as GROUP/KIND. Raises InvalidInput."""
    for position, entry in enumerate(entries):
        group, _slash, kind = entry.rpartition("/")
        if not kind.isidentifier() or not kind[0].isupper() or "." not in group or "/" in group:
            raise InvalidInput(
                f"{option}[{position}]",
                entry,
                "is not an API group and a kind",
                "Give it without the version, for example apps.kruise.io/CloneSet.",
            )
    return frozenset([*KNOWN_TO_RECREATE, *entries])


def group_kind(owner: Owner) -> str:
    """``apps/ReplicaSet``; of the core group the kind alone."""
    group = owner.api_version.rpartition("/")[0]
    return f"{group}/{owner.kind}" if group else owner.kind


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


class Workloads:
    """The workloads of a run. ``kinds``: GROUP/KIND of those whose controllers recreate, beside Kubernetes' own.

    Safe for threads. What is remembered cannot change: the path of a kind, and which workload a controller belongs to.
    """

    def __init__(self, api: ClusterApi, kinds: Collection[str] = KNOWN_TO_RECREATE) -> None:
        self._api = api
        self._kinds = frozenset(kinds)
        self._resources: dict[str, Mapping[str, str]] = {}
        self._top: dict[str, str] = {}  # UID of a controller -> UID of its workload
        self._lock = threading.Lock()

    def of(self, pod: Pod) -> Workload:
        """The workload of a pod, as it is now."""
        owner = pod.owner
        if owner is None:
            return BARE
        path = self._path(pod.namespace, owner)
        if not path:
            kind = owner.kind if owner.kind in _NEVER else f"{owner.kind} ({owner.api_version})"
            # Of a kind that is not understood nothing is read; that it exists is taken for granted.
            return Workload(kind, pod.namespace, owner.name, owner.uid, owner.kind if owner.kind in _NEVER else "", {})
        manifest = self._may_read(path, owner, pod.namespace)
        if isinstance(manifest, Workload):
            return manifest
        if manifest is None:
            return Workload(owner.kind, pod.namespace, owner.name, owner.uid, owner.kind, None, path=path)
        above = controller_of(manifest)
        if owner.kind == "ReplicaSet" and above is not None and group_kind(above) in _ABOVE_REPLICA_SETS:
            top_path = self._path(pod.namespace, above)
            top = self._may_read(top_path, above, pod.namespace) if top_path else None
            if isinstance(top, Workload):
                return top
            if top is not None:
                return self._workload(pod.namespace, above, top, top_path, owner.kind)
        return self._workload(pod.namespace, owner, manifest, path, owner.kind)

    def _may_read(self, path: str, owner: Owner, namespace: str) -> Manifest | Workload | None:
        """The object; or, of another project's kind that this user may not read, a workload of which nothing is known."""
        try:
            return self._read(path, owner)
        except ApiError as error:
            if error.status != 403 or group_kind(owner) not in self._kinds:
                raise
        return Workload(f"{owner.kind} ({owner.api_version})", namespace, owner.name, owner.uid, "", {}, unread=True)

    def _workload(self, namespace: str, owner: Owner, manifest: Manifest, path: str, controller_kind: str) -> Workload:
        selector = str(manifest.get("__selector") or "") or selector_of(manifest)
        if owner.kind == "Rollout":  # its scale tells of the pods that take traffic only
            selector = selector_of(manifest) or selector
        custom = group_kind(owner) in self._kinds
        return Workload(owner.kind, namespace, owner.name, owner.uid, controller_kind, manifest, selector, path, custom)

    def _path(self, namespace: str, owner: Owner) -> str:
        """Where an owner of a kind that is understood is; empty for any other."""
        path = owner_path(namespace, owner)
        if path or group_kind(owner) not in self._kinds:
            return path
        if owner.api_version not in self._resources:
            where = resources_path(owner.api_version)
            listed = (self._api.get(where) or {}).get("resources") or () if where else ()
            names = {
                str(entry.get("kind")): str(entry.get("name")) for entry in listed if "/" not in str(entry.get("name"))
            }
            self._resources[owner.api_version] = names
        plural = self._resources[owner.api_version].get(owner.kind, "")
        return object_path(owner.api_version, namespace, plural, owner.name) if plural else ""

    def _read(self, path: str, owner: Owner) -> Manifest | None:
        """The object, if it exists and is the very one (a new one of the same name is another)."""
        manifest = self._api.get(path)
        if manifest is None or (manifest.get("metadata") or {}).get("uid") != owner.uid:
            return None
        # A single object read from the API carries its kind; a List's entries do not.
        manifest = {**manifest, "kind": owner.kind, "apiVersion": owner.api_version}
        return self._scaled(path, manifest) if group_kind(owner) in self._kinds else manifest

    def _scaled(self, path: str, manifest: Manifest) -> Manifest:
        """With the count and the selector of its scale subresource, the same for every kind that has one."""
        scale = self._api.get(f"{path}/scale")
        if scale is None:
            return manifest
        count = (scale.get("spec") or {}).get("replicas") or 0
        selector = (scale.get("status") or {}).get("selector") or ""
        return {**manifest, "spec": {**(manifest.get("spec") or {}), "replicas": count}, "__selector": selector}

    def reread(self, workload: Workload) -> Manifest | None:
        """The workload's manifest now; None where it is gone or being deleted."""
        if not workload.path:
            return None
        api_version = str((workload.manifest or {}).get("apiVersion") or "")
        manifest = self._read(workload.path, Owner(api_version, workload.kind, workload.name, workload.uid))
        if manifest is None or (manifest.get("metadata") or {}).get("deletionTimestamp"):
            return None
        return manifest

    def owns(self, workload: Workload, pod: Pod) -> bool:
        """Whether a pod belongs to a workload: directly, or through any ReplicaSet of the same Deployment."""
        owner = pod.owner
        if owner is None:
            return False
        if owner.uid == workload.uid:
            return True
        with self._lock:
            known = self._top.get(owner.uid)
        if known is None:
            known = self._above(pod.namespace, owner)
            with self._lock:
                self._top[owner.uid] = known
        return bool(known) and known == workload.uid

    def _above(self, namespace: str, owner: Owner) -> str:
        """The UID of what owns a ReplicaSet; empty for any other controller."""
        path = owner_path(namespace, owner) if owner.kind == "ReplicaSet" else ""
        manifest = self._read(path, owner) if path else None
        above = controller_of(manifest) if manifest is not None else None
        return above.uid if above is not None else ""

    def steps_for(self, pods: Collection[Pod], policy: Policy) -> list[Step]:
        """What is to be done with each pod; the workload of each controller is read once."""
        known: dict[tuple[str, str], Workload | ApiError] = {}
        steps = []
        for pod in pods:
            key = (pod.namespace, pod.owner.uid) if pod.owner else ("", "")
            if key not in known:
                known[key] = self._readable(pod)
            found = known[key]
            steps.append(_unread(pod, found) if isinstance(found, ApiError) else decide(pod, found, policy))
        return steps

    def _readable(self, pod: Pod) -> Workload | ApiError:
        """The workload, or why it may not be read: that is the trouble of its pods alone."""
        try:
            return self.of(pod)
        except ApiError as error:
            if error.status != 403:
                raise
            return error


def _unread(pod: Pod, error: ApiError) -> Step:
    owner = pod.owner
    workload = Workload(owner.kind, pod.namespace, owner.name, owner.uid, owner.kind, {}) if owner else BARE
    return Step(pod, workload, Action.REFUSE, f"its controller may not be read: {error.message}", error.remedy)

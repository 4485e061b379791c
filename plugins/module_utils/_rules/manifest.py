# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a pod as the API shows it to a manifest that makes the same pod again. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import INSTANCE_ID, PLATFORM_VERSION

# Fields that the server sets and does not take, or that belong to the old pod only.
_SERVER_FIELDS = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "selfLink",
)
# Annotations that the virtual-kubelet writes about the instance of the old pod.
_INSTANCE_ANNOTATIONS = (
    INSTANCE_ID,
    PLATFORM_VERSION,
    "k8s.aliyun.com/eci-request-id",
    "k8s.aliyun.com/eci-schedule-result",
)
# Fields of a spec that admission works out of the priority class and the runtime class, and refuses where they differ from what
# those are by now; and the containers of a kubectl debug session, which the API does not take at creation.
_ADMITTED_FIELDS = ("priority", "preemptionPolicy", "overhead", "ephemeralContainers")
# The volume of the service account token, which admission adds anew (its name is generated for each pod).
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 (the name of a volume)


def _without_token_volume(spec: dict[str, Any]) -> None:
    spec["volumes"] = [v for v in spec.get("volumes") or () if not v.get("name", "").startswith(_TOKEN_VOLUME)]
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or ():
            mounts = container.get("volumeMounts") or ()
            container["volumeMounts"] = [m for m in mounts if not m.get("name", "").startswith(_TOKEN_VOLUME)]


def _names_its_node(metadata: Mapping[str, Any]) -> bool:
    """Whether whoever made the pod named its node. The scheduler binds it without a trace in the managed fields."""
    entries = metadata.get("managedFields")
    fields = [entry.get("fieldsV1") or {} for entry in entries] if isinstance(entries, list) else []
    return any("f:nodeName" in (owned.get("f:spec") or {}) for owned in fields)


def recreatable(manifest: Mapping[str, Any], *, owned: bool = True) -> dict[str, Any]:
    """The manifest to create the same pod: its spec, labels and annotations, without what the server and ECI added.

    ``owned`` is false where the controller is gone: with its reference the new pod would be collected as garbage.
    """
    wanted: dict[str, Any] = copy.deepcopy({key: manifest[key] for key in ("metadata", "spec") if key in manifest})
    metadata, spec = wanted.get("metadata") or {}, wanted.get("spec") or {}
    if not _names_its_node(metadata):
        spec.pop("nodeName", None)
    for field in _SERVER_FIELDS:
        metadata.pop(field, None)
    if not owned:
        metadata.pop("ownerReferences", None)
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {key: text for key, text in annotations.items() if key not in _INSTANCE_ANNOTATIONS}
    for field in _ADMITTED_FIELDS:
        spec.pop(field, None)
    _without_token_volume(spec)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data: pods, their owners, nodes, verdicts and recreations. Frozen, no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._text import plain

# Annotations that the virtual-kubelet of Alibaba Cloud writes, and what marks ACS pods.
PLATFORM_VERSION = "k8s.aliyun.com/eci-platform-version"
INSTANCE_ID = "k8s.aliyun.com/eci-instance-id"
ACS_LABEL = "alibabacloud.com/acs"
ACS_INSTANCE_ID = "alibabacloud.com/instance-id"
# The condition by which ECI says whether the instance of a pod could be created; there may be no stock.
INSTANCE_CREATED = "ContainerInstanceCreated"
# Mirror pods, which a kubelet made from a local file. The API cannot recreate them.
MIRROR = "kubernetes.io/config.mirror"
# Facts hold only these annotations: others may be large, or hold what nobody meant to publish.
REPORTED_ANNOTATION_DOMAINS = ("k8s.aliyun.com", "alibabacloud.com")

FINISHED_PHASES = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Owner:
    """The controller of a pod (the entry of ``ownerReferences`` with ``controller: true``)."""

    api_version: str
    kind: str
    name: str
    uid: str


@dataclass(frozen=True)
class Pod:
    """A pod, reduced to what this collection needs."""

    namespace: str
    name: str
    uid: str
    node: str
    phase: str
    platform_version: str | None  # None: the annotation is absent
    instance_id: str | None
    owner: Owner | None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    ready: bool = False
    ready_since: str = ""
    deleting: bool = False
    mirror: bool = False
    creating: bool = False

    @property
    def key(self) -> str:
        """``namespace/name``, for people."""
        return f"{self.namespace}/{self.name}"

    @property
    def finished(self) -> bool:
        """Whether the pod has run to its end (phase Succeeded or Failed)."""
        return self.phase in FINISHED_PHASES


@dataclass(frozen=True)
class Workload:
    """What stands behind a pod, read from the API: its controller, or what stands above its ReplicaSet.

    ``manifest`` is the topmost one that is understood: None where the controller does not exist any more, empty where its kind
    is not understood. ``controller_kind`` is that of the pod's own controller. ``path`` is where the manifest was read;
    ``custom`` says that the kind is of another project, ``unread`` that this user may not read it.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    controller_kind: str = ""
    manifest: Mapping[str, Any] | None = None
    selector: str = ""
    path: str = ""
    custom: bool = False
    unread: bool = False

    @property
    def shown(self) -> str:
        """``Deployment web/shop``, for people."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.uid else "no controller"


BARE = Workload(kind="", namespace="", name="", uid="")


@dataclass(frozen=True)
class Node:
    """A node. ``virtual``: Alibaba Cloud's virtual-kubelet runs it. ``machine``: it is certainly a real node.

    ``foreign``: a virtual-kubelet of another provider runs it. None of them: it is unclear.
    """

    name: str
    virtual: bool
    zone: str = ""
    machine: bool = False
    foreign: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the check says of one pod, and why."""

    namespace: str
    name: str
    uid: str
    platform_version: str
    verdict: str
    reason: str
    instance_id: str = ""
    owner: str = ""  # Kind/name of the controller


@dataclass(frozen=True)
class Recreation:
    """How the recreation of one pod ended.

    ``outcome`` is one of recreated, deleted, no_longer_needed, already_gone, already_compatible, failed (it was removed and
    did not come back), set_aside (it was not touched: ``reason`` says why, ``remedy`` what helps), not_started; in check mode
    predicted or blocked. ``removed`` says whether the server accepted the removal of the old pod. ``started_at`` is the
    first look at it (RFC 3339, UTC), ``seconds`` counts from there to the end of the wait.
    """

    namespace: str
    name: str
    uid: str
    outcome: str
    reason: str = ""
    remedy: str = ""
    old_version: str = ""
    new_name: str = ""
    new_uid: str = ""
    new_node: str = ""
    new_version: str = ""
    started_at: str = ""
    seconds: float = 0.0
    workload: str = ""
    method: str = ""
    removed: bool = False


@dataclass(frozen=True)
class Missing:
    """A pod that keeps the gate shut though it is not there, and why; or a run that is not over (without a pod)."""

    namespace: str
    name: str
    uid: str
    reason: str


# The pods of a workload follow each other in a list, and hold one owner together.
_owner = lru_cache(maxsize=1024)(Owner)


def _controller_of(metadata: Mapping[str, Any]) -> Owner | None:
    for reference in metadata.get("ownerReferences") or ():
        if reference.get("controller"):
            return _owner(
                str(reference.get("apiVersion") or ""),
                str(reference.get("kind") or ""),
                str(reference.get("name") or ""),
                str(reference.get("uid") or ""),
            )
    return None


def controller_of(manifest: Mapping[str, Any]) -> Owner | None:
    """The controller of any Kubernetes object, None where it has none."""
    return _controller_of(manifest.get("metadata") or {})


def condition(manifest: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of that type in an object's status; empty where there is none."""
    for entry in (manifest.get("status") or {}).get("conditions") or ():
        if entry.get("type") == kind:
            return dict(entry)
    return {}


def is_kept_annotation(key: str) -> bool:
    """Whether this collection reads that annotation."""
    return key == MIRROR or is_reported_annotation(key)


@lru_cache(maxsize=1024)
def is_reported_annotation(key: str) -> bool:
    """Whether that annotation is in the record of a pod."""
    domain = key.partition("/")[0]
    return any(domain == known or domain.endswith("." + known) for known in REPORTED_ANNOTATION_DOMAINS)


def pod_from_manifest(manifest: Mapping[str, Any]) -> Pod:
    """A pod from its manifest, as the API or ``kubectl get -o json`` returns it."""
    metadata = manifest.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    ready = condition(manifest, "Ready")
    phase = (manifest.get("status") or {}).get("phase") or ""
    return Pod(
        namespace=metadata.get("namespace", ""),
        name=metadata.get("name", ""),
        uid=metadata.get("uid", ""),
        node=(manifest.get("spec") or {}).get("nodeName") or "",
        phase=phase,
        platform_version=annotations.get(PLATFORM_VERSION),
        instance_id=annotations.get(INSTANCE_ID),
        owner=_controller_of(metadata),
        labels=dict(metadata.get("labels") or {}),
        annotations={key: text for key, text in annotations.items() if is_reported_annotation(key)},
        created=metadata.get("creationTimestamp") or "",
        ready=ready.get("status") == "True",
        ready_since=ready.get("lastTransitionTime") or "",
        deleting=bool(metadata.get("deletionTimestamp")),
        mirror=MIRROR in annotations,
        creating=phase == "Pending" and condition(manifest, INSTANCE_CREATED).get("status") == "False",
    )


def pod_to_record(pod: Pod) -> dict[str, Any]:
    """The record of a pod in ``eci_pods``, which is also what JMESPath expressions see."""
    return asdict(pod)


def pod_from_record(record: Mapping[str, Any]) -> Pod:
    """The pod of a record made by :func:`pod_to_record`. Unknown keys are ignored, and so is an owner in words (a blocker's)."""
    owner = record.get("owner")
    owner = owner if isinstance(owner, Mapping) else None
    known = {name: record[name] for name in Pod.__dataclass_fields__ if name in record and name != "owner"}
    for name in ("namespace", "name", "uid", "node", "phase"):
        known.setdefault(name, "")
    for name in ("platform_version", "instance_id"):
        known.setdefault(name, None)
    fields = {name: str(owner.get(name) or "") for name in Owner.__dataclass_fields__} if owner else {}
    return Pod(owner=Owner(**fields) if owner else None, **known)


def pods_from_records(entries: Sequence[Mapping[str, Any]], option: str) -> list[Pod]:
    """Pods from records that a user gives. Raises InvalidInput for an entry that names no pod; duplicates count once."""
    pods: dict[str, Pod] = {}
    for position, entry in enumerate(entries):
        missing = [key for key in ("namespace", "name", "uid") if not isinstance(entry.get(key), str) or not entry[key]]
        if missing:
            raise InvalidInput(
                f"{option}[{position}]",
                entry.get("name"),
                f"has no {', '.join(missing)}",
                "Give pod records as eci_pod_facts returns them. The UID identifies the pod.",
            )
        pod = pod_from_record(entry)
        pods[pod.uid] = pod
    return list(pods.values())


def sort_key(pod: Pod) -> tuple[str, str]:
    """Pods are always listed by namespace, then name."""
    return (pod.namespace, pod.name)


def records(entries: Sequence[Any]) -> list[dict[str, Any]]:
    """Dataclasses as plain dictionaries, for a module's result."""
    return [asdict(entry) for entry in entries]


# In characters. An annotation may be of any length, and a result must stay small.
_LONGEST, _LONGEST_REASON = 300, 1200
# Of a list in a result, as JSON: a role hands several on in one fact, and AWX keeps what is printed of it, too.
_LARGEST_LIST = 18_000


def short(text: str, longest: int = _LONGEST) -> str:
    """The text, cut where it is longer than a name can be."""
    return plain(text, longest) if len(text) > longest else text


def short_records(entries: Sequence[Any]) -> list[dict[str, Any]]:
    """The same, with every text cut that is longer than a name can be."""
    return [
        {
            key: short(value, _LONGEST_REASON if key in ("reason", "remedy") else _LONGEST)
            if isinstance(value, str)
            else value
            for key, value in record.items()
        }
        for record in records(entries)
    ]


def first_records(listed: Sequence[dict[str, Any]], most: int, largest: int = _LARGEST_LIST) -> list[dict[str, Any]]:
    """The first records, at most so many, and fewer where they are larger together, in bytes of JSON."""
    found: list[dict[str, Any]] = []
    size = 0
    for record in listed[:most]:
        size += len(json.dumps(record))
        if found and size > largest:
            break
        found.append(record)
    return found

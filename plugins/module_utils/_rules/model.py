# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection knows of a pod, an owner, a node and a recreation: frozen, plain, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput

# Annotations that the virtual-kubelet of Alibaba Cloud writes, and the label of ACS pods (DESIGN: facts of the domain).
PLATFORM_VERSION = "k8s.aliyun.com/eci-platform-version"
INSTANCE_ID = "k8s.aliyun.com/eci-instance-id"
ACS_LABEL = "alibabacloud.com/acs"
ACS_INSTANCE_ID = "alibabacloud.com/instance-id"
# The kubelet marks the pods that it made from a file of its own (mirror pods); the API cannot recreate them.
MIRROR = "kubernetes.io/config.mirror"
# Only these annotations travel in facts: the rest may be large, and may hold what nobody meant to publish.
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
    """One pod, as far as this collection needs it."""

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

    @property
    def key(self) -> str:
        """``namespace/name``, for people."""
        return f"{self.namespace}/{self.name}"

    @property
    def finished(self) -> bool:
        """Whether every container has ended for good (phase Succeeded or Failed)."""
        return self.phase in FINISHED_PHASES


@dataclass(frozen=True)
class Workload:
    """What stands behind a pod, read from the API: its controller, and the Deployment above a ReplicaSet.

    ``manifest`` is the topmost one that is understood; ``controller`` the pod's own. Both None: nothing, or nothing
    that exists any more.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    controller_kind: str = ""
    manifest: Mapping[str, Any] | None = None
    selector: str = ""

    @property
    def shown(self) -> str:
        """``Deployment web/shop``, for people."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.uid else "no controller"


BARE = Workload(kind="", namespace="", name="", uid="")


@dataclass(frozen=True)
class Node:
    """One node; ``virtual`` says that a virtual-kubelet stands behind it, ``machine`` that none does for certain."""

    name: str
    virtual: bool
    zone: str = ""
    machine: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the check says of one pod, and why."""

    namespace: str
    name: str
    uid: str
    platform_version: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class Recreation:
    """How the recreation of one pod ended.

    ``outcome`` is one of recreated, deleted, no_longer_needed, already_gone, already_compatible, failed, not_started;
    in check mode predicted or blocked. ``removed`` says whether the server accepted the removal of the old pod.
    ``seconds`` counts from the first look at the pod to the end of the wait.
    """

    namespace: str
    name: str
    uid: str
    outcome: str
    reason: str = ""
    old_version: str = ""
    new_name: str = ""
    new_uid: str = ""
    new_node: str = ""
    new_version: str = ""
    seconds: float = 0.0
    workload: str = ""
    method: str = ""
    removed: bool = False


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
    """Whether anything of that annotation is looked at."""
    return key == MIRROR or is_reported_annotation(key)


@lru_cache(maxsize=1024)
def is_reported_annotation(key: str) -> bool:
    """Whether that annotation is in the record of a pod."""
    domain = key.partition("/")[0]
    return any(domain == known or domain.endswith("." + known) for known in REPORTED_ANNOTATION_DOMAINS)


def pod_from_manifest(manifest: Mapping[str, Any]) -> Pod:
    """Project a pod, as the API (or ``kubectl get -o json``) gives it, onto what is needed."""
    metadata = manifest.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    ready = condition(manifest, "Ready")
    return Pod(
        namespace=metadata.get("namespace", ""),
        name=metadata.get("name", ""),
        uid=metadata.get("uid", ""),
        node=(manifest.get("spec") or {}).get("nodeName") or "",
        phase=(manifest.get("status") or {}).get("phase") or "",
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
    )


def pod_to_record(pod: Pod) -> dict[str, Any]:
    """The record of a pod as it stands in ``eci_pods``: also the document that JMESPath expressions see."""
    return asdict(pod)


def pod_from_record(record: Mapping[str, Any]) -> Pod:
    """The pod of a record made by :func:`pod_to_record`; keys it does not know are passed over."""
    owner = record.get("owner")
    known = {name: record[name] for name in Pod.__dataclass_fields__ if name in record and name != "owner"}
    for name in ("namespace", "name", "uid", "node", "phase"):
        known.setdefault(name, "")
    for name in ("platform_version", "instance_id"):
        known.setdefault(name, None)
    fields = {name: str(owner.get(name) or "") for name in Owner.__dataclass_fields__} if owner else {}
    return Pod(owner=Owner(**fields) if owner else None, **known)


def pods_from_records(entries: Sequence[Mapping[str, Any]], option: str) -> list[Pod]:
    """Pods from the records that a user hands in; an entry that names no pod is refused, one given twice counts once."""
    pods: dict[str, Pod] = {}
    for position, entry in enumerate(entries):
        missing = [key for key in ("namespace", "name", "uid") if not isinstance(entry.get(key), str) or not entry[key]]
        if missing:
            raise InvalidInput(
                f"{option}[{position}]",
                entry.get("name"),
                f"has no {', '.join(missing)}",
                "Give pod records as eci_pod_facts returns them; the UID makes sure that it is that very pod.",
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

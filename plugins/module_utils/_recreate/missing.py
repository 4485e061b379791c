# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods that a run has taken away and that are not back, as the cluster itself keeps them: on the Lease of the runs.

Whoever asks later, from whatever machine, finds them there; while there is one, the gate is shut.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import leases_path, namespace_path, pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi, Manifest
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Missing, Owner, Pod, pod_from_manifest
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import job_finished, wanted_replicas
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

NAMESPACE, NAME = "kube-system", "ackops-eci-preflight"
LEASES = leases_path(NAMESPACE)
LEASE = leases_path(NAMESPACE, NAME)
ANNOTATION = "ackops.eci/missing"
# Annotations of an object may hold 256 KiB together; the ledger holds all of them.
MOST_NOTED = 300


@dataclass(frozen=True)
class Entry:
    """One pod that is missing. ``again`` says that only a run, or a person, makes it again, from ``manifest`` on ``host``.

    ``forgotten``: nobody wants it back. It is still noted, for the ledger on that host says that it is to be made again.
    """

    namespace: str
    name: str
    uid: str
    again: bool
    owner: Mapping[str, str] | None = None
    workload: str = ""
    manifest: str = ""
    host: str = ""
    ledger: str = ""
    since: str = ""
    forgotten: bool = False

    @property
    def key(self) -> str:
        """``namespace/name``, as people name a pod."""
        return f"{self.namespace}/{self.name}"


def entry_of(step: Step, ledger: str, manifest: str, now: str) -> Entry:
    """The entry of a pod that is about to go."""
    pod, owner = step.pod, step.pod.owner
    return Entry(
        pod.namespace,
        pod.name,
        pod.uid,
        again=step.action == Action.FROM_MANIFEST,
        owner=asdict(owner) if owner else None,
        workload=step.workload.shown,
        manifest=manifest,
        host=socket.gethostname(),
        ledger=ledger,
        since=now,
    )


def entries_of(lease: Manifest | None) -> list[Entry]:
    """What is noted on a lease. Text that nobody of us wrote is passed over: it names no pod."""
    text = (((lease or {}).get("metadata") or {}).get("annotations") or {}).get(ANNOTATION) or "[]"
    try:
        listed = json.loads(text)
    except ValueError:
        return []
    known = Entry.__dataclass_fields__
    entries = [
        {name: value for name, value in one.items() if name in known}
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    ]
    return [
        Entry(**one) for one in entries if all(one.get(key) for key in ("namespace", "name", "uid")) and "again" in one
    ]


def with_entries(lease: Mapping[str, Any], entries: Sequence[Entry]) -> dict[str, Any]:
    """The lease with these entries noted on it."""
    metadata = dict(lease.get("metadata") or {})
    annotations = {key: text for key, text in (metadata.get("annotations") or {}).items() if key != ANNOTATION}
    if entries:
        noted = [asdict(entry) for entry in entries[:MOST_NOTED]]
        annotations[ANNOTATION] = json.dumps(noted, sort_keys=True, separators=(",", ":"))
    return {**lease, "metadata": {**metadata, "annotations": annotations}}


class MissingPods(Protocol):
    """Where the pods that are missing are noted."""

    def add(self, entry: Entry) -> None:
        """Note one, and be sure that it is noted. Raises ApiError and ConnectionFailed."""

    def drop(self, uids: Collection[str]) -> None:
        """Take those out that are noted. Raises ApiError and ConnectionFailed."""


class NoRecord:
    """Of a run that takes nothing away."""

    def add(self, entry: Entry) -> None:
        """Nothing is taken away, so nothing is noted."""

    def drop(self, uids: Collection[str]) -> None:
        """Nothing was noted."""


def why_missing(api: ClusterApi, workloads: Workloads, entry: Entry) -> str:
    """Why the pod still counts as missing; empty where it is back, or nothing needs it any more."""
    if entry.again:
        found = api.get(pods_path(entry.namespace, entry.name))
        if found is not None and found["metadata"]["uid"] != entry.uid and not pod_from_manifest(found).deleting:
            return ""
        if _is_gone(api, namespace_path(entry.namespace)):
            return ""
        if found is not None and found["metadata"]["uid"] == entry.uid and not pod_from_manifest(found).deleting:
            return ""  # it was never removed
        where = f"; its manifest is {plain(entry.manifest)} on {plain(entry.host)}" if entry.manifest else ""
        return f"it was removed and not made again{where}"
    if entry.owner is None:
        return ""
    owner = Owner(**{key: str(entry.owner.get(key) or "") for key in Owner.__dataclass_fields__})
    pod = Pod(entry.namespace, entry.name, entry.uid, "", "", None, None, owner)
    workload = workloads.of(pod)
    manifest = workload.manifest
    if not manifest or (manifest.get("kind") == "Job" and job_finished(manifest)):
        return ""
    status, wanted = manifest.get("status") or {}, wanted_replicas(manifest)
    ready = status.get("readyReplicas") or status.get("ready") or 0
    if manifest.get("kind") == "Job" or ready >= wanted:
        return ""
    return f"{workload.shown} has {ready} of {wanted} pods Ready"


def _is_gone(api: ClusterApi, namespace: str) -> bool:
    """Whether a namespace is gone; one that the user may not read is taken to be there."""
    try:
        return api.get(namespace) is None
    except ApiError as error:
        if error.status == 403:
            return False
        raise


def missing_pods(api: ClusterApi, workloads: Workloads) -> list[Missing]:
    """What runs have taken away from this cluster and not brought back; a run that is not over is one, too."""
    lease = api.get(LEASE)
    found = []
    holder = ((lease or {}).get("spec") or {}).get("holderIdentity") or ""
    if holder:
        since = quoted(((lease or {}).get("spec") or {}).get("acquireTime"))
        why = f"a run of {plain(holder, 200)} has been at work since {since}, or was cut off"
        found.append(Missing("", "", "", why))
    for entry in entries_of(lease):
        why = "" if entry.forgotten else why_missing(api, workloads, entry)
        if why:
            found.append(Missing(entry.namespace, entry.name, entry.uid, why))
    return found

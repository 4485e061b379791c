# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controllers of the kinds of other projects: they make missing pods, roll changed templates, and write the status.

As OpenKruise's and Argo's own do, in so far as a pod's end is concerned; a Rollout's pods are made by Kubernetes' own ReplicaSets.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import threading
from types import TracebackType
from typing import Any

import urllib3

from tests.cluster.api import Api, ApiError, Json
from tests.cluster.custom_kinds import ADVANCED_STATEFUL_SET, CLONE_SET, KINDS, ROLLOUT, CustomKind, define
from tests.cluster.workloads import is_ready, path_of

PERIOD_SECONDS = 0.1
REVISION = "controller-revision-hash"
POD_HASH = "rollouts-pod-template-hash"


class CustomControllers:
    """All of them, in one thread. Use it in a ``with``; the kinds are defined first."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> CustomControllers:
        define(self._api)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(PERIOD_SECONDS):
            for kind in KINDS:
                # The API server is away, or somebody else was first: the next time.
                with contextlib.suppress(ApiError, urllib3.exceptions.HTTPError):
                    for owner in self._api.list(kind.path):
                        if "deletionTimestamp" not in owner["metadata"]:
                            self._reconcile(kind, owner)

    def _reconcile(self, kind: CustomKind, owner: Json) -> None:
        if kind is ROLLOUT:
            status = self._rollout(owner)
        else:
            status = self._stateful(owner) if kind is ADVANCED_STATEFUL_SET else self._clones(owner)
            status["observedGeneration"] = owner["metadata"]["generation"]
        if any((owner.get("status") or {}).get(key) != entry for key, entry in status.items()):
            path = kind.path_of(owner["metadata"]["namespace"], owner["metadata"]["name"])
            self._api.patch(f"{path}/status", {"status": status})

    # -- pods that the kind owns itself --------------------------------------------------------------------------

    def _pods(self, owner: Json) -> list[Json]:
        pods = self._api.list(path_of("Pod", owner["metadata"]["namespace"]))
        return [pod for pod in pods if _owner_uid(pod) == owner["metadata"]["uid"]]

    def _make(self, owner: Json, **metadata: Any) -> None:
        template = owner["spec"]["template"]
        labels = {**template["metadata"]["labels"], REVISION: _revision(owner)}
        reference = {key: owner["metadata"][key] for key in ("name", "uid")}
        reference |= {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        pod = {
            "metadata": {
                **metadata,
                "labels": labels,
                "annotations": template["metadata"].get("annotations") or {},
                "ownerReferences": [{**reference, "blockOwnerDeletion": True}],
            },
            "spec": template["spec"],
        }
        self._api.request("POST", path_of("Pod", owner["metadata"]["namespace"]), pod)

    def _delete(self, pod: Json) -> None:
        self._api.request("DELETE", path_of("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]))

    def _clones(self, owner: Json) -> Json:
        """A CloneSet, and what else replaces any pod by any other: old ones are deleted, one at a time."""
        living = [pod for pod in self._pods(owner) if "deletionTimestamp" not in pod["metadata"]]
        wanted = int(owner["spec"].get("replicas", 1))
        for _missing in range(wanted - len(living)):
            self._make(owner, generateName=f"{owner['metadata']['name']}-")
        for pod in sorted(living, key=is_ready)[: max(len(living) - wanted, 0)]:
            self._delete(pod)
        old = [pod for pod in living if _of_revision(pod) != _revision(owner)]
        if old and len(living) == wanted and all(map(is_ready, living)):
            self._delete(old[0])
        return _status(owner, living)

    def _stateful(self, owner: Json) -> Json:
        """Pods of fixed names: made in their order, rolled from the last one."""
        pods = {pod["metadata"]["name"]: pod for pod in self._pods(owner)}
        names = [f"{owner['metadata']['name']}-{number}" for number in range(int(owner["spec"].get("replicas", 1)))]
        living = [pod for pod in pods.values() if "deletionTimestamp" not in pod["metadata"]]
        for name in names:
            if name not in pods:
                self._make(owner, name=name)
                break
            if not is_ready(pods[name]) or "deletionTimestamp" in pods[name]["metadata"]:
                break
        else:
            old = [name for name in names if _of_revision(pods[name]) != _revision(owner)]
            if old:
                self._delete(pods[old[-1]])
        return _status(owner, living)

    # -- Rollouts ------------------------------------------------------------------------------------------------

    def _rollout(self, owner: Json) -> Json:
        """Two ReplicaSets at the most: the stable one, and that of a change.

        A canary is held at its weight. A preview has all its pods, beside those that take traffic, until somebody promotes it.
        """
        namespace, status = owner["metadata"]["namespace"], owner.get("status") or {}
        now, wanted = _revision(owner), int(owner["spec"].get("replicas", 1))
        stable = status.get("stableRS") or now
        preview = stable != now and "blueGreen" in (owner["spec"].get("strategy") or {})
        weight = 100 if stable == now else _weight(owner)
        canary = math.ceil(wanted * weight / 100)
        sizes = {now: canary, **({stable: wanted if preview else wanted - canary} if stable != now else {})}
        pods = self._of_rollout(owner, sizes)
        ready = [pod for pod in pods if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
        updated = [pod for pod in ready if pod["metadata"]["labels"].get(POD_HASH) == now]
        if owner["spec"].get("restartAt") and len(ready) == sum(sizes.values()):
            older = [pod for pod in ready if pod["metadata"]["creationTimestamp"] < owner["spec"]["restartAt"]]
            if older:
                name = older[0]["metadata"]["name"]
                body = {
                    "apiVersion": "policy/v1",
                    "kind": "Eviction",
                    "metadata": {"name": name, "namespace": namespace},
                }
                self._api.request("POST", f"{path_of('Pod', namespace, name)}/eviction", body)
        done = weight == 100 and len(updated) == wanted and not preview
        paused = "BlueGreenPause" if preview else "CanaryPauseStep" if weight < 100 else ""
        traffic = {**owner["spec"]["selector"]["matchLabels"], **({POD_HASH: stable} if preview else {})}
        return {
            "observedGeneration": str(owner["metadata"]["generation"]),
            "replicas": len([pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]),
            "readyReplicas": len(ready),
            "updatedReplicas": len(updated),
            "currentPodHash": now,
            "stableRS": now if done else stable,
            "selector": ",".join(f"{key}={text}" for key, text in sorted(traffic.items())),
            "pauseConditions": [{"reason": paused}] if paused else [],
        }

    def _of_rollout(self, owner: Json, sizes: dict[str, int]) -> list[Json]:
        """Its ReplicaSets have these sizes, by the hash of their template; returns their pods."""
        namespace = owner["metadata"]["namespace"]
        sets = {
            entry["metadata"]["labels"].get(POD_HASH): entry
            for entry in self._api.list(path_of("ReplicaSet", namespace))
            if _owner_uid(entry) == owner["metadata"]["uid"]
        }
        for digest, size in sizes.items():
            if digest not in sets:
                sets[digest] = self._make_set(owner, digest, size)
        for digest, found in sets.items():
            if found["spec"]["replicas"] != sizes.get(digest, 0):
                path = path_of("ReplicaSet", namespace, found["metadata"]["name"])
                self._api.patch(path, {"spec": {"replicas": sizes.get(digest, 0)}})
        uids = {found["metadata"]["uid"] for found in sets.values()}
        return [pod for pod in self._api.list(path_of("Pod", namespace)) if _owner_uid(pod) in uids]

    def _make_set(self, owner: Json, digest: str, size: int) -> Json:
        metadata, template = owner["metadata"], owner["spec"]["template"]
        labels = {**template["metadata"]["labels"], POD_HASH: digest}
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"]}
        body = {
            "metadata": {
                "name": f"{metadata['name']}-{digest}",
                "labels": labels,
                "ownerReferences": [{**reference, "uid": metadata["uid"], "controller": True}],
            },
            "spec": {
                "replicas": size,
                "selector": {"matchLabels": labels},
                "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
            },
        }
        return self._api.request("POST", path_of("ReplicaSet", metadata["namespace"]), body)


def _owner_uid(entry: Json) -> str:
    references = entry["metadata"].get("ownerReferences") or ()
    return next((str(reference["uid"]) for reference in references if reference.get("controller")), "")


def _revision(owner: Json) -> str:
    return hashlib.sha256(json.dumps(owner["spec"]["template"], sort_keys=True).encode()).hexdigest()[:10]


def _of_revision(pod: Json) -> str:
    return str(pod["metadata"]["labels"].get(REVISION, ""))


def _weight(owner: Json) -> int:
    """The weight at which a canary pauses; without steps it goes through at once."""
    steps = ((owner["spec"].get("strategy") or {}).get("canary") or {}).get("steps") or ()
    return next((int(step["setWeight"]) for step in steps if "setWeight" in step), 100)


def _status(owner: Json, living: list[Json]) -> Json:
    revision, wanted = _revision(owner), int(owner["spec"].get("replicas", 1))
    updated = [pod for pod in living if _of_revision(pod) == revision]
    done = len(updated) == len(living) == wanted
    labels = owner["spec"]["selector"]["matchLabels"]
    before = (owner.get("status") or {}).get("currentRevision") or revision
    status = {
        "replicas": len(living),
        "readyReplicas": sum(map(is_ready, living)),
        "updatedReplicas": len(updated),
        "updateRevision": revision,
        "currentRevision": revision if done else before,
        "labelSelector": ",".join(f"{key}={text}" for key, text in sorted(labels.items())),
    }
    return {**status, "expectedUpdatedReplicas": wanted} if owner["kind"] == CLONE_SET.kind else status

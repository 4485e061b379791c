# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ledgers say is left to do: the pods of one cluster whose removal was begun, and whose end is not written down.

``removing`` is the intent, ``removed`` the server's consent. What ends a removal is ``created`` (made again from its manifest),
``finished``, ``not_started``, ``refused`` (it was not touched), ``forgotten`` (the user does not want it back), and
``failed`` where nothing was removed.
"""

from __future__ import annotations

import heapq
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ansible_collections.ackops.eci.plugins.module_utils._errors import RecordFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

ENDS = ("created", "finished", "not_started", "refused", "forgotten")
# All that a later run needs of a pod. Annotations stay out: their values are nobody's business but the cluster's.
_KEPT = ("namespace", "name", "uid", "node", "phase", "platform_version", "instance_id", "owner", "created")
Entry = Mapping[str, Any]


class Cluster(NamedTuple):
    """Which cluster an entry is about: the URL of its API server, and the UID of its namespace kube-system."""

    server: str
    uid: str = ""

    def has(self, entry: Entry) -> bool:
        """Whether an entry is about this cluster: by the UID, or by the URL where either of them has no UID."""
        theirs = entry.get("cluster") or ""
        return bool(theirs == self.uid if theirs and self.uid else entry.get("server") == self.server)


@dataclass
class _Removal:
    """One pod on its way: the entry that began it, the last one about it, and whether the server agreed."""

    entry: Entry
    removed: bool = False


class Reading:
    """The entries of some ledgers, read once. ``doubts`` says, in sentences, what of them could not be read."""

    def __init__(self, paths: Sequence[str], cluster: Cluster) -> None:
        self.doubts: list[str] = []
        self._cluster = cluster
        self._left: dict[str, _Removal] = {}
        # Of one pod several ledgers may tell (the cluster has two addresses); each is in the order of time.
        for entry in heapq.merge(*(self._entries(path) for path in paths), key=lambda entry: str(entry.get("time"))):
            self._take_in(entry)

    def _entries(self, path: str) -> Iterator[Entry]:
        damaged = 0
        try:
            for line in _lines(path):
                entry = _parsed(line)
                damaged += entry is None
                if entry and self._cluster.has(entry):
                    yield entry
        except OSError as error:
            self.doubts.append(f"The ledger {path} cannot be read: {error.strerror}.")
        if damaged:
            self.doubts.append(
                f"{damaged} line(s) of the ledger {path} cannot be read: a run was cut off while it wrote, or the file was"
                " damaged."
            )

    def _take_in(self, entry: Entry) -> None:
        event, uid = entry["event"], str(entry.get("uid"))
        if event == "removing" and _is_pod(entry.get("pod")):
            self._left[uid] = _Removal(entry)
        elif uid in self._left:
            removal = self._left[uid]
            removal.removed = removal.removed or event == "removed" or entry.get("removed") is True
            if event in ENDS or (event == "failed" and not removal.removed):
                del self._left[uid]

    def pods(self) -> list[Mapping[str, Any]]:
        """The records of the pods that are left."""
        return [removal.entry["pod"] for removal in self._left.values()]

    def unfinished(self) -> list[Unfinished]:
        """The same with what is needed to end it. Raises RecordFailed where a manifest cannot be read."""
        return [
            Unfinished(
                pod=removal.entry["pod"],
                manifest=_manifest_of(removal.entry),
                path=str(removal.entry.get("manifest") or ""),
                removed=removal.removed,
            )
            for removal in self._left.values()
        ]


def unfinished_in(paths: Sequence[str], cluster: Cluster) -> list[Unfinished]:
    """What these ledgers say is left of a cluster; a ledger that is not there says nothing. Raises RecordFailed."""
    return Reading([path for path in paths if os.path.exists(path)], cluster).unfinished()


def remembered(pod: Mapping[str, Any]) -> dict[str, Any]:
    """A pod's record, cut down to what a later run needs."""
    return {key: pod[key] for key in _KEPT if key in pod}


def _lines(path: str) -> Iterator[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is not a file")
        for line in stream:
            if line.strip():
                yield line


def _parsed(line: bytes) -> Entry | None:
    """A line of a ledger; None where it is none: cut off with the run that wrote it, or damaged."""
    try:
        entry = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("event"), str) else None


def _is_pod(record: object) -> bool:
    if not isinstance(record, dict) or not isinstance(record.get("owner"), (dict, type(None))):
        return False
    return all(isinstance(record.get(key), str) and record[key] for key in ("namespace", "name", "uid"))


def _manifest_of(entry: Entry) -> Mapping[str, Any] | None:
    if entry.get("action") != Action.FROM_MANIFEST:
        return None
    path, pod = entry.get("manifest"), entry["pod"]
    try:
        with open(str(path), encoding="utf-8") as stream:
            manifest = json.load(stream)
        if not isinstance(manifest, dict):
            raise TypeError("it is not a manifest")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        shown = f"{pod['namespace']}/{pod['name']}"
        raise RecordFailed(
            f"The ledger says that the pod {quoted(shown, 300)} is to be made again from {quoted(path, 300)}, which cannot be"
            f" read: {quoted(str(error), 200)}.",
            f"Create the pod by hand, then run again with forget: [{quoted(shown, 300)}].",
        ) from error
    return manifest

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports: what the use cases need of a cluster, of time and of a record.

``client`` implements ClusterApi; unit tests use a model of a cluster.

Every method may raise ConnectionFailed (no answer) and ApiError (an answer that is not a success).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Manifest = Mapping[str, Any]


class PodSet(NamedTuple):
    """Some pods of a namespace: those that match a label selector, or the one of a name; all where neither is given."""

    namespace: str
    labels: str = ""
    name: str = ""


class Unfinished(NamedTuple):
    """A removal whose end is not in the record: the pod's record, and, where it is to be made again, its manifest and the path of that.

    ``removed`` says whether the server accepted the removal. Where it is false, the run was cut off between the request and
    the answer, so that only the cluster can tell.
    """

    pod: Manifest
    manifest: Manifest | None = None
    path: str = ""
    removed: bool = False


class Answer(NamedTuple):
    """A list in the form that the server chose: its media type, and its bytes as they come in."""

    media_type: str
    chunks: Iterator[bytes]


class PodFeed(Protocol):
    """A watch that stays open. One thread at a time takes its events; any number may wait for news."""

    def events(self, seconds: float) -> Iterator[tuple[str, Manifest]]:
        """Events (type, pod), bookmarks among them: what has come, then what comes, for at most so many seconds.

        Raises ListExpired (list again), WatchBroken (the connection ended), ApiError and ConnectionFailed; then it is at its end.
        """

    def news(self, seconds: float) -> Generator[bool, None, None]:
        """True at once, then each time that there may be events to take, and False at least once a second.

        For at most so many seconds, or until it is closed.
        """

    def silent_seconds(self) -> float:
        """How long ago the server was last heard of."""

    def close(self) -> None:
        """End the watch."""


class ClusterApi(Protocol):
    """Reads and writes of pods and of what owns them. Times are in seconds."""

    def server(self) -> str:
        """The URL of the API server."""

    def identity(self) -> str:
        """What the cluster is known by, whatever its address: the UID of its namespace kube-system; empty where it may not be read."""

    def server_version(self) -> str:
        """The gitVersion of the API server, for example ``v1.24.6-aliyun.1``."""

    def pages(self, path: str, query: Mapping[str, str], size: int) -> Iterator[Manifest]:
        """The pages of one consistent list, each a List object. Raises ListExpired where the snapshot is gone."""

    def stream(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        """One answer in the first form of ``accept`` that the server knows. Raises ListExpired like ``pages``."""

    def get(self, path: str) -> Manifest | None:
        """The object at that path, None where there is none (404)."""

    def list_pods(self, pods: PodSet, not_older_than: str = "") -> tuple[list[Manifest], str]:
        """The pods of the set, and the resourceVersion of the list.

        As they are now; or, cheaper for the server, at a moment of its choice that is not before that resourceVersion, which
        must be one of a watch. A server that has not come so far answers 504 (ApiError).
        """

    def follow_pods(self, pods: PodSet, resource_version: str) -> PodFeed:
        """What happens to the pods of the set after that resourceVersion, until it is closed."""

    def evict(self, namespace: str, name: str, uid: str, dry_run: bool = False) -> None:
        """Ask for the eviction of the pod with that UID, so that its disruption budgets are asked."""

    def delete(self, namespace: str, name: str, uid: str, dry_run: bool = False) -> None:
        """Delete the pod with that UID, with its own grace period."""

    def create(self, path: str, manifest: Manifest, dry_run: bool = False) -> Manifest:
        """Create an object in the collection at that path."""

    def put(self, path: str, manifest: Manifest) -> Manifest:
        """Write an object over the one that was read: 409 where that has changed since."""

    def patch(self, path: str, changes: Manifest, dry_run: bool = False) -> Manifest:
        """Merge changes into an object (RFC 7386); with its resourceVersion among them, 409 where it has changed since."""

    def warnings_about(self, namespace: str, uid: str) -> list[str]:
        """The Warning events about an object, oldest first, as ``reason: message``; empty where they cannot be read."""

    def budgets(self, namespace: str) -> list[Manifest]:
        """The PodDisruptionBudgets of a namespace; empty where they cannot be read."""


class Clock(Protocol):
    """Time, as the use cases see it."""

    def monotonic(self) -> float:
        """Seconds that only go up."""

    def now(self) -> str:
        """The time of day, UTC, RFC 3339."""

    def sleep(self, seconds: float) -> None:
        """Wait, where there is nothing to watch (a server that does not answer)."""


class Journal(Protocol):
    """Where every step is written down before and after it is taken. ``path`` is the record's, for messages.

    A record that cannot be written must not cost a pod: once a run has begun, :meth:`write` does not raise. The first failure is
    told by :meth:`trouble`, which has to be asked after ``removing`` was written and before the pod is asked to go, and in the
    end, so that the run fails. What was removed before is first brought back.
    """

    path: str

    def write(self, event: str, **details: Any) -> None:
        """Append one entry and make sure that it is on disk. Never raises; see :meth:`trouble`."""

    def tell(self, event: str, **details: Any) -> None:
        """Tell whoever follows the run, without a word in the record. Never raises."""

    def trouble(self) -> str:
        """Why the record is not whole, as a clause without a full stop; empty while all of it is on disk."""

    def save_manifest(self, uid: str, manifest: Manifest) -> str:
        """Keep the manifest of the pod with that UID, which nothing else keeps; returns the path.

        Raises RecordFailed; the pod must not be removed then.
        """

    def forget(self, wanted: Sequence[str]) -> list[str]:
        """End the unfinished work on these pods (``namespace/name``): nobody wants them back. Returns those that are not known."""

    def unfinished(self) -> list[Unfinished]:
        """What an earlier run of this cluster had begun, and of which it did not note the end. Raises RecordFailed."""

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the pods of a workload: listed once, then told by a watch that stays open from one pod to the next."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, EciError
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi, Manifest, PodFeed, PodSet

# A watch that has told nothing for so long may be broken without anybody's knowing: what it left is not gone by any more.
FRESH_SECONDS = 5.0
# So many workloads are followed at the most while nobody works on them: each holds a connection.
MOST_KEPT = 100


class PodView:
    """The pods of a set, by UID, as last seen. Not for two threads at a time."""

    def __init__(self, api: ClusterApi, pods: PodSet) -> None:
        self._api = api
        self.pod_set = pods
        self._feed: PodFeed | None = None
        self._version = ""
        self.pods: dict[str, Manifest] = {}
        self.stale = True  # whether the pods have to be listed anew
        self.heard = ""  # the resourceVersion of the last event

    def look(self, not_older_than: str = "") -> None:
        """List the pods as they are now; or, where a moment is given that is new enough, from the server's cache.

        Raises ApiError and ConnectionFailed.
        """
        self.close()
        found, self._version = self._listed(not_older_than)
        self.pods = {manifest["metadata"]["uid"]: manifest for manifest in found}
        self.stale = False

    def _listed(self, not_older_than: str) -> tuple[list[Manifest], str]:
        if not_older_than:
            with contextlib.suppress(ApiError):  # 504: this server's cache has not come so far
                return self._api.list_pods(self.pod_set, not_older_than)
        return self._api.list_pods(self.pod_set)

    def catch_up(self) -> bool:
        """Take in what the watch has told meanwhile. False where that is nothing to go by: then look."""
        if self.stale or self._feed is None or self._feed.silent_seconds() > FRESH_SECONDS:
            return False
        try:
            self.follow(0.0, lambda: False)
        except EciError:
            return False
        return True

    def follow(self, seconds: float, done: Callable[[], bool]) -> None:
        """Take in what comes, for so many seconds or until it is done. Raises what PodFeed raises; then the view is stale."""
        if self._feed is None:
            self._feed = self._api.follow_pods(self.pod_set, self._version)
        try:
            for kind, manifest in self._feed.events(seconds):
                self._take(kind, manifest)
                if done():
                    return
        except EciError:
            self.close()
            raise

    def _take(self, kind: str, manifest: Manifest) -> None:
        metadata = manifest["metadata"]
        self.heard = metadata.get("resourceVersion") or self.heard
        if kind == "DELETED":
            self.pods.pop(metadata["uid"], None)
        elif kind != "BOOKMARK":
            self.pods[metadata["uid"]] = manifest

    def close(self) -> None:
        """End the watch; what was seen stays, but has to be listed anew."""
        if self._feed is not None:
            self._feed.close()
        self._feed = None
        self.stale = True


def _newer(one: str, other: str) -> str:
    """The later of two resourceVersions; they are numbers of one etcd, whatever else the API may allow."""
    return one if not other.isdigit() or not one.isdigit() or int(one) >= int(other) else other


class Views:
    """The views of a run: one of each set of pods for everybody who works on it at the same time. Safe for threads."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._parked: dict[PodSet, PodView] = {}
        self._heard: dict[PodSet, str] = {}
        self._heard_last = ""
        self._lock = threading.Lock()

    def take(self, pods: PodSet) -> PodView:
        """A view of a set of pods, for one to work with: the one that was parked, with its watch, or a new one."""
        with self._lock:
            return self._parked.pop(pods, None) or PodView(self._api, pods)

    def known_of(self, pods: PodSet) -> str:
        """The moment behind which no look at the set may fall: all that this run has done to it was before."""
        with self._lock:
            return self._heard.get(pods) or self._heard_last

    def park(self, view: PodView) -> None:
        """Nobody works with the view for now: its watch stays open, unless there are too many."""
        with self._lock:
            if view.heard:
                self._heard[view.pod_set] = _newer(view.heard, self._heard.get(view.pod_set, ""))
                self._heard_last = _newer(view.heard, self._heard_last)
            spare = view.pod_set in self._parked or len(self._parked) >= MOST_KEPT
            if not spare:
                self._parked[view.pod_set] = view
        if spare:
            view.close()

    def keep(self, wanted: Collection[PodSet]) -> None:
        """Close the parked views of all other sets."""
        with self._lock:
            closing = [self._parked.pop(pods) for pods in [*self._parked] if pods not in wanted]
        for view in closing:
            view.close()

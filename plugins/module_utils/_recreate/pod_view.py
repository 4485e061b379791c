# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the pods of a workload: listed once, then told by one watch to all who work on it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import NamedTuple

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi, Manifest, PodFeed, PodSet
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, pod_from_manifest

# A watch that has told nothing for so long may be broken without anybody's knowing: what it left is not gone by any more.
FRESH_SECONDS = 5.0
# So many workloads are followed at the most while nobody works on them: each holds a connection.
MOST_KEPT = 100


class Seen(NamedTuple):
    """A pod as last seen; the manifest has what messages tell of it."""

    pod: Pod
    manifest: Manifest


def _seen(manifest: Manifest) -> Seen:
    return Seen(pod_from_manifest(manifest), manifest)


class PodView:
    """The pods of a set, by UID, as last seen: never older than before. Safe for threads.

    Every event is read once, however many wait for it.
    """

    def __init__(self, api: ClusterApi, pods: PodSet) -> None:
        self._api = api
        self.pod_set = pods
        self.pods: Mapping[str, Seen] = {}  # replaced, never changed
        self._moment = ""  # the resourceVersion of what was seen
        self._feed: PodFeed | None = None
        self._broken: tuple[PodFeed | None, Exception | None] = (None, None)  # the last watch that broke, and how
        self.stale = True  # whether the pods have to be listed anew
        self.heard = ""  # the resourceVersion of the last event
        self._lock = threading.RLock()
        self._listing: Future[None] | None = None

    # -- listing -------------------------------------------------------------------------------------------------

    def look(self, not_older_than: str = "") -> None:
        """List the pods as they are now; or, where a moment is given that is new enough, from the server's cache.

        Raises ApiError and ConnectionFailed.
        """
        found, moment = self._listed(not_older_than)
        with self._lock:
            if not self.stale and _is_before(moment, self._moment):
                return  # somebody's watch has told what came after
            self.close()
            self.pods = {manifest["metadata"]["uid"]: _seen(manifest) for manifest in found}
            self._moment = moment
            self.stale = False

    def refresh(self, not_older_than: str = "") -> None:
        """Look if the view is stale; who asks while somebody looks shares the list, or what it raises."""
        with self._lock:
            if not self.stale:
                return
            listing, others = Future[None](), self._listing
            self._listing = others or listing
        if others is not None:
            others.result()
            return
        try:
            self.look(not_older_than)
        except BaseException as error:
            listing.set_exception(error)
            raise
        else:
            listing.set_result(None)
        finally:
            self._listing = None

    def _listed(self, not_older_than: str) -> tuple[list[Manifest], str]:
        if not_older_than:
            with contextlib.suppress(ApiError):  # 504: this server's cache has not come so far
                return self._api.list_pods(self.pod_set, not_older_than)
        return self._api.list_pods(self.pod_set)

    # -- following -----------------------------------------------------------------------------------------------

    def update(self, not_older_than: str = "") -> None:
        """Know the pods as they are now: from what the watch has told, where that is something to go by, or by a look.

        Raises what look does.
        """
        if not self.stale and self._caught_up():
            return
        look = self.refresh if self.stale else self.look
        look(not_older_than)

    def _caught_up(self) -> bool:
        with self._lock:
            feed = self._feed
        if feed is None or feed.silent_seconds() > FRESH_SECONDS:
            return False
        try:
            return self._take_in(feed)
        except Exception:  # noqa: BLE001 (whatever it is, the look that follows meets it, too)
            return False

    def follow(self, seconds: float, done: Callable[[], bool], stop: Callable[[], str]) -> None:
        """Take in what comes, for so many seconds or until it is done. Raises what PodFeed raises; then the view is stale.

        It ends early where somebody lists the pods anew, and within a second where ``stop`` says why to give up.
        """
        with self._lock:
            if self.stale:
                return
            if self._feed is None:
                self._feed = self._api.follow_pods(self.pod_set, self._moment)
            feed = self._feed
        with contextlib.closing(feed.news(seconds)) as news:
            for told in news:
                if (told and (not self._take_in(feed) or done())) or stop():
                    return
        self._raise_if_broken(feed)

    def _take_in(self, feed: PodFeed) -> bool:
        """Take in what a watch has told. False where it is over because the pods were listed anew."""
        with self._lock:
            if feed is not self._feed:
                self._raise_if_broken(feed)
                return False
            changed: dict[str, Seen | None] = {}
            try:
                for kind, manifest in feed.events(0.0):
                    metadata = manifest["metadata"]
                    self.heard = self._moment = metadata.get("resourceVersion") or self._moment
                    if kind != "BOOKMARK":
                        changed[metadata["uid"]] = None if kind == "DELETED" else _seen(manifest)
            except Exception as error:
                self.close()
                self._broken = (feed, error)
                raise
            finally:
                if changed:
                    pods = {**self.pods, **changed}
                    self.pods = {uid: seen for uid, seen in pods.items() if seen is not None}
            return True

    def _raise_if_broken(self, feed: PodFeed) -> None:
        """All who waited for a watch hear how it broke, so that each of them pauses."""
        broken, error = self._broken
        if feed is broken and error is not None:
            raise error

    def close(self) -> None:
        """End the watch; what was seen stays, but has to be listed anew."""
        with self._lock:
            feed, self._feed = self._feed, None
            self.stale = True
        if feed is not None:
            feed.close()


def _is_before(one: str, other: str) -> bool:
    """Whether a resourceVersion is the earlier of two; they are numbers of one etcd, whatever else the API may allow."""
    return one.isdigit() and other.isdigit() and int(one) < int(other)


def _later(one: str, other: str) -> str:
    return other if _is_before(one, other) else one


class Views:
    """The views of a run: one of each set of pods, for everybody who works on it. Safe for threads."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._views: dict[PodSet, PodView] = {}
        self._users: dict[PodSet, int] = {}
        self._heard: dict[PodSet, str] = {}
        self._heard_last = ""
        self._lock = threading.Lock()

    def take(self, pods: PodSet) -> PodView:
        """The view of a set of pods, with its watch, for one more to work with."""
        with self._lock:
            self._users[pods] = self._users.get(pods, 0) + 1
            return self._views.setdefault(pods, PodView(self._api, pods))

    def known_of(self, pods: PodSet) -> str:
        """The moment behind which no look at the set may fall: all that this run has done to it was before."""
        with self._lock:
            if pods in self._views:
                self._note(self._views[pods])
            return self._heard.get(pods) or self._heard_last

    def _note(self, view: PodView) -> None:
        if view.heard:
            self._heard[view.pod_set] = _later(view.heard, self._heard.get(view.pod_set, ""))
            self._heard_last = _later(view.heard, self._heard_last)

    def park(self, view: PodView) -> None:
        """One has done with the view: where nobody works with it, its watch stays open, unless there are too many."""
        with self._lock:
            self._note(view)
            self._users[view.pod_set] -= 1
            if self._users[view.pod_set]:
                return
            del self._users[view.pod_set]
            spare = len(self._views) - len(self._users) > MOST_KEPT
            if spare:
                del self._views[view.pod_set]
        if spare:
            view.close()

    def keep(self, wanted: Collection[PodSet]) -> None:
        """Close the views of all other sets, but for those that somebody works with."""
        with self._lock:
            closing = [
                self._views.pop(pods) for pods in [*self._views] if pods not in wanted and pods not in self._users
            ]
        for view in closing:
            view.close()

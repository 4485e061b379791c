# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a view may be gone by, and for how long it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, WatchBroken
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import PodSet
from ansible_collections.ackops.eci.plugins.module_utils._recreate import pod_view
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import FRESH_SECONDS, PodView, Views

WEB = PodSet("shop", labels="app=web")


def pod(uid: str, version: str = "1") -> dict[str, Any]:
    """As much of a pod as a view looks at."""
    return {"metadata": {"uid": uid, "resourceVersion": version}}


class Cluster:
    """Lists one pod, and tells what it is given to tell."""

    def __init__(self) -> None:
        self.lists = 0
        self.opened: list[str] = []
        self.closed = 0
        self.coming: list[Any] = []
        self.silent = 0.0

    def list_pods(self, pods: PodSet, not_older_than: str = "") -> tuple[list[Any], str]:
        """One pod."""
        assert (pods.namespace, not_older_than) == (WEB.namespace, "")
        self.lists += 1
        return [pod("a")], "10"

    def follow_pods(self, _pods: PodSet, version: str) -> Cluster:
        """Open the watch."""
        self.opened.append(version)
        return self

    def events(self, _seconds: float) -> Iterator[Any]:
        """What is coming."""
        while self.coming:
            told = self.coming.pop(0)
            if isinstance(told, EciError):
                raise told
            yield told

    def silent_seconds(self) -> float:
        """What it is told to be."""
        return self.silent

    def close(self) -> None:
        """Count it."""
        self.closed += 1


@pytest.fixture
def cluster() -> Cluster:
    """A cluster."""
    return Cluster()


def followed(cluster: Any) -> PodView:
    """A view whose watch is open."""
    view = PodView(cluster, WEB)
    view.look()
    view.follow(1.0, lambda: True)
    return view


def test_a_view_takes_in_what_its_watch_tells(cluster: Cluster) -> None:
    """Pods come, change and go; a bookmark only says how far it has come. One watch does for all of it."""
    view = followed(cluster)
    cluster.coming = [("ADDED", pod("b", "11")), ("MODIFIED", pod("a", "12")), ("DELETED", pod("b", "13"))]
    cluster.coming.append(("BOOKMARK", {"metadata": {"resourceVersion": "20"}}))
    view.follow(1.0, lambda: False)
    assert view.pods == {"a": pod("a", "12")}
    assert (view.heard, cluster.opened, cluster.lists, view.stale) == ("20", ["10"], 1, False)


def test_what_is_not_asked_for_stays_for_later(cluster: Cluster) -> None:
    """The one who waits goes on at the event that he has waited for."""
    view = followed(cluster)
    cluster.coming = [("ADDED", pod("b")), ("ADDED", pod("c"))]
    view.follow(1.0, lambda: "b" in view.pods)
    assert set(view.pods) == {"a", "b"}
    assert view.catch_up()
    assert set(view.pods) == {"a", "b", "c"}


def test_nothing_is_gone_by_before_a_watch_was_open(cluster: Cluster) -> None:
    """A list tells of the moment it was made."""
    view = PodView(cluster, WEB)  # type: ignore[arg-type]  # as much of a cluster as a view uses
    assert not view.catch_up()
    view.look()
    assert not view.catch_up()


def test_a_watch_that_has_long_been_silent_is_not_gone_by(cluster: Cluster) -> None:
    """It may be broken; the next look closes it, and the watch after that begins where the look was."""
    view = followed(cluster)
    cluster.silent = FRESH_SECONDS + 0.1
    assert not view.catch_up()
    view.look()
    assert (cluster.closed, cluster.lists) == (1, 2)


def test_a_broken_watch_makes_the_view_stale(cluster: Cluster) -> None:
    """Whoever waits hears of it; whoever catches up looks again."""
    view = followed(cluster)
    cluster.coming = [WatchBroken("cut")]
    with pytest.raises(WatchBroken):
        view.follow(1.0, lambda: False)
    assert view.stale
    view.look()
    view.follow(1.0, lambda: True)
    cluster.coming = [WatchBroken("cut")]
    assert not view.catch_up()
    assert (view.stale, cluster.closed) == (True, 2)


def test_views_are_kept_for_those_who_come_again(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not more than may be kept, and none of a workload that is done."""
    monkeypatch.setattr(pod_view, "MOST_KEPT", 2)
    views = Views(cluster)  # type: ignore[arg-type]  # as much of a cluster as a view uses
    sets = {name: PodSet("shop", labels=f"app={name}") for name in ("a", "b", "c")}
    seen = {}
    for number, (name, pods) in enumerate(sets.items()):
        seen[name] = view = views.take(pods)
        view.look()
        cluster.coming = [("MODIFIED", pod("a", str(number + 11)))]
        view.follow(1.0, lambda: False)
        views.park(view)
    assert (cluster.closed, seen["c"].stale) == (1, True)
    views.keep({sets["b"]})
    assert (cluster.closed, seen["a"].stale, seen["b"].stale) == (2, True, False)
    assert [views.known_of(pods) for pods in sets.values()] == ["11", "12", "13"]
    assert views.known_of(PodSet("shop", labels="app=other")) == "13"
    assert views.take(sets["b"]) is seen["b"]


def test_two_who_work_on_the_same_pods_have_a_view_each(cluster: Cluster) -> None:
    """And a view is never given for other pods than those that are asked for."""
    views = Views(cluster)  # type: ignore[arg-type]  # as much of a cluster as a view uses
    first = views.take(WEB)
    assert views.take(WEB) is not first
    views.park(first)
    assert views.take(PodSet("shop", name="alone")) is not first
    assert views.take(WEB) is first


def test_the_later_of_two_moments_counts(cluster: Cluster) -> None:
    """Whoever is done last may have heard less."""
    views = Views(cluster)  # type: ignore[arg-type]  # as much of a cluster as a view uses
    for heard in ("20", "9"):
        view = views.take(WEB)
        view.heard = heard
        views.park(view)
    assert views.known_of(WEB) == "20"

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a view may be gone by, and for how long it is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import ConnectionFailed, EciError, WatchBroken
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import PodSet
from ansible_collections.ackops.eci.plugins.module_utils._recreate import pod_view
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import FRESH_SECONDS, PodView, Views

WEB = PodSet("shop", labels="app=web")


def pod(uid: str, version: str = "1") -> dict[str, Any]:
    """As much of a pod as a view looks at."""
    metadata = {"uid": uid, "name": f"web-{uid}", "namespace": WEB.namespace, "resourceVersion": version}
    return {"metadata": metadata, "spec": {}, "status": {}}


class Cluster:
    """Lists one pod, and tells what it is given to tell."""

    def __init__(self) -> None:
        self.lists = 0
        self.opened: list[str] = []
        self.closed = 0
        self.coming: list[Any] = []
        self.silent = 0.0
        self.moment = "10"
        self.before_it_answers: Callable[[], object] = bool

    def list_pods(self, pods: PodSet, not_older_than: str = "") -> tuple[list[Any], str]:
        """One pod."""
        assert (pods.namespace, not_older_than) == (WEB.namespace, "")
        self.lists += 1
        self.before_it_answers()
        return [pod("a")], self.moment

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

    def news(self, _seconds: float) -> Iterator[bool]:
        """Once more for as long as something is coming, then silence for some seconds."""
        yield True
        while self.coming:
            yield True
        yield from [False] * 3

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
    view.follow(1.0, lambda: True, str)
    return view


def test_a_view_takes_in_what_its_watch_tells(cluster: Cluster) -> None:
    """Pods come, change and go; a bookmark only says how far it has come. One watch does for all of it."""
    view = followed(cluster)
    cluster.coming = [("ADDED", pod("b", "11")), ("MODIFIED", pod("a", "12")), ("DELETED", pod("b", "13"))]
    cluster.coming.append(("BOOKMARK", {"metadata": {"resourceVersion": "20"}}))
    view.follow(1.0, lambda: False, str)
    assert {uid: seen.manifest for uid, seen in view.pods.items()} == {"a": pod("a", "12")}
    assert view.pods["a"].pod.name == "web-a"
    assert (view.heard, cluster.opened, cluster.lists, view.stale) == ("20", ["10"], 1, False)


def test_whoever_follows_goes_on_as_soon_as_it_is_done(cluster: Cluster) -> None:
    """What comes later is there for the next."""
    view = followed(cluster)
    cluster.coming = [("ADDED", pod("b"))]
    view.follow(1.0, lambda: "b" in view.pods, str)
    cluster.coming = [("ADDED", pod("c"))]
    assert set(view.pods) == {"a", "b"}
    view.update()
    assert (set(view.pods), cluster.lists) == ({"a", "b", "c"}, 1)


def test_what_was_seen_is_replaced_and_not_changed(cluster: Cluster) -> None:
    """Others look at it meanwhile."""
    view = followed(cluster)
    before = view.pods
    cluster.coming = [("ADDED", pod("b"))]
    view.update()
    assert (set(before), set(view.pods)) == ({"a"}, {"a", "b"})


def test_a_list_does_not_take_back_what_the_watch_has_told(cluster: Cluster) -> None:
    """It may have been on its way while somebody else heard more: a pod that is gone must not come back."""
    view = followed(cluster)

    def meanwhile() -> None:
        cluster.coming = [("DELETED", pod("a", "12"))]
        view.update()

    cluster.before_it_answers = meanwhile
    view.look()
    assert (view.pods, view.stale, cluster.closed) == ({}, False, 0)
    cluster.before_it_answers, cluster.moment = bool, "13"
    view.look()
    assert (set(view.pods), cluster.closed) == ({"a"}, 1)


def test_a_server_whose_moments_are_no_numbers_is_believed(cluster: Cluster) -> None:
    """The API promises only that they can be told apart."""
    view = followed(cluster)
    cluster.coming = [("DELETED", pod("a", "later"))]
    view.update()
    assert view.pods == {}
    view.look()
    assert set(view.pods) == {"a"}


def test_those_who_need_a_list_at_the_same_time_share_it(cluster: Cluster) -> None:
    """And what it raises; the next who needs one asks again."""
    view, many = PodView(cluster, WEB), 8  # type: ignore[arg-type]  # as much of a cluster as a view uses
    asking = threading.Barrier(many)

    def refresh() -> str:
        asking.wait()
        try:
            view.update()
        except EciError as error:
            return str(error)
        return "listed"

    def fail() -> None:
        answered.wait(10.0)
        raise ConnectionFailed("no answer", "")

    answered = threading.Event()
    cluster.before_it_answers = fail
    with ThreadPoolExecutor(many) as pool:
        told = [pool.submit(refresh) for _number in range(many)]
        threading.Timer(0.3, answered.set).start()
    assert len({one.result() for one in told}) == 1
    assert "no answer" in told[0].result()
    assert cluster.lists == 1
    cluster.before_it_answers = bool
    view.refresh()
    view.refresh()
    assert (cluster.lists, set(view.pods)) == (2, {"a"})


def test_nothing_is_gone_by_before_a_watch_was_open(cluster: Cluster) -> None:
    """A list tells of the moment it was made."""
    view = PodView(cluster, WEB)  # type: ignore[arg-type]  # as much of a cluster as a view uses
    for lists in (1, 2):
        view.update()
        assert cluster.lists == lists


def test_a_watch_that_has_long_been_silent_is_not_gone_by(cluster: Cluster) -> None:
    """It may be broken; the look closes it, and the watch after that begins where the look was."""
    view = followed(cluster)
    cluster.silent = FRESH_SECONDS + 0.1
    view.update()
    assert (cluster.closed, cluster.lists) == (1, 2)


def test_a_broken_watch_makes_the_view_stale(cluster: Cluster) -> None:
    """Whoever waits hears of it; whoever catches up looks again."""
    view = followed(cluster)
    cluster.coming = [WatchBroken("cut")]
    with pytest.raises(WatchBroken):
        view.follow(1.0, lambda: False, str)
    assert view.stale
    view.update()
    view.follow(1.0, lambda: True, str)
    cluster.coming = [WatchBroken("cut")]
    view.update()
    assert (view.stale, cluster.lists, cluster.closed) == (False, 3, 2)


def test_all_who_wait_hear_how_a_watch_broke(cluster: Cluster) -> None:
    """Each of them pauses before the next."""
    view = followed(cluster)

    def breaks() -> bool:
        cluster.coming = [WatchBroken("cut"), ("ADDED", pod("b"))]
        view.update()  # by another
        return False

    with pytest.raises(WatchBroken):
        view.follow(1.0, breaks, str)
    view.look()
    view.follow(1.0, lambda: True, str)
    assert (view.stale, cluster.opened) == (False, ["10", "10"])


def test_who_follows_comes_back_when_the_pods_are_listed_anew(cluster: Cluster) -> None:
    """His watch is over, and nothing is wrong."""
    view = followed(cluster)

    def looks() -> bool:
        cluster.coming = [("ADDED", pod("b"))]
        cluster.moment = "20"
        view.look()
        return False

    view.follow(1.0, looks, str)
    assert (set(view.pods), view.stale) == ({"a"}, False)


def test_who_follows_gives_up_when_the_run_is_to_end(cluster: Cluster) -> None:
    """He is asked each time, also where nothing comes; what has come is taken in first."""
    view = followed(cluster)
    asked: list[str] = []

    def stop() -> str:
        asked.append("")
        return "it was interrupted" if len(asked) == 3 else ""

    cluster.coming = [("ADDED", pod("b"))]
    view.follow(1.0, lambda: False, stop)
    assert (len(asked), set(view.pods), view.stale) == (3, {"a", "b"}, False)


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
        view.follow(1.0, lambda: False, str)
        views.park(view)
    assert (cluster.closed, seen["c"].stale) == (1, True)
    views.keep({sets["b"]})
    assert (cluster.closed, seen["a"].stale, seen["b"].stale) == (2, True, False)
    assert [views.known_of(pods) for pods in sets.values()] == ["11", "12", "13"]
    assert views.known_of(PodSet("shop", labels="app=other")) == "13"
    assert views.take(sets["b"]) is seen["b"]


def test_all_who_work_on_the_same_pods_share_a_view(cluster: Cluster) -> None:
    """It is never given for other pods than those that are asked for, and is closed for nobody who works with it."""
    views = Views(cluster)  # type: ignore[arg-type]  # as much of a cluster as a view uses
    first = views.take(WEB)
    first.look()
    first.follow(1.0, lambda: True, str)
    assert views.take(WEB) is first
    assert views.take(PodSet("shop", name="alone")) is not first
    stale = []
    for _user in range(2):
        views.park(first)
        views.keep(())
        stale.append(first.stale)
    assert stale == [False, True]
    assert views.take(WEB) is not first


def test_the_later_of_two_moments_counts(cluster: Cluster) -> None:
    """What was heard of a set is known also after its view is closed, and while somebody works with it."""
    views = Views(cluster)  # type: ignore[arg-type]  # as much of a cluster as a view uses
    for heard in ("20", "9"):
        view = views.take(WEB)
        view.heard = heard
        views.park(view)
        views.keep(())
    assert views.known_of(WEB) == "20"
    views.take(WEB).heard = "21"
    assert views.known_of(WEB) == "21"

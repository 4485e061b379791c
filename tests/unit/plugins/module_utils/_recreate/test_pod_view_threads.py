# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One view, many threads, real watches that break now and then: everybody sees what he waits for, and nobody sees the past."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import WatchBroken
from ansible_collections.ackops.eci.plugins.module_utils._kube import watch
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import PodSet
from ansible_collections.ackops.eci.plugins.module_utils._kube.watch import Event, Feed
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import PodView

WAITING, PODS, LONG = 20, 200, 20.0


class Server:
    """Lists its pods, and tells their history from any moment on; every so many events a watch breaks."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 (repeatable, no secrets)
        self.history: list[Event] = []
        self.pods: dict[str, Any] = {}
        self.told = threading.Condition()

    def add(self, uid: str) -> None:
        """A pod comes."""
        self._tell("ADDED", uid)

    def remove(self, uid: str) -> None:
        """It goes."""
        self._tell("DELETED", uid)

    def _tell(self, kind: str, uid: str) -> None:
        with self.told:
            metadata = {"uid": uid, "name": uid, "namespace": "shop", "resourceVersion": str(len(self.history) + 1)}
            manifest = {"metadata": metadata, "spec": {}, "status": {}}
            self.history.append((kind, manifest))
            if kind == "ADDED":
                self.pods[uid] = manifest
            else:
                del self.pods[uid]
            self.told.notify_all()

    def list_pods(self, _pods: PodSet, not_older_than: str = "") -> tuple[list[Any], str]:
        """All of them."""
        assert not not_older_than
        with self.told:
            return [*self.pods.values()], str(len(self.history))

    def follow_pods(self, _pods: PodSet, version: str) -> Feed:
        """A real feed of ours."""
        return Feed(lambda since: Watch(self, int(since)), version)


class Watch:
    """One answer of the server."""

    def __init__(self, server: Server, position: int) -> None:
        self._server = server
        self._position = position
        self._last = position + server.random.randint(1, 30)
        self._over = False

    def __iter__(self) -> Iterator[Event]:
        while not self._over:
            with self._server.told:
                self._server.told.wait_for(
                    lambda: self._over or len(self._server.history) > self._position, timeout=LONG
                )
                new = self._server.history[self._position : self._last]
            self._position += len(new)
            yield from new
            if self._position >= self._last:
                raise WatchBroken("cut")

    def cut(self) -> None:
        """End it."""
        with self._server.told:
            self._over = True
            self._server.told.notify_all()


@pytest.mark.parametrize("seed", range(3))
def test_everybody_sees_what_he_waits_for(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that is gone does not come back for anybody, and at the end the view is what the server has."""
    monkeypatch.setattr(watch, "GATHER_SECONDS", 0.002)
    server, backwards = Server(seed), list[str]()
    view = PodView(server, PodSet("shop", labels="app=web"))  # type: ignore[arg-type]  # as much of a cluster as a view uses
    gone: set[str] = set()

    def wait_for(uid: str) -> str:
        end = time.monotonic() + LONG
        while uid not in view.pods:
            assert time.monotonic() < end, f"{uid} was never seen"
            seen = {old for old in gone if old not in view.pods}
            view.refresh()
            try:
                view.follow(1.0, lambda: uid in view.pods, str)
            except WatchBroken:
                time.sleep(0.001)
            backwards.extend(seen & set(view.pods))
        return uid

    awaited = [f"pod-{number * (PODS // WAITING)}" for number in range(WAITING)]
    with ThreadPoolExecutor(WAITING) as threads:
        waiting = [threads.submit(wait_for, uid) for uid in awaited]
        for number in range(PODS):
            server.add(f"pod-{number}")
            old = f"pod-{number - 1}"
            if number and old not in awaited:
                server.remove(old)
                gone.add(old)
            time.sleep(0.001)
        assert [one.result() for one in waiting] == awaited
    view.update()
    view.look()
    assert set(view.pods) == set(server.pods)
    assert backwards == []
    view.close()

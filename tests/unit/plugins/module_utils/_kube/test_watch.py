# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch that a thread reads: what it tells, in which order, and how it ends."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import ConnectionFailed, WatchBroken
from ansible_collections.ackops.eci.plugins.module_utils._kube import watch
from ansible_collections.ackops.eci.plugins.module_utils._kube.watch import Event, Feed

LONG = 10.0
END: Any = object()


def event(version: str) -> Event:
    """An event of a pod."""
    return "MODIFIED", {"metadata": {"name": "web-1", "resourceVersion": version}}


class Server:
    """Watches that tell what they are given; END ends one, an exception breaks it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.tell: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.cuts = 0
        self.ended = threading.Event()
        self.opens = threading.Event()
        self.opens.set()

    def watch(self, version: str) -> Server:
        """Begin a watch after that version."""
        self.asked.append((version, time.monotonic()))
        assert self.opens.wait(LONG)
        return self

    def __iter__(self) -> Iterator[Event]:
        try:
            while (told := self.tell.get()) is not END:
                if isinstance(told, Exception):
                    raise told
                yield told
        finally:
            self.ended.set()

    def cut(self) -> None:
        """End the watch."""
        self.cuts += 1
        self.tell.put(END)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server, whose last watch is ended."""
    server = Server()
    yield server
    server.tell.put(ConnectionFailed("over"))


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_came_meanwhile_is_told_without_waiting(server: Server) -> None:
    """And nothing is told twice."""
    feed = Feed(server.watch, "7")
    for version in ("8", "9"):
        server.tell.put(event(version))
    until(lambda: len(feed._came) == 2)
    assert list(feed.events(0.0)) == [event("8"), event("9")]
    assert list(feed.events(0.0)) == []
    assert [version for version, _when in server.asked] == ["7"]


def test_what_comes_is_waited_for(server: Server) -> None:
    """The first event is told as it comes; what comes after is still there for the next who asks."""
    feed = Feed(server.watch, "7")
    threading.Timer(0.1, server.tell.put, [event("8")]).start()
    assert next(feed.events(LONG)) == event("8")
    server.tell.put(event("9"))
    assert next(feed.events(LONG)) == event("9")


def test_the_next_watch_begins_where_the_last_one_ended(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server ends a watch from time to time; one that does it at once is not asked in a circle."""
    monkeypatch.setattr(watch, "LEAST_SECONDS", 0.3)
    feed = Feed(server.watch, "7")
    server.tell.put(event("8"))
    server.tell.put(END)
    server.tell.put(event("9"))
    told = feed.events(LONG)
    assert [next(told), next(told)] == [event("8"), event("9")]
    (first, begun), (second, again) = server.asked
    assert (first, second) == ("7", "8")
    assert again - begun >= 0.3


@pytest.mark.parametrize("error", [WatchBroken("cut"), ConnectionFailed("no answer"), RuntimeError("a bug of ours")])
def test_an_error_is_told_after_what_came_before_it(server: Server, error: Exception) -> None:
    """It reaches the one who waits, whatever it is; a thread that dies without a word would let him wait in vain."""
    feed = Feed(server.watch, "7")
    server.tell.put(event("8"))
    server.tell.put(error)
    told = feed.events(LONG)
    assert next(told) == event("8")
    with pytest.raises(type(error), match=str(error)):
        next(told)


def test_silence_is_measured_from_what_the_server_said_not_from_what_was_taken_in(server: Server) -> None:
    """An event that nobody has looked at yet may be old."""
    feed = Feed(server.watch, "7")
    server.tell.put(event("8"))
    until(lambda: len(feed._came) == 1)
    time.sleep(0.2)
    assert list(feed.events(0.0)) == [event("8")]
    assert feed.silent_seconds() >= 0.2


def test_closing_ends_the_watch(server: Server) -> None:
    """The connection is given up, and no other watch is begun."""
    feed = Feed(server.watch, "7")
    until(lambda: bool(server.asked))
    feed.close()
    assert server.ended.wait(LONG)
    assert (server.cuts, len(server.asked)) == (1, 1)
    assert list(feed.events(0.0)) == []


def test_a_watch_that_is_closed_while_it_opens_ends_at_once(server: Server) -> None:
    """There was nothing to cut yet."""
    server.opens.clear()
    feed = Feed(server.watch, "7")
    until(lambda: bool(server.asked))
    feed.close()
    assert server.cuts == 0
    server.opens.set()
    assert server.ended.wait(LONG)
    assert server.cuts == 1


def test_all_who_wait_are_told(server: Server) -> None:
    """One of them takes the event; at the end of their time, or when it is closed, they go on."""
    feed = Feed(server.watch, "7")
    woken: list[int] = []

    def wait(name: int) -> None:
        news = feed.news(LONG)
        next(news)
        ready.wait()
        assert next(news, "over") is True
        woken.append(name)
        assert next(news, "over") == "over"

    ready = threading.Barrier(4)
    waiting = [threading.Thread(target=wait, args=[number]) for number in range(3)]
    for thread in waiting:
        thread.start()
    ready.wait()
    server.tell.put(event("8"))
    until(lambda: len(woken) == 3)
    assert list(feed.events(0.0)) == [event("8")]
    feed.close()
    for thread in waiting:
        thread.join(LONG)
        assert not thread.is_alive()
    assert list(feed.news(0.1)) == [True]


def test_who_waits_is_not_left_alone_for_long(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing comes he hears that; what comes then is told as ever."""
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    feed = Feed(server.watch, "7")
    news = feed.news(LONG)
    assert [next(news), next(news), next(news)] == [True, False, False]
    server.tell.put(event("8"))
    until(lambda: next(news))
    assert list(feed.events(0.0)) == [event("8")]
    feed.close()
    assert list(news) == []


def test_those_who_are_many_are_not_told_each_event(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them looks at all pods when it is told; one alone hears at once."""
    monkeypatch.setattr(watch, "GATHER_SECONDS", 1.0)
    feed = Feed(server.watch, "7")
    alone = feed.news(LONG)
    next(alone)
    server.tell.put(event("8"))
    begun = time.monotonic()
    next(alone)
    assert time.monotonic() - begun < 0.9
    other = feed.news(LONG)
    next(other)
    server.tell.put(event("9"))
    threading.Timer(0.3, server.tell.put, [event("10")]).start()
    next(other)
    assert [found[1]["metadata"]["resourceVersion"] for found in feed.events(0.0)] == ["8", "9", "10"]

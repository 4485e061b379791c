# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch that a thread of its own reads, so that what it tells can be taken in whenever somebody asks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Manifest

# A server, or something in front of it, that ends watches at once must not be asked in a circle.
LEAST_SECONDS = 1.0
# Nobody who waits for news is silent for longer: there may be another reason to go on.
LOOK_SECONDS = 1.0
# Where several wait, events are gathered for so long: each of them looks at all pods each time.
GATHER_SECONDS = 0.05

Event = tuple[str, Manifest]


class Watch(Protocol):
    """One answer to a watch request, until the server ends it."""

    def __iter__(self) -> Iterator[Event]:
        """The events as they come. Raises ListExpired and WatchBroken."""

    def cut(self) -> None:
        """End it from another thread, as far as that is possible."""


class Feed:
    """The port ``PodFeed``. ``watch`` opens a watch after a resourceVersion; one that the server ends is followed by the next."""

    def __init__(self, watch: Callable[[str], Watch], resource_version: str) -> None:
        self._watch = watch
        self._version = resource_version
        self._came: deque[Event | Exception] = deque()
        self._changed = threading.Condition()
        self._count = 0  # of all that ever came
        self._listeners = 0
        self._current: Watch | None = None
        self._heard = time.monotonic()
        self._closed = threading.Event()
        # A thread that still waits for the server's last words does not keep the process alive.
        threading.Thread(target=self._read, name="watch", daemon=True).start()

    def _read(self) -> None:
        try:
            while not self._closed.is_set():
                begun = time.monotonic()
                self._one_watch()
                self._closed.wait(max(begun + LEAST_SECONDS - time.monotonic(), 0.0))
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told to the one who waits)
            self._tell(error)

    def _one_watch(self) -> None:
        current = self._current = self._watch(self._version)
        self._heard = time.monotonic()
        if self._closed.is_set():  # while it was being opened: nobody could cut it then
            current.cut()
        for kind, manifest in current:
            if self._closed.is_set():
                return
            self._version = manifest["metadata"].get("resourceVersion") or self._version
            self._heard = time.monotonic()
            self._tell((kind, manifest))

    def _tell(self, found: Event | Exception) -> None:
        with self._changed:
            self._came.append(found)
            self._count += 1
            self._changed.notify_all()

    def events(self, seconds: float) -> Iterator[Event]:
        """What has come, then what comes, for at most so many seconds."""
        for _told in self.news(seconds):
            while self._came:
                found = self._came.popleft()
                if isinstance(found, Exception):
                    raise found
                yield found

    def news(self, seconds: float) -> Generator[bool, None, None]:
        """True at once, then each time that something has come; False after each second in which nothing has.

        For at most so many seconds, or until it is closed.
        """
        end = time.monotonic() + seconds
        with self._changed:
            self._listeners += 1
        try:
            seen = self._count
            yield True
            while not self._closed.is_set() and time.monotonic() < end:
                more = self._await_more(seen, min(end - time.monotonic(), LOOK_SECONDS))
                if self._closed.is_set():
                    return
                if more:
                    seen = self._count
                yield more
        finally:
            with self._changed:
                self._listeners -= 1

    def _await_more(self, seen: int, seconds: float) -> bool:
        """Wait until more than so many have come, or it is closed. False when the time is up."""
        end = time.monotonic() + seconds
        with self._changed:
            more = self._changed.wait_for(lambda: self._count > seen or self._closed.is_set(), seconds)
            many = self._listeners > 1
        if more and many:
            self._closed.wait(min(GATHER_SECONDS, max(end - time.monotonic(), 0.0)))
        return more

    def silent_seconds(self) -> float:
        """Since the server was last heard of."""
        return time.monotonic() - self._heard

    def close(self) -> None:
        """End the watch."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if self._current is not None:
            self._current.cut()

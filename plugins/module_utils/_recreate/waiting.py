# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run waits for and why: told soon after it begins, when the reason changes, and again while it lasts.

Those who wait leave their reason here; a clock of its own tells it, so that a request that hangs is told, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock

# Less is not worth a line.
FIRST_SECONDS = 1.5
# Between two lines about the same pod, where the reason changes.
LEAST_SECONDS = 3.0
# After so long the same reason is told again, of so many at a time.
AGAIN_SECONDS = 25.0
MOST_AGAIN = 20
TICK_SECONDS = 1.0

Tell = Callable[..., None]
Details = Mapping[str, Any]


@dataclass
class _State:
    """One that is waited for. Times are of the clock; ``told_at`` is negative until something was told.

    ``shown_at``: when it had a line of its own, not only a share in the number of the others.
    """

    details: Details
    limit: float
    since: float
    reason: str = ""
    version: str = ""
    changed: float = 0.0
    told: str = ""
    told_at: float = -1.0
    shown_at: float = -1.0


class Wait:
    """The place where one who waits leaves why. Each is used by one thread."""

    def __init__(self, waiting: Waiting, key: str) -> None:
        self._waiting = waiting
        self._key = key

    def because(self, reason: str, version: str = "") -> None:
        """What is awaited now, and the platform version that is coming up, if it is known; an empty reason tells nothing."""
        self._waiting.note(self._key, reason, version)

    def is_due(self) -> bool:
        """Whether the reason was left long enough ago to be looked at anew."""
        return self._waiting.age(self._key) >= TICK_SECONDS

    def end(self) -> None:
        """It is waited for no longer."""
        self._waiting.end(self._key)


class Waiting:
    """All that a run waits for. ``tell`` hears of it (event, details). Safe for threads."""

    def __init__(self, clock: Clock, tell: Tell) -> None:
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}
        self._idle = 0.0

    def begin(self, key: str, limit: float, **details: Any) -> Wait:
        """Something will be waited for, for at most ``limit`` seconds."""
        with self._lock:
            self._states[key] = _State(details, limit, self._clock.monotonic())
        return Wait(self, key)

    def aside(self, key: str, limit: float, reason: str, **details: Any) -> None:
        """A pod was set aside, which has been told already; it is told again while that lasts."""
        now = self._clock.monotonic()
        with self._lock:
            before = self._states.get(key)
            same = before is not None and before.reason == reason
            if before is not None and same:
                before.details = {**details, "aside": True}
                return
            since = before.since if before is not None else now
            self._states[key] = _State({**details, "aside": True}, limit, since, reason, "", now, reason, now, now)

    def idle(self, seconds: float) -> None:
        """For so long there has been nothing to do but wait for what was set aside."""
        with self._lock:
            self._idle = seconds

    def note(self, key: str, reason: str, version: str = "") -> None:
        """Leave a reason; see :meth:`Wait.because`."""
        now = self._clock.monotonic()
        with self._lock:
            state = self._states.get(key)
            if state is None:
                return
            if not state.details and reason and not state.reason:  # what the run as a whole waits for comes and goes
                state.since, state.told, state.told_at = now, "", -1.0
            state.changed = now
            state.reason, state.version = reason, version or state.version

    def age(self, key: str) -> float:
        """Seconds since a reason was left."""
        with self._lock:
            state = self._states.get(key)
            return self._clock.monotonic() - state.changed if state is not None else 0.0

    def end(self, key: str) -> None:
        """Not waited for any more."""
        with self._lock:
            self._states.pop(key, None)

    def tick(self) -> None:
        """Tell what is due. To be called every second."""
        now = self._clock.monotonic()
        with self._lock:
            new = [state for state in self._states.values() if _is_new(state, now)]
            again = [state for state in self._states.values() if state not in new and _is_due(state, now)]
            again.sort(key=lambda state: state.shown_at)
            quiet = again[MOST_AGAIN:]
            for state in [*new, *again]:
                state.told, state.told_at = state.reason, now
            shown = [*new, *again[:MOST_AGAIN]]
            for state in shown:
                state.shown_at = now
            lines = [self._details(state, now) for state in shown]
        for details in lines:
            self._tell("waits", **details)
        if quiet:
            self._tell("waits_for_more", pods=sum(int(state.details.get("pods", 1)) for state in quiet))

    def _details(self, state: _State, now: float) -> dict[str, Any]:
        """Of a pod that was set aside the time is limited only while there is nothing else to do."""
        return {
            **state.details,
            "reason": state.reason,
            "new_version": state.version,
            "seconds": now - state.since,
            "idle": self._idle,
            "limit": state.limit,
        }


def _is_new(state: _State, now: float) -> bool:
    """Whether there is a reason that was not told, and has lasted."""
    if not state.reason or state.reason == state.told:
        return False
    if state.told_at < 0:
        return now - state.since >= FIRST_SECONDS
    return now - state.told_at >= LEAST_SECONDS


def _is_due(state: _State, now: float) -> bool:
    """Whether the same reason is to be told again."""
    return bool(state.reason) and state.told_at >= 0 and now - state.told_at >= AGAIN_SECONDS


class Ticking:
    """Calls something every second from a thread of its own, in a ``with``."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="waiting", daemon=True)

    def _run(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            self._tick()

    def __enter__(self) -> Ticking:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(TICK_SECONDS)

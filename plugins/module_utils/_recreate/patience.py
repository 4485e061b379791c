# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long one pod is worked on, and how a request that fails for now is tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed, ListExpired
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock

# Nobody waits longer than this without asking whether the run is to end.
LOOK_SECONDS = 1.0
# Between two tries of a request that was refused for now, or that got no answer.
FIRST_PAUSE_SECONDS = 0.5
LAST_PAUSE_SECONDS = 5.0

NOT_TOUCHED = "it was not touched"
NOT_AWAITED = "it had been removed, and its replacement was not waited for"

T = TypeVar("T")


class CannotRecreate(Exception):
    """The recreation of this pod failed; the text says why."""


class NoLongerNeeded(Exception):
    """The pod was removed, and nobody wants another; the text says why."""


class NotNow(Exception):
    """This pod cannot go now, and was not touched: why, and what helps. ``lasting``: it need not be looked at again."""

    def __init__(self, reason: str, remedy: str = "", *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.lasting = lasting


class Stopped(CannotRecreate):
    """The run is to end: an interrupt, or the lease is lost."""


def is_budget(error: ApiError) -> bool:
    """Whether a PodDisruptionBudget is what refused."""
    return any(cause.get("reason") == "DisruptionBudget" for cause in error.causes)


def is_namespace(error: ApiError) -> bool:
    """Whether nothing can be created because the namespace is gone, or being deleted (which may take for ever)."""
    return error.status == 404 or any(cause.get("reason") == "NamespaceTerminating" for cause in error.causes)


def is_transient(error: Exception) -> bool:
    """Whether the same request may succeed later: throttled, refused by a budget, a server in trouble, no answer at all."""
    if isinstance(error, ListExpired):
        return True
    if isinstance(error, ApiError):
        return error.status == 429 or (error.status >= 500 and "PodDisruptionBudget" not in error.message)
    return True


def sleep(clock: Clock, stop: Callable[[], str], seconds: float) -> None:
    """Wait where there is nothing to watch; not longer than the run may go on."""
    end = clock.monotonic() + seconds
    while not stop() and clock.monotonic() < end:
        clock.sleep(min(end - clock.monotonic(), LOOK_SECONDS))


def _unheard(why: str) -> None:
    """Nobody wants to know."""


class Patience:
    """The deadline of one pod, in seconds from now, and the pauses between tries.

    ``stop`` says why the run is to end; ``must_finish`` makes that wait, where ending now would lose the pod. ``note`` hears what
    is waited for; an empty text says that it is over.
    """

    def __init__(
        self, clock: Clock, stop: Callable[[], str], timeout: float, note: Callable[[str], None] = _unheard
    ) -> None:
        self._clock = clock
        self._stop = stop
        self.note = note
        self._started = clock.monotonic()
        self._pause = FIRST_PAUSE_SECONDS
        self.timeout = timeout
        self.must_finish = False
        self.state = NOT_TOUCHED  # of the pod, for whoever reads why the run ended

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock.monotonic() - self._started

    @property
    def remaining(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self.timeout - self.elapsed

    @property
    def used_up(self) -> bool:
        """Whether the next pause would reach the deadline."""
        return self.remaining <= self._pause

    def stop(self) -> str:
        """Why to give up now; empty while the run goes on, and where ending would lose the pod."""
        return "" if self.must_finish else self._stop()

    def check_stop(self) -> None:
        """Raise Stopped where the run is to end, unless that would lose the pod."""
        why = self.stop()
        if why:
            raise Stopped(f"the run stopped: {why}; {self.state}")

    def wait_while(self, hold: Callable[[], str]) -> None:
        """Wait for as long as something says why nothing may be removed. Raises NotNow at the deadline, and Stopped."""
        while hold():
            self.note(hold())
            if self.remaining <= 0:
                raise NotNow(hold())
            self.sleep(FIRST_PAUSE_SECONDS)
            self.check_stop()
        self.note("")

    def sleep(self, seconds: float) -> None:
        """Wait where there is nothing to watch."""
        sleep(self._clock, self.stop, seconds)

    def note_retry_after(self, error: ApiError) -> None:
        """A server that throttles says when to come again; of a budget it does not know when it frees up."""
        self.note(error.message)
        wanted = error.retry_after or 0.0
        self._pause = max(self._pause, min(wanted, LAST_PAUSE_SECONDS) if is_budget(error) else wanted)

    def back_off(self) -> None:
        """Pause before the next try, longer each time. Raises Stopped."""
        self.sleep(max(min(self._pause, self.remaining), 0.0))
        self._pause = min(max(self._pause * 1.5, FIRST_PAUSE_SECONDS), LAST_PAUSE_SECONDS)
        self.check_stop()

    def retry(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer: a server that restarts, or has too much to do, is waited for to the deadline."""
        pause, failed = FIRST_PAUSE_SECONDS, False
        while True:
            try:
                answer = ask()
            except (ApiError, ConnectionFailed) as error:
                pause = max(pause, (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0)
                if not is_transient(error) or self.remaining <= pause:
                    raise
                failed = True
                self.note(error.message)
                self.sleep(pause)
                self.check_stop()
                pause = min(pause * 2, LAST_PAUSE_SECONDS)
            else:
                if failed:
                    self.note("")
                return answer

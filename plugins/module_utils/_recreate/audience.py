# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether anybody still waits for the result: a run whose controller was killed must not go on alone.

A killed controller sends no signal. It is known by what it leaves: nobody reads the output, the parent process is another one,
or nobody holds the lock on the progress file any more, which the action plugin took. With ``async`` none of it tells anything
but the end of the job's own supervisor, as it should be.
"""

from __future__ import annotations

import os
import select

from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress

STDOUT = 1
_GONE = select.POLLERR | select.POLLHUP


class Audience:
    """Who waits for a module, from its beginning on."""

    def __init__(self, progress: Progress | None = None, output: int = STDOUT) -> None:
        self._progress = progress
        self._output = output
        self._parent = os.getppid()
        self._said = ""

    def said(self) -> str:
        """Why nobody waits any more, as a clause; empty while somebody does."""
        self._said = self._said or self._why_gone()
        return self._said

    def _why_gone(self) -> str:
        if os.getppid() != self._parent:
            return "nobody waits for it any more: the process that started it is gone"
        if self._progress is not None and self._progress.lost_its_follower():
            return "nobody waits for it any more: the controller is gone, or its task has timed out"
        if _has_no_reader(self._output):
            return "nobody waits for it any more: its output is closed"
        return ""


def _has_no_reader(descriptor: int) -> bool:
    """Whether the other end of a pipe, a socket or a terminal is closed. A file always has a reader."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & _GONE for _descriptor, events in poll.poll(0))

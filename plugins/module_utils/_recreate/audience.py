# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether anybody still waits for the result: a run whose controller was killed must not go on alone.

A killed controller sends no signal. It is known by what it leaves: nobody reads the output, the parent process is another one,
or nobody holds the lock on the progress file any more, which the action plugin took. With ``async`` none of it tells anything
but the end of the job's own supervisor, as it should be.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select

STDOUT = 1
_GONE = select.POLLERR | select.POLLHUP


class Audience:
    """Who waits for a module, from its beginning on. ``progress_file`` counts only where somebody holds a lock on it."""

    def __init__(self, progress_file: str | None = None, output: int = STDOUT) -> None:
        self._output = output
        self._parent = os.getppid()
        self._file = progress_file if progress_file and _is_locked(progress_file) else ""
        self._said = ""

    def said(self) -> str:
        """Why nobody waits any more, as a clause; empty while somebody does. Then the progress file is removed, too."""
        if not self._said:
            self._said = self._why_gone()
            if self._said and self._file:
                with contextlib.suppress(OSError):
                    os.unlink(self._file)
        return self._said

    def _why_gone(self) -> str:
        if os.getppid() != self._parent:
            return "nobody waits for it any more: the process that started it is gone"
        if self._file and not _is_locked(self._file):
            return "nobody waits for it any more: the controller is gone, or its task has timed out"
        if _has_no_reader(self._output):
            return "nobody waits for it any more: its output is closed"
        return ""


def _is_locked(path: str) -> bool:
    """Whether a process holds a lock on a file; no, where there is no such file, or it may not be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks
    finally:
        os.close(descriptor)
    return False


def _has_no_reader(descriptor: int) -> bool:
    """Whether the other end of a pipe, a socket or a terminal is closed. A file always has a reader."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & _GONE for _descriptor, events in poll.poll(0))

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's interrupt (or a controller's): noted, not obeyed on the spot, so that nothing is left half done."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """In a ``with``: the first signal is kept in words, for whoever asks whether to go on."""

    def __init__(self) -> None:
        self._said = ""
        self._before: dict[signal.Signals, object] = {}

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._said = self._said or f"it was interrupted ({signal.Signals(number).name})"

    def said(self) -> str:
        """What came; empty while nothing has."""
        return self._said

    def __enter__(self) -> Interrupts:
        for number in SIGNALS:
            # A signal that is ignored from outside (nohup) stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal() itself has returned

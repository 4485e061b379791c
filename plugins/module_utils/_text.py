# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes untrusted text (from a cluster or a user) safe to show, as one short line, and times easy to read."""

from __future__ import annotations

LINE = 300


def _visible(character: str) -> str:
    """A printable character as it is, any other one escaped: it must not control a terminal or break a log line."""
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def plain(text: object, limit: int = LINE) -> str:
    """Any value as one line of at most ``limit`` characters. Only characters that cannot be printed are escaped.

    It is idempotent: a message may contain text that went through it before.
    """
    line = str(text)[: limit + 1]  # what comes after that is cut off anyhow
    if not line.isprintable():
        line = "".join(map(_visible, line))
    return line if len(line) <= limit else line[: limit - 3] + "..."


def quoted(text: object, limit: int = 80) -> str:
    """The same, with strings in single quotes and other values as Python writes them."""
    if not isinstance(text, str):
        return plain(repr(text), limit)
    return f"'{plain(text, limit - 2)}'"


def duration(seconds: float) -> str:
    """A number of seconds as people say it: ``45 s``, ``5 min 40 s``, ``2 h 5 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    shown = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if count]
    return " ".join(shown[:2]) or "0 s"

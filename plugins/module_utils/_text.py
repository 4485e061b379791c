# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Untrusted text made safe to show: what a cluster or a user wrote, as one short line."""

from __future__ import annotations

LINE = 300


def _visible(character: str) -> str:
    """A character as it is where it can be printed; else its escape, so that no terminal obeys it and no log line breaks."""
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def plain(text: object, limit: int = LINE) -> str:
    """Any value as one line of at most ``limit`` characters; only what cannot be printed is escaped.

    Applied twice it changes nothing more, so a message may hold text that went through it before.
    """
    line = "".join(_visible(character) for character in str(text))
    return line if len(line) <= limit else line[: limit - 3] + "..."


def quoted(text: object, limit: int = 80) -> str:
    """The same in single quotes where it is a text; a value of another type as Python shows it."""
    if not isinstance(text, str):
        return plain(repr(text), limit)
    return f"'{plain(text, limit - 2)}'"

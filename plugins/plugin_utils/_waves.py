# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of waves in every form in which a person, or a survey, may give them. Pure."""

from __future__ import annotations

import re
from typing import Any

# A list as text, in JSON.
_IN_JSON = re.compile(r"""[\[\]"']""")
_SIZE = re.compile(r"^(\d+)(%?)$")


def waves(given: Any) -> list[int | str]:
    """The sizes as ``serial`` of a play takes them: a number, a percentage, a list, or text such as ``1 5 25%``.

    Raises ValueError for anything else, and for a wave of nothing.
    """
    entries = (
        given if isinstance(given, (list, tuple)) else [_IN_JSON.sub(" ", given) if isinstance(given, str) else given]
    )
    sizes = [_size(part, given) for entry in entries for part in re.split(r"[\s,]+", str(entry).strip())]
    if not sizes:
        raise ValueError(_complaint("", given))
    return sizes


def _size(part: str, given: Any) -> int | str:
    found = _SIZE.match(part)
    if not found or int(found[1]) == 0 or (found[2] and int(found[1]) > 100):
        raise ValueError(_complaint(part, given))
    return part if found[2] else int(part)


def _complaint(part: str, given: Any) -> str:
    return (
        f"{part!r} in {str(given)[:100]!r} is no size of a wave. Give a number (1 or more), a percentage (1% to 100%), or several"
        " with spaces between them, such as 1 5 25%."
    )

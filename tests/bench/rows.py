# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, to be looked up, and its figures as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from tests.bench.setting import Row

NOTHING = "-"

Kind = tuple[str, int, int]  # version of Kubernetes, pods, share of them on ECI in percent


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and the lines; the first ``keys`` columns tell one line from another."""

    name: str
    title: str
    columns: tuple[str, ...]
    lines: Sequence[tuple[str, ...]]
    keys: int = 3

    def over(self, earlier: Sequence[tuple[str, ...]]) -> Table:
        """With the earlier lines of all that is not among its own."""
        lines = {line[: self.keys]: line for line in [*earlier, *self.lines]}
        return replace(self, lines=list(lines.values()))


def read(directory: Path) -> list[Row]:
    """All rows that lie in the directory."""
    return [
        Row(**entry)
        for path in sorted(directory.glob("*-*.json"))
        for entry in json.loads(path.read_text(encoding="utf-8"))
    ]


class Rows:
    """Rows to be looked up."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {(row.part, row.version, row.pods, row.share, row.who): row for row in rows}

    def kinds(self, part: str, who: str = "ours") -> list[Kind]:
        """Version, pods and share of everything measured in a part, in order."""
        found = {key[1:4] for key in self._rows if key[0] == part and key[4] == who}
        return sorted(found, key=lambda kind: (kind[0], kind[1], -kind[2]))

    def versions(self) -> list[str]:
        """All versions of Kubernetes that anything was measured on."""
        return sorted({key[1] for key in self._rows})

    def get(self, part: str, kind: Kind, who: str) -> Row | None:
        """One of them."""
        return self._rows.get((part, *kind, who))

    def any_size(self, part: str, version: str, who: str) -> Row | None:
        """One of them, whatever its number of pods."""
        return next((row for key, row in self._rows.items() if (key[0], key[1], key[4]) == (part, version, who)), None)


def middle(row: Row | None) -> float | None:
    """The median of the runs."""
    return median(row.seconds) if row and row.seconds else None


def number(value: float | None, digits: int = 2) -> str:
    """A number, or a dash."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def spread(row: Row | None, digits: int = 2) -> str:
    """Median, and the least and the most where there was more than one run."""
    if row is None or not row.seconds:
        return NOTHING
    least, most = min(row.seconds), max(row.seconds)
    several = f" ({least:.{digits}f} to {most:.{digits}f})" if len(row.seconds) > 1 else ""
    return f"{median(row.seconds):.{digits}f}{several}"


def over(above: Row | None, below: Row | None) -> float | None:
    """How many times as long the first takes."""
    one, other = middle(above), middle(below)
    return None if one is None or not other else one / other


def ratio(above: Row | None, below: Row | None) -> str:
    """The same as text."""
    times = over(above, below)
    return NOTHING if times is None else f"{times:.1f}x"

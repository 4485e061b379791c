# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one HTML file that needs no network: Jinja2 escapes everything, and a policy lets no script run but our own."""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ansible_collections.ackops.eci.plugins.module_utils._text import duration
from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import CLUSTER_STATES, VERDICTS

_PAGE = Path(__file__).with_name("report_page")
_WIDTH = 1000  # of a bar and of the timeline, in the units of their SVG
_LEAST = 6
PLANNED = ("predicted", "blocked")
# Recreations further apart than this are of different runs: each cluster then has a timeline of its own.
_ONE_RUN = 24 * 3600


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _time(text: object) -> datetime.datetime | None:
    """A moment as RFC 3339 writes it; None where it is none."""
    try:
        found = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _moment(text: object) -> str:
    found = _time(text)
    return found.astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC") if found else str(text or "")


def _clock_time(text: object) -> str:
    found = _time(text)
    return found.astimezone(datetime.timezone.utc).strftime("%H:%M:%S") if found else str(text or "")


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _segments(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The parts of a bar; a small one stays visible, and a gap is between two."""
    found = [(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]]
    total = sum(count for _verdict, count in found)
    room = _WIDTH - _LEAST * len(found)
    parts, x = [], 0.0
    for verdict, count in found:
        width = _LEAST + room * count / total
        drawn = width - (3 if x + width < _WIDTH - 1 else 0)
        parts.append({
            "verdict": verdict, "count": count, "x": f"{x:.1f}", "width": f"{drawn:.1f}", "words": f"{count} {verdict}",
        })  # fmt: skip
        x += width
    return parts


# -- the timeline ------------------------------------------------------------------------------------------------


def _bounds(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """When the first of these was begun and the last had ended, as seconds."""
    spans = [
        (start.timestamp(), start.timestamp() + row["entry"]["seconds"])
        for row in rows
        if (start := _time(row["entry"]["started_at"]))
    ]
    return (min(start for start, _end in spans), max(end for _start, end in spans)) if spans else None


def _on_timeline(rows: list[dict[str, Any]]) -> str:
    """Give each row its place on the timeline; return how long it all took."""
    bounds = _bounds(rows)
    if bounds is None:
        return ""
    together = bounds[1] - bounds[0] <= _ONE_RUN
    for name in {row["cluster"] for row in rows}:
        mine = [row for row in rows if row["cluster"] == name]
        first, last = bounds if together else (_bounds(mine) or bounds)
        scale = _WIDTH / max(last - first, 1.0)
        for row in mine:
            start = _time(row["entry"]["started_at"])
            if start is None:
                continue
            after, seconds = start.timestamp() - first, row["entry"]["seconds"]
            width = min(max(seconds * scale, _LEAST), _WIDTH)
            row["x"] = f"{min(after * scale, _WIDTH - width):.1f}"
            row["width"] = f"{width:.1f}"
            row["after"] = f"begun {duration(after)} after the first, took {seconds:.1f} s"
    return duration(bounds[1] - bounds[0]) if together else ""


def _notes(clusters: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Each hint once, with the clusters that it is about."""
    found: dict[str, list[str]] = {}
    for one in clusters:
        for line in (*one["hints"], *([f"Matrix: {one['matrix']}"] if one["matrix"] else [])):
            found.setdefault(line, []).append(one["cluster"])
    return [
        (line, "all clusters" if len(names) == len(clusters) else ", ".join(names[:8]) + (" ..." if names[8:] else ""))
        for line, names in found.items()
    ]


def render_html(document: Mapping[str, Any]) -> str:
    """The page of a report document."""
    environment = Environment(
        loader=FileSystemLoader(_PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(moment=_moment, clock_time=_clock_time, capitalized=_capitalized, segments=_segments)
    style, script = ((_PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    clusters = document["clusters"]
    entries = [
        {"cluster": one["cluster"], "entry": entry, "x": "0", "width": "", "after": ""}
        for one in clusters
        for entry in one["recreations"]
    ]
    moved = [row for row in entries if row["entry"]["outcome"] not in PLANNED]
    span = _on_timeline(moved)
    return environment.get_template("page.html.j2").render(
        document=document,
        fleet=len(clusters) > 1,
        worst=clusters[0]["state"] if clusters else "no_result",
        states=CLUSTER_STATES,
        state_words=[words for state, words in CLUSTER_STATES.items() if document["states"][state]],
        verdicts=VERDICTS,
        pods=[{"cluster": one["cluster"], "pod": pod} for one in clusters for pod in one["pods"]],
        planned=[row for row in entries if row["entry"]["outcome"] in PLANNED],
        moved=moved,
        unlisted_pods=sum(one["pods_not_listed"] for one in clusters),
        unlisted_moves=sum(one["recreations_not_listed"] for one in clusters),
        timed=any(row["width"] for row in moved),
        span=span,
        notes=_notes(clusters),
        style=Markup(style),  # noqa: S704  constant
        script=Markup(script),  # noqa: S704  constant
        style_hash=_hash(style),
        script_hash=_hash(script),
    )

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From rows to tables, in the terminal and on the page of the documentation; and the curves."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from tests.bench import goals
from tests.bench.rows import NOTHING, Rows, Table, number, ratio, spread
from tests.bench.setting import Row
from tests.dev.paths import REPO

DOCS = REPO / "docs" / "docsite" / "rst"
TEMPLATE = Path(__file__).with_name("speed.rst.in")


def _check(rows: Rows) -> Table:
    lines = []
    for kind in rows.kinds("scan"):
        ours, seed, info = (rows.get("scan", kind, who) for who in ("ours", "seed", "k8s_info"))
        lines.append(
            (
                kind[0],
                f"{kind[1]:,}",
                f"{kind[2]} %",
                spread(ours),
                spread(seed),
                ratio(seed, ours),
                spread(info),
                ratio(info, ours),
            )
        )
    return Table(
        "check", "Check of a cluster, whole run, in seconds",
        ("Kubernetes", "pods", "on ECI", "ackops.eci", "by hand", "to ours", "k8s_info", "to ours"), lines,
    )  # fmt: skip


def _scan(rows: Rows) -> Table:
    lines = []
    for kind in rows.kinds("scan", "gather"):
        gather, limit = (rows.get("scan", kind, who) for who in ("gather", "bytes"))
        read_mb = number(gather.more.get("mb_read"), 1) if gather else NOTHING
        lines.append(
            (kind[0], f"{kind[1]:,}", f"{kind[2]} %", spread(gather), spread(limit), ratio(gather, limit), read_mb)
        )
    return Table(
        "scan", "The scan alone, and fetching its bytes only, in seconds",
        ("Kubernetes", "pods", "on ECI", "scan", "bytes alone", "ratio", "MB read"), lines,
    )  # fmt: skip


def _memory(rows: Rows) -> Table:
    lines = []
    for kind in rows.kinds("scan"):
        found = [rows.get("scan", kind, who) for who in ("ours", "seed", "k8s_info")]
        alone = rows.get("scan", kind, "gather")
        memory = [number(row.peak_mb, 0) if row else NOTHING for row in (*found, alone)]
        lines.append((kind[0], f"{kind[1]:,}", f"{kind[2]} %", *memory))
    return Table(
        "memory", "Peak memory of a check, all processes together, in MB",
        ("Kubernetes", "pods", "on ECI", "ackops.eci", "by hand", "k8s_info", "the scan alone"), lines,
    )  # fmt: skip


def _computed(row: Row | None) -> float | None:
    return median(row.cpu) + median(row.server_cpu) if row and row.cpu and row.server_cpu else None


def _cpu(rows: Rows) -> Table:
    lines = []
    for kind in rows.kinds("scan"):
        ours, seed, info = (rows.get("scan", kind, who) for who in ("ours", "seed", "k8s_info"))
        cells = []
        for row in (ours, seed, info):
            cells += (
                [number(median(part)) if part else NOTHING for part in (row.cpu, row.server_cpu)]
                if row
                else [NOTHING] * 2
            )
        least = _computed(ours)
        times = [f"{total / least:.1f}x" if least and (total := _computed(row)) else NOTHING for row in (seed, info)]
        lines.append((kind[0], f"{kind[1]:,}", f"{kind[2]} %", *cells[:4], times[0], *cells[4:], times[1]))
    return Table(
        "cpu", "CPU seconds of a check: the run itself, and the API server and etcd",
        ("Kubernetes", "pods", "on ECI", "ackops.eci", "server", "by hand", "server", "to ours", "k8s_info", "server", "to ours"),
        lines,
    )  # fmt: skip


def _recreation(rows: Rows) -> Table:
    lines = []
    for version, pods, _share in rows.kinds("serial 1"):
        ours, limit, loop = (rows.any_size("serial 1", version, who) for who in ("ours", "limit", "shell loop"))
        lines.append(
            (
                version,
                f"{pods:,}",
                "1",
                spread(ours, 3),
                spread(limit, 3),
                ratio(ours, limit),
                spread(loop, 3),
                ratio(loop, ours),
            )
        )
    for version, pods, _share in rows.kinds("serial 25 %"):
        ours, limit = (rows.any_size("serial 25 %", version, who) for who in ("ours", "limit"))
        lines.append(
            (version, f"{pods:,}", "25 %", spread(ours, 3), spread(limit, 3), ratio(ours, limit), NOTHING, NOTHING)
        )
    return Table(
        "recreation", "Recreation, in seconds for each pod",
        ("Kubernetes", "pods", "serial", "ackops.eci", "control plane alone", "ratio", "shell loop", "to ours"), lines,
    )  # fmt: skip


def _rollouts(rows: Rows) -> Table:
    lines = []
    ways = ("kubectl rollout restart", "restart", "strategy", "auto", "evict")
    for version, pods, _share in rows.kinds("rollouts", ways[0]):
        found = {who: rows.get("rollouts", (version, pods, 0), who) for who in ways}
        lines += [
            (
                version,
                f"{pods:,}",
                who,
                spread(row, 1),
                ratio(row, found[ways[0]]),
                number(row.more["whole"], 1),
                number(row.more["without_ready"], 1),
            )
            for who, row in found.items()
            if row
        ]
    return Table(
        "rollouts", "One Deployment whose pods take 3 s to start, in seconds",
        ("Kubernetes", "replicas", "way", "until all are new and Ready", "to kubectl", "whole run", "without a Ready pod"),
        lines,
    )  # fmt: skip


def _load(rows: Rows) -> Table:
    lines = []
    for kind in rows.kinds("load"):
        row = rows.get("load", kind, "ours")
        more = row.more if row else {}
        kilobytes = more["bytes"] / 1000 if "bytes" in more else None
        lines.append(
            (
                kind[0],
                f"{kind[1]:,}",
                number(more.get("requests"), 1),
                number(more.get("events"), 1),
                number(kilobytes, 1),
            )
        )
    return Table(
        "load", "What one recreated pod asks of the API server",
        ("Kubernetes", "pods in the cluster", "requests", "watch events", "kB received"), lines, keys=2,
    )  # fmt: skip


def _runs(rows: Rows) -> Table:
    lines = []
    for version, _pods, _share in rows.kinds("startup"):
        ours, trivial = (rows.any_size("startup", version, who) for who in ("ours", "trivial"))
        what = f"empty cluster, against {ours.more.get('tasks', 0):.0f} trivial tasks" if ours else ""
        lines.append((version, what, spread(ours), spread(trivial), ratio(ours, trivial)))
    for version, _pods, _share in rows.kinds("fleet"):
        ours, limit = (rows.any_size("fleet", version, who) for who in ("ours", "limit"))
        what = f"{ours.more['contexts']:.0f} clusters, forks {ours.more['forks']:.0f}" if ours else ""
        lines.append((version, what, spread(ours), spread(limit), ratio(ours, limit)))
    return Table(
        "runs_table", "Start-up, and a fleet, in seconds",
        ("Kubernetes", "run", "ackops.eci", "compared with", "ratio"), lines, keys=2,
    )  # fmt: skip


def tables(rows: Iterable[Row]) -> list[Table]:
    """Everything that was measured."""
    known = Rows(rows)
    return [make(known) for make in (goals.table, _check, _cpu, _scan, _memory, _recreation, _rollouts, _load, _runs)]


def as_text(table: Table) -> str:
    """For the terminal."""
    cells = [table.columns, *table.lines]
    widths = [max(len(line[place]) for line in cells) for place in range(len(table.columns))]
    shown = ["  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in cells]
    return "\n".join([f"\n== {table.title}", *shown])


def table(rows: Iterable[Row]) -> str:
    """All tables for the terminal."""
    return "\n".join(as_text(one) for one in tables(rows) if one.lines)


def as_rst(table: Table) -> str:
    """For the page."""
    lines = [f".. list-table:: {table.title}", "   :header-rows: 1", ""]
    for cells in (table.columns, *table.lines):
        lines += [f"   {'*' if place == 0 else ' '} - {text}" for place, text in enumerate(cells)]
    return "\n".join(lines)


def lines_on(page: str, title: str) -> list[tuple[str, ...]]:
    """The lines of a table on a page that was written earlier; none where it is not there."""
    _before, _found, rest = page.partition(f".. list-table:: {title}\n")
    lines: list[tuple[str, ...]] = []
    for text in rest.partition("\n\n")[2].partition("\n\n")[0].splitlines():
        mark, cell = text[3:5], text[7:]
        lines = [*lines, (cell,)] if mark == "* " else [*lines[:-1], (*lines[-1], cell)]
    return lines[1:]


def page(rows: Sequence[Row], template: str, machine: str, earlier: str = "") -> str:
    """The page: the template's words, with the tables where it names them; what was not measured stands as on the earlier page.

    Raises KeyError on a name that it does not know.
    """
    whole = [one.over(lines_on(earlier, one.title)) for one in tables(rows)]
    made = {one.name: as_rst(one) if one.lines else "(not measured)" for one in whole}
    runs = max((len(row.seconds) for row in rows), default=0)
    loads = [row.load for row in rows] or [0.0]
    load = f"{min(loads):.1f} to {max(loads):.1f}"
    parts = {**made, "machine": machine, "runs": str(runs), "load_average": load}
    text = template
    for name, content in parts.items():
        text = text.replace("{{" + name + "}}", content)
    if "{{" in text:
        raise KeyError(text.partition("{{")[2].partition("}}")[0])
    return text


def this_machine() -> str:
    """What the figures were measured on, in a few words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux, Python {platform.python_version()}"


def write_page(rows: Sequence[Row], picture: Path) -> None:
    """Write the page and its picture into the documentation."""
    DOCS.mkdir(parents=True, exist_ok=True)
    target = DOCS / "speed.rst"
    earlier = target.read_text(encoding="utf-8") if target.exists() else ""
    target.write_text(page(rows, TEMPLATE.read_text(encoding="utf-8"), this_machine(), earlier), encoding="utf-8")
    if any(row.part == "scan" for row in rows):  # the picture is of them
        (DOCS / picture.name).write_bytes(picture.read_bytes())

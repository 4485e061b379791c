# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts of the benchmark: what is measured reaches the tables and the page as it is, and nothing else does."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.bench import goals, measure, pods, report, rows
from tests.bench.measure import Outcome
from tests.bench.setting import Row
from tests.cluster.control_plane import REAL_NODE

KIND = ("1.24", 10_000, 25)


def row(part: str, who: str, *seconds: float, **rest: object) -> Row:
    """Something measured on 10,000 pods."""
    return Row(part, *(KIND[0], who, *KIND[1:]), seconds=list(seconds), **rest)  # type: ignore[arg-type]


ROWS = [
    row("scan", "ours", 1.0, 1.5, 2.0, peak_mb=80.0, cpu=[1.0, 1.0, 1.1], server_cpu=[0.4, 0.5, 0.9]),
    row("scan", "seed", 15.0, peak_mb=2300.4, cpu=[12.0], server_cpu=[3.0]),
    row("scan", "gather", 0.6, more={"mb_read": 16.04}),
    row("scan", "bytes", 0.5),
    row("startup", "ours", 1.2, more={"tasks": 12}),
    row("startup", "trivial", 2.4),
    row("load", "ours", more={"requests": 5.04, "events": 3.0, "bytes": 12_300.0}),
]


def lines_of(name: str) -> list[tuple[str, ...]]:
    """The lines of one table."""
    return [line for table in report.tables(ROWS) if table.name == name for line in table.lines]


def test_tables_show_medians_spread_and_ratios() -> None:
    """What was not measured is a dash, never a number."""
    assert lines_of("check") == [
        ("1.24", "10,000", "25 %", "1.50 (1.00 to 2.00)", "15.00", "10.0x", "-", "-"),
    ]  # fmt: skip
    assert lines_of("scan") == [("1.24", "10,000", "25 %", "0.60", "0.50", "1.2x", "16.0")]
    assert lines_of("memory") == [("1.24", "10,000", "25 %", "80", "2,300", "-", "0")]
    assert lines_of("cpu") == [
        ("1.24", "10,000", "25 %", "1.00", "0.50", "12.00", "3.00", "10.0x", "-", "-", "-"),
    ]  # fmt: skip
    assert lines_of("load") == [("1.24", "10,000", "5.0", "3.0", "12.3")]
    assert lines_of("runs_table") == [("1.24", "empty cluster, against 12 trivial tasks", "1.20", "2.40", "0.5x")]
    assert lines_of("recreation") == []


def test_rows_come_back_from_json(tmp_path: Path) -> None:
    """The page can be made later from what lies in the directory."""
    (tmp_path / "scan-1.24.json").write_text(json.dumps([vars(one) for one in ROWS]), encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert rows.read(tmp_path) == ROWS


def test_the_page_has_every_table_and_says_what_was_not_measured() -> None:
    """The template names tables that exist, and no figures of its own are left unfilled."""
    text = report.page(ROWS, report.TEMPLATE.read_text(encoding="utf-8"), "a machine")
    assert "{{" not in text
    assert "   * - 1.24\n     - 10,000\n     - 25 %\n     - 1.50 (1.00 to 2.00)\n" in text
    assert "(not measured)" in text
    with pytest.raises(KeyError, match="unknown"):
        report.page(ROWS, "{{unknown}}", "a machine")


def test_what_was_not_measured_again_stays_on_the_page() -> None:
    """Line by line: of another version, of another part, of a goal that this run says nothing of."""
    template = report.TEMPLATE.read_text(encoding="utf-8")
    earlier = report.page(ROWS, template, "a machine")
    assert report.page([], template, "a machine", earlier).count("list-table") == earlier.count("list-table")
    again = [Row("load", version, "ours", 10_000, 25, more={"requests": 7.0}) for version in ("1.24", "1.31")]
    written = report.page(again, template, "a machine", earlier)
    found = {table.name: report.lines_on(written, table.title) for table in report.tables(ROWS)}
    assert found["load"] == [("1.24", "10,000", "7.0", "-", "-"), ("1.31", "10,000", "7.0", "-", "-")]
    for name in ("check", "scan", "memory", "runs_table", "goals"):
        assert found[name] == lines_of(name) != []


def test_the_page_says_first_what_a_user_gains() -> None:
    """Then the figures; the goals of those who work on it come last. The page in the documentation has the same sections."""
    titles = re.compile(r"^(.+)\n(?:-+|=+)$", re.MULTILINE)
    sections = titles.findall(report.TEMPLATE.read_text(encoding="utf-8"))
    assert (sections[1], sections[-1]) == ("What you gain", "Internal goals")
    assert titles.findall((report.DOCS / "speed.rst").read_text(encoding="utf-8")) == sections


def test_the_text_is_aligned() -> None:
    """For the terminal."""
    [check] = [table for table in report.tables(ROWS) if table.name == "check"]
    first, *lines = report.as_text(check).splitlines()[1:]
    assert first.startswith("== Check")
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("share", [100, 25, 1])
def test_pods_are_placed_as_the_share_says(share: int) -> None:
    """And every tenth of those on ECI is old, at whatever size the cluster is looked at."""
    for size in (1000, 10_000):
        placed = [pods.placed(number, share) for number in range(size)]
        virtual = [version for node, version in placed if node != REAL_NODE]
        assert len(virtual) == size * share // 100
        assert Counter(virtual)[pods.OLD] == len(virtual) // pods.OLD_EVERY
        assert all((version is None) == (node == REAL_NODE) for node, version in placed)


def test_contenders_run_in_turn_and_the_slow_ones_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first run of each has its memory sampled, and counts only where it is the only one."""
    calls: list[tuple[str, bool]] = []

    def contender(who: str, seconds: float) -> measure.Contender:
        def once(memory: bool) -> Outcome:
            calls.append((who, memory))
            return Outcome(0, "", seconds, 0.0, 7.0 if memory else 0.0)

        return once

    monkeypatch.setattr(measure, "REST_SECONDS", 0.0)
    found = measure.in_turn({"quick": contender("quick", 1), "slow": contender("slow", 99)}, times=2, patience=10)
    assert calls == [("quick", True), ("slow", True), ("quick", False), ("quick", False)]
    assert {who: (len(runs), peak) for who, (runs, peak) in found.items()} == {"quick": (2, 7.0), "slow": (1, 7.0)}


def test_a_command_is_measured_with_its_children(tmp_path: Path) -> None:
    """Their memory counts, and their processor time."""
    # Long enough to be seen by who gets no processor for a second.
    child = "import time; x = bytearray(60_000_000); sum(range(3_000_000)); time.sleep(2)"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    outcome = measure.run([sys.executable, "-c", both], os.environ, tmp_path, memory=True)
    assert (outcome.code, outcome.output) == (0, "")
    assert outcome.peak_mb > 60
    assert outcome.seconds > 2
    assert outcome.cpu_seconds > 0.02


def test_goals_are_met_or_missed_by_what_was_measured() -> None:
    """A goal that was not measured is not in the table; a bound is part of what is allowed."""
    lines = {line[1]: line[2:] for line in lines_of("goals")}
    assert lines == {
        "check of 10,000 pods, 25 % on ECI: how many times faster than by hand": ("at least 10.0x", "10.0x", "met"),
        "check of any cluster, against by hand: the least": ("at least 1.0x", "10.0x", "met"),
        "scan against its bytes fetched and thrown away: the most": ("at most 1.50x", "1.20x", "met"),
        "start-up, against as many trivial tasks": ("at most 1.50x", "0.50x", "met"),
    }


def test_every_goal_can_be_missed() -> None:
    """Figures just beyond each bound: memory, growth, load and pace as well."""
    worse = [
        *(Row("scan", "1.24", "ours", size, share, [seconds], peak_mb=peak)
          for size, share, seconds, peak in ((10_000, 25, 1.51, 1.0), (10_000, 1, 1.0, 1.0), (50_000, 1, 1.6, 1.0),
                                             (10_000, 100, 2.0, 200.0), (50_000, 100, 9.0, 301.0))),
        Row("scan", "1.24", "seed", 10_000, 25, [1.5]),
        Row("scan", "1.24", "k8s_info", 10_000, 25, [60.0]),
        Row("scan", "1.24", "gather", 10_000, 25, [1.6]),
        Row("scan", "1.24", "bytes", 10_000, 25, [1.0]),
        Row("serial 1", "1.24", "ours", 200, 0, [0.25]),
        Row("serial 1", "1.24", "limit", 200, 0, [0.2]),
        Row("serial 1", "1.24", "shell loop", 30, 0, [0.9]),
        Row("serial 25 %", "1.24", "ours", 2000, 0, [0.1]),
        Row("serial 25 %", "1.24", "limit", 2000, 0, [0.079]),
        *(Row("rollouts", "1.24", who, 200, 0, [seconds])
          for who, seconds in (("kubectl rollout restart", 10.0), ("restart", 13.1), ("strategy", 20.1))),
        Row("rollouts", "1.24", "restart", 1, 0, [5.0], more={"without_ready": 0.0}),
        Row("rollouts", "1.24", "auto", 1, 0, [5.0], more={"without_ready": 0.1}),
        Row("load", "1.24", "ours", 200, 25, more={"bytes": 100.0}),
        Row("load", "1.24", "ours", 10_200, 25, more={"bytes": 120.0}),
        Row("fleet", "1.24", "ours", 1000, 25, [16.0]),
        Row("fleet", "1.24", "limit", 1000, 25, [10.0]),
        Row("startup", "1.24", "ours", 0, 0, [1.6]),
        Row("startup", "1.24", "trivial", 0, 0, [1.0]),
    ]  # fmt: skip
    lines = goals.table(rows.Rows(worse)).lines
    assert len(lines) == len(goals.GOALS)
    assert {line[-1] for line in lines} == {"missed"}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this collection wants to cost at the most, and whether it does: computed from what was measured, never written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.bench.rows import Rows, Table, over
from tests.bench.setting import Row

MEDIUM, LARGE = 10_000, 50_000


@dataclass(frozen=True)
class Goal:
    """A figure of one version of Kubernetes, and its bound. ``figure`` gives None where it was not measured."""

    name: str
    figure: Callable[[Rows, str], float | None]
    bound: float
    at_least: bool = False
    form: str = "{:.1f}x"

    def met(self, value: float) -> bool:
        """Whether a value is within the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def line(self, rows: Rows, version: str) -> tuple[str, ...] | None:
        """The line of the table."""
        value = self.figure(rows, version)
        if value is None:
            return None
        bound = ("at least " if self.at_least else "at most ") + self.form.format(self.bound)
        return (version, self.name, bound, self.form.format(value), "met" if self.met(value) else "missed")


def _times(who: str) -> Callable[[Rows, str], float | None]:
    def figure(rows: Rows, version: str) -> float | None:
        kind = (version, MEDIUM, 25)
        return over(rows.get("scan", kind, who), rows.get("scan", kind, "ours"))

    return figure


def _ratios(rows: Rows, version: str, above: str, below: str) -> list[float]:
    kinds = [kind for kind in rows.kinds("scan") if kind[0] == version]
    found = [over(rows.get("scan", kind, above), rows.get("scan", kind, below)) for kind in kinds]
    return [value for value in found if value is not None]


def _least_against_seed(rows: Rows, version: str) -> float | None:
    return min(_ratios(rows, version, "seed", "ours"), default=None)


def _scan_against_bytes(rows: Rows, version: str) -> float | None:
    return max(_ratios(rows, version, "gather", "bytes"), default=None)


def _peak(rows: Rows, version: str, pods: int) -> float | None:
    row = rows.get("scan", (version, pods, 100), "ours")
    return (row.peak_mb or None) if row else None


def _growth_of_memory(rows: Rows, version: str) -> float | None:
    large, medium = (_peak(rows, version, pods) for pods in (LARGE, MEDIUM))
    return large / medium if large and medium else None


def _growth_with_others(rows: Rows, version: str) -> float | None:
    large, medium = (rows.get("scan", (version, pods, 1), "ours") for pods in (LARGE, MEDIUM))
    return over(large, medium)


def _of(part: str, above: str, below: str) -> Callable[[Rows, str], float | None]:
    return lambda rows, version: over(rows.any_size(part, version, above), rows.any_size(part, version, below))


def _pace(rows: Rows, version: str) -> float | None:
    share = _of("serial 25 %", "limit", "ours")(rows, version)
    return None if share is None else 100 * share


def _rollout(rows: Rows, version: str, who: str) -> Row | None:
    """Of the large Deployment."""
    kinds = [kind for kind in rows.kinds("rollouts", who) if kind[0] == version]
    return rows.get("rollouts", kinds[-1], who) if kinds else None


def _against_rollout(who: str) -> Callable[[Rows, str], float | None]:
    return lambda rows, version: over(_rollout(rows, version, who), _rollout(rows, version, "kubectl rollout restart"))


def _without_ready(rows: Rows, version: str) -> float | None:
    found = [rows.get("rollouts", (version, 1, 0), who) for who in ("restart", "auto")]
    return max((row.more["without_ready"] for row in found if row), default=None)


def _growth_of_load(rows: Rows, version: str) -> float | None:
    found = [rows.get("load", kind, "ours") for kind in rows.kinds("load") if kind[0] == version]
    sizes = [row.more["bytes"] for row in found if row and row.more.get("bytes")]
    return sizes[-1] / sizes[0] if len(sizes) > 1 else None


GOALS = (
    Goal("check of 10,000 pods, 25 % on ECI: how many times faster than by hand", _times("seed"), 10, at_least=True),
    Goal("the same, against the k8s_info playbook", _times("k8s_info"), 40, at_least=True),
    Goal("check of any cluster, against by hand: the least", _least_against_seed, 1, at_least=True),
    Goal("check of 50,000 pods, 1 % on ECI, against 10,000: how much longer", _growth_with_others, 1.5),
    Goal("scan against its bytes fetched and thrown away: the most", _scan_against_bytes, 1.5, form="{:.2f}x"),
    Goal("peak memory of a check of 50,000 pods, all on ECI", lambda rows, version: _peak(rows, version, LARGE), 300,
         form="{:.0f} MB"),
    Goal("the same, against 10,000 pods", _growth_of_memory, 1.5),
    Goal("recreation one by one, against the control plane alone", _of("serial 1", "ours", "limit"), 1.2, form="{:.2f}x"),
    Goal("the same: how many times faster than the shell loop", _of("serial 1", "shell loop", "ours"), 4, at_least=True),
    Goal("recreation in wide waves: share of what the control plane can replace", _pace, 80, at_least=True, form="{:.0f} %"),
    Goal("one large Deployment, restart: against kubectl rollout restart", _against_rollout("restart"), 1.3, form="{:.2f}x"),
    Goal("the same, evictions with workload_serial: strategy", _against_rollout("strategy"), 2, form="{:.2f}x"),
    Goal("one replica, restart and auto: seconds without a Ready pod", _without_ready, 0, form="{:.1f} s"),
    Goal("bytes for each recreated pod, large cluster against small", _growth_of_load, 1.1, form="{:.2f}x"),
    Goal("fleet, against one cluster and what two cores must compute", _of("fleet", "ours", "limit"), 1.5, form="{:.2f}x"),
    Goal("start-up, against as many trivial tasks", _of("startup", "ours", "trivial"), 1.5, form="{:.2f}x"),
)  # fmt: skip


def table(rows: Rows) -> Table:
    """Goal by goal, for each version on which it was measured."""
    lines: Iterable[tuple[str, ...] | None] = (
        goal.line(rows, version) for version in rows.versions() for goal in GOALS
    )
    return Table(
        "goals", "Goals, and what was measured",
        ("Kubernetes", "what", "goal", "measured", "result"), [line for line in lines if line is not None], keys=2,
    )  # fmt: skip

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The curves of the check: seconds and memory against the number of pods, for each Kubernetes version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

from tests.bench.setting import Row

mpl.use("svg")
from matplotlib import pyplot

NAMES = {
    "ours": "ackops.eci",
    "seed": "by hand: kubectl | jq",
    "k8s_info": "k8s_info playbook",
    "gather": "the scan alone",
}
COLOURS = ("tab:blue", "tab:red", "tab:orange", "tab:green")
UNITS = ("seconds", "MB")
STYLES = ("-", "--", ":")


def _value(row: Row, unit: str) -> float:
    return median(row.seconds) if unit == "seconds" else row.peak_mb


def _curves(axis: Any, rows: Sequence[Row], unit: str) -> None:
    shares = sorted({row.share for row in rows}, reverse=True)
    for (who, name), colour in zip(NAMES.items(), COLOURS, strict=True):
        for share, style in zip(shares, STYLES, strict=False):
            mine = [row for row in rows if (row.who, row.share) == (who, share) and _value(row, unit)]
            points = sorted((row.pods, _value(row, unit)) for row in mine)
            if points:
                pods, values = zip(*points, strict=True)
                label = f"{name}, {share} %"
                axis.plot(pods, values, style, color=colour, marker="o", markersize=3, label=label)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the picture; nothing where no check was measured."""
    measured = [row for row in rows if row.part == "scan" and row.seconds]
    versions = sorted({row.version for row in measured})
    if not versions:
        return
    mpl.rcParams.update({"svg.hashsalt": "speed", "svg.fonttype": "none", "font.size": 9})
    figure, axes = pyplot.subplots(len(UNITS), len(versions), squeeze=False, figsize=(4.6 * len(versions) + 1, 7.5))
    for column, version in enumerate(versions):
        for line, unit in enumerate(UNITS):
            axis = axes[line][column]
            _curves(axis, [row for row in measured if row.version == version], unit)
            axis.set(xscale="log", yscale="log", xlabel="pods in the cluster", ylabel=unit)
            axis.set_title(f"Kubernetes {version}")
            axis.grid(visible=True, which="both", linewidth=0.3)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=3, fontsize=7, title="who, share of pods on ECI")
    figure.tight_layout(rect=(0, 0.15, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)

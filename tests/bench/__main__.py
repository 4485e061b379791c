# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure, print the table of ratios, write JSON and the curves; ``--page`` also writes the page of the documentation."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.bench import draw, fleet, recreation, report, rollouts, rows, scan, startup
from tests.bench.setting import Setting, say
from tests.dev.paths import cache_root

PARTS = {
    "scan": scan.part,
    "startup": startup.part,
    "fleet": fleet.part,
    "recreation": recreation.part,
    "rollouts": rollouts.part,
    "load": recreation.load,
}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--output", type=Path, default=cache_root() / "bench", help="where the JSON goes")
    parser.add_argument("--versions", type=_words, default=("1.24", "1.31"), help="of Kubernetes")
    parser.add_argument("--sizes", type=_numbers, default=(1000, 10_000, 50_000), help="pods in the cluster")
    parser.add_argument("--shares", type=_numbers, default=(100, 25, 1), help="of them on ECI, in percent")
    parser.add_argument("--times", type=int, default=3, help="runs of each")
    parser.add_argument("--parts", type=_words, default=tuple(PARTS), help="of: " + ",".join(PARTS))
    parser.add_argument(
        "--patience", type=float, default=40, help="seconds after which a slow contender is not run again"
    )
    parser.add_argument("--heaviest", type=int, default=10_000, help="largest cluster for the k8s_info playbook")
    parser.add_argument("--quick", action="store_true", help="a small run of everything, in a few minutes")
    parser.add_argument(
        "--page", action="store_true", help="write docs/docsite/rst/speed.rst and speed.svg from all JSON"
    )
    return parser.parse_args(arguments)


def _setting(options: argparse.Namespace) -> Setting:
    quick = options.quick
    return Setting(
        output=options.output,
        versions=("1.24",) if quick else options.versions,
        sizes=(200, 1000) if quick else options.sizes,
        shares=(25,) if quick else options.shares,
        times=1 if quick else options.times,
        patience=options.patience,
        heaviest=options.heaviest,
        recreated=10 if quick else 200,
        wide=(40, 10) if quick else (2000, 100),
        rolled=20 if quick else 200,
        load_sizes=(0, 500) if quick else (0, 10_000),
        contexts=4 if quick else 20,
    )


def main(arguments: list[str]) -> int:
    """Measure part by part; the report is of all that lies in the output directory."""
    options = _options(arguments)
    setting = _setting(options)
    if options.quick:
        setting = setting.elsewhere("quick")
    setting.output.mkdir(parents=True, exist_ok=True)
    for name in options.parts:
        for version in setting.versions:
            PARTS[name](setting, version)
    found = rows.read(setting.output)
    print(report.table(found), flush=True)
    picture = setting.output / "speed.svg"
    draw.draw(found, picture)
    say(f"JSON and curves: {setting.output}")
    if options.page:
        report.write_page(found, picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

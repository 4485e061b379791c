# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch coverage of plugins/ by the unit and the integration tests together, in every process they start.

Modules run in processes of their own, from an archive; ansible-playbook forks its workers. Each of them starts with
tests/dev/coverage/sitecustomize.py, notes what it executes, and the notes are joined under the names in the repository.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.dev import run
from tests.dev.paths import REPO, checkout_dir, link_tree, say

HERE = Path(__file__).with_name("coverage")
# How many workers each suite has on two cores: the integration tests wait more than they compute.
SUITES = {"tests/unit": "2", "tests/integration": "4"}
# What decides about pods is reached in every branch; everything together in most.
LEAST = {"plugins/module_utils/_rules/*": 100, "plugins/*": 95}


def check(*suites: str) -> int:
    """Run the suites (both, where none is named), and hold what they reach to the least that is asked for."""
    kept = checkout_dir() / "coverage"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    settings = HERE / "coverage.ini"
    places = {"ACKOPS_COVERAGE": str(kept), "ACKOPS_REPO": str(REPO)}
    extra = {
        **places,
        "COVERAGE_PROCESS_START": str(settings),
        "PYTHONPATH": os.pathsep.join(map(str, (link_tree(), REPO, HERE))),
    }
    failed = 0
    for suite in suites or SUITES:
        say(f"coverage: {suite}")
        workers = SUITES.get(suite, "2")
        command = ("python", "-m", "pytest", suite, "-q", "-n", workers, "--dist", "loadgroup")
        failed |= run.run("main", *command, extra=extra)
    short = _report(places, f"--rcfile={settings}")  # also where a test failed: the figures took long
    return failed or short


def _report(extra: dict[str, str], settings: str) -> int:
    if run.run("main", "coverage", "combine", "--quiet", settings, extra=extra):
        return 1
    short = 0
    for place, least in LEAST.items():
        say(f"coverage of {place}, branches included: at least {least} %")
        wanted = (f"--include={place}", f"--fail-under={least}", "--precision=1")
        short |= run.run("main", "coverage", "report", settings, *wanted, extra=extra)
    return int(bool(short))

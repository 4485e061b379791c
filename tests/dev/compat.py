# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests on the oldest and the newest releases of Ansible and of the Kubernetes client; all that is between is in the matrix."""

from __future__ import annotations

from tests.dev import envs, run
from tests.dev.paths import say

NOTHING_COLLECTED = 5
SELECTION = "compat or not integration"
# What the release of Ansible or of the client can change. The tools and the shape of the repository are the same on all.
PLACES = ("tests/unit/plugins", "tests/integration")


def check(*arguments: str) -> int:
    """Run the unit tests of the plugins and a part of the integration tests in each environment; report them all."""
    outcome = {spec.name: _one(spec, arguments) for spec in envs.COMPAT}
    for name, result in outcome.items():
        say(f"compat: {name}: {result}")
    return int("FAILED" in outcome.values())


def _one(spec: envs.Spec, arguments: tuple[str, ...]) -> str:
    try:
        envs.ensure(spec.name)
    except envs.MissingPythonError as missing:
        return f"not run, {missing}"
    say(f"compat: {spec.purpose}")
    pytest = ("python", "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-m", SELECTION)
    status = run.run(spec.name, *pytest, *(arguments or PLACES))
    return "passed" if status in {0, NOTHING_COLLECTED} else "FAILED"

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the pinned requirements from the short lists of what we want."""

from __future__ import annotations

from tests.dev import envs, run
from tests.dev.paths import say


def write(*arguments: str) -> int:
    """Pin every environment, for every Python it supports; `--upgrade` looks for newer releases."""
    for spec in envs.SPECS.values():
        say(f"pinning {spec.name}")
        source = spec.requirements.with_suffix(".in").name
        lowest = ".".join(map(str, spec.lowest))
        status = run.run(
            "pins", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", lowest, "--no-emit-index-url",
            "--no-emit-find-links", "--custom-compile-command", "make requirements", *arguments, source,
            "--output-file", spec.requirements.name, cwd=spec.requirements.parent,
        )  # fmt: skip
        if status:
            return status
    return 0

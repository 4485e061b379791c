# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the pinned requirements from the short lists of what we want."""

from __future__ import annotations

from tests.dev import envs, run
from tests.dev.paths import say


def write(*arguments: str) -> int:
    """Pin every environment, for every Python it supports; `--upgrade` looks for newer releases."""
    for name, python in envs.pinned_lists().items():
        say(f"pinning {name}")
        lowest = ".".join(map(str, python))
        status = run.run(
            "pins", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", lowest, "--generate-hashes",
            "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make requirements", *arguments,
            f"{name}.in", "--output-file", f"{name}.txt", cwd=envs.REQUIREMENTS,
        )  # fmt: skip
        if status:
            return status
    return 0

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of what AWX gets, in the environment that has its modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.dev import envs, run
from tests.dev.paths import say

if TYPE_CHECKING:
    from pathlib import Path


def collections() -> Path | None:
    """Where the collection awx.awx lies, or None where no Python on this machine can have it."""
    try:
        home = envs.ensure("awx")
    except envs.MissingPythonError as missing:
        say(f"without awx.awx: {missing}")
        return None
    return next((home / "lib").glob("python*/site-packages"))


def check(*arguments: str) -> int:
    """Run the tests in tests/awx."""
    if collections() is None:
        return 0
    say("awx: the objects, the playbooks that apply them, and the execution environment")
    return run.run("awx", "python", "-m", "pytest", "tests/awx", "-n", "2", "--dist", "loadgroup", *arguments)

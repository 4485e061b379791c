# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pytest outside of our environments: one line that says what to type."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.dev.paths import REPO


def test_pytest_without_the_environment_says_make_unit() -> None:
    """The collection cannot be imported there; nobody should have to guess that from import errors."""
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=REPO, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "make unit" in done.stderr
    assert len((done.stdout + done.stderr).strip().splitlines()) == 1

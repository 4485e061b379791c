# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing what the tooling made."""

from __future__ import annotations

import shutil

from tests.dev.paths import REPO, cache_root, checkout_dir, say

LEFT_IN_REPOSITORY = (".ansible", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "tests/output")


def clean() -> int:
    """Remove caches and copies of this checkout; environments and the test cluster's builds stay."""
    bytecode = [path for folder in ("plugins", "tests") for path in (REPO / folder).rglob("__pycache__")]
    for path in [checkout_dir(), *(REPO / name for name in LEFT_IN_REPOSITORY), *bytecode]:
        shutil.rmtree(path, ignore_errors=True)
    say(f"removed the caches of this checkout; environments and builds stay in {cache_root()}")
    return 0


def clean_environments() -> int:
    """Remove the environments of every checkout."""
    shutil.rmtree(cache_root() / "env", ignore_errors=True)
    say(f"removed {cache_root() / 'env'}")
    return 0

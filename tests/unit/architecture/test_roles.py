# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the task files of the roles must not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dev.paths import REPO

TASK_FILES = sorted((REPO / "roles").glob("*/tasks/*.yml"))


def blocks(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All blocks in a list of tasks, those in blocks too."""
    for task in tasks:
        if "block" in task:
            yield task
        for part in ("block", "rescue", "always"):
            yield from blocks(task.get(part) or [])


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: path.relative_to(REPO).as_posix())
def test_a_block_that_rescues_has_no_condition_that_may_change(path: Path) -> None:
    """Ansible evaluates it for each task inside, when they may have changed, or a failure removed, what it rests on.

    What a user sets stays; what a task notes (its name begins with two underscores) does not.
    """
    tasks = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    wrong = [
        block.get("name")
        for block in blocks(tasks)
        if "__" in str(block.get("when")) and ("rescue" in block or "always" in block)
    ]
    assert wrong == []

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scenarios there are, read from the source of the tests without running them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The groups, in the order of the page.
GROUPS = (
    "budgets",
    "owners",
    "creation",
    "replacement",
    "missing",
    "old_pod",
    "methods",
    "run",
    "server",
    "bad_input",
)
# The safety rules (docs/docsite/rst/safety_rules.rst) that a group shows.
RULES = {
    "budgets": (1, 2, 3, 11),
    "owners": (4, 6, 7, 8, 14),
    "creation": (14,),
    "replacement": (4, 5),
    "missing": (12, 13, 14, 16),
    "old_pod": (1, 9),
    "methods": (10, 18),
    "run": (9, 10, 11, 12, 15, 17),
    "server": (3, 13, 17),
    "bad_input": (16,),
}


@dataclass(frozen=True)
class Listed:
    """One scenario: the test that shows it, and how it is called."""

    group: str
    test: str
    title: str


def first_paragraph(docstring: str | None) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join((docstring or "").strip().split("\n\n")[0].split())


def _tree(group: str) -> ast.Module:
    return ast.parse((HERE / f"test_{group}.py").read_text(encoding="utf-8"))


def group_title(group: str) -> str:
    """How a group is called: the docstring of its file."""
    return first_paragraph(ast.get_docstring(_tree(group))).rstrip(".")


def scenarios() -> list[Listed]:
    """Every scenario, group by group, in the order of the files."""
    return [
        Listed(group, node.name, first_paragraph(ast.get_docstring(node)))
        for group in GROUPS
        for node in _tree(group).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]

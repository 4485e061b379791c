# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of mutants keeps up with the code: what each takes out stands in its file, once, and every rule has one."""

from __future__ import annotations

import ast

import pytest
from ansible.parsing.dataloader import DataLoader

from tests.dev.paths import REPO
from tests.mutation.awx_mutants import AWX_MUTANTS
from tests.mutation.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", [*MUTANTS, *AWX_MUTANTS], ids=lambda mutant: mutant.says)
def test_a_mutant_can_be_made(mutant: Mutant) -> None:
    """Its line stands once in the file, and what comes out is Python, or YAML."""
    text = (REPO / mutant.root / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    mutated = text.replace(mutant.old, mutant.new)
    assert ast.parse(mutated) if mutant.file.endswith(".py") else DataLoader().load(mutated)
    assert all((REPO / test).exists() for test in mutant.tests if test.startswith("tests/"))


def test_every_rule_has_a_mutant() -> None:
    """The safety rules, and the lease."""
    assert {mutant.rule for mutant in MUTANTS} == {str(number) for number in range(1, 19)} | {"lease"}

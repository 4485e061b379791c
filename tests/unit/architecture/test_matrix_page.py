# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on the matrix: its example is read as it stands there, and each verdict of its table is the one that it gives."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import (
    BUILT_IN_MATRIX,
    COMPATIBLE,
    INCOMPATIBLE,
    build_matrix,
    parse_version,
)
from tests.unit.architecture.blocks import blocks, read

PAGE = "docs/docsite/rst/matrix_override.rst"
TABLE = re.compile(r"^   \* - ([\w.]+)\n     - ([\d.]+)\n     - (\w+)\n     - (\w+)$", re.MULTILINE)


def example() -> dict[str, object]:
    """The rows of the example."""
    (text,) = [block.text for block in blocks(PAGE) if block.kind == "yaml"]
    return dict(yaml.safe_load(text)["eci_preflight_matrix"])


@pytest.mark.parametrize(("platform", "target", "built_in", "overridden"), TABLE.findall(read(PAGE)))
def test_the_table_of_verdicts(platform: str, target: str, built_in: str, overridden: str) -> None:
    """Without and with the example."""
    minor = parse_version(target, "target_version")
    assert build_matrix().verdict(platform, minor)[0] == built_in
    assert build_matrix(example()).verdict(platform, minor)[0] == overridden


def test_the_table_is_there() -> None:
    """With every row that is built in, and all that the example changes."""
    found = TABLE.findall(read(PAGE))
    assert {platform for platform, *_rest in found} == {*BUILT_IN_MATRIX, *example()}
    assert {(built_in, overridden) for _platform, _target, built_in, overridden in found} == {
        ("unknown", COMPATIBLE), ("unknown", INCOMPATIBLE), (COMPATIBLE, COMPATIBLE), (INCOMPATIBLE, INCOMPATIBLE),
    }  # fmt: skip


def test_a_row_replaces_the_one_that_is_built_in() -> None:
    """As the page warns: what is not written in it is gone."""
    matrix = build_matrix({"1.1.0": ["1.33"]})
    assert matrix.supporting((1, 33)) == ["1.1.0"]
    assert not matrix.supports("1.1.0", (1, 26))


def test_the_canary_of_the_example_is_shown() -> None:
    """In the reason of the verdict."""
    assert "(canary release)" in build_matrix(example()).verdict("1.1.0", (1, 33))[1]

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions as people write them, the matrix as the source prints it, verdicts that never guess."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import (
    _VERSION,
    COMPATIBLE,
    INCOMPATIBLE,
    MATRIX_SOURCE,
    UNAVAILABLE,
    UNKNOWN,
    Minor,
    build_matrix,
    hop_warning,
    is_offered,
    next_offered,
    parse_version,
    show_minor,
)
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, one_line

MINORS = st.tuples(st.just(1), st.integers(0, 60))
SUFFIXES = ["", "+", "-aliyun.1", "-aliyunedge.2", "+k3s1", "-rc.1+build.5"]
BUILT_IN = build_matrix()


@QUICK
@given(
    MINORS,
    st.sampled_from(["", "v", "V"]),
    st.sampled_from(["", ".0", ".3", ".17"]),
    st.sampled_from(SUFFIXES),
    st.sampled_from(["", " ", "\n"]),
)
def test_versions_are_read_in_every_form(minor: Minor, prefix: str, patch: str, suffix: str, blank: str) -> None:
    """And what is shown is read again as the same."""
    shown = show_minor(minor)
    assert parse_version(f"{blank}{prefix}{shown}{patch}{suffix}{blank}", "x") == minor
    assert parse_version(shown, "x") == minor


@given(st.integers(0, 99), st.integers(10, 99).filter(lambda minor: minor % 10))
def test_a_number_of_two_decimals_is_the_version_that_it_looks_like(major: int, minor: int) -> None:
    """No other text that YAML reads as this number looks like a version."""
    assert parse_version(float(f"{major}.{minor}"), "x") == (major, minor)


@QUICK
@given(st.one_of(st.booleans(), st.integers(), st.floats(), st.integers(0, 9999).map(lambda tenths: tenths / 10)))
def test_other_numbers_are_refused_and_the_remedy_is_quotes(number: float) -> None:
    """1.30 without quotes is the number 1.3."""
    assume(not re.fullmatch(r"\d{1,3}\.\d\d", repr(number)))
    with pytest.raises(InvalidInput) as caught:
        parse_version(number, "target_version")
    assert caught.value.option == "target_version"
    assert quoted(number) in str(caught.value)
    assert "target_version: '1.30'" in caught.value.remedy


GARBAGE: list[object] = [
    None, "", " ", "1", "1.", ".30", "1.x", "1.30.", "1..30", "1,30", "-1.30", "vv1.30", "1.30 1.31", "1.30\n1.31",
    "latest", "\uff11.30", "1.\u0663", "1.30-", "1.30;id", "{{ 7*7 }}", "1." + "9" * 5000, [], ["1.30"], {}, b"1.30",
]  # fmt: skip


@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: ascii(value)[:20])
def test_garbage_is_refused_by_name(value: object) -> None:
    """Option, value, and how to write it."""
    with pytest.raises(InvalidInput) as caught:
        parse_version(value, "target_version")
    assert str(caught.value).startswith(f"target_version: {quoted(value)} is not a Kubernetes version. ")
    assert "'1.26'" in caught.value.remedy
    assert one_line(str(caught.value))


@QUICK
@given(st.one_of(st.text(), st.from_regex(_VERSION)))
def test_any_text_is_a_version_or_invalid_input(text: str) -> None:
    """Never another exception."""
    try:
        minor = parse_version(text, "x")
    except InvalidInput:
        return
    assert str(minor[0]) in text
    assert str(minor[1]) in text


OLD_ROWS = (UNAVAILABLE, "1.0.0")


@pytest.mark.parametrize("target", ["1.12", "1.14", "1.16", "1.18", "1.20", "1.22", "1.24"])
@pytest.mark.parametrize("version", [*OLD_ROWS, "1.1.0"])
def test_every_platform_version_supports_the_old_kubernetes_versions(version: str, target: str) -> None:
    """As the source prints it."""
    assert BUILT_IN.supports(version, parse_version(target, "x"))


@pytest.mark.parametrize("target", ["1.26", "1.28", "1.30", "1.31"])
def test_only_the_newest_platform_version_supports_the_new_ones(target: str) -> None:
    """As the source prints it."""
    minor = parse_version(target, "x")
    assert BUILT_IN.supporting(minor) == ["1.1.0"]
    assert {BUILT_IN.verdict(version, minor)[0] for version in OLD_ROWS} == {INCOMPATIBLE}
    assert ("canary" in BUILT_IN.verdict("1.1.0", minor)[1]) is (target == "1.31")


@pytest.mark.parametrize("target", [(1, 11), (1, 13), (1, 25), (1, 29), (1, 32), (1, 3), (2, 0)])
@pytest.mark.parametrize("version", [*OLD_ROWS, "1.1.0", "9.9"])
def test_what_the_matrix_does_not_name_is_unknown(version: str, target: Minor) -> None:
    """Not compatible, and not incompatible either: the reason says how to teach it."""
    assert not BUILT_IN.knows(target)
    verdict, reason = BUILT_IN.verdict(version, target)
    assert verdict == UNKNOWN
    assert "matrix: {" in reason


@pytest.mark.parametrize("version", ["", *HOSTILE_VERSIONS], ids=lambda value: ascii(value)[:20])
@pytest.mark.parametrize("target", [(1, 24), (1, 26)])
def test_hostile_versions_are_unknown_and_printable(version: str, target: Minor) -> None:
    """1.10.0 is not 1.1.0, and neither is v1.1.0."""
    verdict, reason = BUILT_IN.verdict(version, target)
    assert verdict == UNKNOWN
    assert one_line(reason)
    assert len(reason) < 300


ROWS = st.lists(MINORS.map(show_minor), min_size=1, max_size=5)


@QUICK
@given(ROWS, ROWS, MINORS)
def test_adding_versions_to_a_row_takes_nothing_away(row: list[str], more: list[str], target: Minor) -> None:
    """What was compatible stays so, in every row; what was unknown never becomes unknown again."""
    before = build_matrix({"1.1.0": row})
    after = build_matrix({"1.1.0": [*row, *more]})
    for version in ("1.1.0", *OLD_ROWS):
        assert after.supports(version, target) >= before.supports(version, target)
    assert after.knows(target) >= before.knows(target)


@QUICK
@given(MINORS, MINORS, st.lists(MINORS.map(show_minor), max_size=3))
def test_an_open_range_holds_from_its_start_on(since: Minor, target: Minor, more: list[str]) -> None:
    """And says nothing of what is below."""
    matrix = build_matrix({"2.0.0": [f">= {show_minor(since)}", *more]})
    assert matrix.supports("2.0.0", target) is (target >= since or show_minor(target) in more)


@QUICK
@given(st.sampled_from(["1.1.0", "1.0.0", UNAVAILABLE, "9.9"]), MINORS, st.none() | ROWS)
def test_verdicts_agree_with_each_other(version: str, target: Minor, row: list[str] | None) -> None:
    """Incompatible is said only of a Kubernetes version that some row names."""
    matrix = build_matrix({"1.1.0": row} if row else None)
    verdict, reason = matrix.verdict(version, target)
    assert verdict in (COMPATIBLE, INCOMPATIBLE, UNKNOWN)
    assert reason
    assert (verdict == COMPATIBLE) is matrix.supports(version, target) is (version in matrix.supporting(target))
    assert verdict != INCOMPATIBLE or (matrix.knows(target) and version in matrix.rows)


def test_an_override_replaces_its_rows_and_says_so() -> None:
    """The others stay; the provenance names what was changed."""
    matrix = build_matrix({" 1.1.0 ": ["1.32"], "": {"versions": ">=1.30", "canary": ["1.33"]}})
    assert matrix.supports("1.1.0", (1, 32))
    assert not matrix.supports("1.1.0", (1, 26))
    assert matrix.supports("1.0.0", (1, 24))
    assert "canary" in matrix.verdict(UNAVAILABLE, (1, 33))[1]
    assert BUILT_IN.source in matrix.source
    assert "overridden by the user for" in matrix.source
    assert (BUILT_IN.source, BUILT_IN.date) == (MATRIX_SOURCE, "2026-03-26")


@pytest.mark.parametrize("version", ["1.1.0", UNAVAILABLE])
def test_a_version_that_an_override_leaves_out_by_mistake(version: str) -> None:
    """Pods that need not be are incompatible then: the reason names the row at fault, and only then."""
    matrix = build_matrix({version: ["1.32"], "1.0.0": [">=1.12"]})
    verdict, reason = matrix.verdict(version, (1, 24))
    assert verdict == INCOMPATIBLE
    assert "the matrix option" in reason
    assert "replaces the built-in one, which lists that version" in reason
    assert "option" not in matrix.verdict(version, (1, 33))[1]
    assert "option" not in BUILT_IN.verdict("1.0.0", (1, 26))[1]


BAD_ROWS: list[Any] = [
    1.30, True, None, "", [], {}, ["1.26", None], [1.30], [["1.26"]], "<1.30", ">=", ">=1.12,<1.30", ">=x",
    {"versions": []}, {"canary": ["1.26"]}, {"versions": ["1.26"], "canary": "1.26"},
    {"versions": ["1.26"], "canary": [1.3]}, {"versions": ["1.26"], "extra": 1},
    {"versions": ["1.26"], "extra": 1, 2: 3},
]  # fmt: skip


@pytest.mark.parametrize("row", BAD_ROWS, ids=str)
def test_rows_that_cannot_be_read_are_refused_by_name(row: Any) -> None:
    """An override that is half understood could open the gate."""
    with pytest.raises(InvalidInput) as caught:
        build_matrix({"1.1.0": row})
    assert caught.value.option == "matrix['1.1.0']"
    assert caught.value.remedy


def test_a_platform_version_without_quotes_is_refused() -> None:
    """YAML makes a number of 1.1."""
    with pytest.raises(InvalidInput, match=r"^matrix: 1\.1 is not a string\. Put the platform version in quotes"):
        build_matrix({1.1: ["1.26"]})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("current", "target", "said"),
    [
        ((1, 22), (1, 24), ""),
        ((1, 30), (1, 31), ""),
        ((1, 31), (1, 32), ""),
        ((1, 26), (1, 26), ""),
        ((1, 26), (1, 24), ""),
        ((1, 24), (1, 28), "from 1.24 the next is 1.26, not 1.28"),
        ((1, 30), (1, 32), "from 1.30 the next is 1.31, not 1.32"),
        ((1, 24), (1, 25), "does not offer Kubernetes 1.25"),
        ((1, 30), (2, 0), "does not offer Kubernetes 2.0"),
    ],
)
def test_hops(current: Minor, target: Minor, said: str) -> None:
    """ACK upgrades one version that it offers at a time."""
    warning = hop_warning(current, target)
    assert said in warning
    assert bool(warning) is bool(said)


@QUICK
@given(MINORS)
def test_the_next_version_is_offered_and_nearest(current: Minor) -> None:
    """Nothing that is offered is skipped."""
    step = next_offered(current)
    between = [(1, minor) for minor in range(current[1] + 1, step[1])]
    assert step > current
    assert is_offered(step)
    assert not any(is_offered(minor) for minor in between)
    assert hop_warning(current, step) == ""

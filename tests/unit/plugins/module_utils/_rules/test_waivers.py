# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions on pods, and waivers that end on their day."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput, MissingLibrary
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import (
    compile_condition,
    parse_waivers,
    waiver_for,
)
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, TODAY, owner, pod, waivers

DAYS = st.dates(datetime.date(2025, 1, 1), datetime.date(2027, 1, 1))
SUBJECT = pod(labels={"app": "web"}, owner=owner("StatefulSet", "db"))


def holds(expression: str) -> bool:
    """Whether the expression is true of the subject."""
    return compile_condition(expression, "query").holds(SUBJECT)


@pytest.mark.parametrize(
    ("expression", "true"),
    [
        ("namespace == 'web'", True),
        ("namespace == 'shop'", False),
        ("labels.app == 'web' && owner.kind == 'StatefulSet'", True),
        ("starts_with(node, 'virtual-kubelet')", True),
        ("labels.missing", False),
        ("!(labels.missing)", True),
        ("contains(['web', 'shop'], namespace)", True),
        ("ready", False),
        ("annotations", False),
    ],
)
def test_conditions_see_the_record_of_the_pod(expression: str, true: bool) -> None:
    """The same document that eci_pods shows."""
    assert holds(expression) is true


@pytest.mark.parametrize("expression", ["`null`", "`false`", "''", "`[]`", "`{}`", "`0`", "`1`", "length(annotations)"])
def test_truth_is_jmespaths_own(expression: str) -> None:
    """Where a condition is negated twice inside JMESPath, it means the same (the number 0 is true there)."""
    assert holds(expression) is holds(f"!(!({expression}))")


@pytest.mark.parametrize(
    "expression", ["", " ", "a ==", "labels[", "a b", "foo(", "`", "'open", "{{ 7*7 }}", "a\x1b[2J"]
)
def test_what_is_no_expression_is_refused_before_any_request(expression: str) -> None:
    """With the option, and an example."""
    with pytest.raises(InvalidInput, match=r"^query: .* is not a JMESPath expression: ") as caught:
        compile_condition(expression, "query")
    assert caught.value.option == "query"
    assert "for example: namespace ==" in caught.value.remedy


@pytest.mark.parametrize(
    "expression",
    [
        "starts_with(labels.missing, 'a')",
        "unknown_function(name)",
        "length(ready)",
        "values(labels)[::0]",
        "ceil(to_number('1e999'))",
    ],
)
def test_an_expression_that_fails_on_a_pod_is_an_error_not_a_no(expression: str) -> None:
    """A pod that is passed over by mistake could be the one that is incompatible."""
    with pytest.raises(InvalidInput, match=r"^query: .* cannot be evaluated for pod 'web/web-1'"):
        holds(expression)


@pytest.mark.parametrize("text", HOSTILE_VERSIONS, ids=lambda value: ascii(value)[:20])
def test_annotations_are_data_to_an_expression(text: str) -> None:
    """Nothing in a pod is evaluated."""
    condition = compile_condition("platform_version", "query")
    assert condition.holds(pod(platform_version=text))
    assert not compile_condition("platform_version == '1.1.0'", "query").holds(pod(platform_version=text))


def test_without_jmespath_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those who use a condition need it."""
    monkeypatch.setattr(
        "ansible_collections.ackops.eci.plugins.module_utils._rules.waivers.JMESPATH_IMPORT_ERROR", "Traceback ..."
    )
    with pytest.raises(MissingLibrary, match=r"'jmespath' is needed to evaluate 'query'"):
        compile_condition("ready", "query")
    assert parse_waivers([]) == []


GOOD: dict[str, Any] = {"match": "ready", "reason": "ticket 7", "expires": "2026-05-01"}


@pytest.mark.parametrize("key", ["match", "reason", "expires"])
@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_waiver_needs_its_three_parts(key: str, text: object) -> None:
    """A waiver with no reason or no end is a hole, not a decision."""
    with pytest.raises(InvalidInput, match=rf"^exempt\[1\]: .* has no '{key}'\."):
        parse_waivers([GOOD, GOOD | {key: text}])
    without = {name: part for name, part in GOOD.items() if name != key}
    with pytest.raises(InvalidInput, match=rf"has no '{key}'"):
        parse_waivers([without])


BAD_DAYS = [
    "never",
    "2026-02-30",
    "2026-13-01",
    "0000-01-01",
    "2026-1-1",
    "01-05-2026",
    "2026-05-01T00:00:00",
    "20260501",
]


@pytest.mark.parametrize("day", [*BAD_DAYS, "\uff12026-05-01", 2026, True])
def test_a_day_that_is_none_is_refused(day: object) -> None:
    """A date that is misread could mean for ever."""
    with pytest.raises(InvalidInput, match=r"^exempt\[0\]\.expires: .* is not a date\. Give it as 'YYYY-MM-DD'"):
        parse_waivers([GOOD | {"expires": day}])


def test_a_wrong_condition_of_a_waiver_names_its_place() -> None:
    """So that it is found among many."""
    with pytest.raises(InvalidInput) as caught:
        parse_waivers([GOOD, GOOD | {"match": "a =="}])
    assert caught.value.option == "exempt[1].match"


def test_a_date_of_yaml_is_a_date() -> None:
    """YAML reads 2026-05-01 without quotes as a date."""
    day = datetime.date(2026, 5, 1)
    assert parse_waivers([GOOD | {"expires": day}])[0].expires == day


@QUICK
@given(st.lists(st.tuples(st.sampled_from(["ready", "!ready"]), DAYS), max_size=5), DAYS, st.booleans())
def test_the_first_waiver_in_force_counts(
    entries: list[tuple[str, datetime.date]], today: datetime.date, ready: bool
) -> None:
    """None is given after its day, and the day itself counts."""
    known = waivers(*entries)
    right = [
        one for one, (match, day) in zip(known, entries, strict=True) if (match == "ready") is ready and today <= day
    ]
    assert waiver_for(pod(ready=ready), known, today) is (right[0] if right else None)


def test_a_waiver_ends_with_its_day() -> None:
    """In force on the day, expired on the next."""
    (waiver,) = waivers(("namespace", TODAY))
    assert not waiver.expired(TODAY)
    assert waiver.expired(TODAY + datetime.timedelta(days=1))

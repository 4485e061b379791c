# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers that end on their day, and that open no gate without a word."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import (
    coverage_warnings,
    parse_waivers,
    waiver_for,
)
from tests.unit.support.builders import QUICK, TODAY, pod, waivers

DAYS = st.dates(datetime.date(2025, 1, 1), datetime.date(2027, 1, 1))

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
    (waiver,) = waivers(("ready", TODAY))
    assert not waiver.expired(TODAY)
    assert waiver.expired(TODAY + datetime.timedelta(days=1))


# -- what they cover ----------------------------------------------------------------------------------------------------

PODS = [pod(name="a", namespace="batch", labels={"app": "x"}), pod(name="b", namespace="batch")]


def said(match: str, pods: list[Pod], exempted: int = 1) -> list[str]:
    """The warnings about a waiver of that condition."""
    return coverage_warnings(waivers((match, TODAY)), pods, exempted, TODAY)


@pytest.mark.parametrize(
    "match",
    [
        "namespace != 'prod'", "!(namespace == 'prod')", "!(labels.owner)", "!ready || ready", "namespace == 'a' || !ready || ready",
        "starts_with(namespace, '')", "labels.app == `null` || labels.app",
    ],
)  # fmt: skip
def test_a_waiver_that_says_only_what_is_not_meant_must_not_cover_everything(match: str) -> None:
    """A name in it may be misspelt, and the gate would open for all. It is told how to say that all are meant."""
    with pytest.raises(
        InvalidInput, match=r"^exempt\[0\]\.match: .* covers all 2 ECI pod\(s\) of the cluster"
    ) as caught:
        said(match, PODS)
    assert "write `true`" in caught.value.remedy
    assert said(match, PODS, exempted=0) == []


@pytest.mark.parametrize(
    "match", ["`true`", "namespace == 'batch'", "starts_with(namespace, 'bat')", "contains(['batch'], namespace)",
              "namespace == 'batch' && !deleting"],
)  # fmt: skip
def test_a_waiver_that_names_its_pods_may_cover_all_there_are(match: str) -> None:
    """They may be all that a cluster has."""
    assert said(match, PODS) == []


def test_a_waiver_that_covers_some_pods_is_no_news() -> None:
    """Nor one that has expired, nor any where there are no ECI pods."""
    assert said("labels.app == `null`", PODS) == []
    assert coverage_warnings(waivers(("!deleting", TODAY)), PODS, 1, TODAY + datetime.timedelta(days=1)) == []
    assert said("namespace == 'prod'", []) == []


def test_a_waiver_that_covers_nothing_says_so() -> None:
    """It may be misspelt; the gate is not opened by it."""
    assert [text for text in said("namespace == 'btach'", PODS) if "covers no ECI pod of this cluster" in text]


def test_what_rests_on_a_missing_value_exempts_no_pod() -> None:
    """A pod without the label is not known to be another one's."""
    known = waivers(("labels.app != 'shop'", TODAY))
    assert waiver_for(PODS[0], known, TODAY) is known[0]
    assert waiver_for(PODS[1], known, TODAY) is None

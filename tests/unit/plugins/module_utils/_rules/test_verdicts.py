# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verdict for every pod, and a gate that opens only on what is known to be good."""

from __future__ import annotations

import ast
import datetime
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import (
    BLOCKING,
    COMPATIBLE,
    EXEMPT,
    INCOMPATIBLE,
    UNAVAILABLE,
    UNDETERMINED,
    UNKNOWN,
    VERDICTS,
    build_matrix,
    parse_version,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Missing, Pod, sort_key
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import (
    Report,
    as_result,
    check as check_pods,
    shut_gate_message,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import Waiver
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, TODAY, one_line, pod, pods, unlike, waivers

MATRIX = build_matrix()
PODS = st.lists(pods(), max_size=6).map(unlike)
TARGETS = st.sampled_from(["1.22", "1.24", "1.25", "1.26", "1.31", "1.32", "1.26.3-aliyun.1"])
CLUSTERS = st.sampled_from(["", "v1.20.4-aliyun.1", "1.22", "1.24"])
MATCHES = st.sampled_from(
    ["namespace == 'web'", "phase == 'Succeeded'", "`true`", "phase == 'Running'", "labels.a == 'b'"]
)
WAIVERS = st.lists(st.tuples(MATCHES, st.sampled_from(["2026-03-31", "2026-04-01", "2027-01-01"])), max_size=3).map(
    lambda entries: waivers(*entries)
)
DAY = datetime.timedelta(days=1)


def check(entries: list[Pod], target: object, cluster: str = "", exempt: list[Waiver] | None = None) -> Report:
    """The check, against the built-in matrix, today."""
    return check_pods(entries, target, cluster_version=cluster, matrix=MATRIX, waivers=exempt or [], today=TODAY)


def lowest(cluster: str, target: str) -> str:
    """The cluster version, unless the target would be a downgrade."""
    downgrade = cluster and parse_version(target, "t") < parse_version(cluster, "c")
    return "" if downgrade else cluster


@QUICK
@given(PODS, TARGETS, CLUSTERS, WAIVERS)
def test_the_gate_never_opens_on_a_blocking_verdict(
    entries: list[Pod], target: str, cluster: str, exempt: list[Waiver]
) -> None:
    """Unless the cluster is on the target already; one without ECI pods has nothing that a matrix would have to know."""
    report = check(entries, target, lowest(cluster, target), exempt)
    minor = parse_version(target, "t")
    good = not report.of(*BLOCKING) and (MATRIX.knows(minor) or not entries)
    assert report.nothing_to_do is (report.cluster_version == report.target_version)
    assert report.compatible is (report.nothing_to_do or good)


@QUICK
@given(PODS, TARGETS, WAIVERS)
def test_every_pod_has_one_verdict(entries: list[Pod], target: str, exempt: list[Waiver]) -> None:
    """In the order of pods; the counts add up and name every kind."""
    report = check(entries, target, exempt=exempt)
    assert [one.uid for one in report.verdicts] == [one.uid for one in sorted(entries, key=sort_key)]
    assert tuple(report.counts) == VERDICTS
    assert sum(report.counts.values()) == len(entries)
    assert all(one.reason for one in report.verdicts)


@QUICK
@given(PODS, PODS, TARGETS, WAIVERS, WAIVERS)
def test_verdicts_are_monotone(
    some: list[Pod], more: list[Pod], target: str, few: list[Waiver], others: list[Waiver]
) -> None:
    """More pods never open the gate, more waivers never shut it, and neither touches what is compatible."""
    both = unlike([*some, *more])
    assert check(some, target, exempt=few).compatible >= check(both, target, exempt=few).compatible
    assert check(both, target, exempt=[*few, *others]).compatible >= check(both, target, exempt=few).compatible
    good = {one.uid for one in check(both, target).of(COMPATIBLE)}
    assert {one.uid for one in check(both, target, exempt=[*few, *others]).of(COMPATIBLE)} == good


@QUICK
@given(PODS, TARGETS, st.integers(-3, 3))
def test_a_waiver_exempts_what_blocks_until_its_day_and_no_longer(entries: list[Pod], target: str, days: int) -> None:
    """Echoing why, and until when; one that has expired is told of."""
    last = TODAY + days * DAY
    plain, waived = check(entries, target), check(entries, target, exempt=waivers(("`true`", last)))
    blocking, exempt = plain.of(*BLOCKING), waived.of(EXEMPT)
    assert [one.uid for one in exempt] == ([one.uid for one in blocking] if days >= 0 else [])
    assert all(f"agreed (until {last}; it is " in one.reason for one in exempt)
    assert any(f"'agreed' expired on {last}" in text for text in waived.warnings) is (days < 0)


@pytest.mark.parametrize("text", HOSTILE_VERSIONS, ids=lambda value: ascii(value)[:20])
def test_a_hostile_annotation_shuts_the_gate_and_no_more(text: str) -> None:
    """It is unknown, and the message stays one short line."""
    report = check([pod(), pod("bad", platform_version=text)], "1.26")
    assert not report.compatible
    assert [one.verdict for one in report.verdicts] == [UNKNOWN, COMPATIBLE]
    message = shut_gate_message(report)
    assert one_line(message)
    assert len(message) < 600
    assert "web/bad" in message


@pytest.mark.parametrize(
    ("one", "verdict", "version"),
    [
        (pod(), COMPATIBLE, "1.1.0"),
        (pod(platform_version="1.0.0"), INCOMPATIBLE, "1.0.0"),
        (pod(platform_version=None), INCOMPATIBLE, UNAVAILABLE),
        (pod(platform_version=""), INCOMPATIBLE, UNAVAILABLE),
        (pod(platform_version=None, instance_id=None), UNDETERMINED, ""),
        (pod(platform_version="", instance_id="", phase="Pending"), UNDETERMINED, ""),
        (pod(platform_version=None, instance_id=None, phase="Succeeded"), INCOMPATIBLE, UNAVAILABLE),
        (pod(platform_version="1.0.0", phase="Failed"), INCOMPATIBLE, "1.0.0"),
        (pod(platform_version="9.9"), UNKNOWN, "9.9"),
    ],
)
def test_verdicts_for_1_26(one: Pod, verdict: str, version: str) -> None:
    """One pod of each kind; a finished one is judged like any other, as the seed does."""
    report = check([one], "1.26")
    assert (report.verdicts[0].verdict, report.verdicts[0].platform_version) == (verdict, version)
    assert report.compatible is (verdict == COMPATIBLE)


def test_an_undetermined_pod_blocks_even_where_every_version_is_supported() -> None:
    """On what it will come up is not known."""
    assert not check([pod(platform_version=None, instance_id=None)], "1.24").compatible


def test_an_unknown_target_stays_shut_with_no_pods_and_with_all_waived() -> None:
    """The matrix must be taught; a waiver is about pods."""
    selected = check_pods([], "1.32", matrix=MATRIX, today=TODAY, pods_are_complete=False)
    for report in (selected, check([pod()], "1.32", exempt=waivers(("`true`", TODAY)))):
        assert not report.compatible
        assert not report.of(*BLOCKING)
        message = shut_gate_message(report)
        assert "does not list Kubernetes 1.32" in message
        # The row with all that it had: as it stands, the advice takes nothing away.
        advice = message.partition("add it with matrix: ")[2].partition("}")[0] + "}"
        taught = build_matrix(ast.literal_eval(advice))
        assert taught.rows["1.1.0"].minors == {*MATRIX.rows["1.1.0"].minors, (1, 32)}


def test_an_empty_cluster_is_ready() -> None:
    """Nothing blocks."""
    assert check([], "1.26", "v1.24.6-aliyun.1").compatible


def test_a_downgrade_and_a_number_are_refused() -> None:
    """Neither can be meant."""
    with pytest.raises(InvalidInput, match=r"^target_version: '1\.24' is below the cluster's own version 1\.26"):
        check([], "1.24", "v1.26.3-aliyun.1")
    with pytest.raises(InvalidInput, match=r"^target_version: 1\.3 is a number"):
        check([], 1.30)
    with pytest.raises(InvalidInput, match=r"^cluster_version: 'x' is not a Kubernetes version"):
        check([], "1.26", "x")


@pytest.mark.parametrize(
    ("target", "cluster", "said"),
    [
        ("1.3", "", "Did you mean '1.30'?"),
        ("1.31", "1.30", "canary release only"),
        ("1.28", "1.24", "the next is 1.26, not 1.28"),
        ("1.26", "1.26", "There is nothing to do"),
    ],
)
def test_warnings_about_the_target(target: str, cluster: str, said: str) -> None:
    """Said once, and not where all is well."""
    assert sum(said in text for text in check([], target, cluster).warnings) == 1
    assert check([], "1.26", "1.24").warnings == []


def test_on_the_clusters_own_version_the_gate_is_open_and_says_what_is_odd() -> None:
    """A pod that should not work on it is worth a word."""
    report = check([pod(platform_version="1.0.0")], "1.26", "v1.26.3-aliyun.1")
    assert report.compatible
    assert report.nothing_to_do
    assert any("not known to work on 1.26" in text for text in report.warnings)


def test_a_selection_says_that_it_is_one() -> None:
    """So that nobody takes it for the whole cluster."""
    report = check_pods([], "1.26", matrix=MATRIX, today=TODAY, pods_are_complete=False)
    assert any("says nothing of the rest" in text for text in report.warnings)


def test_a_result_is_whole() -> None:
    """The module cuts its lists, and keeps them whole in a file where that is wanted."""
    old = [pod(f"old-{number}", platform_version="1.0.0") for number in range(9)]
    report = check(old, "1.26")
    result = as_result(report, MATRIX)
    assert [one["name"] for one in result["blockers"]] == [f"old-{number}" for number in range(9)]
    assert result["counts"]["incompatible"] == 9
    assert result["matrix"] == {"source": MATRIX.source, "date": MATRIX.date, "supporting": ["1.1.0"]}
    waived = as_result(check(old, "1.26", exempt=waivers(("`true`", TODAY))), MATRIX)
    assert (waived["compatible"], len(waived["exempted"]), waived["blockers"]) == (True, 9, [])


def test_the_message_names_each_kind_its_pods_and_its_remedy() -> None:
    """Ten pods of a kind, then a number."""
    old = [pod(f"old-{number:02}", platform_version="1.0.0") for number in range(12)]
    report = check(
        [*old, pod("new", instance_id=None, platform_version=None), pod("odd", platform_version="9")], "1.26"
    )
    message = shut_gate_message(report)
    assert message.startswith("Not ready for Kubernetes 1.26. 12 ECI pod(s) incompatible: web/old-00, ")
    assert "web/old-09 and 2 more" in message
    assert "1 ECI pod(s) unknown: web/odd (the first: " in message
    assert "1 ECI pod(s) undetermined: web/new (the first: " in message
    for remedy in ("recreate them", "extend `matrix`", "check again"):
        assert remedy in message


def test_a_waiver_that_would_open_the_gate_for_all_must_say_so() -> None:
    """Of a whole cluster; a selection of pods may well be all that is meant."""
    old = [pod(name="a", platform_version="1.0.0"), pod(name="b", platform_version="1.0.0")]
    exempt = waivers(("namespace != 'prd'", TODAY))
    with pytest.raises(InvalidInput, match=r"covers all 2 ECI pod"):
        check(old, "1.26", exempt=exempt)
    selected = check_pods(old, "1.26", matrix=MATRIX, waivers=exempt, today=TODAY, pods_are_complete=False)
    assert selected.counts["exempt"] == 2
    assert check(old, "1.26", exempt=waivers(("`true`", TODAY))).counts["exempt"] == 2
    unused = check(old, "1.26", exempt=waivers(("namespace == 'prd'", TODAY)))
    assert (unused.compatible, [text for text in unused.warnings if "covers no ECI pod" in text] != []) == (False, True)


@pytest.mark.parametrize("target", ["1.26", "1.32", "1.99"])
def test_a_cluster_without_eci_pods_is_ready_for_any_target(target: str) -> None:
    """There is nothing that could break. What the matrix does not know is said."""
    report = check([], target)
    assert report.compatible
    assert bool([text for text in report.warnings if "has no ECI pods" in text]) is (target != "1.26")


def test_a_shut_gate_names_what_runs_took_away() -> None:
    """A few of the pods by name, the number of the others, and a run that is not over without any."""
    gone = [Missing("web", f"shop-{number}", f"uid-{number}", "evicted an hour ago") for number in range(3)]
    running = Missing("", "", "", "a run is at work")
    message = shut_gate_message(replace(check([pod()], "1.26"), compatible=False, missing=[running, *gone]), named=2)
    assert message == (
        "Not ready for Kubernetes 1.26. a run is at work; wait for it, or run the preflight again to follow it up. "
        "3 pod(s) that a run removed are not back. web/shop-0: evicted an hour ago; web/shop-1: evicted an hour ago; and 1 more. "
        "Run the preflight again, or name those that nobody wants any more in `forget`."
    )

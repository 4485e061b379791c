# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a report: states, headlines, what is to be done, and reading one that was written before."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import (
    cluster_entry,
    clusters_of,
    report_document,
)
from tests.dev.paths import REPO
from tests.unit.support.builders import QUICK
from tests.unit.support.reports import NOW, blocker, fleet, hostile, preflight, recreation

SCHEMA = json.loads((REPO / "docs" / "schema" / "report.schema.json").read_text(encoding="utf-8"))


def test_the_schema_is_one() -> None:
    """Every object in it is closed, and everything in it is described."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def parts(part: Any) -> list[Any]:
        inner = part if isinstance(part, list) else list(part.values()) if isinstance(part, dict) else []
        return [part, *(one for entry in inner for one in parts(entry))]

    objects = [part for part in parts(SCHEMA) if isinstance(part, dict) and part.get("type") == "object"]
    assert len(objects) > 6
    for entry in objects:
        assert entry["additionalProperties"] is False
        assert sorted(entry["required"]) == sorted(entry["properties"])
        assert all("description" in described for described in entry["properties"].values())


@pytest.mark.parametrize(
    "document", [fleet(), report_document([], NOW), report_document([cluster_entry("a", {})], NOW)]
)
def test_every_report_is_as_the_schema_says(document: dict[str, Any]) -> None:
    """With all kinds of clusters in it, with one and with none."""
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_what_the_schema_does_not_name_is_refused() -> None:
    """So that the test above means something."""
    document = fleet()
    document["clusters"][0]["pods"][0]["extra"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize(
    ("result", "upgrade", "state", "headline"),
    [
        (preflight(True), None, "ready", "Ready for Kubernetes 1.26: 30 ECI pods, none in the way."),
        (preflight(True, counts={"compatible": 0}), None, "ready", "Ready for Kubernetes 1.26: the cluster has no ECI pods."),
        (preflight(True, counts={"exempt": 2}), None, "ready", "Ready for Kubernetes 1.26: 32 ECI pods, none in the way, 2 exempt."),
        (preflight(True, counts={"compatible": 1}), None, "ready", "Ready for Kubernetes 1.26: 1 ECI pod, none in the way."),
        (
            preflight(False, counts={"incompatible": 2, "unknown": 1}), None, "not_ready",
            "Not ready for Kubernetes 1.26: of 33 ECI pods, 2 incompatible, 1 unknown.",
        ),
        (preflight(False), None, "not_ready", "Not ready for Kubernetes 1.26: see the reason."),
        (
            preflight(False, planned=[recreation(1, "predicted")]), None, "planned",
            "Not ready for Kubernetes 1.26 yet: 1 ECI pod to recreate.",
        ),
        (preflight(False, planned=[recreation(1, "predicted")], problem="no"), None, "not_ready", "Not ready"),
        (
            preflight(False, not_proved=["it holds no pod at all"]), None, "not_proved",
            "Not proved to be ready for Kubernetes 1.26: the dump may not hold every pod.",
        ),
        ({}, None, "no_result", "No result: the cluster was not scanned."),
        (None, {"state": "not_begun"}, "no_result", "No result"),
        (preflight(True), {"state": "upgraded", "server_version": "v1.26.3"}, "upgraded", "Upgraded to Kubernetes 1.26."),
        (preflight(True), {"state": "failed", "problem": "x"}, "failed", "The upgrade to Kubernetes 1.26 failed."),
        (preflight(False), {"state": "left_out"}, "not_ready", "Not ready"),
        (preflight(True), {"state": "current"}, "ready", "Ready"),
        # Templates of ansible-core 2.16 hand booleans on as text.
        ({**preflight(False), "ready": "True"}, None, "ready", "Ready"),
        ({**preflight(False), "ready": "False"}, None, "not_ready", "Not ready"),
    ],
)  # fmt: skip
def test_states_and_headlines(
    result: dict[str, Any] | None, upgrade: dict[str, Any] | None, state: str, headline: str
) -> None:
    """A cluster is ready only where its fact says so."""
    entry = cluster_entry("prod", result, upgrade)
    document = report_document([entry], NOW)
    assert (entry["state"], document["details"]) == (state, "")
    assert document["headline"].startswith(headline)
    assert (entry["reason"] == "") == (state in ("ready", "upgraded"))


def test_the_headline_of_a_fleet() -> None:
    """How many are ready, then the others, the worst first; clusters are in that order, too."""
    document = fleet()
    assert document["headline"] == "2 of 6 clusters are ready for Kubernetes 1.26."
    assert document["details"] == "1 not ready, 1 without a result, 1 not proved to be ready, 1 with pods to recreate."
    assert [one["cluster"] for one in document["clusters"]] == [
        "prod-beijing", "test", "edge", "staging", "empty", "prod-hangzhou",
    ]  # fmt: skip
    assert document["recreated"] == 12
    assert document["counts"]["incompatible"] == 16
    ready = [cluster_entry(name, preflight(True)) for name in "ab"]
    assert report_document(ready, NOW)["headline"] == "All 2 clusters are ready for Kubernetes 1.26."
    shut = [
        cluster_entry(name, preflight(False, target_version=version))
        for name, version in (("a", "1.26"), ("b", "1.28"))
    ]
    assert report_document(shut, NOW)["headline"] == "None of the 2 clusters are ready for their targets."
    upgraded = [cluster_entry(name, preflight(True), {"state": "upgraded"}) for name in "ab"]
    assert report_document(upgraded, NOW)["headline"] == "All 2 clusters are upgraded to Kubernetes 1.26."
    assert report_document([], NOW)["headline"] == "No cluster was looked at."


def test_what_is_to_be_done_about_each_pod() -> None:
    """By the plan where there is one, by the verdict otherwise."""
    result = preflight(
        False,
        blockers=[
            blocker(1, uid="a"), blocker(2, uid="b"), blocker(3, uid="c", owner=None), blocker(4), blocker(5, "unknown"),
            blocker(7, owner=""), blocker(8, owner="DaemonSet/agent"), blocker(9, "unknown", owner=""),
        ],
        exempted=[blocker(6, "exempt")],
        planned=[
            recreation(1, "predicted", uid="a"),
            recreation(2, "blocked", uid="b", reason="budget 'x' allows no disruption", remedy="scale up"),
        ],
        set_aside=[{"namespace": "n", "name": "p", "uid": "c", "pods": 1, "reason": "it has no controller", "remedy": "waive it"}],
    )  # fmt: skip
    assert [pod["way"] for pod in cluster_entry("prod", result)["pods"]] == [
        "evict; its controller makes a new one",
        "blocked: budget 'x' allows no disruption; scale up",
        "it has no controller; waive it",
        "recreate it with eci_preflight, or waive it",
        "name its platform version in the matrix, or waive it",
        "no controller makes it again: choose eci_preflight_unmanaged, move it yourself, or waive it",
        "change its DaemonSet, which would put it back on the virtual node",
        "name its platform version in the matrix, or waive it",
        "nothing; a waiver covers it",
    ]


def test_what_is_not_listed_is_counted() -> None:
    """The lists of a result are cut, its counts are not."""
    result = preflight(
        False,
        counts={"incompatible": 9, "exempt": 1},
        blockers=[blocker(1)],
        recreated=[recreation(1)],
        outcomes={"recreated": 70, "failed": 1},
    )
    entry = cluster_entry("a", result)
    assert (entry["pods_not_listed"], entry["recreations_not_listed"], entry["recreated"]) == (9, 70, 70)
    assert report_document([entry], NOW)["recreated"] == 70


def test_recreations_are_in_the_order_of_their_beginning() -> None:
    """However they were listed."""
    result = preflight(True, recreated=[recreation(3), recreation(1), recreation(2)])
    assert [entry["name"] for entry in cluster_entry("a", result)["recreations"]] == [
        "cart-1-old",
        "cart-2-old",
        "cart-3-old",
    ]


def test_a_report_that_was_written_is_read_again() -> None:
    """Nothing is lost on the way, and texts of a file are made safe to show as well."""
    document = fleet()
    clusters = clusters_of(json.loads(json.dumps(document)), "a.json")
    assert report_document(clusters, NOW) == document
    forged = json.loads(json.dumps(document))
    forged["clusters"][0]["pods"][0]["name"] = "\x1b[2J"
    forged["clusters"][0]["extra"] = "dropped"
    assert clusters_of(forged, "a.json")[0]["pods"][0]["name"] == "\\x1b[2J"
    assert "extra" not in clusters_of(forged, "a.json")[0]


def broken(**changes: Any) -> dict[str, Any]:
    """A report whose first cluster differs."""
    document = json.loads(json.dumps(fleet()))
    document["clusters"][0].update(changes)
    return dict(document)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "is not a report in JSON"),
        ({"clusters": []}, "is not a report in JSON"),
        ({"format": 2, "clusters": []}, "has the format 2; this release reads 1"),
        ({"format": 1, "clusters": {}}, "clusters is no list"),
        ({"format": 1, "clusters": [1]}, r"clusters\[0\] is no object"),
        (broken(state="great"), r"clusters\[0\].state is 'great'"),
        (broken(counts={}), r"clusters\[0\].counts.incompatible is missing"),
        (broken(counts={"incompatible": True}), r"counts.incompatible is of another type"),
        (broken(pods=[{}]), r"clusters\[0\].pods\[0\].namespace is missing"),
        (broken(pods=[3]), r"clusters\[0\].pods\[0\] is no object"),
        (
            broken(recreations=[{**recreation(), "remedy": "", "seconds": float("nan")}]),
            r"recreations\[0\].seconds is nan",
        ),
        (broken(server=None), r"clusters\[0\].server is of another type"),
    ],
)
def test_what_is_no_report_is_refused(document: object, said: str) -> None:
    """With the file and the place in it."""
    with pytest.raises(EciError, match=said) as caught:
        clusters_of(document, "old.json")
    assert caught.value.message.startswith("src: 'old.json' ")
    assert "eci_report wrote" in caught.value.remedy


def test_hostile_texts_are_one_line_each() -> None:
    """No text of the document can break a line or order a terminal about."""

    def texts(part: Any) -> list[str]:
        if isinstance(part, str):
            return [part]
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
        return [text for entry in inner for text in texts(entry)]

    assert all(text.isprintable() for text in texts(hostile()))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*preflight(True), *recreation()]), inner, max_size=4)
    ),
    max_leaves=10,
)
facts = st.dictionaries(st.sampled_from([*preflight(True), "not_proved", "set_aside"]), anything, max_size=6)


@QUICK
@given(facts)
def test_any_fact_becomes_a_report(fact: dict[str, Any]) -> None:
    """A fact of another release, or of a user's own making, does not break the report, and never counts as ready."""
    entry = cluster_entry("prod", fact)
    document = report_document([entry], NOW)
    assert entry["state"] != "ready" or fact.get("ready") in (True, "True", "true")
    assert json.loads(json.dumps(document, allow_nan=False))["clusters"]

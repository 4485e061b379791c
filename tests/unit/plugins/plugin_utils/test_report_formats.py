# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as JSON, CSV, JUnit XML and Markdown: complete, well-formed, and harmless whatever a cluster writes."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree as Xml

import pytest

from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import cluster_entry, report_document
from ansible_collections.ackops.eci.plugins.plugin_utils._report_formats import (
    COLUMNS,
    render_csv,
    render_json,
    render_junit,
    render_markdown,
)
from tests.unit.support.reports import HOSTILE, NOW, blocker, fleet, hostile, preflight, recreation


def test_json_is_the_document() -> None:
    """Nothing more and nothing less."""
    assert json.loads(render_json(fleet())) == fleet()


def rows_of(text: str) -> list[dict[str, str]]:
    """Read a CSV as a spreadsheet does."""
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_csv_has_a_row_for_every_pod() -> None:
    """The first four columns are those of Alibaba Cloud's procedure; a pod that is listed twice has one row."""
    assert COLUMNS[:4] == ("namespace", "pod", "version", "instance_id")
    rows = rows_of(render_csv(fleet(3)))
    assert len(rows) == 3 + 2 + 1 + 8 + 2 + 5
    first = rows[0]
    assert (first["namespace"], first["pod"], first["version"]) == ("shop-0", "portal-6d8f9c7b5-00000", "1.0.0")
    assert (first["verdict"], first["owner"], first["cluster"]) == (
        "incompatible",
        "ReplicaSet/portal-6d8f9c7b5",
        "prod-beijing",
    )
    planned = [row for row in rows if row["cluster"] == "staging"]
    assert [(row["verdict"], row["outcome"]) for row in planned] == [
        ("incompatible", "predicted"),
        ("incompatible", "blocked"),
    ]
    failed = next(row for row in rows if row["outcome"] == "failed")
    assert failed["reason"].startswith("NoStock")
    assert (failed["started_at"], failed["seconds"]) == ("2026-03-26T02:02:20Z", "30.0")


def test_no_cell_of_a_csv_is_a_formula() -> None:
    """Spreadsheets compute what begins so, whatever the quotes; and no text makes rows or columns."""
    document = hostile()
    rows = rows_of(render_csv(document))
    assert len(rows) == sum(len(one["pods"]) + len(one["recreations"]) for one in document["clusters"])
    for row in rows:
        assert None not in row
        for cell in row.values():
            assert not re.match(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]", cell), cell
            assert cell.isprintable()
    assert "'=cmd|' /C calc'!A0" in {row["pod"] for row in rows}


def test_junit_counts_what_it_holds() -> None:
    """A suite for each cluster; the gate is a case of its own, and each listed pod is one."""
    root = Xml.fromstring(render_junit(fleet(3)))  # noqa: S314
    suites = {suite.get("name"): suite for suite in root}
    assert len(suites) == 6
    for element in (root, *suites.values()):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(len(list(element.iter("failure"))))
    good, bad = suites["prod-hangzhou"], suites["prod-beijing"]
    assert (good.get("tests"), good.get("failures"), good.get("time")) == ("6", "0", "150.000")
    # The gate, three incompatible, one unknown, one undetermined and one failed recreation.
    assert (bad.get("failures"), bad.get("skipped"), bad.get("errors")) == ("7", "1", "0")
    assert bad.get("timestamp") == "2026-03-26T02:14:00"
    assert suites["test"].find("testcase/error") is not None
    assert suites["edge"].find("testcase/failure") is not None


def test_junit_of_hostile_texts_is_xml() -> None:
    """It is parsed, and every text is where it belongs."""
    root = Xml.fromstring(render_junit(hostile()).encode())  # noqa: S314
    assert {element.tag for element in root.iter()} == {"testsuites", "testsuite", "testcase", "failure"}
    assert len(root) == len(HOSTILE)


def test_markdown_says_the_verdict_first() -> None:
    """Then clusters, what stands in the way, pods, and what was recreated."""
    text = render_markdown(fleet())
    lines = text.splitlines()
    assert lines[0] == "# 2 of 6 clusters are ready for Kubernetes 1.26."
    heads = [line for line in lines if line.startswith("## ")]
    assert heads == ["## Clusters", "## What stands in the way", "## Pods that are not compatible", "## Recreation"]
    assert "| `prod-beijing` | **Not ready** | 1.24 → 1.26 | 14 | 1 | 1 | 1 | 230 | 7 |" in lines
    assert "  - all its pods are of one namespace, web" in lines
    assert "shop/cart" in text


def test_a_ticket_is_not_flooded() -> None:
    """The rest is counted."""
    assert "... and 153 more." in render_markdown(fleet(198))
    assert len(render_markdown(fleet(10_000)).splitlines()) < 120


@pytest.mark.parametrize("mark", ["<", "](", "**x", "@all", "#1", "://", "`", "|"])
def test_markdown_of_hostile_texts_has_no_marks_of_theirs(mark: str) -> None:
    """No tags, links, mentions or references, and every row of a table has its columns."""
    calm = render_markdown(
        report_document([cluster_entry("a", preflight(False, blockers=[blocker()], recreated=[recreation()]))], NOW)
    )
    text = render_markdown(hostile())
    # Within code spans only the backtick ends anything, and a pipe the cell.
    outside = re.sub(r"`[^`\n]*`", "CODE", text)
    if mark in ("`", "|"):
        for line in text.splitlines():
            assert line.count("`") % 2 == 0
            if line.startswith("|"):
                columns = len(re.findall(r"(?<!\\)\|", line)) - 1
                assert columns in {
                    len(re.findall(r"(?<!\\)\|", row)) - 1 for row in calm.splitlines() if row.startswith("|")
                }
    else:
        assert mark not in re.sub(r"\\.", "", outside).replace("**Not ready**", "")


def test_an_ordinary_name_reads_as_it_is() -> None:
    """Escapes are for what needs them."""
    text = render_markdown(fleet(1))
    assert "`shop-0/portal-6d8f9c7b5-00000`" in text

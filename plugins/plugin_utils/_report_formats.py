# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report document as JSON, CSV, JUnit XML and Markdown, each escaped for whoever reads it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from ansible_collections.ackops.eci.plugins.module_utils._text import plain
from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import CLUSTER_STATES, VERDICTS

# -- JSON ---------------------------------------------------------------------------------------------------------


def render_json(document: Mapping[str, Any]) -> str:
    """The document itself; ``docs/schema/report.schema.json`` describes it."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


# -- CSV ----------------------------------------------------------------------------------------------------------

# The first four are those of Alibaba Cloud's own procedure.
COLUMNS = (
    "namespace", "pod", "version", "instance_id", "owner", "verdict", "way", "reason", "cluster", "outcome", "new_pod",
    "new_version", "started_at", "seconds",
)  # fmt: skip
# What a spreadsheet takes for a formula where a cell begins with it, also in its full width.
_FORMULA = re.compile(r"^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def _cell(value: object) -> str:
    text = plain(value, 2000)
    return f"'{text}" if _FORMULA.match(text) else text


def _rows(cluster: Mapping[str, Any]) -> list[dict[str, object]]:
    """A row for every pod that is not compatible or was to be recreated; one that is both has one row."""
    rows: dict[str, dict[str, object]] = {}
    for number, pod in enumerate(cluster["pods"]):
        rows[pod["uid"] or f"pod {number}"] = {
            "namespace": pod["namespace"], "pod": pod["name"], "version": pod["platform_version"],
            "instance_id": pod["instance_id"], "owner": pod["owner"], "verdict": pod["verdict"], "way": pod["way"],
            "reason": pod["reason"], "cluster": cluster["cluster"],
        }  # fmt: skip
    for number, entry in enumerate(cluster["recreations"]):
        row = rows.setdefault(
            entry["uid"] or f"recreation {number}",
            {
                "namespace": entry["namespace"], "pod": entry["name"], "version": entry["old_version"],
                "owner": entry["workload"], "way": entry["method"], "reason": entry["reason"], "cluster": cluster["cluster"],
            },
        )  # fmt: skip
        row.update({
            "outcome": entry["outcome"], "new_pod": entry["new_name"], "new_version": entry["new_version"],
            "started_at": entry["started_at"], "seconds": entry["seconds"] or "",
        })  # fmt: skip
    return list(rows.values())


def render_csv(document: Mapping[str, Any]) -> str:
    """A row for every pod; the mark at the beginning tells spreadsheets that it is UTF-8."""
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cluster in document["clusters"]:
        writer.writerows([_cell(row.get(name, "")) for name in COLUMNS] for row in _rows(cluster))
    return "\ufeff" + stream.getvalue()


# -- JUnit XML ----------------------------------------------------------------------------------------------------


def _case(suite: Xml.Element, name: object, cluster: str, seconds: float = 0.0) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", name=plain(name), classname=f"eci.{plain(cluster)}", time=f"{seconds:.3f}")


def _say(case: Xml.Element, kind: str, message: object, type_: object = "") -> None:
    detail = Xml.SubElement(case, kind, message=plain(message, 2000))
    if type_:
        detail.set("type", plain(type_))


def _suite(cluster: Mapping[str, Any]) -> Xml.Element:
    """The gate is a test, and so is each pod that is listed; compatible pods have the gate alone."""
    name = str(cluster["cluster"])
    suite = Xml.Element("testsuite", name=plain(name))
    gate = _case(suite, f"ECI pods support Kubernetes {cluster['target_version'] or 'the target'}", name)
    if cluster["state"] == "no_result":
        _say(gate, "error", cluster["reason"], "no_result")
    elif cluster["state"] not in ("ready", "upgraded"):
        _say(gate, "failure", cluster["reason"] or CLUSTER_STATES[cluster["state"]], cluster["state"])
    for pod in cluster["pods"]:
        case = _case(suite, f"{pod['namespace']}/{pod['name']}", name)
        if pod["verdict"] == "exempt":
            _say(case, "skipped", pod["reason"])
        else:
            _say(case, "failure", f"{pod['reason']}. {pod['way']}", pod["verdict"])
    for entry in cluster["recreations"]:
        case = _case(suite, f"recreate {entry['namespace']}/{entry['name']}", name, entry["seconds"])
        if entry["outcome"] in ("failed", "set_aside", "blocked"):
            _say(case, "failure", f"{entry['reason']} {entry['remedy']}".strip(), entry["outcome"])
        elif entry["outcome"] in ("not_started", "predicted"):
            _say(case, "skipped", entry["reason"] or entry["outcome"])
    _count(suite)
    return suite


def _count(element: Xml.Element) -> None:
    """Write the numbers of cases that every reader of JUnit XML expects."""
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(kind) is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")


def render_junit(document: Mapping[str, Any]) -> str:
    """A suite for every cluster, for CI systems that show JUnit XML."""
    root = Xml.Element("testsuites", name=plain(document["headline"]))
    for cluster in document["clusters"]:
        suite = _suite(cluster)
        suite.set("timestamp", plain(cluster["scanned_at"] or document["generated_at"]).removesuffix("Z"))
        root.append(suite)
    _count(root)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


# -- Markdown -----------------------------------------------------------------------------------------------------

# A ticket is read, and not searched: the first so many rows of each table.
_MOST_ROWS = 50
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~>-])")
# What trackers make links and mentions of; a zero-width space keeps them from it.
_LINKS = re.compile(r"(@|#|://|www\.)")


def _markdown(value: object, limit: int = 300) -> str:
    text = plain(value, limit).replace("&", "&amp;").replace("<", "&lt;")
    text = _MARKS.sub(r"\\\1", text)
    return _LINKS.sub(lambda found: found.group(1)[:1] + "\u200b" + found.group(1)[1:], text)


def _code(value: object) -> str:
    """A name in a code span, which holds no mark and no mention; a pipe in it would still end the cell of a table."""
    text = plain(value).replace("`", "'").replace("|", "\\|")
    return f"`{text}`" if text else "-"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], total: int) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(' --- ' for _name in head)}|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return lines + (["", f"... and {total - len(rows)} more."] if total > len(rows) else [])


def _clusters_table(clusters: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        [
            _code(one["cluster"]),
            f"**{CLUSTER_STATES[one['state']]}**",
            f"{_markdown(one['cluster_version'] or '?')} → {_markdown(one['target_version'] or '?')}",
            *(str(one["counts"][verdict]) for verdict in VERDICTS),
            str(one["recreated"]),
        ]
        for one in clusters
    ]
    return _table(["Cluster", "State", "Version", *VERDICTS, "recreated"], rows, len(rows))


def _pods_table(clusters: Sequence[Mapping[str, Any]]) -> list[str]:
    listed = [(one, pod) for one in clusters for pod in one["pods"]]
    rows = [
        [
            _code(one["cluster"]), _code(f"{pod['namespace']}/{pod['name']}"), _code(pod["platform_version"]),
            _code(pod["owner"]), _markdown(pod["verdict"]), _markdown(pod["way"]),
        ]
        for one, pod in listed[:_MOST_ROWS]
    ]  # fmt: skip
    total = len(listed) + sum(one["pods_not_listed"] for one in clusters)
    return _table(["Cluster", "Pod", "Version", "Owner", "Verdict", "What to do"], rows, total)


def _recreations_table(clusters: Sequence[Mapping[str, Any]]) -> list[str]:
    listed = [(one, entry) for one in clusters for entry in one["recreations"]]
    rows = [
        [
            _code(one["cluster"]), _code(f"{entry['namespace']}/{entry['name']}"),
            f"{_code(entry['old_version'])} → {_code(entry['new_version'] or entry['new_node'])}",
            _markdown(entry["outcome"]), _markdown(entry["started_at"] or "-"), f"{entry['seconds']:.1f}",
            _markdown(entry["reason"] if entry["outcome"] != "recreated" else ""),
        ]
        for one, entry in listed[:_MOST_ROWS]
    ]  # fmt: skip
    total = len(listed) + sum(one["recreations_not_listed"] for one in clusters)
    return _table(["Cluster", "Pod", "Version", "Outcome", "Started", "Seconds", "Reason"], rows, total)


def render_markdown(document: Mapping[str, Any]) -> str:
    """The report for a ticket: the verdict first, then the clusters, the pods and what was recreated."""
    clusters = document["clusters"]
    lines = [f"# {_markdown(document['headline'])}", ""]
    if document["title"]:
        lines += [_markdown(document["title"]), ""]
    lines += [f"{_markdown(document['details'])} Report of {_markdown(document['generated_at'])}.".strip(), ""]
    lines += ["## Clusters", "", *_clusters_table(clusters), ""]
    troubled = [one for one in clusters if one["reason"]]
    if troubled:
        lines += ["## What stands in the way", ""]
        for one in troubled:
            lines.append(f"- {_code(one['cluster'])}: {_markdown(one['reason'], 2000)}")
            lines += [f"  - {_markdown(line)}" for line in one["not_proved"]]
        lines.append("")
    if any(one["pods"] for one in clusters):
        lines += ["## Pods that are not compatible", "", *_pods_table(clusters), ""]
    if any(one["recreations"] for one in clusters):
        lines += ["## Recreation", "", *_recreations_table(clusters), ""]
    return "\n".join(lines)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's report for people, made from the fact that it sets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.estimate import told
from ansible_collections.ackops.eci.plugins.module_utils._text import plain
from ansible_collections.ackops.eci.plugins.plugin_utils._fleet import fleet_summary, twins
from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import cluster_entry

MOST_SHOWN = 20
# So many pods of a kind are named in a message.
MOST_NAMED = 10
# In bytes. AWX keeps an event whole below 700,000, and copies the artifact that a message is made of into later jobs.
MOST_OF_A_PAGE = 100_000
MOST_OF_A_MESSAGE = 8_000


def _recreated(entry: Mapping[str, Any]) -> str:
    old, name = entry["old_version"] or "none", f"{entry['namespace']}/{entry['name']}"
    if entry["outcome"] == "recreated":
        new = entry["new_version"] or f"real node {entry['new_node']}"
        return plain(f"{name} ({old}) -> {entry['new_name']} ({new}), {entry['seconds']:.1f} s")
    return plain(f"{name} ({old}) {entry['outcome']}: {entry['reason']}")


def _planned(entry: Mapping[str, Any]) -> str:
    name = f"{entry['namespace']}/{entry['name']} ({entry['old_version'] or 'none'})"
    return plain(f"would {entry['method']}: {name}: {entry['reason']}")


def _set_aside(cause: Mapping[str, Any], word: str) -> str:
    """One cause, and what helps: pods of a workload that wait for the same are one line."""
    more = f" and {int(cause['pods']) - 1} more of {cause['workload']}" if int(cause.get("pods") or 1) > 1 else ""
    remedy = f" {cause['remedy']}" if cause.get("remedy") else ""
    said = str(cause["reason"]).rstrip(".")
    return plain(f"{word}: {cause['namespace']}/{cause['name']}{more}: {said}.{remedy}", 600)


def _listed(lines: list[str], most: int, total: int, where: str) -> list[str]:
    """The first lines, and how many more there are: lists of a result are cut, its counts are not."""
    more = max(total, len(lines)) - min(most, len(lines))
    return lines[:most] + ([f"... and {more} more{where}"] if more > 0 else [])


def headline(result: Mapping[str, Any], check_mode: bool = False) -> str:
    """The state of a cluster in one line."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in (result.get("counts") or {}).items() if count)
    nothing = "no ECI pods" if result.get("counts") else "its pods could not be read"
    planned = bool(check_mode and result.get("planned"))
    shut = "NOT PROVED to be ready" if result.get("not_proved") else "NOT READY"
    state = "READY" if result["ready"] else "not ready yet (check mode)" if planned else shut
    return plain(
        f"{state} for Kubernetes {result['target_version']} (now {result['cluster_version'] or '?'}): {counts or nothing}"
    )


def _total(result: Mapping[str, Any], *outcomes: str) -> int:
    return sum(int(count) for outcome, count in (result.get("outcomes") or {}).items() if outcome in outcomes)


def _in_the_way(result: Mapping[str, Any]) -> list[str]:
    """The pods that are not compatible and in no plan, as columns: the first four are those of Alibaba Cloud's procedure."""
    told = {
        (entry["namespace"], entry["name"]) for kind in ("planned", "recreated") for entry in result.get(kind) or ()
    }
    # The plan lists its first pods only: of the others that are incompatible it is not known whether they are in it.
    cut = _total(result, "predicted", "blocked") > len(result.get("planned") or ())
    aside = {entry["uid"] for entry in result.get("set_aside") or () if "uid" in entry}
    columns = ("namespace", "name", "platform_version", "instance_id", "owner", "verdict", "way")
    return [
        ",".join(str(pod[column]).replace(",", ";") for column in columns)
        for pod in cluster_entry("", result)["pods"]
        if pod["verdict"] != "exempt"
        and (pod["namespace"], pod["name"]) not in told
        and not (cut and pod["verdict"] == "incompatible" and pod["uid"] not in aside)
    ]


def _why(result: Mapping[str, Any]) -> list[str]:
    """Why there are no counts, or why they prove nothing."""
    if not result.get("counts"):
        return [plain(result["problem"], 600)] if result.get("problem") else []
    return [plain(f"not proved: {reason}", 600) for reason in result.get("not_proved") or ()]


def _blocking(result: Mapping[str, Any]) -> int:
    """How many pods stand in the way and are in no plan."""
    counts = result.get("counts") or {}
    found = sum(int(counts.get(verdict) or 0) for verdict in ("incompatible", "unknown", "undetermined"))
    return max(0, found - _total(result, "predicted", "blocked"))


def _whole(result: Mapping[str, Any]) -> str:
    """Where a list is whole that is cut here."""
    if result.get("whole"):
        return f"; all are in {plain(result['whole'])}"
    return "; the report lists all" if result.get("lists") else "; eci_preflight_report writes all to a file"


def summary(result: Mapping[str, Any], check_mode: bool = False, most: int = MOST_SHOWN) -> list[str]:
    """The result of the role in a few lines; ``most`` entries of each list are shown."""
    where = _whole(result)
    recreated = [_recreated(entry) for entry in result["recreated"]]
    planned = [_planned(entry) for entry in result["planned"] if entry["outcome"] != "blocked"]
    word = "would be set aside" if check_mode else "set aside"
    aside = [_set_aside(cause, word) for cause in result.get("set_aside") or ()]
    exempt = [plain(f"exempt: {entry['namespace']}/{entry['name']}: {entry['reason']}") for entry in result["exempted"]]
    shut = _in_the_way(result)
    head = ["namespace,pod,version,instance_id,owner,verdict,way"] if shut else []
    exempted = int((result.get("counts") or {}).get("exempt") or 0)
    return [
        headline(result, check_mode),
        *_why(result),
        *head,
        *(_listed(shut, most, _blocking(result), where) if shut else []),
        *_listed(recreated, most, _total(result, "recreated", "deleted"), where),
        *_listed(planned, most, _total(result, "predicted"), where),
        *told(result.get("estimate") or {}),
        *_listed(aside, most, len(aside), where),
        *_listed(exempt, most, exempted, ""),
    ]


def gate_message(result: Mapping[str, Any]) -> str:
    """Why the host fails: what stopped the recreation, or what the last scan found."""
    if result["problem"]:
        return " ".join(["Do not upgrade this cluster.", str(result["problem"]), *_beside(result)])
    return f"Do not upgrade this cluster. {result['message']}"


def _beside(result: Mapping[str, Any]) -> list[str]:
    """A sentence for the pods that no recreation has to do with, and that shut the gate beside what stopped it."""
    remedies = {
        "unknown": "extend eci_preflight_matrix, or waive them with eci_preflight_exempt",
        "undetermined": "wait until they are created and check again",
    }
    found = []
    for kind, remedy in remedies.items():
        count = int((result.get("counts") or {}).get(kind) or 0)
        listed = [pod for pod in result.get("blockers") or () if pod["verdict"] == kind]
        if count:
            shown = listed[:MOST_NAMED]
            names = ", ".join(plain(f"{pod['namespace']}/{pod['name']}") for pod in shown)
            more = f" and {count - len(shown)} more" if shown and count > len(shown) else ""
            first = f" (the first: {plain(shown[0]['reason'])})" if shown else ""
            found.append(f"{count} ECI pod(s) {kind}{f': {names}' if names else ''}{more}{first}; {remedy}.")
    return found


# What eci_preflight_fail_on may name beside the verdicts, and what is said of it.
OTHER_KINDS = ("missing", "set_aside", "not_proved", "not_offered", "not_scanned")


def found_kinds(result: Mapping[str, Any], kinds: Sequence[str]) -> list[str]:
    """A sentence for each of the kinds, of ``eci_preflight_fail_on``, that a cluster has: verdicts on its pods, or OTHER_KINDS."""
    counts = result.get("counts") or {}
    outcomes = _total(result, "set_aside", "blocked")
    told = {
        **{
            kind: f"{counts[kind]} ECI pod(s) are {kind}"
            for kind in counts
            if kind != "compatible" and int(counts[kind])
        },
        "missing": f"{len(result.get('missing') or ())} pod(s) that a run removed are not back"
        if result.get("missing")
        else "",
        "set_aside": f"{outcomes} ECI pod(s) could not be recreated as things are" if outcomes else "",
        "not_proved": "the dump may not hold all pods of the cluster" if result.get("not_proved") else "",
        "not_offered": str(result.get("not_offered") or ""),
        "not_scanned": f"the cluster was not scanned: {result.get('problem')}" if not counts else "",
    }
    return [f"{kind}: {plain(told[kind], 600).rstrip('.')}." for kind in dict.fromkeys(kinds) if told.get(kind)]


def _clusters(results: Mapping[str, Mapping[str, Any]]) -> str:
    """How many clusters are ready, and how many are not."""
    states = ("ready", "with pods to recreate", "not ready", "without a result")
    found = [_state(result) for result in results.values()]
    counted = ", ".join(f"{found.count(number)} {state}" for number, state in enumerate(states) if number in found)
    return f"preflight of {len(found)} {'cluster' if len(found) == 1 else 'clusters'}: {counted or 'none'}"


def _state(result: Mapping[str, Any]) -> int:
    if not result:
        return 3
    if result["ready"]:
        return 0
    return 1 if result["planned"] and not result["problem"] else 2


def _workloads(result: Mapping[str, Any]) -> list[str]:
    """How many pods of which workload would be recreated: what an approver wants to know first."""
    found = (result.get("workloads") or []) if result["planned"] else []
    return [plain(f"{entry['workload']}: {entry['pods']} pod(s)") for entry in found]


def _cluster(host: str, result: Mapping[str, Any], most: int) -> list[str]:
    if not result:
        return [f"{plain(host)}: no result. The job did not reach it, or could not scan it; see the output of that job"]
    first, *rest = summary(result, bool(result["planned"]), most)
    rest = [*_workloads(result), *rest]
    if _state(result) == 2:
        rest.append(plain(gate_message(result)))
    return [f"{plain(host)}: {first}", *(f"    {line}" for line in rest)]


def workflow_summary(
    results: Mapping[str, Mapping[str, Any]], upgrades: Mapping[str, Mapping[str, Any]], most: int = MOST_SHOWN
) -> list[str]:
    """What the jobs of a workflow found and did, by host: the preflight and, if there was one, the upgrade.

    An empty result means that a host has none.
    """
    lines = twins(results)
    lines += fleet_summary(upgrades) if any(upgrades.values()) else []
    lines.append(_clusters(results))
    for host, result in sorted(results.items()):
        lines += _cluster(host, result, most)
    return lines


def pages(lines: list[str], most: int = MOST_OF_A_PAGE) -> list[list[str]]:
    """Lines in pages of at most so many bytes: AWX cuts large events."""
    found: list[list[str]] = [[]]
    size = 0
    for line in lines:
        length = len(line.encode()) + 4
        if found[-1] and size + length > most:
            found.append([])
            size = 0
        found[-1].append(line)
        size += length
    return found


def workflow_lines(
    results: Mapping[str, Mapping[str, Any]], upgrades: Mapping[str, Mapping[str, Any]], most: int = MOST_OF_A_MESSAGE
) -> list[str]:
    """A line for each cluster, for a message: cut where they are many, and saying so."""
    heads = twins(results) + (fleet_summary(upgrades) if any(upgrades.values()) else [_clusters(results)])
    names = [] if any(upgrades.values()) else [_cluster(host, result, 0)[0] for host, result in sorted(results.items())]
    lines = pages([*heads, *names], most)
    more = sum(len(page) for page in lines[1:])
    return lines[0] + ([f"... and {more} more; see the job's output"] if more else [])

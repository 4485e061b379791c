# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a report: what was found and done in each cluster, from the facts of the roles. Every format renders it.

``docs/schema/report.schema.json`` describes it. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted
from ansible_collections.ackops.eci.plugins.plugin_utils._fleet import STATES

SCHEMA = "https://github.com/ackops/ackops.eci/blob/main/docs/schema/report.schema.json"
FORMAT = 1
VERDICTS = ("incompatible", "unknown", "undetermined", "exempt", "compatible")
# What a cluster can be, the worst first. ``planned``: check mode has shown that recreating its pods would make it ready.
CLUSTER_STATES = {
    "failed": "Upgrade failed",
    "not_ready": "Not ready",
    "no_result": "No result",
    "not_proved": "Not proved",
    "planned": "Pods to recreate",
    "ready": "Ready",
    "upgraded": "Upgraded",
}
_LONGEST = 500
# What helps, by verdict, where nothing more is known of the pod.
_ADVICE = {
    "incompatible": "recreate it with eci_preflight, or waive it",
    "unknown": "name its platform version in the matrix, or waive it",
    "undetermined": "wait until it is created, then check again",
    "exempt": "nothing; a waiver covers it",
}
# For an incompatible pod of these, by the kind of its controller; "" is none.
_ADVICE_BY_OWNER = {
    "": "no controller makes it again: choose eci_preflight_unmanaged, move it yourself, or waive it",
    "DaemonSet": "change its DaemonSet, which would put it back on the virtual node",
    "Node": "remove it on its node: it is a mirror pod",
}
_WAYS = {
    "evict": "evict; its controller makes a new one",
    "delete": "delete",
    "clear": "delete; it has finished",
    "await_job": "wait for its Job, then delete",
    "recreate": "delete, and make it again from its manifest",
    "restart": "restart its workload",
}


def _text(value: object, limit: int = _LONGEST) -> str:
    return plain("" if value is None else value, limit)


def _dicts(value: object) -> list[Mapping[str, Any]]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else []
    return [entry for entry in listed if isinstance(entry, Mapping)]


def _lines(value: object) -> list[str]:
    return [_text(line) for line in value] if isinstance(value, (list, tuple)) else []


def _number(value: object) -> float:
    try:
        number = float(str(value or 0))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) and number >= 0 else 0.0


def _true(value: object) -> bool:
    """A boolean; templates of ansible-core before 2.19 may hand it on as text."""
    return value is True or value in ("True", "true")


def _owner(value: object) -> str:
    """A controller as ``Kind/name``, however it was handed on."""
    if isinstance(value, Mapping):
        return _text(f"{value.get('kind') or ''}/{value.get('name') or ''}".strip("/"))
    return _text(value)


# -- one cluster -------------------------------------------------------------------------------------------------


def _pod(entry: Mapping[str, Any], ways: Mapping[str, str]) -> dict[str, Any]:
    """One pod that is not compatible, and what is to be done about it."""
    verdict = _text(entry.get("verdict"))
    uid = _text(entry.get("uid"))
    return {
        "namespace": _text(entry.get("namespace")),
        "name": _text(entry.get("name")),
        "uid": uid,
        "platform_version": _text(entry.get("platform_version")),
        "instance_id": _text(entry.get("instance_id")),
        "owner": _owner(entry.get("owner")) or ways.get(f"owner {uid}", ""),
        "verdict": verdict,
        "reason": _text(entry.get("reason")),
        "way": ways.get(uid) or _text(entry.get("way")) or _advice(verdict, entry),
    }


def _advice(verdict: str, entry: Mapping[str, Any]) -> str:
    kind = _owner(entry.get("owner")).partition("/")[0] if "owner" in entry else None
    if verdict == "incompatible" and kind in _ADVICE_BY_OWNER:
        return _ADVICE_BY_OWNER[kind]
    return _ADVICE.get(verdict, "")


def _recreation(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What became of one pod that was to be recreated."""
    texts = (
        "namespace", "name", "uid", "outcome", "reason", "remedy", "old_version", "new_name", "new_node", "new_version",
        "started_at", "workload", "method",
    )  # fmt: skip
    return {
        **{name: _text(entry.get(name)) for name in texts},
        "seconds": round(_number(entry.get("seconds")), 1),
        "removed": _true(entry.get("removed")),
    }


def _way(entry: Mapping[str, Any]) -> str:
    """What is to be done about a pod, from what the recreation said of it."""
    method = _text(entry.get("method"))
    reason, remedy = (_text(entry.get(name)) for name in ("reason", "remedy"))
    if entry.get("outcome") == "predicted":
        return _WAYS.get(method, method)
    said = "; ".join(part for part in (reason, remedy) if part)
    return f"blocked: {said}" if entry.get("outcome") == "blocked" else said


def _ways(result: Mapping[str, Any]) -> dict[str, str]:
    """The way of each pod by its UID, and its workload."""
    found = {}
    for kind in ("planned", "recreated", "set_aside"):
        for entry in _dicts(result.get(kind)):
            uid = _text(entry.get("uid"))
            found[uid] = _way(entry)
            found[f"owner {uid}"] = _text(entry.get("workload"))
    return found


def _state(result: Mapping[str, Any], upgrade: Mapping[str, Any]) -> str:
    state = upgrade.get("state")
    if state in ("upgraded", "failed"):
        return str(state)
    if not result:
        return "ready" if state == "current" else "no_result"
    if _true(result.get("ready")):
        return "ready"
    if "scanned_at" in result and not result["scanned_at"]:
        return "no_result"
    if result.get("not_proved"):
        return "not_proved"
    return "planned" if result.get("planned") and not result.get("problem") else "not_ready"


def cluster_entry(
    name: str, result: Mapping[str, Any] | None, upgrade: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The entry of one cluster, from the facts ``eci_preflight`` and ``eci_fleet_upgrade`` of its host; either may be missing."""
    result, upgrade = result or {}, upgrade or {}
    counts = result.get("counts") if isinstance(result.get("counts"), Mapping) else {}
    ways = _ways(result)
    pods = [_pod(entry, ways) for kind in ("blockers", "exempted") for entry in _dicts(result.get(kind))]
    moved = [_recreation(entry) for kind in ("recreated", "set_aside", "planned") for entry in _dicts(result.get(kind))]
    numbers = {verdict: int(_number((counts or {}).get(verdict))) for verdict in VERDICTS}
    state = _state(result, upgrade)
    target = result.get("target_version") or upgrade.get("target_version")
    return {
        "cluster": _text(name),
        "state": state,
        "reason": _reason(state, result, upgrade),
        "server": _text(result.get("server") or upgrade.get("server")),
        "cluster_version": _text(result.get("cluster_version") or upgrade.get("from_version")),
        "target_version": _text(target),
        "upgraded_to": _text(upgrade.get("server_version")) if state == "upgraded" else "",
        "upgrade": _text(STATES.get(str(upgrade.get("state")), "")),
        "scanned_at": _text(result.get("scanned_at")),
        "counts": numbers,
        "not_proved": _lines(result.get("not_proved")),
        "hints": _lines(result.get("hints")),
        "pods": pods,
        "pods_not_listed": max(0, sum(numbers.values()) - numbers["compatible"] - len(pods)),
        "recreations_not_listed": max(0, _outcomes(result) - len(moved)),
        "recreated": _recreated(result, moved),
        "recreations": sorted(moved, key=lambda entry: str(entry["started_at"])),
        "ledger": _text(result.get("ledger")),
        "matrix": _matrix(result.get("matrix")),
    }


def _matrix(value: object) -> str:
    """Source and date of the compatibility matrix, as one text."""
    parts = [value.get("source"), value.get("date")] if isinstance(value, Mapping) else [value]
    return _text(", ".join(str(part) for part in parts if part))


def _recreated(result: Mapping[str, Any], moved: Sequence[Mapping[str, Any]]) -> int:
    """How many pods were recreated, by the count of the run where it tells it."""
    counts = result.get("outcomes")
    if isinstance(counts, Mapping) and counts:
        return int(_number(counts.get("recreated")))
    return sum(entry["outcome"] == "recreated" for entry in moved)


def _outcomes(result: Mapping[str, Any]) -> int:
    """How many pods the recreation had to do with, those included that its result does not list."""
    counts = result.get("outcomes")
    return sum(int(_number(count)) for count in counts.values()) if isinstance(counts, Mapping) else 0


def _reason(state: str, result: Mapping[str, Any], upgrade: Mapping[str, Any]) -> str:
    """Why the cluster is where it is, where that is not where it should be."""
    if state in ("ready", "upgraded"):
        return ""
    if state == "no_result":
        problem = (
            upgrade.get("problem")
            or result.get("problem")
            or "the run did not get to it, or could not scan it; see its output"
        )
        return _text(problem, 2000)
    return _text(upgrade.get("problem") or result.get("problem") or result.get("message"), 2000)


# -- the whole ---------------------------------------------------------------------------------------------------


def _total(clusters: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for cluster in clusters:
        found.update(cluster["counts"])
    return {verdict: found[verdict] for verdict in VERDICTS}


def report_document(clusters: Sequence[Mapping[str, Any]], generated_at: str, title: str = "") -> dict[str, Any]:
    """The document over these clusters (entries of :func:`cluster_entry`), with its headline and its totals."""
    ordered = sorted(clusters, key=lambda one: (list(CLUSTER_STATES).index(one["state"]), str(one["cluster"])))
    states = Counter(str(one["state"]) for one in ordered)
    targets = sorted({str(one["target_version"]) for one in ordered if one["target_version"]})
    return {
        "$schema": SCHEMA,
        "format": FORMAT,
        "title": plain(title, 200),
        "generated_at": generated_at,
        "headline": headline(ordered),
        "details": details(ordered),
        "target_versions": targets,
        "states": {state: states[state] for state in CLUSTER_STATES},
        "counts": _total(ordered),
        "recreated": sum(one["recreated"] for one in ordered),
        "clusters": [dict(one) for one in ordered],
    }


def _versions(clusters: Sequence[Mapping[str, Any]]) -> str:
    targets = sorted({str(one["target_version"]) for one in clusters if one["target_version"]})
    return f"Kubernetes {targets[0]}" if len(targets) == 1 else "their targets" if targets else "the upgrade"


def headline(clusters: Sequence[Mapping[str, Any]]) -> str:
    """The verdict in one line, the first thing that anybody reads."""
    if not clusters:
        return "No cluster was looked at."
    target = _versions(clusters)
    if len(clusters) == 1:
        return _headline_of_one(clusters[0], target)
    total = len(clusters)
    states = Counter(str(one["state"]) for one in clusters)
    if any(one["upgrade"] for one in clusters):
        done, word = states["upgraded"], f"upgraded to {target}"
    else:
        done, word = states["ready"], f"ready for {target}"
    return f"{'All' if done == total else 'None of the' if not done else f'{done} of'} {total} clusters are {word}."


def details(clusters: Sequence[Mapping[str, Any]]) -> str:
    """What there is beside the headline, where it is about several clusters: how many are in which other state."""
    states = Counter(str(one["state"]) for one in clusters)
    rest = [f"{states[state]} {words}" for state, words in _IN_NUMBERS.items() if states[state]]
    return f"{', '.join(rest)}." if rest and len(clusters) > 1 else ""


_IN_NUMBERS = {
    "failed": "failed",
    "not_ready": "not ready",
    "no_result": "without a result",
    "not_proved": "not proved to be ready",
    "planned": "with pods to recreate",
}


def _pods(count: int) -> str:
    return f"{count} ECI pod{'' if count == 1 else 's'}"


def _headline_of_one(cluster: Mapping[str, Any], target: str) -> str:
    counts, state = cluster["counts"], cluster["state"]
    total = sum(counts.values())
    blocking = ", ".join(f"{counts[kind]} {kind}" for kind in VERDICTS[:3] if counts[kind])
    exempt = f", {counts['exempt']} exempt" if counts["exempt"] else ""
    if state == "upgraded":
        return f"Upgraded to {target}."
    if state == "failed":
        return f"The upgrade to {target} failed."
    if state == "no_result":
        return "No result: the cluster was not scanned."
    if state == "ready":
        return f"Ready for {target}: {f'{_pods(total)}, none in the way{exempt}' if total else 'the cluster has no ECI pods'}."
    if state == "not_proved":
        return f"Not proved to be ready for {target}: the dump may not hold every pod{f'; {blocking}' if blocking else ''}."
    if state == "planned":
        return f"Not ready for {target} yet: {_pods(len(cluster['recreations']))} to recreate."
    return f"Not ready for {target}: {f'of {_pods(total)}, {blocking}' if blocking else 'see the reason'}{exempt}."


def clusters_of(document: object, name: str) -> list[dict[str, Any]]:
    """The clusters of a report that was written as JSON before. Raises EciError where it is none."""
    remedy = "Give a .json that the module eci_report wrote; it can be rendered in the other formats, and joined with others."
    if not isinstance(document, Mapping) or "clusters" not in document or "format" not in document:
        raise EciError(f"src: {quoted(name, 300)} is not a report in JSON.", remedy)
    if document["format"] != FORMAT:
        raise EciError(
            f"src: {quoted(name, 300)} has the format {quoted(document['format'])}; this release reads {FORMAT}.",
            remedy,
        )
    if not isinstance(document["clusters"], list):
        raise EciError(f"src: {quoted(name, 300)} is not a report in JSON: clusters is no list.", remedy)
    try:
        return [_cluster_like(entry, f"clusters[{number}]") for number, entry in enumerate(document["clusters"])]
    except _UnlikeError as error:
        raise EciError(f"src: {quoted(name, 300)} is not a report in JSON: {error}.", remedy) from error


class _UnlikeError(Exception):
    """An entry of a file that has not the form of one that is made anew."""


def _cluster_like(entry: object, where: str) -> dict[str, Any]:
    cluster = _like(entry, cluster_entry("", {}), where)
    if cluster["state"] not in CLUSTER_STATES:
        raise _UnlikeError(f"{where}.state is {quoted(cluster['state'])}")
    for kind, model in (("pods", _pod({}, {})), ("recreations", _recreation({}))):
        cluster[kind] = [_like(one, model, f"{where}.{kind}[{number}]") for number, one in enumerate(cluster[kind])]
    for kind in ("not_proved", "hints"):
        cluster[kind] = [_text(line) for line in cluster[kind]]
    return cluster


def _like(entry: object, model: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The entry's values under the keys of the model, where they are of its types; texts are made safe to show again."""
    if not isinstance(entry, Mapping):
        raise _UnlikeError(f"{where} is no object")
    found: dict[str, Any] = {}
    for key, usual in model.items():
        value = entry.get(key)
        kinds = (int, float) if isinstance(usual, (int, float)) and not isinstance(usual, bool) else type(usual)
        if not isinstance(value, kinds) or (isinstance(value, bool) and not isinstance(usual, bool)):
            raise _UnlikeError(f"{where}.{key} is {'of another type' if key in entry else 'missing'}")
        if isinstance(usual, Mapping):
            found[key] = _like(value, usual, f"{where}.{key}")
        else:
            found[key] = _text(value, 2000) if isinstance(value, str) else value
        if isinstance(value, float) and not math.isfinite(value):
            raise _UnlikeError(f"{where}.{key} is {value}")
    return found

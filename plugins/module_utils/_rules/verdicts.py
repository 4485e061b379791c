# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check: takes pods, target, matrix and waivers; gives each pod a verdict, and says whether the cluster is ready. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import (
    BLOCKING,
    EXEMPT,
    INCOMPATIBLE,
    NEWEST,
    UNDETERMINED,
    UNKNOWN,
    VERDICTS,
    Matrix,
    Minor,
    hop_warning,
    parse_version,
    show_minor,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    Missing,
    Pod,
    Verdict,
    short_records,
    sort_key,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import Waiver, coverage_warnings, waiver_for
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted


@dataclass(frozen=True)
class Report:
    """What the check found. ``compatible`` says whether the gate is open.

    ``not_offered``: why ACK does not offer the upgrade in one step; empty if it does, or where the cluster's version is unknown.
    ``not_proved``: why the pods may not be all of the cluster; with any reason the gate is shut, whatever was found.
    """

    compatible: bool
    nothing_to_do: bool
    target_version: str
    cluster_version: str
    verdicts: list[Verdict]
    warnings: list[str] = field(default_factory=list)
    not_proved: list[str] = field(default_factory=list)
    missing: Sequence[Missing] = ()
    not_offered: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Pods by verdict; every verdict has its key."""
        found = Counter(verdict.verdict for verdict in self.verdicts)
        return {verdict: found[verdict] for verdict in VERDICTS}

    def of(self, *kinds: str) -> list[Verdict]:
        """The verdicts of these kinds, in order."""
        return [verdict for verdict in self.verdicts if verdict.verdict in kinds]


def judge(pod: Pod, target: Minor, matrix: Matrix, waivers: Sequence[Waiver], today: datetime.date) -> Verdict:
    """The verdict on one ECI pod. Waivers are looked at only if the pod would block the upgrade."""
    version = effective_version(pod)
    if version is None:
        verdict, reason = UNDETERMINED, "it is being created and has no platform version yet"
    else:
        verdict, reason = matrix.verdict(version, target)
    if verdict in BLOCKING:
        waiver = waiver_for(pod, waivers, today)
        if waiver is not None:
            verdict, reason = EXEMPT, f"{waiver.reason} (until {waiver.expires}; it is {verdict}: {reason})"
    owner = f"{pod.owner.kind}/{pod.owner.name}" if pod.owner else ""
    return Verdict(pod.namespace, pod.name, pod.uid, version or "", verdict, reason, pod.instance_id or "", owner)


def check(
    pods: Sequence[Pod],
    target_version: object,
    *,
    cluster_version: str = "",
    matrix: Matrix,
    waivers: Sequence[Waiver] = (),
    today: datetime.date,
    pods_are_complete: bool = True,
) -> Report:
    """Judge every pod against the target. Raises InvalidInput for an impossible target.

    ``pods_are_complete``: whether these are all ECI pods of the cluster; a warning says so if not.
    """
    target = parse_version(target_version, "target_version")
    current = parse_version(cluster_version, "cluster_version") if cluster_version else None
    if current is not None and target < current:
        raise InvalidInput(
            "target_version",
            str(target_version),
            f"is below the cluster's own version {show_minor(current)}",
            "A control plane cannot be downgraded. Give the version to upgrade to.",
        )
    verdicts = [judge(pod, target, matrix, waivers, today) for pod in sorted(pods, key=sort_key)]
    blocking = [verdict for verdict in verdicts if verdict.verdict in BLOCKING]
    nothing_to_do = current == target
    none_there = pods_are_complete and not pods
    exempted = sum(verdict.verdict == EXEMPT for verdict in verdicts)
    return Report(
        compatible=nothing_to_do or none_there or (not blocking and matrix.knows(target)),
        nothing_to_do=nothing_to_do,
        target_version=show_minor(target),
        cluster_version=show_minor(current) if current else "",
        verdicts=verdicts,
        not_offered=hop_warning(current, target) if current else "",
        warnings=[
            *_target_warnings(target, current, matrix, bool(blocking), none_there),
            *(
                f"exempt: the waiver {quoted(waiver.reason)} expired on {waiver.expires} and is ignored."
                for waiver in waivers
                if waiver.expired(today)
            ),
            *(coverage_warnings(waivers, pods, exempted, today) if pods_are_complete else ()),
            *(
                []
                if pods_are_complete
                else ["The pods are a selection (namespaces or query): this says nothing of the rest."]
            ),
        ],
    )


def with_missing(report: Report, missing: Sequence[Missing]) -> Report:
    """The report, and what runs have taken away and not brought back: while there is any, the gate is shut whatever the pods are."""
    return replace(report, missing=missing, compatible=report.compatible and not missing)


def _target_warnings(
    target: Minor, current: Minor | None, matrix: Matrix, blocking: bool, none_there: bool
) -> list[str]:
    shown, warnings = show_minor(target), []
    if current == target:
        warnings.append(f"The cluster already runs Kubernetes {shown}. There is nothing to do.")
        if blocking:
            warnings.append(f"Some ECI pods are not known to work on {shown}, the version the cluster runs now.")
        return warnings
    hint = " Did you mean '1.30'? YAML reads an unquoted 1.30 as 1.3." if target == (1, 3) else ""
    if not matrix.knows(target) and none_there:
        warnings.append(
            f"The cluster has no ECI pods, so the upgrade to Kubernetes {shown} may go on. The compatibility matrix (of {matrix.date})"
            f" does not list that version: make sure that ECI supports it before you create ECI pods there.{hint}"
        )
    elif not matrix.knows(target):
        warnings.append(
            f"The compatibility matrix (of {matrix.date}) does not list Kubernetes {shown}, so the cluster is not ready."
            f" If ECI supports it, add it with matrix: {matrix.row_with(NEWEST, target)}.{hint}"
        )
    elif any(target in row.canary for row in matrix.rows.values()):
        warnings.append(f"ECI supports Kubernetes {shown} as a canary release only.")
    hop = hop_warning(current, target) if current else ""
    return [*warnings, hop] if hop else warnings


def in_doubt(report: Report, reasons: Sequence[str]) -> Report:
    """The same report where the pods may not be all of the cluster, for these reasons: with any of them the gate is shut."""
    return replace(report, compatible=report.compatible and not reasons, not_proved=list(reasons))


def as_result(report: Report, matrix: Matrix) -> dict[str, Any]:
    """The report as a module result, its lists whole."""
    return {
        "compatible": report.compatible,
        "nothing_to_do": report.nothing_to_do,
        "target_version": report.target_version,
        "cluster_version": report.cluster_version,
        "counts": report.counts,
        "not_proved": report.not_proved,
        "not_offered": report.not_offered,
        "message": "" if report.compatible else shut_gate_message(report),
        "blockers": short_records(report.of(*BLOCKING)),
        "exempted": short_records(report.of(EXEMPT)),
        "missing": short_records(report.missing),
        "matrix": {"source": matrix.source, "date": matrix.date, "supporting": _supporting(report, matrix)},
    }


def _supporting(report: Report, matrix: Matrix) -> list[str]:
    return matrix.supporting(parse_version(report.target_version, "target_version"))


def shut_gate_message(report: Report, named: int = 10) -> str:
    """Why the cluster is not ready: what is wrong, with which pods, and what to do."""
    parts = _missing_parts(report.missing, named)
    remedies: Mapping[str, str] = {
        INCOMPATIBLE: "recreate them (the role eci_preflight does), or waive them with `exempt`",
        UNKNOWN: "extend `matrix`, or waive them with `exempt`",
        UNDETERMINED: "wait until they are created and check again",
    }
    for kind in BLOCKING:
        found = report.of(kind)
        if found:
            shown = ", ".join(f"{verdict.namespace}/{verdict.name}" for verdict in found[:named])
            more = f" and {len(found) - named} more" if len(found) > named else ""
            first = f" (the first: {found[0].reason})"
            parts.append(f"{len(found)} ECI pod(s) {kind}: {shown}{more}{first}; {remedies[kind]}.")
    if not parts and not report.not_proved:
        parts.append(
            next((text for text in report.warnings if "matrix" in text), "The matrix does not list the target.")
        )
    if report.not_proved:
        doubts = "; ".join(report.not_proved)
        parts.insert(
            0,
            f"The dump may not hold all pods of the cluster: {doubts}. Make one with: kubectl get nodes,pods -A -o json.",
        )
    head = "Not proved to be ready" if report.not_proved and len(parts) == 1 else "Not ready"
    return f"{head} for Kubernetes {report.target_version}. {' '.join(parts)}"


def _missing_parts(missing: Sequence[Missing], named: int) -> list[str]:
    """A sentence for what runs have taken away; a run that is not over has no pod."""
    parts = [
        f"{entry.reason}; wait for it, or run the preflight again to follow it up."
        for entry in missing
        if not entry.name
    ]
    pods = [entry for entry in missing if entry.name]
    if pods:
        shown = "; ".join(f"{entry.namespace}/{entry.name}: {entry.reason}" for entry in pods[:named])
        more = f"; and {len(pods) - named} more" if len(pods) > named else ""
        parts.append(
            f"{len(pods)} pod(s) that a run removed are not back. {shown}{more}. Run the preflight again, or name those that nobody"
            " wants any more in `forget`."
        )
    return parts

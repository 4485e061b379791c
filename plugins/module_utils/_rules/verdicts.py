# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check: pods, target, matrix and waivers in; a verdict for every pod and the state of the gate out. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import (
    BLOCKING,
    EXEMPT,
    INCOMPATIBLE,
    UNDETERMINED,
    UNKNOWN,
    VERDICTS,
    Matrix,
    Minor,
    hop_warning,
    parse_version,
    show_minor,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, Verdict, records, sort_key
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import Waiver, coverage_warnings, waiver_for
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted


@dataclass(frozen=True)
class Report:
    """What the check found. ``compatible`` is the state of the gate."""

    compatible: bool
    nothing_to_do: bool
    target_version: str
    cluster_version: str
    verdicts: list[Verdict]
    warnings: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Pods by verdict; every verdict has its key."""
        found = Counter(verdict.verdict for verdict in self.verdicts)
        return {verdict: found[verdict] for verdict in VERDICTS}

    def of(self, *kinds: str) -> list[Verdict]:
        """The verdicts of these kinds, in order."""
        return [verdict for verdict in self.verdicts if verdict.verdict in kinds]


def judge(pod: Pod, target: Minor, matrix: Matrix, waivers: Sequence[Waiver], today: datetime.date) -> Verdict:
    """The verdict on one ECI pod; a waiver is asked only where the pod would shut the gate."""
    version = effective_version(pod)
    if version is None:
        verdict, reason = UNDETERMINED, "it is being created: no instance id and no platform version yet"
    else:
        verdict, reason = matrix.verdict(version, target)
    if verdict in BLOCKING:
        waiver = waiver_for(pod, waivers, today)
        if waiver is not None:
            verdict, reason = EXEMPT, f"{waiver.reason} (until {waiver.expires}; it is {verdict}: {reason})"
    return Verdict(pod.namespace, pod.name, pod.uid, version or "", verdict, reason)


def check(
    pods: Sequence[Pod],
    target_version: object,
    *,
    cluster_version: str = "",
    matrix: Matrix,
    waivers: Sequence[Waiver] = (),
    today: datetime.date,
    whole_cluster: bool = True,
) -> Report:
    """Judge every pod against the target. Raises InvalidInput on a target that cannot be meant."""
    target = parse_version(target_version, "target_version")
    current = parse_version(cluster_version, "cluster_version") if cluster_version else None
    if current is not None and target < current:
        raise InvalidInput(
            "target_version",
            str(target_version),
            f"is below the cluster's own version {show_minor(current)}",
            "A control plane cannot be downgraded; give the version that the cluster is to be upgraded to.",
        )
    verdicts = [judge(pod, target, matrix, waivers, today) for pod in sorted(pods, key=sort_key)]
    blocking = [verdict for verdict in verdicts if verdict.verdict in BLOCKING]
    nothing_to_do = current == target
    exempted = sum(verdict.verdict == EXEMPT for verdict in verdicts)
    return Report(
        compatible=nothing_to_do or (not blocking and matrix.knows(target)),
        nothing_to_do=nothing_to_do,
        target_version=show_minor(target),
        cluster_version=show_minor(current) if current else "",
        verdicts=verdicts,
        warnings=[
            *_target_warnings(target, current, matrix, bool(blocking)),
            *(
                f"exempt: the waiver {quoted(waiver.reason)} expired on {waiver.expires} and no longer counts."
                for waiver in waivers
                if waiver.expired(today)
            ),
            *(coverage_warnings(waivers, pods, exempted, today) if whole_cluster else ()),
            *(
                []
                if whole_cluster
                else ["The pods are a selection (namespaces or query): this says nothing of the rest."]
            ),
        ],
    )


def _target_warnings(target: Minor, current: Minor | None, matrix: Matrix, blocking: bool) -> list[str]:
    shown, warnings = show_minor(target), []
    if current == target:
        warnings.append(f"The cluster is on Kubernetes {shown} already: there is nothing to prepare.")
        if blocking:
            warnings.append(f"Some ECI pods are not known to work on {shown}, the version the cluster runs now.")
        return warnings
    if not matrix.knows(target):
        hint = " Did you mean '1.30'? YAML reads an unquoted 1.30 as 1.3." if target == (1, 3) else ""
        warnings.append(
            f"The compatibility matrix (of {matrix.date}) does not name Kubernetes {shown}, so the gate stays shut."
            f" If ECI supports it, say so with matrix: {{'1.1.0': ['{shown}']}}, or {{'1.1.0': '>=1.12'}}.{hint}"
        )
    elif any(target in row.canary for row in matrix.rows.values()):
        warnings.append(f"ECI supports Kubernetes {shown} as a canary release only.")
    hop = hop_warning(current, target) if current else ""
    return [*warnings, hop] if hop else warnings


def as_result(report: Report, matrix: Matrix, limit: int) -> dict[str, Any]:
    """The report as a module result; every listing is cut at ``limit`` entries, the counts never are."""
    blockers = report.of(*BLOCKING)
    return {
        "compatible": report.compatible,
        "nothing_to_do": report.nothing_to_do,
        "target_version": report.target_version,
        "cluster_version": report.cluster_version,
        "counts": report.counts,
        "message": "" if report.compatible else shut_gate_message(report),
        "blockers": records(blockers[:limit]),
        "exempted": records(report.of(EXEMPT)[:limit]),
        "matrix": {"source": matrix.source, "date": matrix.date, "supporting": _supporting(report, matrix)},
    }


def _supporting(report: Report, matrix: Matrix) -> list[str]:
    return matrix.supporting(parse_version(report.target_version, "target_version"))


def shut_gate_message(report: Report, named: int = 10) -> str:
    """Why the gate is shut, for the person who must open it: what, which pods, what to do."""
    parts = []
    remedies: Mapping[str, str] = {
        INCOMPATIBLE: "recreate them (role eci_preflight does), or waive them with exempt",
        UNKNOWN: "extend the matrix, or waive them with exempt",
        UNDETERMINED: "wait until they are created, and check again",
    }
    for kind in BLOCKING:
        found = report.of(kind)
        if found:
            shown = ", ".join(f"{verdict.namespace}/{verdict.name}" for verdict in found[:named])
            more = f" and {len(found) - named} more" if len(found) > named else ""
            first = f" (the first: {found[0].reason})"
            parts.append(f"{len(found)} ECI pod(s) {kind}: {shown}{more}{first}; {remedies[kind]}.")
    if not parts:
        parts.append(
            next((text for text in report.warnings if "matrix" in text), "The matrix does not name the target.")
        )
    return f"Not ready for Kubernetes {report.target_version}. " + " ".join(parts)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case: judge the pods of a cluster, those of a fresh scan (so that no list passes through Ansible), of a dump, or a given list."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._check.dump import scan_dump
from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scan, Scope, scan_settled
from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import (
    INCOMPATIBLE,
    Matrix,
    build_matrix,
    parse_version,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Missing, Pod, pods_from_records
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import Report, check, in_doubt, with_missing
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import Waiver, parse_waivers


@dataclass(frozen=True)
class Question:
    """What a cluster is to be judged by. ``settle_seconds``: how long to wait for pods that are being created."""

    target_version: object
    matrix: Matrix
    waivers: list[Waiver]
    scope: Scope = field(default_factory=Scope)
    settle_seconds: float = 0.0


def question_of(params: Mapping[str, Any], settle_seconds: float = 0.0) -> Question:
    """The question that a module's options ask. Raises InvalidInput on what is wrong before any request is made."""
    parse_version(params["target_version"], "target_version")
    return Question(
        target_version=params["target_version"],
        matrix=build_matrix(params["matrix"]),
        waivers=parse_waivers(params["exempt"]),
        scope=Scope(prefixes=tuple(params["node_name_prefixes"])),
        settle_seconds=settle_seconds,
    )


def check_cluster(
    api: ClusterApi, clock: Clock, question: Question, missing: Callable[[], Sequence[Missing]] = tuple
) -> tuple[Scan, Report]:
    """Scan the cluster, and judge every ECI pod of it. ``missing`` tells, after the scan, what runs took away from it."""
    version = api.server_version()
    scan = scan_settled(api, question.scope, clock, question.settle_seconds)
    return scan, with_missing(_judge(scan.pods, question, clock, version), missing())


def check_pods(params: Mapping[str, Any], clock: Clock, question: Question) -> Report:
    """Judge the pods that a task was given. No cluster is asked."""
    pods = pods_from_records(params["pods"], "pods")
    return _judge(pods, question, clock, params["cluster_version"] or "", params["pods_are_complete"])


def check_dump(params: Mapping[str, Any], clock: Clock, question: Question) -> tuple[Scan, Report]:
    """Judge every ECI pod of a dump. No cluster is asked; a dump that may not be the whole cluster shuts the gate."""
    scan = scan_dump(params["src"], question.scope)
    version = params["cluster_version"] or scan.version
    return scan, in_doubt(_judge(scan.pods, question, clock, version), scan.doubts)


def _judge(
    pods: Sequence[Pod],
    question: Question,
    clock: Clock,
    version: str,
    pods_are_complete: bool = True,
) -> Report:
    return check(
        pods,
        question.target_version,
        cluster_version=version,
        matrix=question.matrix,
        waivers=question.waivers,
        today=datetime.date.fromisoformat(clock.now()[:10]),
        pods_are_complete=pods_are_complete,
    )


def describe(scan: Scan, clock: Clock, api: ClusterApi | None = None) -> dict[str, Any]:
    """What was looked at: ``eci_cluster`` of eci_pod_facts, ``cluster`` of eci_compat_check. Without ``api``, a dump was."""
    return {
        "server": api.server() if api else "",
        "version": api.server_version() if api else scan.version,
        "scanned_at": clock.now(),
        **scan.facts(),
    }


def refuse_options_without_pods(params: Mapping[str, Any]) -> None:
    """Raise InvalidInput where an option that says something of given pods comes without them, or pods come twice."""
    if params["pods"] is not None and params["src"]:
        raise InvalidInput(
            "src", params["src"], "and pods exclude each other", "Give the pods, or the dump to find them in."
        )
    for option, absent in (("cluster_version", None), ("pods_are_complete", True)):
        given = params["pods"] is not None or (params["src"] and option == "cluster_version")
        if not given and params[option] != absent:
            raise InvalidInput(
                option,
                params[option],
                "says something of pods, and no pods are given",
                "Give pods, or leave it out: without pods the module asks the cluster itself.",
            )


def pods_to_recreate(params: Mapping[str, Any], api: ClusterApi, clock: Clock) -> list[Pod]:
    """The pods that eci_pod_recreate is given; without any, those of a fresh scan that are incompatible."""
    if params["pods"] is not None:
        if params["exempt"]:
            raise InvalidInput(
                "exempt", params["exempt"], "has no effect on pods that are given", "Leave those pods out of the list."
            )
        return pods_from_records(params["pods"], "pods")
    scan, report = check_cluster(api, clock, question_of(params))
    wanted = {verdict.uid for verdict in report.of(INCOMPATIBLE)}
    return [pod for pod in scan.pods if pod.uid in wanted]

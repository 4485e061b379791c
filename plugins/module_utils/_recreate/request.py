# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user asks a run for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import Limits
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import KNOWN_TO_RECREATE, parse_kinds
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import build_matrix, parse_version
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Pod
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Policy
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import DELETE, EVICT
from ansible_collections.ackops.eci.plugins.module_utils._rules.serial import parallel_of, wave_limits


@dataclass(frozen=True)
class Request:
    """What the user asks for: the pods as they were at the check, and how to go about it.

    ``accepts`` says whether a platform version supports the target, ``why_not`` why one does not. ``kinds`` are GROUP/KIND of
    controllers of other projects that recreate their pods, ``forget`` names (namespace/name) of pods that earlier runs removed
    and that nobody wants back. ``fresh``: the pods are of a scan that was made a moment ago; each is looked at again at its
    turn anyway.
    """

    pods: Sequence[Pod]
    policy: Policy
    serial: Sequence[object]
    method: str
    prefixes: tuple[str, ...]
    accepts: Callable[[str], bool]
    limits: Limits
    fresh: bool = False
    workload_serial: object = 1
    why_not: Callable[[str], str] | None = None
    kinds: Collection[str] = KNOWN_TO_RECREATE
    forget: Sequence[str] = ()

    @property
    def removal(self) -> str:
        """How a pod is removed that is not rolled with its workload."""
        return DELETE if self.method == DELETE else EVICT


def request_of(params: Mapping[str, Any], limits: Limits) -> Request:
    """The request that the module's options make, without its pods. Raises InvalidInput on what is wrong, before anything is asked."""
    target = parse_version(params["target_version"], "target_version")
    matrix = build_matrix(params["matrix"])
    wave_limits(params["serial"], 1)
    parallel_of(params["workload_serial"], BARE)
    return Request(
        pods=[],
        policy=Policy(params["unmanaged"], params["running_jobs"]),
        serial=params["serial"],
        workload_serial=params["workload_serial"],
        method=params["method"],
        prefixes=tuple(params["node_name_prefixes"]),
        accepts=lambda version: matrix.supports(version, target),
        why_not=lambda version: matrix.verdict(version, target)[1],
        limits=limits,
        kinds=parse_kinds(params["recreated_by"], "recreated_by"),
        forget=params["forget"],
    )

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many pods may be on their way at once: in a run (``serial``), and of one workload (``workload_serial``)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import wanted_replicas

STRATEGY = "strategy"
_PERCENT = re.compile(r"^(\d{1,3})%$", re.ASCII)


def wave_limits(serial: Sequence[object], total: int) -> list[int]:
    """The entries of ``serial``, in Ansible's own reading of it, as numbers of pods. Raises InvalidInput."""
    return [_size(entry, total) for entry in (serial or [1])]


def slots(limits: Sequence[int], succeeded: int) -> int:
    """How many pods may be on their way after so many successes.

    A wave of the list is through when as many pods have come back as it and those before it hold; the last limit holds on.
    """
    for limit in limits:
        if succeeded < limit:
            return limit
        succeeded -= limit
    return limits[-1]


def parallel_of(workload_serial: object, workload: Workload) -> int:
    """How many pods of one workload may be on their way together. Raises InvalidInput."""
    replicas = wanted_replicas(workload.manifest or {})
    by_strategy = str(workload_serial).strip() == STRATEGY
    count = _max_unavailable(workload) if by_strategy else _size(workload_serial, replicas, "workload_serial")
    spec = (workload.manifest or {}).get("spec") or {}
    if workload.controller_kind == "StatefulSet" and spec.get("podManagementPolicy") != "Parallel":
        return 1  # its controller makes one pod at a time
    return max(1, count)


def _max_unavailable(workload: Workload) -> int:
    """A Deployment's own ``maxUnavailable`` in pods (Kubernetes' default is 25 %, rounded down); of other kinds 1."""
    spec: dict[str, Any] = dict((workload.manifest or {}).get("spec") or {})
    if workload.kind != "Deployment":
        return 1
    value = ((spec.get("strategy") or {}).get("rollingUpdate") or {}).get("maxUnavailable", "25%")
    return in_pods(value, wanted_replicas(workload.manifest or {}), up=False)


def in_pods(value: object, replicas: int, *, up: bool) -> int:
    """An IntOrString of Kubernetes (a number, or a percentage of the replicas) as a number of pods."""
    percent = _PERCENT.match(str(value))
    if percent is None:
        return int(value) if isinstance(value, int) else 0
    exact = replicas * int(percent.group(1)) / 100
    return math.ceil(exact) if up else math.floor(exact)


def _size(entry: object, total: int, option: str = "serial") -> int:
    text = str(entry).strip()
    percent = _PERCENT.match(text)
    if percent is not None and 0 < int(percent.group(1)) <= 100:
        return max(1, math.floor(total * int(percent.group(1)) / 100))
    if not isinstance(entry, (bool, float)) and text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    form = (
        "1, '25%', or a list of growing waves such as [1, 5, '25%']" if option == "serial" else "1, '25%' or strategy"
    )
    raise InvalidInput(option, entry, "is neither a number of pods above 0 nor a percentage", f"Give it as {form}.")

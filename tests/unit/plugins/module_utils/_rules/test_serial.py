# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many pods may be on their way at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.serial import parallel_of, slots, wave_limits


@pytest.mark.parametrize(
    ("serial", "total", "sizes"),
    [
        ([], 2, [1, 1]),
        ([1], 3, [1, 1, 1]),
        (["30%"], 10, [3, 3, 3, 3]),
        ([1, 5, "25%"], 20, [1, 5, 5, 5, 5, 5, 5, 5]),
        (["1%"], 3, [1, 1, 1]),
        ([" 50% "], 4, [2, 2]),
        (["100%"], 4, [4]),
    ],
)
def test_serial_reads_as_in_a_play(serial: list[object], total: int, sizes: list[int]) -> None:
    """Numbers, percentages of all, growing waves; the last one holds on. A wave grows on the successes of those before."""
    limits = wave_limits(serial, total)
    assert [slots(limits, succeeded) for succeeded in range(len(sizes))] == sizes


BAD_SERIALS = [
    0,
    -1,
    "0",
    "0%",
    "101%",
    "-5%",
    "x",
    "",
    " ",
    "1.5",
    1.5,
    1.0,
    True,
    None,
    "1e3",
    "\uff11",
    "5 %",
    [1],
    {},
]


@pytest.mark.parametrize("entry", BAD_SERIALS, ids=ascii)
@pytest.mark.parametrize("total", [0, 3])
def test_serial_that_means_nothing_is_refused(entry: object, total: int) -> None:
    """Also after a good entry, and also where there is nothing to do today."""
    with pytest.raises(
        InvalidInput, match=r"^serial: .* is neither a number of pods above 0 nor a percentage"
    ) as caught:
        wave_limits([1, entry], total)
    assert "'25%'" in caught.value.remedy


def deployment(replicas: int, **rolling: Any) -> Workload:
    """A Deployment with that strategy."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return Workload(
        "Deployment", "web", "web", "u", "ReplicaSet", {"spec": {"replicas": replicas, "strategy": strategy}}
    )


STATEFUL = Workload("StatefulSet", "web", "db", "u", "StatefulSet", {"spec": {"replicas": 9}})
PARALLEL = Workload(
    "StatefulSet", "web", "db", "u", "StatefulSet", {"spec": {"replicas": 9, "podManagementPolicy": "Parallel"}}
)


@pytest.mark.parametrize(
    ("workload_serial", "workload", "count"),
    [
        (1, deployment(9), 1),
        ("3", deployment(9), 3),
        ("50%", deployment(9), 4),
        ("1%", deployment(9), 1),
        ("strategy", deployment(9), 2),
        ("strategy", deployment(9, maxUnavailable=3), 3),
        ("strategy", deployment(9, maxUnavailable="34%"), 3),
        ("strategy", deployment(9, maxUnavailable=0), 1),
        ("strategy", BARE, 1),
        (5, STATEFUL, 1),
        (5, PARALLEL, 5),
    ],
)
def test_how_many_pods_of_a_workload_go_together(workload_serial: object, workload: Workload, count: int) -> None:
    """At least one: what a budget allows is asked of the server at each eviction."""
    assert parallel_of(workload_serial, workload) == count


@pytest.mark.parametrize("entry", [0, "x", "0%", "101%", None, 1.5])
def test_a_workload_serial_that_means_nothing_is_refused(entry: object) -> None:
    """By its own name."""
    with pytest.raises(InvalidInput, match=r"^workload_serial: .* Give it as 1, '25%' or strategy"):
        parallel_of(entry, BARE)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run stays small: lists and the diff are cut, counts are not; progress has every pod."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ansible_collections.ackops.eci.plugins.module_utils._module import MOST_LISTED
from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress
from ansible_collections.ackops.eci.plugins.module_utils._recreate.result import MOST_WORKLOADS, as_result, diff_of
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Recreation

PODS = 5000


def outcomes() -> list[Recreation]:
    """As many pods with names as long as Kubernetes allows, of a hundred workloads."""
    return [
        Recreation(
            "n" * 63,
            f"{'p' * 248}-{number:04d}",
            "u" * 36,
            "predicted",
            "r" * 300,
            old_version="1.0.0",
            workload=f"Deployment {'n' * 63}/{'w' * 250}{number % 100}",
            method="evict",
        )
        for number in range(PODS)
    ]


def test_a_result_of_many_pods_fits_into_an_event() -> None:
    """With its diff it is far below what AWX keeps whole."""
    found = {**as_result(outcomes(), MOST_LISTED), "diff": diff_of(outcomes(), MOST_LISTED)}
    assert len(json.dumps(found).encode()) < 80_000
    assert found["counts"] == {"predicted": PODS}
    listed = len(found["pods"])
    assert 10 < listed < MOST_LISTED
    short = [replace(entry, name=f"web-{number}", workload="") for number, entry in enumerate(outcomes()[:100])]
    assert len(as_result([replace(entry, reason="r") for entry in short], MOST_LISTED)["pods"]) == MOST_LISTED
    assert [entry["pods"] for entry in found["workloads"]] == [PODS // 100] * MOST_WORKLOADS
    assert found["diff"]["before"].splitlines()[-1] == f"... and {PODS - listed} more"


def test_a_plan_is_told_pod_by_pod(tmp_path: Path) -> None:
    """Those that would be blocked with the reason."""
    progress = Progress(str(tmp_path / "progress"))
    details = {"namespace": "shop", "name": "web-1", "method": "evict", "reason": "Deployment shop/web replaces it"}
    progress.tell("planned", {**details, "outcome": "predicted"})
    progress.tell("planned", {**details, "outcome": "blocked", "reason": "the budget shop/web allows none"})
    assert (tmp_path / "progress").read_text(encoding="utf-8").splitlines() == [
        "shop/web-1: would evict, because Deployment shop/web replaces it",
        "shop/web-1: would be blocked, because the budget shop/web allows none",
    ]

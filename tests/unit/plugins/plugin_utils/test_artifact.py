# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster hands on, and the report of many of them: small however many pods there are, and still right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.plugin_utils._artifact import artifact
from ansible_collections.ackops.eci.plugins.plugin_utils._fleet import twins
from ansible_collections.ackops.eci.plugins.plugin_utils._report import pages, workflow_lines, workflow_summary

PODS = 5000
LISTED = 50
LONG = "x" * 240


def planned(number: int, workload: str = LONG) -> dict[str, Any]:
    """A pod with the longest names that Kubernetes allows."""
    return {
        "namespace": "n" * 63, "name": f"{LONG}-{number:04d}", "uid": "u" * 36, "outcome": "predicted",
        "reason": f"Deployment {'n' * 63}/{workload} replaces it", "old_version": "1.0.0", "new_name": "", "new_uid": "",
        "new_node": "", "new_version": "", "seconds": 0.0, "workload": f"Deployment {'n' * 63}/{workload}",
        "method": "evict", "removed": False,
    }  # fmt: skip


def blocker(number: int) -> dict[str, Any]:
    """The same pod as the check has it."""
    return {
        "namespace": "n" * 63, "name": f"{LONG}-{number:04d}", "uid": "u" * 36, "platform_version": "1.0.0",
        "verdict": "incompatible", "reason": "platform version 1.0.0 does not support it",
    }  # fmt: skip


def fact(**more: Any) -> dict[str, Any]:
    """The fact of a cluster with 5,000 blockers, as the role sets it: lists cut by the modules, counts whole."""
    pods = [planned(number) for number in range(LISTED)]
    return {
        "ready": False, "target_version": "1.26", "cluster_version": "1.24", "server": "https://10.0.0.1:6443",
        "cluster_uid": "7d9c", "scanned_at": "2026-03-26T00:00:00Z", "counts": {"incompatible": PODS, "compatible": 3},
        "blockers": [blocker(number) for number in range(LISTED)], "exempted": [], "recreated": [], "planned": pods,
        "refused": [], "outcomes": {"predicted": PODS}, "hints": ["a hint"] * 9, "ledger": "", "problem": "",
        "workloads": [{"workload": f"Deployment {'n' * 63}/{LONG}{n}", "pods": 100} for n in range(LISTED)],
        "message": "5000 pods are in the way. " + LONG * 9, **more,
    }  # fmt: skip


def test_an_artifact_is_small_however_many_pods_there_are() -> None:
    """Counts whole, the first of each list, and where the rest is."""
    found = artifact(fact(), "shop", check_mode=True)
    assert len(json.dumps(found).encode()) < 20_000
    assert found["counts"]["incompatible"] == PODS
    assert (
        found["headline"]
        == "not ready yet (check mode) for Kubernetes 1.26 (now 1.24): 5000 incompatible, 3 compatible"
    )
    assert 0 < len(found["planned"]) < LISTED
    assert found["workloads"][0]["pods"] == 100
    assert found["whole"] == "the output of this cluster's job"


@pytest.mark.parametrize("text", ["\u4e2d" * 250, "\x1b[31m" * 60, '"\\' * 120])
def test_an_artifact_of_odd_names_is_small_too(text: str) -> None:
    """Escaped, a character takes more bytes."""
    odd = [
        {**planned(number), "name": text, "namespace": text, "reason": text, "workload": text}
        for number in range(LISTED)
    ]
    found = artifact(fact(planned=odd, recreated=odd, refused=odd, exempted=odd, message=text * 9), text)
    assert len(json.dumps(found).encode()) < 20_000


def test_a_report_of_a_hundred_clusters_is_whole_and_in_small_pages() -> None:
    """Each page is an event of AWX; nothing is cut without a word."""
    results = {
        f"c{n:03d}": artifact(fact(cluster_uid=f"uid-{n}", server=f"https://c{n}"), f"c{n:03d}", check_mode=True)
        for n in range(100)
    }
    lines = workflow_summary(results, {}, 1000)
    found = pages(lines)
    assert [line for page in found for line in page] == lines
    assert max(len(json.dumps(page).encode()) for page in found) < 200_000
    assert lines[0] == "preflight of 100 clusters: 100 with pods to recreate"
    more = [line for line in lines if line.startswith("    ... and ")]
    told = len(results["c000"]["planned"])
    assert more == [f"    ... and {PODS - told} more; all are in the output of this cluster's job"] * 100
    message = workflow_lines(results, {})
    assert len(json.dumps(message).encode()) < 20_000
    assert message[0] == lines[0]
    assert message[-1].endswith("more; see the job's output")


def test_a_cluster_that_could_not_be_read_says_so() -> None:
    """It has no counts, which are not the counts of a cluster without ECI pods."""
    unread = fact(counts={}, planned=[], outcomes={}, cluster_version="", problem="no route to host", workloads=[])
    found = artifact(unread, "lost")
    assert found["headline"] == "NOT READY for Kubernetes 1.26 (now ?): its pods could not be read"
    assert workflow_summary({"lost": found}, {})[-1] == "    Do not upgrade this cluster. no route to host"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"cluster_uid": "a", "server": "https://x"}, {"cluster_uid": "a", "server": "https://y"}, True),
        ({"cluster_uid": "a", "server": "https://x"}, {"cluster_uid": "b", "server": "https://x"}, False),
        ({"cluster_uid": "", "server": "https://X/"}, {"server": "https://x"}, True),
        ({"cluster_uid": "", "server": "https://x"}, {"server": "https://y"}, False),
        ({}, {}, False),
        ({"cluster_uid": "", "server": ""}, {"cluster_uid": "", "server": ""}, False),
    ],
)
def test_twins_over_all_slices(first: dict[str, str], second: dict[str, str], same: bool) -> None:
    """A cluster is its namespace kube-system, and an address only where that could not be read."""
    assert bool(twins({"one": first, "two": second})) is same

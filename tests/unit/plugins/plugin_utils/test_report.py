# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report over the clusters of a workflow."""

from __future__ import annotations

from typing import Any

from ansible_collections.ackops.eci.plugins.plugin_utils._report import summary, workflow_summary


def result(**changes: Any) -> dict[str, Any]:
    """The fact of a cluster that is ready, with changes."""
    fact = {
        "ready": True, "target_version": "1.26", "cluster_version": "1.24", "counts": {"compatible": 2, "incompatible": 0},
        "recreated": [], "planned": [], "exempted": [], "message": "2 pods are compatible", "problem": "",
    }  # fmt: skip
    return {**fact, **changes}


def planned(name: str, outcome: str = "predicted") -> dict[str, Any]:
    """A pod of a plan."""
    return {
        "namespace": "shop", "name": name, "outcome": outcome, "method": "evict", "old_version": "1.0.0", "reason": "because",
    }  # fmt: skip


def test_every_cluster_has_a_line_and_the_first_counts_them() -> None:
    """Ready, to do, shut, and without a result."""
    lines = workflow_summary(
        {
            "d": result(ready=False, problem="no stock"),
            "a": result(),
            "c": {},
            "b": result(ready=False, planned=[planned("web-1")]),
        },
        {},
    )
    assert lines[0] == "preflight of 4 clusters: 1 ready, 1 with pods to recreate, 1 not ready, 1 without a result"
    assert lines[1] == "a: READY for Kubernetes 1.26 (now 1.24): 2 compatible"
    assert lines[2].startswith("b: not ready yet (check mode) for Kubernetes 1.26")
    assert lines[3] == "    would evict: shop/web-1 (1.0.0): because"
    assert lines[4].startswith("c: no result")
    assert lines[-1] == "    Do not upgrade this cluster. no stock"


def test_a_plan_that_would_fail_is_not_ready() -> None:
    """Some pods could be recreated, and the gate would stay shut all the same."""
    lines = workflow_summary({"a": result(ready=False, planned=[planned("web-1")], problem="refused: shop/bare")}, {})
    assert lines[0] == "preflight of 1 cluster: 1 not ready"
    assert lines[-1] == "    Do not upgrade this cluster. refused: shop/bare"


def test_long_lists_are_cut_and_text_is_escaped() -> None:
    """Names of hosts and of pods may be anything."""
    lines = workflow_summary({"a\x1b[2J": result(planned=[planned(f"web-{n}") for n in range(5)])}, {}, most=2)
    assert "\x1b" not in "".join(lines)
    assert lines[-1] == "    ... and 3 more; eci_preflight_report writes all to a file"


def test_without_clusters_there_is_nothing_to_count() -> None:
    """An inventory may be empty."""
    assert workflow_summary({}, {}) == ["preflight of 0 clusters: none"]


def test_upgrades_come_first() -> None:
    """Where there was one; a cluster that the upgrade did not get to is counted."""
    upgraded = {"state": "upgraded", "from_version": "1.24", "server_version": "v1.26.3", "target_version": "1.26"}
    lines = workflow_summary({"a": result(), "b": {}}, {"a": upgraded, "b": {}})
    assert lines[:2] == ["2 clusters: 1 upgraded, 1 not started", "a: upgraded, 1.24 -> v1.26.3"]
    assert "preflight of 2 clusters: 1 ready, 1 without a result" in lines


def blocker(name: str, **changes: Any) -> dict[str, Any]:
    """A pod that shuts the gate."""
    pod = {"namespace": "shop", "name": name, "uid": name, "platform_version": "1.0.0", "instance_id": "eci-1"}
    return {**pod, "owner": "ReplicaSet/web", "verdict": "incompatible", "reason": "too old", **changes}


def test_an_audit_names_every_pod_that_stands_in_the_way() -> None:
    """The columns of the procedure by hand first; what is planned is told by its plan, and the rest is counted."""
    pods = [blocker("web-1"), blocker("web-2"), blocker("a,b", verdict="unknown", platform_version="{{ 1 }}", owner="")]
    found = result(
        ready=False,
        counts={"compatible": 2, "incompatible": 70, "unknown": 1},
        blockers=pods,
        planned=[planned("web-2")],
    )
    lines = summary(found, check_mode=True)
    assert lines[1:4] == [
        "namespace,pod,version,instance_id,owner,verdict,way",
        "shop,web-1,1.0.0,eci-1,ReplicaSet/web,incompatible,recreate it with eci_preflight; or waive it",
        "shop,a;b,{{ 1 }},eci-1,,unknown,name its platform version in the matrix; or waive it",
    ]
    assert lines[4] == "... and 69 more; eci_preflight_report writes all to a file"
    assert lines[5].startswith("would evict: shop/web-2")


def test_a_dump_that_proves_nothing_says_why() -> None:
    """And so does a cluster that could not be scanned."""
    lines = summary(result(ready=False, not_proved=["it holds no pod at all"]))
    assert lines == [
        "NOT PROVED to be ready for Kubernetes 1.26 (now 1.24): 2 compatible",
        "not proved: it holds no pod at all",
    ]
    lines = summary(result(ready=False, counts={}, problem="eci_preflight_src: 'a.json' is empty."))
    assert lines[1] == "eci_preflight_src: 'a.json' is empty."

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the roles and reports of them, for tests: a fleet in every state, a long list, and texts that attack their reader."""

from __future__ import annotations

from typing import Any

from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import cluster_entry, report_document

NOW = "2026-03-26T02:20:00Z"
MATRIX = {"source": "Alibaba Cloud: Upgrade the ECI Platform Version", "date": "2026-03-26"}
HOSTILE = (
    "<script>window.hit = 1</script>",
    "\"><img src=x onerror='window.hit = 1'>",
    "' onmouseover='window.hit = 1",
    "{{ 7 * 7 }}{% raw %}",
    "</script></style><svg onload=window.hit=1>",
    "javascript:window.hit=1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\uff1d1",
    "a|b`c`[d](http://evil.example) @all #1 *x* _y_ <b>",
    "\u2028\u202e\x00\x1b[2J]]>&amp;",
    "\ud800",
)


def blocker(number: int = 0, verdict: str = "incompatible", **changes: Any) -> dict[str, Any]:
    """A pod of ``blockers`` or ``exempted``."""
    return {
        "namespace": f"shop-{number % 7}",
        "name": f"portal-6d8f9c7b5-{number:05}",
        "uid": f"uid-{number}-{verdict}",
        "platform_version": "1.0.0",
        "instance_id": f"eci-2ze{number:08x}",
        "owner": {"api_version": "apps/v1", "kind": "ReplicaSet", "name": "portal-6d8f9c7b5", "uid": "u"},
        "verdict": verdict,
        "reason": "platform version 1.0.0 does not support Kubernetes 1.26",
        **changes,
    }


def recreation(number: int = 0, outcome: str = "recreated", **changes: Any) -> dict[str, Any]:
    """An entry of ``recreated`` or ``planned``; each is begun 20 seconds after the one before and takes 30."""
    minutes, seconds = divmod(20 * number, 60)
    return {
        "namespace": "shop",
        "name": f"cart-{number}-old",
        "uid": f"uid-cart-{number}",
        "outcome": outcome,
        "reason": "",
        "old_version": "1.0.0",
        "new_name": f"cart-{number}-new",
        "new_node": "virtual-kubelet-cn-beijing-a",
        "new_version": "1.1.0",
        "started_at": f"2026-03-26T{2 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z",
        "seconds": 30.0,
        "workload": "Deployment shop/cart",
        "method": "evict",
        "removed": True,
        **changes,
    }


def preflight(ready: bool, **changes: Any) -> dict[str, Any]:
    """The fact ``eci_preflight``."""
    counts = {"compatible": 30, "incompatible": 0, "unknown": 0, "undetermined": 0, "exempt": 0}
    return {
        "ready": ready,
        "target_version": "1.26",
        "cluster_version": "1.24",
        "server": "https://10.0.0.1:6443",
        "scanned_at": "2026-03-26T02:14:00Z",
        "counts": {**counts, **changes.pop("counts", {})},
        "blockers": [],
        "exempted": [],
        "hints": [],
        "recreated": [],
        "planned": [],
        "refused": [],
        "ledger": "",
        "matrix": MATRIX,
        "message": "" if ready else "Not ready for Kubernetes 1.26.",
        "problem": "",
        **changes,
    }


def fleet(count: int = 14) -> dict[str, Any]:
    """A report on clusters in most states; one of them has that many incompatible pods."""
    failed = recreation(
        7, "failed", new_name="", new_node="", new_version="", reason="NoStock: sold out in cn-beijing-a"
    )
    busy = preflight(
        False,
        counts={"compatible": 230, "incompatible": count, "unknown": 1, "undetermined": 1, "exempt": 1},
        blockers=[*map(blocker, range(count)), blocker(1, "unknown"), blocker(2, "undetermined", platform_version="")],
        exempted=[blocker(3, "exempt", reason="ends before the upgrade, see change 4711 (until 2026-12-31)")],
        recreated=[*map(recreation, range(7)), failed],
        problem="1 of 8 ECI pod(s) could not be recreated.",
        ledger="/home/ops/.local/state/ackops-eci/ledger.jsonl",
        hints=["ECI supports Kubernetes 1.26 as a canary release only."],
    )
    planned = preflight(
        False,
        counts={"incompatible": 2},
        blockers=[blocker(1, uid="uid-cart-1"), blocker(2, uid="uid-cart-2")],
        planned=[
            recreation(1, "predicted", removed=False, started_at="", seconds=0.0, new_name=""),
            recreation(2, "blocked", removed=False, started_at="", seconds=0.0, new_name="", reason="budget 'cart' allows no disruption"),
        ],
    )  # fmt: skip
    dump = preflight(False, counts={"compatible": 4}, server="", not_proved=["all its pods are of one namespace, web"])
    clusters = {
        "prod-hangzhou": preflight(True, recreated=[*map(recreation, range(5))]),
        "prod-beijing": busy,
        "staging": planned,
        "edge": dump,
        "empty": preflight(True, counts={"compatible": 0}),
        "test": None,
    }
    return report_document([cluster_entry(name, result) for name, result in clusters.items()], NOW)


def hostile() -> dict[str, Any]:
    """A report in which every text that a cluster can write attacks its reader."""
    keys = ("namespace", "name", "platform_version", "instance_id", "reason", "verdict")
    pods = [blocker(number, **dict.fromkeys(keys, text)) for number, text in enumerate(HOSTILE)]
    pods += [blocker(100 + number, owner={"kind": text, "name": text}) for number, text in enumerate(HOSTILE)]
    others = (
        "namespace",
        "name",
        "reason",
        "outcome",
        "old_version",
        "new_name",
        "new_node",
        "new_version",
        "workload",
        "method",
    )
    moved = [recreation(number, **dict.fromkeys(others, text)) for number, text in enumerate(HOSTILE)]
    clusters = [
        cluster_entry(
            text,
            preflight(
                False, blockers=pods, recreated=moved, problem=text, hints=[text], not_proved=[text], server=text, ledger=text,
                matrix={"source": text, "date": text}, scanned_at=text, cluster_version=text, target_version=text,
            ),
            {"state": "left_out", "problem": text},
        )
        for text in HOSTILE
    ]  # fmt: skip
    return report_document(clusters, NOW, HOSTILE[0])

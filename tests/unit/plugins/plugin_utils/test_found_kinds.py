# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a schedule fails on, and what a shut gate says beside the reason that a recreation stopped."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.filter.eci_report import eci_found_kinds
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import VERDICTS
from ansible_collections.ackops.eci.plugins.plugin_utils._report import OTHER_KINDS, found_kinds, gate_message, summary
from tests.unit.plugins.plugin_utils.test_report import blocker, planned, result

NOTHING = dict.fromkeys(VERDICTS, 0)


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("incompatible", {"counts": {**NOTHING, "incompatible": 3}}, "incompatible: 3 ECI pod(s) are incompatible."),
        ("unknown", {"counts": {**NOTHING, "unknown": 1}}, "unknown: 1 ECI pod(s) are unknown."),
        ("undetermined", {"counts": {**NOTHING, "undetermined": 2}}, "undetermined: 2 ECI pod(s) are undetermined."),
        ("exempt", {"counts": {**NOTHING, "exempt": 1}}, "exempt: 1 ECI pod(s) are exempt."),
        ("missing", {"missing": [{"name": "a"}]}, "missing: 1 pod(s) that a run removed are not back."),
        (
            "set_aside",
            {"outcomes": {"set_aside": 1, "blocked": 2}},
            "set_aside: 3 ECI pod(s) could not be recreated as things are.",
        ),
        ("not_proved", {"not_proved": ["empty"]}, "not_proved: the dump may not hold all pods of the cluster."),
        ("not_offered", {"not_offered": "1.26 comes first."}, "not_offered: 1.26 comes first."),
        ("not_scanned", {"counts": {}, "problem": "no route."}, "not_scanned: the cluster was not scanned: no route."),
    ],
)
def test_each_kind_is_told_where_it_is_there(kind: str, changes: dict[str, Any], said: str) -> None:
    """And no other."""
    every = [*VERDICTS, *OTHER_KINDS]
    assert found_kinds(result(counts=NOTHING), every) == []
    assert found_kinds(result(**{"counts": NOTHING, **changes}), every) == [said]
    assert eci_found_kinds(result(**{"counts": NOTHING, **changes}), f"missing, {kind}") == [said]
    assert eci_found_kinds(result(**{"counts": NOTHING, **changes}), f"['{kind}']") == [said]
    assert found_kinds(result(**{"counts": NOTHING, **changes}), [one for one in every if one != kind]) == []


def test_a_shut_gate_names_what_no_recreation_has_to_do_with() -> None:
    """Pods on versions that the matrix does not name, beside those that were set aside."""
    odd = [blocker(f"odd-{number}", verdict="unknown", reason="not listed") for number in range(12)]
    found = result(ready=False, problem="1 ECI pod was set aside.", blockers=[*odd, blocker("web-1")],
                   counts={**NOTHING, "unknown": 60, "incompatible": 1, "undetermined": 1})  # fmt: skip
    message = gate_message(found)
    assert message.startswith(
        "Do not upgrade this cluster. 1 ECI pod was set aside. 60 ECI pod(s) unknown: shop/odd-0, "
    )
    assert "shop/odd-9 and 50 more (the first: not listed); extend eci_preflight_matrix, or waive them" in message
    assert message.endswith("1 ECI pod(s) undetermined; wait until they are created and check again.")
    assert "web-1" not in message
    assert gate_message(result(problem="why")) == "Do not upgrade this cluster. why"


def test_what_the_cut_of_a_plan_hides_is_not_said_to_stand_in_the_way() -> None:
    """Of a long plan the first pods are listed; the rows are those that are surely in none, with their way."""
    aside = {
        "namespace": "shop",
        "name": "lonely",
        "uid": "lonely",
        "reason": "it has no controller",
        "remedy": "Move it.",
        "pods": 1,
    }
    pods = [blocker("lonely", owner=""), blocker("web-1"), blocker("odd", verdict="unknown")]
    found = result(ready=False, blockers=pods, planned=[planned("web-0")], set_aside=[aside],
                   counts={**NOTHING, "incompatible": 61, "unknown": 1}, outcomes={"predicted": 60, "set_aside": 1})  # fmt: skip
    lines = summary(found, check_mode=True)
    assert lines[2:4] == [
        "shop,lonely,1.0.0,eci-1,,incompatible,it has no controller; Move it.",
        "shop,odd,1.0.0,eci-1,ReplicaSet/web,unknown,name its platform version in the matrix; or waive it",
    ]
    assert "would evict: shop/web-0 (1.0.0): because" in lines
    assert "... and 59 more; eci_preflight_report writes all to a file" in lines
    assert "would be set aside: shop/lonely: it has no controller. Move it." in lines

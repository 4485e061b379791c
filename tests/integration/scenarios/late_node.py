# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A replacement on a node that joins the cluster while the run is under way."""

from __future__ import annotations

from typing import Any

from tests.cluster import REAL_NODE, VIRTUAL_NODES, workloads as w
from tests.integration.scenarios.module_run import ModuleRun
from tests.integration.scenarios.scenario import Scenario

LATE_NODE = "cn-hangzhou.10.0.0.99"


def on_a_node_that_joins(scenario: Scenario, **options: Any) -> ModuleRun:
    """Recreate a pod for whose replacement there is no room but on a real node that the run did not find at its start.

    The namespace is empty afterwards, and the node gone.
    """
    with w.cordoned(scenario.api, REAL_NODE):
        pods = scenario.aged(scenario.workload("Deployment", node="any"))
    scenario.budget("keep", "web", 1)
    begun = scenario.events().count("removing")
    with w.cordoned(scenario.api, REAL_NODE, *VIRTUAL_NODES):
        running = scenario.start(pods, **options)
        scenario.wait_ledger("removing", begun + 1)
        scenario.happens("Every node is full; a new real node joins before the budget lets the old pod go.")
        scenario.cluster.add_node(LATE_NODE, virtual=False)
        try:
            scenario.cluster.wait_ready_nodes()
            scenario.delete("PodDisruptionBudget", "keep")
            run = scenario.note(running.wait())
            w.clear(scenario.api, scenario.namespace)
        finally:
            scenario.api.request("DELETE", f"/api/v1/nodes/{LATE_NODE}")
    return run

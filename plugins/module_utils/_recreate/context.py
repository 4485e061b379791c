# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every recreation of a run shares: the cluster, the time, the record, and the yardstick of a good replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import node_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi, Journal
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import Views
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Ownership
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Node, Pod, Workload


@dataclass
class RunContext:
    """One for each run.

    ``accepts`` says whether a platform version supports the target. ``stop`` says why the run is to end (an interrupt, a
    lost lease), and nothing while it is not. ``claimed`` holds the UIDs of the replacements that were found: each replaces
    one pod only.
    """

    api: ClusterApi
    clock: Clock
    journal: Journal
    nodes: dict[str, Node]
    prefixes: tuple[str, ...]
    accepts: Callable[[str], bool]
    method: str = "evict"
    stop: Callable[[], str] = str
    ownerships: dict[str, Ownership] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    views: Views = field(init=False)

    def __post_init__(self) -> None:
        self.views = Views(self.api)

    def settled_as(self, pod: Pod) -> str | None:
        """The platform version a pod has come up on; '' on a real node, None while it is not known."""
        if pod.node and pod.node not in self.nodes:  # it was not there at the scan
            manifest = self.api.get(node_path(pod.node))
            found = predicates.node_from_manifest(manifest, self.prefixes) if manifest is not None else None
            self.nodes[pod.node] = found or Node(pod.node, virtual=False)
        node = self.nodes.get(pod.node)
        virtual = [pod.node] if node is not None and node.virtual else []
        machines = [pod.node] if node is not None and node.machine else []
        return predicates.has_settled_as(pod, virtual, self.prefixes, machines)

    def is_good(self, version: str | None) -> bool:
        """Whether that is where a replacement should be: on a real node, or on a version that supports the target."""
        return version == "" or (version is not None and self.accepts(version))

    def is_old(self, pod: Pod) -> bool:
        """Whether the pod is on a version that does not support the target."""
        version = predicates.effective_version(pod)
        return version is not None and not self.accepts(version)

    def ownership(self, workload: Workload) -> Ownership:
        """Which pods belong to a workload; what was learned of it serves all of its pods."""
        return self.ownerships.setdefault(workload.uid, Ownership(self.api, workload))

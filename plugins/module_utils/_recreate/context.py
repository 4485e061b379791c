# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every recreation of a run shares: the cluster, the time, the record, and the yardstick of a good replacement."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import node_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi, Journal
from ansible_collections.ackops.eci.plugins.module_utils._recreate.creation import Creation
from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import MissingPods, NoRecord, entry_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod_view import Views
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waiting import Waiting
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import KNOWN_TO_RECREATE, Workloads
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Node, Pod
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Step
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted


class InFlight:
    """The pods that are on their way, by workload, and the replacements that were found: each replaces one pod only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going: dict[str, set[str]] = {}
        self._before: dict[str, frozenset[str]] = {}
        self._claimed: set[str] = set()

    def begin(self, group: str, uid: str, seen: Iterable[str]) -> frozenset[str]:
        """A pod of the group is about to be removed. Returns what was there before any of those that are on their way."""
        with self._lock:
            going = self._going.setdefault(group, set())
            if not going:
                self._before[group] = frozenset(seen)
            going.add(uid)
            return self._before[group]

    def end(self, group: str, uid: str) -> None:
        """The pod is no longer on its way."""
        with self._lock:
            self._going.get(group, set()).discard(uid)

    def others(self, group: str, uid: str) -> frozenset[str]:
        """The UIDs of the other pods of the group that are on their way."""
        with self._lock:
            return frozenset(self._going.get(group, set()) - {uid})

    def claim(self, uid: str) -> bool:
        """Take a pod as a replacement; False where another has it."""
        with self._lock:
            if uid in self._claimed:
                return False
            self._claimed.add(uid)
            return True

    def is_claimed(self, uid: str) -> bool:
        """Whether it replaces a pod already."""
        with self._lock:
            return uid in self._claimed


def _no_reason(version: str) -> str:
    return f"platform version {quoted(version)} does not support the target either"


@dataclass
class RunContext:
    """One for each run.

    ``accepts`` says whether a platform version supports the target, ``why_not`` why one does not. ``stop`` says why the run
    is to end (an interrupt, a lost lease), ``hold`` why nothing may be removed for the moment; both say nothing otherwise.
    """

    api: ClusterApi
    clock: Clock
    journal: Journal
    nodes: dict[str, Node]
    prefixes: tuple[str, ...]
    accepts: Callable[[str], bool]
    method: str = "evict"
    stop: Callable[[], str] = str
    hold: Callable[[], str] = str
    why_not: Callable[[str], str] = _no_reason
    kinds: Collection[str] = KNOWN_TO_RECREATE
    missing: MissingPods = field(default_factory=NoRecord)
    in_flight: InFlight = field(default_factory=InFlight)
    views: Views = field(init=False)
    waiting: Waiting = field(init=False)
    workloads: Workloads = field(init=False)
    creation: Creation = field(init=False)

    def __post_init__(self) -> None:
        self.views = Views(self.api)
        self.waiting = Waiting(self.clock, self.journal.tell)
        self.workloads = Workloads(self.api, self.kinds)
        self.creation = Creation(self.api)

    def settled_as(self, pod: Pod) -> str | None:
        """The platform version a pod has come up on; '' on a real node, None while it is not known."""
        if pod.node and pod.node not in self.nodes:  # it was not there at the scan
            manifest = self.api.get(node_path(pod.node))
            found = predicates.node_from_manifest(manifest, self.prefixes) if manifest is not None else None
            self.nodes[pod.node] = found or Node(pod.node, virtual=False)
        node = self.nodes.get(pod.node)
        return predicates.has_settled_as(pod, node, self.prefixes)

    def is_good(self, version: str | None) -> bool:
        """Whether that is where a replacement should be: on a real node, or on a version that supports the target."""
        return version == "" or (version is not None and self.accepts(version))

    def is_old(self, pod: Pod) -> bool:
        """Whether the pod is on a version that does not support the target."""
        version = predicates.effective_version(pod)
        return version is not None and not self.accepts(version)

    def note_missing(self, step: Step, manifest: str = "") -> None:
        """Note in the cluster that this run takes a pod away, before it does. Raises ApiError and ConnectionFailed."""
        self.missing.add(entry_of(step, self.journal.path, manifest, self.clock.now()))

    def note_failed(self, step: Step, manifest: str = "") -> None:
        """Note in the cluster that a pod did not come back. Never raises: the ledger has it too."""
        try:
            self.note_missing(step, manifest)
        except (ApiError, ConnectionFailed) as error:
            self.journal.write("not_noted", reason=str(error), uid=step.pod.uid)

    def note_back(self, pod: Pod) -> None:
        """Note that a pod is back, or not wanted any more. Never raises: the next run finds out for itself."""
        try:
            self.missing.drop([pod.uid])
        except (ApiError, ConnectionFailed) as error:
            self.journal.write("not_noted", reason=str(error), uid=pod.uid)

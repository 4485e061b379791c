# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scan: every ECI pod of a cluster (or of a dump), from one consistent list, or an error. Never less."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import IncompleteScan, ListExpired, WatchBroken
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import ALL_PODS, pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.pod_list import PodReader, read_nodes
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi, PodSet
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.conditions import Condition
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    Node,
    Pod,
    pod_from_manifest,
    short,
    sort_key,
)

# A list that expires is begun again, so many times in all: on a server that drops snapshots faster than that
# it never ends.
TRIES = 3
# While pods are being created, the cluster is scanned at most so seldom (seconds).
SETTLE_SECONDS = 10.0
LEAST_SECONDS = 1.0
# So many platform versions are told, those with the most pods.
MOST_VERSIONS = 30


@dataclass(frozen=True)
class Scope:
    """What is to be looked at. ``prefixes`` are beginnings of virtual node names."""

    prefixes: Sequence[str] = predicates.DEFAULT_NODE_PREFIXES
    namespaces: Sequence[str] = ()
    query: Condition | None = None

    @property
    def whole_cluster(self) -> bool:
        """Whether nothing narrows the scan."""
        return not self.namespaces and self.query is None


@dataclass
class Scan:
    """What a scan found: the ECI pods, the nodes, and how many of everything else was passed by.

    The last three are those of a dump: the version of the server, where it tells it; why it may not be the whole cluster; and
    what else a person should know of it.
    """

    scope: Scope
    nodes: dict[str, Node] = field(default_factory=dict)
    pods: list[Pod] = field(default_factory=list)
    passed_by: Counter[str] = field(default_factory=Counter)
    selected_away: int = 0
    resource_version: str = ""
    cluster_uid: str = ""
    version: str = ""
    doubts: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def know(self, nodes: Mapping[str, Node]) -> None:
        """Take in nodes, before the pods that are on them."""
        self.nodes.update(nodes)

    def add(self, pod: Pod) -> None:
        """Take in one pod of the list."""
        kind = predicates.kind_of_pod(pod, self.nodes.get(pod.node), self.scope.prefixes)
        if kind != predicates.ECI:
            self.passed_by[kind] += 1
        elif self.scope.query is not None and not self.scope.query.holds(pod):
            self.selected_away += 1
        else:
            self.pods.append(pod)

    @property
    def warnings(self) -> list[str]:
        """What a person should know of a dump."""
        return [*self.hints, *(f"Not proved to be the whole cluster: {doubt}." for doubt in self.doubts)]

    def undetermined(self) -> list[Pod]:
        """The pods that are still being created."""
        return [pod for pod in self.pods if predicates.effective_version(pod) is None]

    def facts(self) -> dict[str, Any]:
        """``eci_cluster``, without what only a server can tell."""
        versions = Counter(predicates.effective_version(pod) or "undetermined" for pod in self.pods)
        return {
            "cluster_uid": self.cluster_uid,
            "whole_cluster": self.scope.whole_cluster and not self.doubts,
            "not_proved": list(self.doubts),
            "virtual_nodes": [
                {"name": node.name, "zone": node.zone}
                for node in sorted(self.nodes.values(), key=lambda n: n.name)
                if node.virtual
            ],
            "pods_by_platform_version": _by_version(versions),
            "counts": {
                "eci": len(self.pods),
                "finished": sum(pod.finished for pod in self.pods),
                "acs": self.passed_by[predicates.ACS],
                "unscheduled": self.passed_by[predicates.UNSCHEDULED],
                "other": self.passed_by[predicates.OTHER],
                "not_selected": self.selected_away,
            },
        }


def _by_version(versions: Counter[str]) -> dict[str, int]:
    """The platform versions with the most pods; an annotation may hold anything, and each pod something else."""
    most = versions.most_common(MOST_VERSIONS)
    rest = sum(versions.values()) - sum(count for _version, count in most)
    found: Counter[str] = Counter()
    for version, count in most:
        found[short(version)] += count
    return {**dict(sorted(found.items())), **({"others": rest} if rest else {})}


def _scan_once(api: ClusterApi, scope: Scope) -> Scan:
    nodes = read_nodes(api, scope.prefixes)
    scan = Scan(scope)
    scan.know(nodes)
    reader = PodReader(api, nodes)
    elsewhere = []
    for path in [pods_path(name) for name in scope.namespaces] or [ALL_PODS]:
        for manifest in reader.pods(path):
            pod = pod_from_manifest(manifest)
            if pod.node and pod.node not in nodes:
                elsewhere.append(pod)
            else:
                scan.add(pod)
    if elsewhere:
        # Nodes that came after the first list, or are gone.
        later = read_nodes(api, scope.prefixes)
        scan.know({name: later[name] for name in {pod.node for pod in elsewhere} if name in later})
        for pod in elsewhere:
            scan.add(pod)
    scan.passed_by[predicates.OTHER] += reader.passed_over
    scan.resource_version = reader.resource_version
    scan.cluster_uid = api.identity()
    scan.pods.sort(key=sort_key)
    return scan


def scan_cluster(api: ClusterApi, scope: Scope) -> Scan:
    """Scan the cluster; a snapshot that expires half-way is begun again. Raises IncompleteScan, never cuts short."""
    scope = replace(scope, namespaces=tuple(dict.fromkeys(scope.namespaces)))
    said = ""
    for _attempt in range(TRIES):
        try:
            return _scan_once(api, scope)
        except ListExpired as error:
            said = error.message
    raise IncompleteScan(
        f"The list of pods expired on the server {TRIES} times before it was read to its end: {said}",
        "The answer would be short, so there is none. Run again when the API server is less busy.",
    )


def scan_settled(api: ClusterApi, scope: Scope, clock: Clock, seconds: float) -> Scan:
    """Scan the cluster, and while pods are being created wait for them, up to so many seconds; then scan it anew."""
    deadline = clock.monotonic() + seconds
    while True:
        scan = scan_cluster(api, scope)
        waiting = scan.undetermined()
        remaining = deadline - clock.monotonic()
        if not waiting or remaining <= 0:
            return scan
        before = clock.monotonic()
        _await_change(api, waiting[0], min(remaining, SETTLE_SECONDS))
        # A watch that breaks at once, or a pod that changes all the time, must not turn into a stream of scans.
        clock.sleep(max(0.0, min(LEAST_SECONDS - (clock.monotonic() - before), remaining)))


def _await_change(api: ClusterApi, pod: Pod, seconds: float) -> None:
    """Watch one pod until anything about it changes; the next scan sees what."""
    one = PodSet(pod.namespace, name=pod.name)
    try:
        found, version = api.list_pods(one)
        if any(predicates.effective_version(pod_from_manifest(entry)) is None for entry in found):
            with contextlib.closing(api.follow_pods(one, version)) as feed:
                for kind, _manifest in feed.events(seconds):
                    if kind != "BOOKMARK":
                        return
    except (WatchBroken, ListExpired):
        return


def scan_manifests(manifests: Iterable[Mapping[str, Any]], scope: Scope) -> Scan:
    """The same from manifests of pods and nodes; other kinds are passed over."""
    entries = list(manifests)
    kinds = [str(entry.get("kind") or "Pod") for entry in entries]
    nodes = [
        predicates.node_from_manifest(entry, scope.prefixes) for entry, kind in zip(entries, kinds) if kind == "Node"
    ]
    scan = Scan(scope)
    scan.know({node.name: node for node in nodes})
    for entry, kind in zip(entries, kinds):
        if kind != "Pod":
            continue
        pod = pod_from_manifest(entry)
        if not scope.namespaces or pod.namespace in scope.namespaces:
            scan.add(pod)
    scan.pods.sort(key=sort_key)
    return scan

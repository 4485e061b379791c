# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several clusters: whether two hosts are the same one, and what happened to each in an upgrade. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._text import plain

# What can happen to a cluster, as people read it, good outcomes first.
STATES: Mapping[str, str] = {
    "upgraded": "upgraded",
    "current": "already up to date",
    "planned": "would be upgraded",
    "left_out": "skipped (not ready)",
    "failed": "failed",
    "not_begun": "not started",
}
MOST_NAMED = 10
COUNTS = ("recreated", "planned", "blocked")


# -- the same cluster twice --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """How a host names its cluster: by its variables, if the controller reads them, and by the server it found."""

    server: str = ""
    uid: str = ""
    local: bool = False
    host: object = None
    kubeconfig: object = None
    context: object = None
    src: object = None

    @property
    def identity(self) -> str:
        """The cluster itself: the UID of its namespace kube-system, or its address where that could not be read."""
        return self.uid or self.server.rstrip("/").lower()

    @property
    def named(self) -> str | None:
        """The variables in a comparable form; None if another machine reads them, with its own kubeconfig."""
        if not self.local:
            return None
        if self.src:
            return json.dumps(["src", self.src], default=str)
        if self.host:
            return json.dumps(["host", str(self.host)])
        return json.dumps(["kubeconfig", self.kubeconfig, self.context], default=str, sort_keys=True)

    def words(self) -> str:
        """The variables, for a message. The content of a kubeconfig is never shown."""
        if self.src:
            return f"the dump {plain(self.src)}"
        if self.host:
            return f"at {plain(self.host)}"
        context = f"context {plain(self.context)} of " if self.context else ""
        if isinstance(self.kubeconfig, str):
            return f"{context}{plain(self.kubeconfig)}"
        if self.kubeconfig:
            return f"{context}the same kubeconfig"
        return f"{context}the cluster that module_defaults or the environment names (K8S_AUTH_HOST, KUBECONFIG, ~/.kube/config)"


def same_clusters(places: Mapping[str, Place]) -> list[str]:
    """A line for each cluster that several hosts share; empty if all are different."""
    by_cluster: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for host, place in places.items():
        if place.identity:
            by_cluster.setdefault(place.identity, []).append(host)
        if place.named:
            by_name.setdefault(place.named, []).append(host)
    lines, told = [], set()
    for hosts in by_cluster.values():
        if len(hosts) > 1:
            told |= set(hosts)
            servers = sorted({places[host].server.rstrip("/").lower() for host in hosts})
            lines.append(f"{_named(hosts)} are {plain(' alias '.join(servers))}")
    alike = [
        hosts for hosts in by_name.values() if len(hosts) > 1 and not set(hosts) <= told and not _differ(places, hosts)
    ]
    return lines + [f"{_named(hosts)} are {places[hosts[0]].words()}" for hosts in alike]


def twins(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each cluster that several hosts left results of, whichever job or slice of one they ran in.

    A cluster is the one whose namespace kube-system it is; where that could not be read, the one at an address.
    """
    found: dict[str, list[str]] = {}
    for host, result in results.items():
        cluster = result.get("cluster_uid") or str(result.get("server") or "").rstrip("/").lower()
        if cluster:
            found.setdefault(str(cluster), []).append(host)
    return [
        f"{_named(hosts)} are the same cluster, {plain(results[hosts[0]].get('server') or cluster)}: name each one's own"
        for cluster, hosts in found.items()
        if len(hosts) > 1
    ]


def _differ(places: Mapping[str, Place], hosts: Sequence[str]) -> bool:
    """Whether they were found at different servers: module_defaults or variables of the play, which are not seen here, name them."""
    return len({places[host].server for host in hosts if places[host].server}) > 1


def _named(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - MOST_NAMED} more" if len(hosts) > MOST_NAMED else ""
    return ", ".join(plain(host, 120) for host in hosts[:MOST_NAMED]) + more


# -- the report of a fleet -----------------------------------------------------------------------------------------


def _numbered(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result with its counts as numbers: before ansible-core 2.19, templates turn them into strings."""
    return {**result, **{name: int(result[name]) for name in COUNTS if name in result}}


def fleet_report(results: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """What happened to each cluster, and how many of each. A host without a result was not started."""
    clusters = [{"state": "not_begun", **_numbered(result or {}), "cluster": host} for host, result in results.items()]
    found = Counter(str(cluster["state"]) for cluster in clusters)
    return {"counts": {state: found[state] for state in STATES}, "clusters": clusters}


def fleet_summary(results: Mapping[str, Mapping[str, Any] | None], only: Iterable[str] | None = None) -> list[str]:
    """The report in lines: the counts of all, then each cluster (or those in ``only``), good outcomes first."""
    report = fleet_report(results)
    counts = ", ".join(f"{count} {STATES[state]}" for state, count in report["counts"].items() if count)
    hosts = None if only is None else set(only)
    shown = [cluster for cluster in report["clusters"] if hosts is None or cluster["cluster"] in hosts]
    order = list(STATES)
    shown.sort(key=lambda cluster: order.index(cluster["state"]))
    return [f"{len(results)} clusters: {counts or 'none'}", *(_line(cluster) for cluster in shown)]


def _line(cluster: Mapping[str, Any]) -> str:
    state = str(cluster["state"])
    start = f"{plain(cluster['cluster'], 120)}: {STATES[state]}"
    if state == "not_begun":
        return start
    before, after = cluster.get("from_version") or "?", cluster.get("server_version") or cluster.get("target_version")
    pods = f", {cluster['recreated']} pods recreated" if cluster.get("recreated") else ""
    if state == "upgraded":
        return f"{start}, {plain(before)} -> {plain(after)}{pods}"
    if state == "current":
        return f"{start}, {plain(before)}"
    if state == "planned":
        return f"{start}, {plain(before)} -> {plain(cluster.get('target_version'))}{_to_do(cluster)}"
    where = f" at {cluster['stage']}" if state == "failed" else ""
    return f"{start}{where}{pods}: {plain(cluster.get('problem') or 'no reason was given', 600)}"


def _to_do(cluster: Mapping[str, Any]) -> str:
    if not cluster.get("planned"):
        return ""
    blocked = f", {cluster['blocked']} of them blocked at the moment" if cluster.get("blocked") else ""
    return f", {cluster['planned']} pods to recreate{blocked}"

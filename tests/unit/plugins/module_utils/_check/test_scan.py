# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every ECI pod of the cluster or of a file, or an error; never a shorter answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._check.scan import (
    SETTLE_SECONDS,
    TRIES,
    Scan,
    Scope,
    scan_cluster,
    scan_manifests,
    scan_settled,
)
from ansible_collections.ackops.eci.plugins.module_utils._errors import (
    ApiError,
    EciError,
    IncompleteScan,
    ListExpired,
    WatchBroken,
)
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi, PodSet
from ansible_collections.ackops.eci.plugins.module_utils._rules.conditions import compile_condition
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, pod_manifest
from tests.unit.support.model_lists import Server

SCOPE = Scope()
REAL = "cn-beijing.10.0.0.1"
NEW: dict[str, Any] = {"version": None, "instance": None, "phase": "Pending"}
VIRTUAL = {"kind": "Node", "metadata": {"name": "custom", "labels": {"type": "virtual-kubelet"}}}
MIXED = [
    pod_manifest("unscheduled", node=None, **NEW),
    pod_manifest("z-old", version="1.0.0"),
    pod_manifest("empty", version=""),
    pod_manifest("acs", labels={"alibabacloud.com/acs": "true"}, **NEW),
    pod_manifest("acs-id", annotations={"alibabacloud.com/instance-id": "acs-1"}, **NEW),
    pod_manifest("plain", node=REAL, **NEW),
    pod_manifest("created", **NEW),
    pod_manifest("done", version=None, instance=None, phase="Succeeded"),
    pod_manifest("custom", node="custom"),
    VIRTUAL,
]


class Ticks:
    """A clock on which every look takes so many seconds, and sleeping costs nothing."""

    def __init__(self, tick: float) -> None:
        self.tick = tick
        self.time = 0.0

    def monotonic(self) -> float:
        """A little later each time."""
        self.time += self.tick
        return self.time

    def now(self) -> str:
        """Not asked for."""
        return ""

    def sleep(self, seconds: float) -> None:
        """Only go on."""
        self.time += seconds


def names(scan: Scan) -> list[str]:
    """The names of the pods found."""
    return [one.name for one in scan.pods]


def scan_of(server: Server, scope: Scope = SCOPE) -> Scan:
    """Scan that server."""
    return scan_cluster(cast(ClusterApi, server), scope)


MIXED_NAMES = ["created", "custom", "done", "empty", "z-old"]


def test_a_scan_finds_what_the_seed_finds_and_does_not_stop_where_it_does() -> None:
    """A pod without a node ends the seed's list; an ACS pod is not ECI; a node may have any name."""
    for scan in (scan_manifests(MIXED, SCOPE), scan_of(Server([one for one in MIXED if one is not VIRTUAL]))):
        assert names(scan) == MIXED_NAMES
        assert [one.name for one in scan.undetermined()] == ["created"]
        facts = scan.facts()
        assert facts["counts"] == {
            "eci": 5, "finished": 1, "acs": 2, "unscheduled": 1, "other": 1, "not_selected": 0,
        }  # fmt: skip
        assert facts["pods_by_platform_version"] == {"1.0.0": 1, "1.1.0": 1, "unavailable": 2, "undetermined": 1}
        assert facts["virtual_nodes"] == [{"name": "custom", "zone": ""}]
        assert facts["whole_cluster"] is True


@pytest.mark.parametrize("text", HOSTILE_VERSIONS, ids=lambda value: ascii(value)[:20])
def test_a_hostile_annotation_is_counted_as_it_is(text: str) -> None:
    """And hides no other pod; it is cut where no version is as long."""
    scan = scan_manifests([pod_manifest("bad", version=text), pod_manifest("good")], SCOPE)
    assert names(scan) == ["bad", "good"]
    told = text if len(text) <= 300 else f"{text[:297]}..."
    assert scan.facts()["pods_by_platform_version"] == {told: 1, "1.1.0": 1}


@QUICK
@given(
    st.permutations(MIXED), st.sampled_from([(), ("web",), ("shop",)]), st.sampled_from([None, "phase == 'Pending'"])
)
def test_nothing_is_lost(manifests: list[dict[str, Any]], namespaces: tuple[str, ...], query: str | None) -> None:
    """Whatever the order and the scope: what is looked at is found, or counted."""
    condition = compile_condition(query, "query") if query else None
    scan = scan_manifests(manifests, Scope(namespaces=namespaces, query=condition))
    facts = scan.facts()
    counts = facts["counts"]
    assert sum(counts.values()) - counts["finished"] == (0 if namespaces == ("shop",) else len(MIXED) - 1)
    assert names(scan) == [] if namespaces == ("shop",) else names(scan) == (["created"] if query else MIXED_NAMES)
    assert facts["whole_cluster"] is not (bool(namespaces) or query is not None)


def test_namespaces_are_asked_for_one_by_one_and_once() -> None:
    """Twice in the option is not twice in the answer; a name cannot lead elsewhere."""
    server = Server([pod_manifest()])
    assert names(scan_of(server, Scope(namespaces=["web", "web"]))) == ["web-1"]
    scan_of(server, Scope(namespaces=["../nodes"]))
    assert [path for path in server.asked if path != "/api/v1/nodes"] == [
        "/api/v1/namespaces/web/pods",
        "/api/v1/namespaces/..%2Fnodes/pods",
    ]


@pytest.mark.parametrize("after", [0, 2, 8])
def test_a_list_that_expires_is_begun_again_whole(after: int) -> None:
    """Not gone on with, not answered half, not counted twice."""
    server = Server([one for one in MIXED if one is not VIRTUAL])
    server.expire_after = [after] * (TRIES - 1)
    scan = scan_of(server)
    assert names(scan) == MIXED_NAMES
    assert scan.facts()["counts"]["acs"] == 2
    assert server.asked.count("/api/v1/nodes") >= TRIES


def test_a_list_that_always_expires_is_an_error() -> None:
    """Never the part that was read."""
    server = Server([one for one in MIXED if one is not VIRTUAL])
    server.expire_after = [2] * 99
    with pytest.raises(IncompleteScan, match=r"expired on the server 3 times .*: the token is too old"):
        scan_of(server)
    assert server.asked.count("/api/v1/pods") == TRIES


def test_an_error_of_the_server_ends_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither retried nor taken for an empty list."""

    def refuse(*_arguments: object) -> Iterator[dict[str, Any]]:
        raise ApiError(403, "Forbidden", "pods is forbidden")

    server = Server([])
    monkeypatch.setattr(server, "pages", refuse)
    with pytest.raises(ApiError, match="pods is forbidden"):
        scan_of(server)


def settled(server: Server, seconds: float, tick: float = 0.1) -> Scan:
    """Scan until every pod is determined, at most so long."""
    return scan_settled(cast(ClusterApi, server), SCOPE, Ticks(tick), seconds)


def test_where_all_is_determined_nothing_is_waited_for() -> None:
    """One scan, no watch."""
    server = Server([pod_manifest()])
    assert settled(server, 60).undetermined() == []
    assert (server.asked.count("/api/v1/pods"), server.watched) == (1, [])


def test_pods_that_are_being_created_are_watched_then_scanned_anew() -> None:
    """The answer is the fresh scan, not the old one mended."""
    new = pod_manifest("new", **NEW)
    server = Server([new], [new], [pod_manifest("new"), pod_manifest("other")])
    assert names(settled(server, 60)) == ["new", "other"]
    assert {one for one, _seconds in server.watched} == {PodSet("web", name="new")}
    assert all(0 < seconds <= SETTLE_SECONDS for _one, seconds in server.watched)


@pytest.mark.parametrize("seconds", [0, 5])
def test_the_wait_ends_and_says_who_is_undetermined(seconds: float) -> None:
    """The gate is then shut by them, not by a time-out without names."""
    server = Server([pod_manifest("new", **NEW)])
    assert [one.name for one in settled(server, seconds, tick=1).undetermined()] == ["new"]
    assert bool(server.watched) is (seconds > 0)
    assert all(given_time <= seconds for _one, given_time in server.watched)


@pytest.mark.parametrize("error", [WatchBroken("cut"), ListExpired(410, "Expired", "old")])
def test_a_watch_that_breaks_at_once_does_not_flood_the_server(error: EciError) -> None:
    """Behind a proxy that cuts watches, a minute of waiting must not be hundreds of whole scans."""
    server = Server([pod_manifest("new", **NEW)], watch=error)
    assert settled(server, 60).undetermined()
    assert server.asked.count("/api/v1/pods") <= 61

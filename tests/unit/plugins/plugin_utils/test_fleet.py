# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What concerns several clusters: the same one twice, the report of a fleet, the wait for an upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.filter.eci_fleet import (
    eci_fleet_report,
    eci_fleet_summary,
    eci_same_clusters,
)
from ansible_collections.ackops.eci.plugins.module_utils._check.upgrade import ANSWERS_IN_A_ROW, wait_for_upgrade
from ansible_collections.ackops.eci.plugins.module_utils._errors import ConnectionFailed, EciError
from tests.unit.support.model_cluster import ModelClock

LOCAL = {"ansible_connection": "local"}
UNSEEN = (
    "one, two are the cluster that module_defaults or the environment names (K8S_AUTH_HOST, KUBECONFIG, ~/.kube/config)"
)


def found(server: str) -> dict[str, Any]:
    """The variables of a host whose server is known."""
    return {"__eci_preflight_check": {"cluster": {"server": server}}}


@pytest.mark.parametrize(
    ("one", "two", "line"),
    [
        (found("https://a:1"), found("https://b:1"), None),
        (found("https://a:1"), found("https://A:1/"), "one, two are https://a:1"),
        # Nothing is known yet: on the controller, what names them tells; a bastion has its own files.
        ({}, {}, None),
        (LOCAL, LOCAL, UNSEEN),
        (LOCAL, {**LOCAL, "eci_preflight_host": "https://b"}, None),
        ({**LOCAL, "eci_preflight_host": "https://b"}, {**LOCAL, "eci_preflight_host": "https://b"}, "one, two are at https://b"),
        ({**LOCAL, "eci_preflight_kubeconfig": "k", "eci_preflight_context": "c"},
         {**LOCAL, "eci_preflight_kubeconfig": "k", "eci_preflight_context": "c"}, "one, two are context c of k"),
        ({**LOCAL, "eci_preflight_kubeconfig": "k", "eci_preflight_context": "c"},
         {**LOCAL, "eci_preflight_kubeconfig": "k", "eci_preflight_context": "d"}, None),
        ({**LOCAL, "eci_preflight_kubeconfig": {"users": ["secret"]}},
         {**LOCAL, "eci_preflight_kubeconfig": {"users": ["secret"]}}, "one, two are the same kubeconfig"),
        # Told apart by what was found: module_defaults may name a cluster for each host.
        ({**LOCAL, **found("https://a")}, {**LOCAL, **found("https://b")}, None),
        ({**LOCAL, **found("https://a")}, LOCAL, UNSEEN),
        # Said once, by what was found.
        ({**LOCAL, **found("https://a")}, {**LOCAL, **found("https://a")}, "one, two are https://a"),
    ],
)  # fmt: skip
def test_the_same_cluster_twice(one: Mapping[str, Any], two: Mapping[str, Any], line: str | None) -> None:
    """Told by the servers, and before they are known by the variables."""
    other = {"eci_preflight_host": "https://other", **LOCAL}
    lines = eci_same_clusters(["one", "two", "other"], {"one": one, "two": two, "other": other})
    assert lines == ([line] if line else [])


def test_many_of_the_same_are_cut() -> None:
    """Ten are named."""
    (line,) = eci_same_clusters([f"h{n:02}" for n in range(30)], {f"h{n:02}": found("https://a") for n in range(30)})
    assert line.startswith("h00, h01")
    assert line.endswith("h09 and 20 more are https://a")


RESULTS: dict[str, dict[str, Any]] = {
    "up": {"state": "upgraded", "from_version": "1.24", "target_version": "1.26", "server_version": "v1.26.3", "recreated": 4},
    "there": {"state": "current", "from_version": "1.26", "target_version": "1.26", "recreated": "0"},
    "bare": {"state": "left_out", "from_version": "1.24", "recreated": "0", "problem": "shop/x\nis bare {{ 7*7 }}"},
    "broken": {"state": "failed", "stage": "version", "from_version": "1.24", "recreated": 2, "problem": "no answer"},
    "check": {"state": "planned", "from_version": "1.24", "target_version": "1.26", "planned": 3, "blocked": 1},
}  # fmt: skip


def test_the_summary_of_a_fleet() -> None:
    """Counts over all, then a line each, what went well first; text is escaped, and numbers may be texts (ansible-core 2.16)."""
    hosts = ["late", *RESULTS]
    hostvars = {host: {"eci_fleet_upgrade": RESULTS[host]} if host in RESULTS else {} for host in hosts}
    assert eci_fleet_summary(hosts, hostvars) == [
        "6 clusters: 1 upgraded, 1 already up to date, 1 would be upgraded, 1 skipped (not ready), 1 failed, 1 not started",
        "up: upgraded, 1.24 -> v1.26.3, 4 pods recreated",
        "there: already up to date, 1.26",
        "check: would be upgraded, 1.24 -> 1.26, 3 pods to recreate, 1 of them blocked at the moment",
        "bare: skipped (not ready): shop/x\\nis bare {{ 7*7 }}",
        "broken: failed at version, 2 pods recreated: no answer",
        "late: not started",
    ]
    assert eci_fleet_summary(hosts, hostvars, ["up"])[1:] == ["up: upgraded, 1.24 -> v1.26.3, 4 pods recreated"]
    report = eci_fleet_report(hosts, hostvars)
    assert report["counts"]["not_begun"] == 1
    assert {entry["cluster"]: entry["state"] for entry in report["clusters"]}["late"] == "not_begun"


class Server:
    """An API server that gives these answers in turn, the last one for good; an exception is raised."""

    def __init__(self, *answers: str | EciError) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> tuple[str, str]:
        """Answer."""
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, EciError):
            raise answer
        return "https://a", answer


def test_an_upgrade_that_arrives_is_waited_for() -> None:
    """Through errors, and through answers of API servers that are not upgraded yet, until several in a row agree."""
    gone = ConnectionFailed("away")
    server = Server("v1.24.1", gone, "v1.26.3", "v1.24.1", "v1.26.3", gone, "v1.26.3-aliyun.1")
    clock = ModelClock()
    result = wait_for_upgrade(server, "1.26", clock, 60)
    assert (result["version"], result["upgraded"]) == ("v1.26.3-aliyun.1", True)
    assert server.asked == 6 + ANSWERS_IN_A_ROW
    assert 0 < clock.time < 60


@pytest.mark.parametrize(
    ("answer", "said"),
    [("v1.24.1", "is Kubernetes v1.24.1, and not 1.26 after 30 s"), (ConnectionFailed("away"), "away")],
)
def test_an_upgrade_that_does_not_arrive_is_an_error(answer: str | EciError, said: str) -> None:
    """At the deadline, with what was seen last."""
    clock = ModelClock()
    with pytest.raises(EciError, match=said):
        wait_for_upgrade(Server(answer), "1.26", clock, 30)
    assert clock.time == 30


def test_without_time_it_asks_once() -> None:
    """And says what it saw; a target that is none is an error at once."""
    server = Server("v1.24.1")
    assert wait_for_upgrade(server, "1.26", ModelClock(), 0)["upgraded"] is False
    assert wait_for_upgrade(server, "v1.24", ModelClock(), 0)["upgraded"] is True
    assert server.asked == 2
    with pytest.raises(EciError, match="target_version"):
        wait_for_upgrade(server, 1.3, ModelClock(), 30)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights that a run asks for before it touches anything, told by a real API server."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.ackops.eci.plugins.module_utils._kube import rights
from ansible_collections.ackops.eci.plugins.module_utils._kube.client import KubeApi, connect
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection
from tests.cluster import ControlPlane
from tests.integration import access

WANTED = [
    *rights.OF_THE_RUN,
    *rights.EXPLAINING,
    *rights.in_namespace("default", [rights.EVICT, rights.DELETE, rights.CREATE]),
]


def api_of(kubeconfig: Path) -> KubeApi:
    """The API as the user of a kubeconfig sees it."""
    return connect(Connection(kubeconfig=str(kubeconfig)))


def test_the_shipped_role_has_them_all(cluster: ControlPlane, home: Path) -> None:
    """And the restart of workloads is a right of its own."""
    api = api_of(access.kubeconfig_of(cluster, "whole", access.shipped(), home))
    assert rights.missing(api, [*WANTED, *rights.RESTART]) == list(rights.RESTART)


def test_each_that_is_taken_away_is_told(cluster: ControlPlane, home: Path) -> None:
    """By the name that the server gives it, too."""
    taken = [("", "pods", "watch"), ("", "pods/eviction", "create"), ("coordination.k8s.io", "leases", "update")]
    rules = access.shipped()
    for right in taken:
        rules = access.without(rules, access.Right(*right))
    api = api_of(access.kubeconfig_of(cluster, "less", rules, home))
    found = rights.missing(api, WANTED)
    assert [(right.group, right.resource, right.verb) for right in found] == [taken[2], taken[0], taken[1]]
    assert [right.namespace for right in found] == ["kube-system", "default", "default"]
    assert 'cannot create resource "pods/eviction" in API group "" in the namespace "default"' in rights.refusal(found)

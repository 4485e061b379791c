# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rights a run needs, and how those that are missing are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError
from ansible_collections.ackops.eci.plugins.module_utils._kube import rights
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._kube.rights import Right
from tests.dev.paths import REPO


class Reviewer:
    """A server that grants some rights, and is strict about how it is asked."""

    def __init__(self, *granted: Right, refuses: int = 0) -> None:
        self.granted = granted
        self.refuses = refuses
        self.asked: list[Right] = []

    def create(self, path: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """Review one right."""
        assert path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        assert (manifest["apiVersion"], manifest["kind"]) == ("authorization.k8s.io/v1", "SelfSubjectAccessReview")
        if self.refuses:
            raise ApiError(self.refuses, "", "refused")
        spec = dict(manifest["spec"]["resourceAttributes"])
        assert set(spec) <= {"group", "resource", "subresource", "verb", "namespace", "name"}
        resource = "/".join(filter(None, [spec["resource"], spec.get("subresource")]))
        namespace, name = spec.get("namespace", ""), spec.get("name", "")
        right = Right(spec.get("group", ""), resource, spec["verb"], namespace, name)
        self.asked.append(right)
        wider = {right, right._replace(namespace=""), right._replace(name=""), right._replace(namespace="", name="")}
        return {"status": {"allowed": bool(wider & set(self.granted))}}


def missing(server: Reviewer, *wanted: Right) -> list[Right]:
    """The rights that are missing on that server."""
    return rights.missing(cast(ClusterApi, server), wanted)


def test_what_is_granted_everywhere_is_asked_for_once() -> None:
    """However many namespaces there are."""
    server = Reviewer(rights.EVICT)
    assert missing(server, *(rights.EVICT._replace(namespace=name) for name in ("a", "b", "c"))) == []
    assert server.asked == [rights.EVICT]


def test_what_is_granted_in_one_namespace_is_missing_in_the_other() -> None:
    """A RoleBinding gives no more than its namespace."""
    here, there = (rights.DELETE._replace(namespace=name) for name in ("here", "there"))
    assert missing(Reviewer(here), here, there) == [there]


def test_a_right_on_one_object_is_enough() -> None:
    """The lease, by its name."""
    lease = rights.OF_THE_RUN[-1]
    assert lease.name
    assert missing(Reviewer(lease), lease) == []
    assert missing(Reviewer(lease._replace(name="another")), lease) == [lease]


@pytest.mark.parametrize("status", [403, 404])
def test_a_server_that_does_not_tell_stops_nobody(status: int) -> None:
    """The request itself will be refused where it must be."""
    assert missing(Reviewer(refuses=status), rights.EVICT) == []


def test_a_server_that_fails_is_no_answer() -> None:
    """It says nothing of the right."""
    with pytest.raises(ApiError):
        missing(Reviewer(refuses=500), rights.EVICT)


def test_the_message_names_each_right_as_the_server_does_and_the_remedy() -> None:
    """So that it can be searched for."""
    said = rights.refusal([rights.EVICT._replace(namespace="shop"), rights.OF_THE_RUN[0]])
    assert 'cannot create resource "pods/eviction" in API group "" in the namespace "shop"; cannot list' in said
    assert said.endswith(rights.REMEDY)
    assert "docs/rbac" in rights.REMEDY
    assert rights.refusal([rights.EVICT._replace(namespace=f"n{number}") for number in range(12)]).count("cannot") == 10
    assert "; and 2 more. " in rights.refusal([rights.EVICT] * 12)
    assert rights.refusal([]) == ""


def rights_in(name: str) -> set[Right]:
    """What a ClusterRole of docs/rbac grants; it knows no namespaces."""
    role = yaml.safe_load((REPO / "docs" / "rbac" / name).read_text(encoding="utf-8"))
    return {
        Right(group, resource, verb, name=name)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    }


def test_the_roles_grant_what_a_run_asks_for_and_nothing_else() -> None:
    """Whoever binds them is not told that a right is missing."""
    of_pods = [*rights.OF_A_NAMESPACE, rights.EVICT, rights.DELETE, rights.CREATE]
    needed = {right._replace(namespace="") for right in (*rights.OF_THE_RUN, *of_pods, *rights.EXPLAINING)}
    assert rights_in("clusterrole.yml") == needed
    assert rights_in("clusterrole-restart.yml") == set(rights.RESTART)


def test_a_namespace_needs_what_its_pods_do() -> None:
    """And always to be seen."""
    wanted = rights.in_namespace("shop", [rights.EVICT])
    assert {right.namespace for right in wanted} == {"shop"}
    assert Right("", "pods", "watch", "shop") in wanted
    assert rights.EVICT._replace(namespace="shop") in wanted
    assert rights.DELETE._replace(namespace="shop") not in wanted

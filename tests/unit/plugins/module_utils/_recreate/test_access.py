# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights of a plan are asked for before anything is touched."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._recreate.access import with_rights
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import BARE, Pod, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan, Step

APPS = "/apis/apps/v1/namespaces/any/deployments/web"
KRUISE = "/apis/apps.kruise.io/v1alpha1/namespaces/any/clonesets/clones"
WEB = Workload("Deployment", "", "web", "uid-web", "ReplicaSet", {"spec": {}}, path=APPS)
CLONES = Workload("CloneSet", "", "clones", "uid-clones", "CloneSet", {"spec": {}}, path=KRUISE, custom=True)


class Server:
    """Grants every right but some, as (verb, resource, namespace)."""

    def __init__(self, *refused: tuple[str, str, str]) -> None:
        self.refused = refused
        self.asked = 0

    def create(self, _path: str, review: Any, dry_run: bool = False) -> Any:
        """Review one right; where it is refused in a namespace, it is not granted in all of them either."""
        assert not dry_run
        self.asked += 1
        wanted = review["spec"]["resourceAttributes"]
        what = f"{wanted['resource']}/{wanted['subresource']}" if wanted.get("subresource") else wanted["resource"]
        allowed = not any(
            (verb, resource) == (wanted["verb"], what) and wanted.get("namespace", namespace) == namespace
            for verb, resource, namespace in self.refused
        )
        return {"status": {"allowed": allowed}}


def step(name: str, action: Action, workload: Workload = WEB) -> Step:
    """A step in the namespace of its name."""
    return Step(
        Pod(name, "pod", f"uid-{name}-{action.value}-{workload.kind}", "", "", None, None, None),
        workload,
        action,
        "because",
    )


def refused(server: Server, *steps: Step, method: str = "evict") -> list[tuple[str, str]]:
    """Namespace and reason of the steps that are set aside."""
    plan = with_rights(cast(ClusterApi, server), Plan(list(steps)), method)
    assert {one.pod.uid for one in [*plan.steps, *plan.refused]} == {one.pod.uid for one in steps}
    return [(one.pod.namespace, one.reason) for one in plan.refused]


@pytest.mark.parametrize(
    ("action", "method", "verb", "resource"),
    [
        (Action.BY_CONTROLLER, "evict", "create", "pods/eviction"),
        (Action.BY_CONTROLLER, "delete", "delete", "pods"),
        (Action.CLEAR, "evict", "delete", "pods"),
        (Action.FROM_MANIFEST, "evict", "create", "pods"),
        (Action.ROLL, "evict", "patch", "deployments"),
        (Action.BY_CONTROLLER, "evict", "watch", "pods"),
    ],
)
def test_only_the_namespace_without_the_right_is_set_aside(
    action: Action, method: str, verb: str, resource: str
) -> None:
    """The others go on; the right is named, and what grants it."""
    server = Server((verb, resource, "dark"))
    workload = BARE if action == Action.FROM_MANIFEST else WEB
    steps = [step(namespace, action, workload) for namespace in ("dark", "light")]
    [(namespace, reason)] = refused(server, *steps, method=method)
    assert namespace == "dark"
    assert f'cannot {verb} resource "{resource}"' in reason


def test_only_the_steps_that_need_a_right_are_set_aside() -> None:
    """A restart of one workload may be refused where the evictions beside it are not; custom kinds have rights of their own."""
    server = Server(("patch", "clonesets", "shop"))
    steps = [step("shop", Action.BY_CONTROLLER), step("shop", Action.ROLL), step("shop", Action.ROLL, CLONES)]
    plan = with_rights(cast(ClusterApi, server), Plan(steps), "evict")
    assert [one.workload.kind for one in plan.refused] == ["CloneSet"]
    assert 'cannot patch resource "clonesets" in API group "apps.kruise.io"' in plan.refused[0].reason


def test_a_right_that_no_step_needs_is_not_asked_for() -> None:
    """Whoever only evicts need not be allowed to delete, create or patch."""
    server = Server(("delete", "pods", "a"), ("create", "pods", "a"), ("patch", "deployments", "a"))
    assert refused(server, step("a", Action.BY_CONTROLLER)) == []


def test_a_right_that_the_run_needs_ends_it() -> None:
    """Without its lease two runs would work on the cluster."""
    server = Server(("update", "leases", "kube-system"))
    with pytest.raises(EciError, match='cannot update resource "leases"'):
        refused(server, step("a", Action.BY_CONTROLLER))


def test_nothing_is_asked_for_nothing() -> None:
    """An empty plan needs no right."""
    server = Server()
    assert refused(server) == []
    assert server.asked == 0

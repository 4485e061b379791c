# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods of owners that Kubernetes does not know: OpenKruise's, Argo's, and a kind that the user names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.custom_controllers import CustomControllers
from tests.cluster.custom_kinds import ADVANCED_STATEFUL_SET, CLONE_SET, KINDS, LOBBY, ROLLOUT, CustomKind, manifest
from tests.integration.access import kubeconfig_of, rights_of, shipped
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import NEW, OLD

# What these tests share is made once, for one worker.
pytestmark = pytest.mark.xdist_group("custom_owners")

SLOW = {"test.ackops/ready-delay": "1s"}
NAMED: dict[str, Any] = {"recreated_by": ["games.example.org/Lobby"]}


@pytest.fixture(scope="module", autouse=True)
def controllers(cluster: ControlPlane) -> Iterator[CustomControllers]:
    """The kinds and their controllers."""
    with CustomControllers(cluster.api) as running:
        yield running


@pytest.fixture
def scenario(scene: Scenario) -> Iterator[Scenario]:
    """Pods, runs and records of a test of its own; what it made of these kinds is deleted, or it would make pods for ever."""
    yield scene
    for kind in KINDS:
        scene.api.request("DELETE", kind.path_of(scene.namespace))


def made(scenario: Scenario, kind: CustomKind, name: str = "web", **options: Any) -> list[w.Manifest]:
    """Create an object of a kind, wait for its pods, and make them old."""
    body = manifest(kind, scenario.namespace, name, **options)
    scenario.api.request("POST", kind.path_of(scenario.namespace), body)
    pods = w.wait_ready(scenario.api, scenario.namespace, name, options.get("replicas", 1))
    w.age(scenario.api, pods, OLD)
    return pods


def versions(scenario: Scenario, app: str = "web") -> set[str]:
    """The platform versions of the pods that are there."""
    return {str(pod["metadata"]["annotations"].get(w.PLATFORM_VERSION)) for pod in scenario.pods(app)}


def owners(scenario: Scenario, app: str = "web") -> set[str]:
    """The UIDs of their controllers."""
    return {str(pod["metadata"]["ownerReferences"][0]["uid"]) for pod in scenario.pods(app)}


@pytest.mark.parametrize(
    "kind", [CLONE_SET, ADVANCED_STATEFUL_SET, ROLLOUT], ids=lambda kind: str(kind.kind + kind.group)
)
def test_a_known_kind_recreates(scenario: Scenario, kind: CustomKind) -> None:
    """Its pods go one after another, each waited for, without a word from the user."""
    pods = made(scenario, kind, replicas=3, annotations=SLOW)
    run = scenario.recreate(pods)
    assert run.outcomes == {pod["metadata"]["name"]: "recreated" for pod in pods}, run.told
    assert {entry["workload"] for entry in run.result["pods"]} == {f"{kind.kind} {scenario.namespace}/web"}
    w.wait_ready(scenario.api, scenario.namespace, "web", 3)
    assert versions(scenario) == {NEW}
    told = [entry["event"] for entry in scenario.ledger() if entry.get("name")]
    assert told == ["removing", "removed", "finished"] * 3


def test_two_replica_sets_of_a_rollout_are_one_workload(scenario: Scenario) -> None:
    """A canary that is paused between two ReplicaSets: never two of its pods at once, and nobody's step is taken."""
    strategy = {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}
    pods = made(scenario, ROLLOUT, replicas=4, annotations=SLOW, strategy=strategy)
    template = {"metadata": {"annotations": {"release": "2"}}}
    scenario.api.patch(ROLLOUT.path_of(scenario.namespace, "web"), {"spec": {"template": template}})
    w.wait_for(lambda: len(owners(scenario)) == 2, "the canary")
    pods = w.wait_ready(scenario.api, scenario.namespace, "web", 4)
    w.age(scenario.api, pods, OLD)
    before = sorted(pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods)
    run = scenario.recreate(pods, serial=[4])
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert {entry["workload"] for entry in run.result["pods"]} == {f"Rollout {scenario.namespace}/web"}
    after = w.wait_ready(scenario.api, scenario.namespace, "web", 4)
    assert sorted(pod["metadata"]["ownerReferences"][0]["uid"] for pod in after) == before
    told = [entry["event"] for entry in scenario.ledger() if entry.get("name")]
    assert told == ["removing", "removed", "finished"] * 4


@pytest.mark.parametrize("method", ["evict", "restart"])
def test_a_rollout_with_a_preview(scenario: Scenario, method: str) -> None:
    """Blue-green, not promoted yet: twice as many pods as it wants, of which only half take traffic; all of them are recreated."""
    made(scenario, ROLLOUT, replicas=2, annotations=SLOW, strategy={"blueGreen": {"autoPromotionEnabled": False}})
    template = {"metadata": {"annotations": {"release": "2"}}}
    scenario.api.patch(ROLLOUT.path_of(scenario.namespace, "web"), {"spec": {"template": template}})
    pods = w.wait_ready(scenario.api, scenario.namespace, "web", 4)
    w.age(scenario.api, pods, OLD)
    run = scenario.recreate(pods, method=method, pod_timeout=60)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert {entry["workload"] for entry in run.result["pods"]} == {f"Rollout {scenario.namespace}/web"}
    w.wait_ready(scenario.api, scenario.namespace, "web", 4)
    assert (versions(scenario), len(owners(scenario))) == ({NEW}, 2)


def test_a_rollout_that_is_under_way(scenario: Scenario) -> None:
    """Its controller takes the old pods away itself: set aside until it has settled."""
    pods = made(scenario, ROLLOUT, replicas=2)
    template = {"metadata": {"annotations": {w.TROUBLE: "image-pull"}}}
    scenario.api.patch(ROLLOUT.path_of(scenario.namespace, "web"), {"spec": {"template": template}})
    # Its pods do not tell: the old ones may all be gone before a new one is there.
    sets = w.path_of("ReplicaSet", scenario.namespace)
    w.wait_for(lambda: len(scenario.api.list(sets)) == 2, "its new ReplicaSet")
    run = scenario.recreate(pods, pod_timeout=3)
    assert set(run.outcomes.values()) <= {"set_aside", "already_gone"}, run.told
    assert "removed" not in scenario.events()


def test_a_kind_that_nobody_knows_is_refused(scenario: Scenario) -> None:
    """Whether its controller makes a pod again is for the user to say."""
    pods = made(scenario, LOBBY, replicas=2)
    run = scenario.recreate(pods)
    assert set(run.outcomes.values()) == {"set_aside"}, run.told
    assert "Lobby (games.example.org/v1)" in run.message
    assert "recreated_by" in run.message
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}


def test_a_kind_that_the_user_names(scenario: Scenario) -> None:
    """recreated_by: its count comes from its scale subresource."""
    pods = made(scenario, LOBBY, replicas=2, annotations=SLOW)
    run = scenario.recreate(pods, **NAMED)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    w.wait_ready(scenario.api, scenario.namespace, "web", 2)
    assert versions(scenario) == {NEW}


def test_a_kind_that_is_scaled_down_meanwhile(scenario: Scenario) -> None:
    """The scale subresource says that no other pod is wanted."""
    pods = made(scenario, LOBBY, replicas=2, annotations={"test.ackops/ready-delay": "4s"})

    def scale() -> None:
        scenario.wait_ledger("removed")
        scenario.api.patch(LOBBY.path_of(scenario.namespace, "web"), {"spec": {"replicas": 1}})

    with scenario.meanwhile(scale):
        run = scenario.recreate(pods[:1], pod_timeout=60, **NAMED)
    assert list(run.outcomes.values()) == ["no_longer_needed"], run.told


@pytest.mark.parametrize(
    "kind", [CLONE_SET, ADVANCED_STATEFUL_SET, ROLLOUT], ids=lambda kind: str(kind.kind + kind.group)
)
def test_a_known_kind_is_restarted_by_its_own_means(scenario: Scenario, kind: CustomKind) -> None:
    """A CloneSet and a StatefulSet by their template, a Rollout by restartAt."""
    pods = made(scenario, kind, replicas=2)
    # A Rollout leaves pods alone that are not older than restartAt, and both are whole seconds.
    time.sleep(1)
    run = scenario.recreate(pods, method="restart")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert {entry["method"] for entry in run.result["pods"]} == {"restart"}
    w.wait_ready(scenario.api, scenario.namespace, "web", 2)
    assert versions(scenario) == {NEW}


def test_a_clone_set_that_updates_in_place_is_evicted(scenario: Scenario) -> None:
    """Its controller would write the annotation onto the old pods, and leave them where they are."""
    pods = made(scenario, CLONE_SET, replicas=2, updateStrategy={"type": "InPlaceIfPossible"})
    run = scenario.recreate(pods, method="restart")
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert {entry["method"] for entry in run.result["pods"]} == {"evict"}


def test_the_roles_that_custom_kinds_need(scenario: Scenario, cluster: ControlPlane) -> None:
    """Without the right to read a CloneSet its pods are set aside, and the others go on; with the optional ClusterRole they go."""
    pods = made(scenario, CLONE_SET, replicas=1)
    others = scenario.aged(scenario.workload("StatefulSet", "db"))
    kubeconfig = kubeconfig_of(cluster, "operator", shipped(), scenario.home)
    run = scenario.note(scenario.start([*pods, *others], kubeconfig=kubeconfig, pod_timeout=3).wait())
    assert run.outcomes["db-0"] == "recreated", run.told
    assert run.outcomes[pods[0]["metadata"]["name"]] == "set_aside"
    assert "may not read" in run.message
    kubeconfig = kubeconfig_of(cluster, "operator", [*shipped(), *shipped("-custom-kinds")], scenario.home)
    run = scenario.note(scenario.start(pods, kubeconfig=kubeconfig).wait())
    assert set(run.outcomes.values()) == {"recreated"}, run.told


def test_the_optional_role_is_for_the_kinds_that_are_known() -> None:
    """Each with its scale subresource."""
    listed = {(right.group, right.resource) for right in rights_of(shipped("-custom-kinds"))}
    known = [(kind.group, kind.plural) for kind in KINDS if kind is not LOBBY]
    assert listed == {*known, *((group, f"{plural}/scale") for group, plural in known)}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a manifest to a pod, to a record and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules import model
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, owner, pod, pod_manifest, pods, state


@QUICK
@given(pods())
def test_a_pod_survives_its_record_and_json(one: model.Pod) -> None:
    """Facts travel through Ansible as JSON; the check and the recreation must see the same pod."""
    record = json.loads(json.dumps(model.pod_to_record(one)))
    assert model.pod_from_record(record) == one


def test_a_record_may_hold_more_than_is_known() -> None:
    """A newer release may have written it."""
    record = model.pod_to_record(pod(owner=owner())) | {"later": 1}
    assert model.pod_from_record(record) == pod(owner=owner())


def test_the_owner_of_a_record_may_hold_more_than_is_known() -> None:
    """As above: keys that are not known are passed over."""
    record = model.pod_to_record(pod(owner=owner()))
    record["owner"] = record["owner"] | {"blockOwnerDeletion": True}
    assert model.pod_from_record(record) == pod(owner=owner())


def test_a_blocker_of_the_check_is_a_record_too() -> None:
    """It names its owner in words, which is no reference."""
    record = {"namespace": "web", "name": "a", "uid": "u", "owner": "ReplicaSet/web", "verdict": "incompatible"}
    assert model.pod_from_record(record).owner is None


@pytest.mark.parametrize("text", ["", " ", *HOSTILE_VERSIONS])
def test_annotations_are_taken_as_they_are(text: str) -> None:
    """No trimming, no guessing: an unusual value must reach the matrix unchanged."""
    assert model.pod_from_manifest(pod_manifest(version=text)).platform_version == text


@pytest.mark.parametrize(
    "manifest",
    [{}, {"metadata": None, "spec": None, "status": None}, {"metadata": {"annotations": None, "labels": None}}],
)
def test_a_manifest_may_lack_everything(manifest: dict[str, Any]) -> None:
    """Absent annotations are None, not the empty text."""
    found = model.pod_from_manifest(manifest)
    assert (found.name, found.node, found.phase) == ("", "", "")
    assert found.platform_version is None
    assert found.instance_id is None
    assert found.owner is None


def test_a_manifest_is_read_whole() -> None:
    """Every field on which decisions rest."""
    manifest = pod_manifest(
        annotations={model.MIRROR: "x"},
        labels={"app": "web"},
        deletionTimestamp="2026-04-01T00:00:00Z",
        creationTimestamp="2026-03-01T00:00:00Z",
        conditions=[state("PodScheduled", "True"), {"type": "Ready", "status": "True", "lastTransitionTime": "then"}],
    )
    found = model.pod_from_manifest(manifest)
    assert (found.key, found.uid, found.labels) == ("web/web-1", "uid-web-1", {"app": "web"})
    assert (found.mirror, found.deleting, found.ready, found.ready_since) == (True, True, True, "then")
    assert found.created == "2026-03-01T00:00:00Z"


@pytest.mark.parametrize("status", ["False", "Unknown", "true", ""])
def test_only_a_true_condition_makes_ready(status: str) -> None:
    """A node that is lost makes it Unknown."""
    assert not model.pod_from_manifest(pod_manifest(conditions=[state("Ready", status)])).ready


def test_the_controller_is_the_one_that_says_so() -> None:
    """An owner that does not control (a garbage collection link) recreates nothing."""
    link = {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "1"}
    controller = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "2", "controller": True}
    linked = pod_manifest(ownerReferences=[link, link | {"controller": False}])
    assert model.pod_from_manifest(linked).owner is None
    assert model.controller_of(pod_manifest(ownerReferences=[link, controller])) == model.Owner(
        "apps/v1", "ReplicaSet", "r", "2"
    )


@pytest.mark.parametrize(
    ("key", "reported"),
    [
        ("k8s.aliyun.com/eci-instance-id", True),
        ("alibabacloud.com/instance-id", True),
        ("network.alibabacloud.com/eni", True),
        ("kubectl.kubernetes.io/last-applied-configuration", False),
        ("notalibabacloud.com/x", False),
        ("alibabacloud.com.example.org/x", False),
        ("example.org/alibabacloud.com", False),
    ],
)
def test_only_annotations_of_alibaba_travel(key: str, reported: bool) -> None:
    """The others may be large, and may be secret."""
    found = model.pod_from_manifest(pod_manifest(annotations={key: "x"}))
    assert (key in found.annotations) is reported


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_finished_phases(phase: str) -> None:
    """These two, and no other."""
    assert pod(phase=phase).finished
    assert not any(pod(phase=other).finished for other in ("Running", "Pending", "Unknown", ""))


@pytest.mark.parametrize("key", ["namespace", "name", "uid"])
@pytest.mark.parametrize("text", [None, "", 7])
def test_records_that_name_no_pod_are_refused(key: str, text: object) -> None:
    """With their position, what is missing, and what to give."""
    good = model.pod_to_record(pod())
    with pytest.raises(InvalidInput, match=rf"^pods\[1\]: .* has no {key}\. .*eci_pod_facts") as caught:
        model.pods_from_records([good, good | {key: text}], "pods")
    assert caught.value.option == "pods[1]"


def test_a_record_given_twice_counts_once() -> None:
    """By UID: the same name with another UID is another pod."""
    twice = [pod(), pod(), pod(uid="other")]
    found = model.pods_from_records([model.pod_to_record(one) for one in twice], "pods")
    assert [one.uid for one in found] == ["uid-web-1", "other"]


def test_pods_are_listed_by_namespace_then_name() -> None:
    """In every answer."""
    several = [pod("a", namespace="z"), pod("b"), pod("a")]
    assert [one.key for one in sorted(several, key=model.sort_key)] == ["web/a", "web/b", "z/a"]

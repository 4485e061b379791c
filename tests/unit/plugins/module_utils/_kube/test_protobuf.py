# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protobuf says of a pod what JSON says; what is cut short or something else is an error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._kube.protobuf import (
    PodList,
    WireError,
    pod_manifest as decoded,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import pod_from_manifest
from tests.unit.support import protobuf_encoder as wire
from tests.unit.support.builders import QUICK, pod_manifest

TIMES = st.sampled_from(["", "1970-01-01T00:00:00Z", "2026-03-01T12:34:56Z", "1969-12-31T23:59:59Z"])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
KEYS = st.sampled_from(
    [
        "k8s.aliyun.com/eci-platform-version",
        "k8s.aliyun.com/eci-instance-id",
        "alibabacloud.com/instance-id",
        "sub.k8s.aliyun.com/x",
        "k8s.aliyun.com.evil/x",
        "kubernetes.io/config.mirror",
        "kubectl.kubernetes.io/last-applied-configuration",
        "",
    ]
)
OWNERS = st.builds(
    lambda kind, controller: {
        "apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": f"uid-{kind}",
        **({} if controller is None else {"controller": controller}),
    },
    st.sampled_from(["ReplicaSet", "Job", ""]), st.sampled_from([None, False, True]),
)  # fmt: skip
CONDITIONS = st.builds(
    lambda kind, status, since: {"type": kind, "status": status, "lastTransitionTime": since or None},
    st.sampled_from(["Ready", "PodScheduled", "ContainersReady"]), st.sampled_from(["True", "False", ""]), TIMES,
)  # fmt: skip


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Pods as the API shows them, with whatever may be missing, empty or large."""
    manifest = pod_manifest(draw(TEXTS) or "x", node=draw(st.sampled_from([None, "virtual-kubelet-a", "real"])))
    moment, deleted = draw(TIMES), draw(TIMES)
    manifest["metadata"].update(
        namespace=draw(TEXTS),
        uid=draw(TEXTS),
        labels=draw(st.none() | st.dictionaries(TEXTS, TEXTS, max_size=3)),
        annotations=draw(st.none() | st.dictionaries(KEYS, TEXTS | st.just("x" * 20_000), max_size=4)),
        ownerReferences=draw(st.lists(OWNERS, max_size=3)),
        creationTimestamp=moment or None,
        **({"deletionTimestamp": deleted} if deleted else {}),
    )
    manifest["status"] = {
        "phase": draw(st.sampled_from(["", "Pending", "Running", "Succeeded"])),
        "conditions": draw(st.lists(CONDITIONS, max_size=4)),
    }
    return manifest


def chunks(data: bytes, size: int) -> list[bytes]:
    """The bytes in pieces."""
    return [data[start : start + size] for start in range(0, len(data), size)]


@QUICK
@given(st.lists(manifests(), max_size=4), st.integers(1, 5000))
def test_protobuf_says_what_json_says(pods: list[dict[str, Any]], size: int) -> None:
    """Whatever the pod, and however the bytes come in."""
    read = PodList(chunks(wire.pod_list(pods, "123456789", "to/ken", 300), size))
    assert [pod_from_manifest(pod) for pod in read] == [pod_from_manifest(pod) for pod in pods]
    assert (read.resource_version, read.next_token, read.remaining) == ("123456789", "to/ken", 300)


def test_what_the_server_leaves_out_is_unknown() -> None:
    """No count is not a count of none."""
    read = PodList([wire.pod_list([])])
    assert list(read) == []
    assert (read.next_token, read.remaining) == ("", None)


def test_a_list_that_is_cut_short_is_an_error_wherever() -> None:
    """Never the pods up to there."""
    whole = wire.pod_list([pod_manifest("a"), pod_manifest("b")])
    end = whole.rindex(wire.field(3, "") + wire.field(4, ""))
    for stop in range(end):
        with pytest.raises(WireError):
            list(PodList(chunks(whole[:stop], 7)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"kind": "PodList"}',
        b"<html>",
        b"k8s\x00",
        b"k8s\x00" + wire.field(1, wire.field(1, "v1") + wire.field(2, "Status")) + wire.field(2, b""),
        b"k8s\x00" + wire.varint(1 << 3 | 3),
        b"k8s\x00" + b"\xff" * 12,
        b"k8s\x00" + wire.field(2, wire.field(2, wire.field(1, b"\x0a\xff\x01"))),
        b"k8s\x00" + wire.field(2, wire.field(2, wire.field(1, b"\x0a"))),
        b"k8s\x00" + wire.field(2, wire.field(2, b"\x0f")),
        b"k8s\x00" + wire.field(2, b"\x12\x50"),
        b"k8s\x00" + wire.field(2, wire.field(2, wire.field(1, wire.field(8, wire.field(1, 1 << 60))))),
    ],
    ids=ascii,
)
def test_what_is_no_list_of_pods_is_refused(data: bytes) -> None:
    """An error of ours, not one of Python's."""
    with pytest.raises(WireError):
        list(PodList([data]))


@QUICK
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing else comes out."""
    try:
        list(PodList([b"k8s\x00" + wire.field(2, wire.field(2, data))]))
    except WireError:
        return


def test_text_that_is_not_utf_8_is_read_as_go_writes_it() -> None:
    """With a replacement character."""
    assert decoded(wire.field(1, wire.field(1, b"a\xffb")))["metadata"]["name"] == "a\ufffdb"


def test_what_pods_have_in_common_is_held_once() -> None:
    """Pods by the ten thousand are kept until they are judged; of what their workload gives each of them, one is enough."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9c7b6f4", "uid": "uid-1", "controller": True}
    made = [
        pod_manifest(name, labels={"pod-template-hash": "5d9c7b6f4"}, ownerReferences=[owner]) for name in ("a1", "b1")
    ]
    one, other = (pod_from_manifest(found) for found in PodList([wire.pod_list(made, "1", "", None)]))
    assert one.owner is not None
    assert one.owner is other.owner
    for shared in ("namespace", "node", "phase"):
        assert getattr(one, shared) is getattr(other, shared)
    for mine, theirs in zip(one.labels.items(), other.labels.items(), strict=True):
        assert mine[0] is theirs[0]
        assert mine[1] is theirs[1]
    assert all(mine is theirs for mine, theirs in zip(one.annotations, other.annotations, strict=True))

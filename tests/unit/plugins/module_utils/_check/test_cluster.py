# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on a scan or on given pods, and all pods that are to be recreated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._check.cluster import (
    check_cluster,
    check_dump,
    check_pods,
    describe,
    pods_to_recreate,
    question_of,
    refuse_options_without_pods,
)
from ansible_collections.ackops.eci.plugins.module_utils._check.scan import MOST_VERSIONS, Scan, Scope
from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Verdict, first_records, short_records
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import shut_gate_message
from tests.unit.support.builders import pod, pod_manifest
from tests.unit.support.model_cluster import NAMESPACE, NEW, ModelCluster

OPTIONS: dict[str, Any] = {
    "target_version": "1.26",
    "matrix": None,
    "exempt": [],
    "node_name_prefixes": ["virtual-kubelet"],
    "pods": None,
    "src": None,
    "cluster_version": None,
    "pods_are_complete": True,
}


def cluster(pods: int = 3) -> ModelCluster:
    """So many pods on the old version."""
    model = ModelCluster(seed=1)
    model.workload("StatefulSet", "db", pods)
    return model


def test_the_verdict_is_that_of_every_pod_of_the_cluster() -> None:
    """And the facts are those of the same scan."""
    model = cluster()
    model._annotate(next(iter(model.pods)), NEW)
    scan, report = check_cluster(model, model.clock, question_of(OPTIONS))
    assert report.counts == {"compatible": 1, "incompatible": 2, "unknown": 0, "undetermined": 0, "exempt": 0}
    assert (report.compatible, report.cluster_version) == (False, "1.24")
    seen = describe(scan, model.clock, model)
    assert seen["counts"]["eci"] == 3
    assert (seen["server"], seen["version"], seen["whole_cluster"]) == (model.server(), model.server_version(), True)


@pytest.mark.parametrize("pods", [[], [{"namespace": "n", "name": "p", "uid": "u", "platform_version": "1.0.0"}]])
def test_pods_that_are_given_are_judged_without_a_cluster(pods: list[dict[str, Any]]) -> None:
    """An empty list is no pods, and no scan; that it is a selection is said."""
    given = {**OPTIONS, "pods": pods, "cluster_version": "1.24", "pods_are_complete": False}
    report = check_pods(given, cluster().clock, question_of(OPTIONS))
    assert (len(report.verdicts), report.compatible, report.cluster_version) == (len(pods), not pods, "1.24")
    assert any("says nothing of the rest" in warning for warning in report.warnings)


@pytest.mark.parametrize("option", [{"cluster_version": "1.24"}, {"pods_are_complete": False}])
def test_options_of_given_pods_are_refused_in_a_scan(option: dict[str, Any]) -> None:
    """The scan knows both better; an error names the option."""
    refuse_options_without_pods(OPTIONS)
    refuse_options_without_pods({**OPTIONS, **option, "pods": []})
    with pytest.raises(InvalidInput, match=f"{next(iter(option))}: .* no pods are given"):
        refuse_options_without_pods({**OPTIONS, **option})


def test_more_pods_than_a_result_lists_are_all_recreated() -> None:
    """What is cut is the listing, not the work."""
    model = cluster(1500)
    pods = pods_to_recreate(OPTIONS, model, model.clock)
    assert len(pods) == 1500


def test_exempt_pods_and_those_that_are_fine_are_left_alone() -> None:
    """So is what the matrix does not name."""
    model = cluster(4)
    uids = list(model.pods)
    model._annotate(uids[0], NEW)
    model._annotate(uids[1], "9.9.9")
    waiver = {"match": "name == 'db-2'", "reason": "agreed", "expires": "2999-01-01"}
    pods = pods_to_recreate({**OPTIONS, "exempt": [waiver]}, model, model.clock)
    assert [pod.key for pod in pods] == [f"{NAMESPACE}/db-3"]


def test_annotations_of_any_length_leave_a_result_small() -> None:
    """Each pod with a version and an instance of its own: the first versions are told, and every text is cut."""
    long = "9" * 5000
    pods = [pod(f"web-{number}", platform_version=f"{number}{long}", instance_id=long) for number in range(100)]
    scan = Scan(scope=Scope(), pods=pods)
    versions = scan.facts()["pods_by_platform_version"]
    assert sum(versions.values()) == 100
    assert versions["others"] == 100 - MOST_VERSIONS
    assert max(map(len, versions)) <= 300
    listed = first_records([{"name": f"{number:0300}"} for number in range(100)], 80)
    assert 50 < len(listed) < 60
    assert len(first_records([{"name": "a" * 99_999}] * 3, 80)) == 1
    assert len(first_records([{"name": "a"}] * 100, 80)) == 80
    [verdict] = short_records([Verdict("shop", "web", "u", long, "unknown", long, long)])
    assert {key: len(value) for key, value in verdict.items() if len(value) > 10} == {
        "platform_version": 300, "reason": 1200, "instance_id": 300,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"pods": [], "exempt": [{"match": "x"}]}, "exempt: .* has no effect on pods that are given"),
        ({"target_version": 1.3}, "target_version: .*quotes"),
        ({"exempt": [{"match": "x"}]}, r"exempt\[0\]: .* has no 'reason'"),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, Any], complaint: str) -> None:
    """Said before any request is made."""
    model = cluster()
    model.armed, model.faults = True, 1.0
    with pytest.raises(InvalidInput, match=complaint):
        pods_to_recreate({**OPTIONS, **options}, model, model.clock)


def test_pods_that_are_given_are_taken_as_they_are() -> None:
    """No scan; an empty list is no pods."""
    model = cluster()
    assert pods_to_recreate({**OPTIONS, "pods": []}, model, model.clock) == []
    given = [{"namespace": NAMESPACE, "name": "db-0", "uid": "u"}]
    assert [pod.uid for pod in pods_to_recreate({**OPTIONS, "pods": given}, model, model.clock)] == ["u"]


def dump_of(model: ModelCluster, path: Path, **more: Any) -> list[str]:
    """The pods of the model as kubectl saves them, with one of the system's own."""
    system = pod_manifest("coredns", namespace="kube-system", node="cn-beijing.10.0.0.1", version=None, instance=None)
    items = [*({"kind": "Pod", "apiVersion": "v1", **pod} for pod in model.pods.values()), system]
    path.write_text(json.dumps({"kind": "List", "items": items, **more}), encoding="utf-8")
    return [str(path)]


def test_the_verdict_on_a_dump_is_that_of_the_cluster(tmp_path: Path) -> None:
    """The same pods, the same counts; the version of the cluster is given, or unknown."""
    model = cluster()
    _scan, live = check_cluster(model, model.clock, question_of(OPTIONS))
    given = {**OPTIONS, "src": dump_of(model, tmp_path / "pods.json"), "cluster_version": "1.24"}
    scan, report = check_dump(given, model.clock, question_of(OPTIONS))
    assert report.verdicts == live.verdicts
    assert report == live
    assert describe(scan, model.clock)["server"] == ""
    _scan, unknown = check_dump({**given, "cluster_version": None}, model.clock, question_of(OPTIONS))
    assert (unknown.cluster_version, unknown.counts) == ("", live.counts)


def test_a_dump_in_doubt_is_never_compatible(tmp_path: Path) -> None:
    """Also where no pod of it stands in the way, and where the cluster runs the target already."""
    model = cluster()
    for uid in list(model.pods):
        model._annotate(uid, NEW)
    src = dump_of(model, tmp_path / "pods.json", metadata={"continue": "abc"})
    for version in (None, "1.24", "1.26"):
        given = {**OPTIONS, "src": src, "cluster_version": version}
        _scan, report = check_dump(given, model.clock, question_of(OPTIONS))
        assert not report.compatible
        assert "only the first page" in report.not_proved[0]
        assert shut_gate_message(report).startswith(
            "Not proved to be ready for Kubernetes 1.26. The dump may not hold all pods"
        )
    _scan, whole = check_dump(
        {**OPTIONS, "src": dump_of(model, tmp_path / "b.json")}, model.clock, question_of(OPTIONS)
    )
    assert whole.compatible
    assert whole.not_proved == []


def test_a_dump_and_pods_exclude_each_other() -> None:
    """One clear error."""
    with pytest.raises(InvalidInput, match=r"src: .* and pods exclude each other"):
        refuse_options_without_pods({**OPTIONS, "pods": [], "src": ["a.json"]})
    refuse_options_without_pods({**OPTIONS, "src": ["a.json"], "cluster_version": "1.24"})

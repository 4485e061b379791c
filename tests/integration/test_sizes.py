# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events, artifacts and output stay small with thousands of pods that stand in the way, as ansible-runner and AWX get them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.integration.runner import artifacts, data_dir, events, run_here
from tests.integration.support import OLD

# In bytes. AWX cuts events over 700,000, and people read what -v prints.
LARGEST_EVENT, LARGEST_ARTIFACT, LONGEST_OUTPUT = 200_000, 20_000, 300_000
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


def long_pod(number: int, annotation: str) -> dict[str, Any]:
    """A pod with names as long as Kubernetes allows; every third has no controller, and every third a version of its own."""
    name, owner = f"{'n' * 247}-{number:05}", f"{'o' * 247}-{number // 10:05}"
    version = OLD if number % 3 < 2 else f"{number}{annotation}"
    annotations = {w.INSTANCE_ID: f"eci-{annotation or '2ze' * 7}", w.PLATFORM_VERSION: version}
    metadata: dict[str, Any] = {
        "namespace": f"{'s' * 59}-{number % 40:03}",
        "name": name,
        "uid": f"uid-{number:032}",
        "annotations": annotations,
    }
    if number % 3:
        controller = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": owner,
            "uid": owner[-36:],
            "controller": True,
        }
        metadata["ownerReferences"] = [controller]
    spec = {"nodeName": "virtual-kubelet-cn-hangzhou-h"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Running"}}


def measured(path: Path, home: Path, playbook: str, variables: Mapping[str, object], cmdline: str) -> dict[str, int]:
    """Run it as AWX does. The size of the largest event, of the artifacts, and of what is printed."""
    record = {"ECI_RECORD": str(home.with_name("record.jsonl"))}
    given = {"eci_preflight_target_version": "1.26", **variables}
    directory = data_dir(path, playbook, given, cmdline=cmdline, hosts={"c": LOCAL}, envvars=record)
    done = run_here(directory, home)
    assert "for Kubernetes 1.26 (now " in done.stdout, done.stdout[-3000:] + done.stderr
    return {
        "event": max(len(json.dumps(event).encode()) for event in events(directory)),
        "artifact": len(json.dumps(artifacts(directory)).encode()),
        "output": len(done.stdout.encode()),
    }


def assert_small(sizes: Mapping[str, int]) -> None:
    """Within the limits."""
    assert sizes["event"] < LARGEST_EVENT, sizes
    assert sizes["artifact"] < LARGEST_ARTIFACT, sizes
    assert sizes["output"] < LONGEST_OUTPUT, sizes


@pytest.mark.parametrize("annotation", ["", "x" * 20_000], ids=["long-names", "long-annotations"])
def test_an_audit_of_five_thousand_blockers_is_small(home: Path, tmp_path: Path, annotation: str) -> None:
    """At -v, with a report; ten times the pods make it no larger."""
    sizes = []
    for count in (500, 5000 if not annotation else 600):
        dump = tmp_path / f"{count}.json"
        items = [long_pod(number, annotation) for number in range(count)]
        items.append({**long_pod(0, ""), "metadata": {"namespace": "kube-system", "name": "a", "uid": "a"}, "spec": {}})
        dump.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
        variables = {"eci_audit_src": str(dump), "eci_preflight_report": str(tmp_path / "a.json")}
        sizes.append(measured(tmp_path / str(count), home, "ackops.eci.eci_audit", variables, "-v"))
        assert_small(sizes[-1])
        assert len(json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["clusters"][0]["pods"]) == count
    assert sizes[1]["event"] < 1.1 * sizes[0]["event"]


def test_check_mode_with_blockers_of_every_kind_is_small(
    cluster: ControlPlane, namespace: str, home: Path, tmp_path: Path
) -> None:
    """At -v with --diff: pods that nothing recreates, that a budget blocks, and whose version is unknown, more than a result lists."""
    api = cluster.api
    for number in range(80):
        pod = w.bare_pod(namespace, f"{'n' * 247}-{number:05}")
        version = OLD if number < 60 else f"9.9.{number}"
        pod["metadata"]["annotations"] = {w.INSTANCE_ID: f"eci-{number}", w.PLATFORM_VERSION: version}
        pod["metadata"]["labels"] = {"app": "bare"}
        w.apply(api, pod)
    name = "d" * 50
    w.apply(
        api,
        w.workload("Deployment", namespace, name, replicas=60),
        w.budget(namespace, "b" * 60, name, min_available=60),
    )
    w.age(api, w.wait_ready(api, namespace, name, 60, seconds=120), OLD)
    variables = {"eci_preflight_kubeconfig": str(cluster.kubeconfig), "eci_preflight_settle_timeout": 5}
    assert_small(measured(tmp_path / "data", home, "ackops.eci.eci_preflight", variables, "--check -v --diff"))

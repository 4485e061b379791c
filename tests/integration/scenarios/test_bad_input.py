# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input."""

from __future__ import annotations

import json
from typing import Any

from tests.cluster import workloads as w
from tests.integration.scenarios.scenario import Scenario, record_of
from tests.integration.support import OLD

# What may stand in an annotation: everything.
STRANGE = {
    "spaces": "   ",
    "with-v": "v1.1.0",
    "higher": "1.10.0",
    "padded": " 1.1.0 ",
    "long": "9." * 5120,
    "unicode": "\uff11.\uff11.\uff10 \u202e\u7248",
    "template": "{{ 7*191 }}",
    "lookup": "{{ lookup('env', 'HOME') }}",
    "formula": "=cmd|' /C calc'!A0",
    "markup": "<script>alert(1)</script>",
    "lines": "1.1.0\nok: [localhost]\x1b[31m",
}


def strange_pods(scenario: Scenario, values: dict[str, str]) -> list[w.Manifest]:
    """One pod for each of these versions."""
    for name in values:
        scenario.apply(scenario.workload("ReplicaSet", name))
    pods = []
    for name, text in values.items():
        found = w.wait_ready(scenario.api, scenario.namespace, name, 1)
        w.age(scenario.api, found, text)
        pods += found
    return pods


def test_versions_that_are_none(scenario: Scenario) -> None:
    """Annotations that are not versions (v1.1.0, 1.10.0, 10 kB, unicode, templates, markup): the cluster is not ready."""
    pods = strange_pods(scenario, STRANGE)
    run = scenario.preflight()
    assert run.code == 2, run.text
    assert run.changed() == 0
    assert run.preflight["counts"]["unknown"] == len(STRANGE)
    assert scenario.uids() == {pod["metadata"]["uid"] for pod in pods}
    assert "1337" not in run.message, "a template was evaluated"  # no generated name has a 1 or a 3
    assert str(scenario.home) not in run.message, "a lookup was evaluated"
    assert "\x1b" not in run.text
    assert all(ord(letter) < 128 for letter in run.message)
    assert max(len(line) for line in run.message.splitlines()) < 4000
    assert not [line for line in run.text.splitlines() if line.startswith("ok: [localhost]\x1b")]


def test_an_empty_version(scenario: Scenario) -> None:
    """An instance ID with an empty version annotation or none: an old pod, version 'unavailable', which is recreated."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2, version=None)
    w.age(scenario.api, pods[:1], "")
    run = scenario.preflight()
    assert run.code == 0, run.text
    assert {pod["old_version"] for pod in run.preflight["recreated"]} == {"unavailable"}
    assert len(run.preflight["recreated"]) == 2


def test_names_at_the_limit(scenario: Scenario) -> None:
    """A bare pod with a name of 253 characters, the maximum: recreated, and its manifest is saved under a name that fits."""
    name = "n" * 253
    manifest = w.bare_pod(scenario.namespace, name)
    manifest["metadata"]["labels"] = {"app": "long"}
    scenario.apply(manifest)
    pods = w.wait_ready(scenario.api, scenario.namespace, "long", 1)
    w.age(scenario.api, pods, OLD)
    run = scenario.recreate(pods, unmanaged="recreate")
    assert run.code == 0, run.told
    assert scenario.pods("long")[0]["metadata"]["name"] == name
    (saved,) = (scenario.home / "state").rglob("manifests/*.json")
    assert json.loads(saved.read_text(encoding="utf-8"))["metadata"]["name"] == name


def test_no_pods(scenario: Scenario) -> None:
    """An empty list: nothing to do, and no failure."""
    run = scenario.recreate([])
    assert (run.code, run.result["changed"], run.result["pods"]) == (0, False, [])


def test_a_pod_given_twice(scenario: Scenario) -> None:
    """A pod that is in the list twice counts once."""
    pods = scenario.aged(scenario.workload("Deployment"))
    run = scenario.recreate([*pods, *pods])
    assert [pod["outcome"] for pod in run.result["pods"]] == ["recreated"]
    assert scenario.events().count("removed") == 1


def test_a_list_from_another_cluster(scenario: Scenario) -> None:
    """A list of another cluster, or an old one: the names match but no UID does, so the whole list is refused."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", replicas=2), 2)
    strangers: list[dict[str, Any]] = [
        {**record_of(pod), "uid": f"00000000-0000-0000-0000-00000000000{number}"} for number, pod in enumerate(pods)
    ]
    run = scenario.recreate(strangers)
    assert run.code == 1, run.told
    assert "another cluster" in run.message
    assert scenario.uids("db") == {pod["metadata"]["uid"] for pod in pods}


def test_a_list_with_a_stale_entry(scenario: Scenario) -> None:
    """One UID in the list is gone: the pod that has its name now is left alone, and the rest is done."""
    pods = scenario.aged(scenario.workload("StatefulSet", "db", replicas=2), 2)
    stale = {**record_of(pods[0]), "uid": "00000000-0000-0000-0000-000000000000"}
    run = scenario.recreate([stale, record_of(pods[1])])
    assert run.outcomes == {"db-0": "already_gone", "db-1": "recreated"}, run.told
    assert pods[0]["metadata"]["uid"] in scenario.uids("db")


def test_a_pod_without_its_uid(scenario: Scenario) -> None:
    """A pod given by name only: refused, because a name is not enough to delete by."""
    pods = scenario.aged(scenario.workload("Deployment"))
    record = {**record_of(pods[0]), "uid": ""}
    run = scenario.recreate([record])
    assert run.code == 1
    assert "pods[0]" in run.message
    assert "uid" in run.message
    assert scenario.uids("web") == {pods[0]["metadata"]["uid"]}


def test_options_that_cannot_be_meant(scenario: Scenario) -> None:
    """Options out of range: each message names the option, the value and what to give instead; nothing is touched."""
    pods = scenario.aged(scenario.workload("Deployment"))
    wrong: list[tuple[str, Any]] = [
        ("serial", [0]),
        ("serial", ["150%"]),
        ("pod_timeout", 0),
        ("run_timeout", -1),
        ("max_failures", -1),
        ("target_version", "latest"),
    ]
    started = [scenario.start(pods, **{option: value}) for option, value in wrong]
    for (option, value), running in zip(wrong, started, strict=True):
        run = scenario.note(running.wait())
        assert run.code == 1
        assert option in run.message
        assert str(value[0] if isinstance(value, list) else value) in run.message
    assert scenario.uids("web") == {pods[0]["metadata"]["uid"]}


def test_a_record_directory_that_cannot_be_written(scenario: Scenario) -> None:
    """The ledger cannot be written: the run finds out before it touches anything."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.home.mkdir(parents=True, exist_ok=True)
    (scenario.home / "a-file").write_text("", encoding="utf-8")
    run = scenario.recreate(pods, record_dir=str(scenario.home / "a-file" / "records"))
    assert run.code == 1
    assert "record_dir" in run.message
    assert scenario.uids("web") == {pods[0]["metadata"]["uid"]}


def test_owner_references_that_lead_elsewhere(scenario: Scenario) -> None:
    """A forged owner reference that would lead requests elsewhere: its controller is unknown, so the pod is refused."""
    manifest = w.bare_pod(scenario.namespace, "forged")
    reference = {"apiVersion": "example.org/v1", "kind": "ReplicaSet", "name": "../../../../../api/v1/secrets"}
    uid = "00000000-0000-0000-0000-000000000001"
    manifest["metadata"]["ownerReferences"] = [{**reference, "uid": uid, "controller": True}]
    pods = scenario.aged(manifest)
    run = scenario.recreate(pods)
    assert run.code == 1
    assert "ReplicaSet" in run.message
    assert scenario.uids("forged") == {pods[0]["metadata"]["uid"]}

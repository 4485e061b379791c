# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audits of dumps: the verdict of a live scan in every form of a dump, reports of it, and no gate that a dump could open."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.integration.dumps import audit, saved, written
from tests.integration.fleets import run_fleet, tasks_file
from tests.integration.support import NEW, OLD, REPO, run_preflight, run_tasks

SCHEMA = json.loads((REPO / "docs" / "schema" / "report.schema.json").read_text(encoding="utf-8"))
Manifest = dict[str, Any]
# What is compared between a live check and one of a dump: all of the result that does not say where it was looked.
SAME = (
    "compatible",
    "nothing_to_do",
    "target_version",
    "cluster_version",
    "counts",
    "blockers",
    "exempted",
    "not_proved",
)


def dump_of(cluster: ControlPlane) -> Manifest:
    """What `kubectl get nodes,pods -A -o json` prints."""
    items = [
        {"apiVersion": "v1", "kind": kind, **entry}
        for kind in ("Node", "Pod")
        for entry in cluster.api.list(f"/api/v1/{kind.lower()}s")
    ]
    return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}


def tree_of(dump: Manifest, root: Path) -> Path:
    """The tree of must-gather."""
    for entry in dump["items"]:
        metadata = entry["metadata"]
        if entry["kind"] == "Node":
            path = root / "cluster-scoped-resources" / "core" / "nodes" / f"{metadata['name']}.yaml"
        else:
            path = root / "namespaces" / metadata["namespace"] / "pods" / metadata["name"] / f"{metadata['name']}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(entry), encoding="utf-8")
        (path.parent / "current.log").write_text("{ a log", encoding="utf-8")
    return root


FORMS: dict[str, Callable[[Manifest, Path], Path]] = {
    "json": lambda dump, home: written(home / "a.json", json.dumps(dump, indent=4).encode()),
    "yaml-gz": lambda dump, home: written(home / "b.yaml.gz", gzip.compress(yaml.safe_dump(dump).encode())),
    "powershell": lambda dump, home: written(
        home / "c.txt", codecs.BOM_UTF16_LE + f"Warning: old\r\n{json.dumps(dump, indent=4)}\r\n".encode("utf-16-le")
    ),
    "tree": lambda dump, home: tree_of(dump, home / "must-gather"),
}


@pytest.mark.compat
def test_the_verdict_on_a_dump_is_that_of_a_live_scan(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """Old, new, unknown, waived and unscheduled pods, on nodes of every kind; in every form."""
    api = cluster.api
    system = w.bare_pod("kube-system", "coredns", node="real")
    w.apply(
        api,
        w.workload("Deployment", namespace, "web", replicas=3),
        w.workload("StatefulSet", namespace, "db", replicas=2),
        w.workload("Deployment", namespace, "kept"),
        w.workload("Deployment", namespace, "acs", labels={"alibabacloud.com/acs": "true"}),
        w.workload("Deployment", namespace, "real", replicas=2, node="real"),
        w.bare_pod(namespace, "unscheduled", node="nowhere"),
        w.bare_pod(namespace, "copied", node="real", annotations={w.INSTANCE_ID: "eci-copied"}),
        system,
    )
    web, db = w.wait_ready(api, namespace, "web", 3), w.wait_ready(api, namespace, "db", 2)
    kept = w.wait_ready(api, namespace, "kept", 1)
    for name, count in {"acs": 1, "real": 2, "copied": 1}.items():
        w.wait_ready(api, namespace, name, count)
    w.wait_ready(api, "kube-system", "coredns", 1)
    w.age(api, [web[0], *kept], OLD)
    w.age(api, [web[1]], None)
    w.age(api, [db[0]], "9.9.9")
    home.mkdir(parents=True)
    dump = dump_of(cluster)
    waiver = {"match": "labels.app == 'kept'", "reason": "goes on Friday", "expires": "2999-01-01"}
    options = {"target_version": "1.26", "exempt": [waiver], "fail_when_incompatible": False}
    tasks = [{"name": "Live", "ackops.eci.eci_compat_check": options}]
    for form, write in FORMS.items():
        given = {**options, "src": str(write(dump, home)), "cluster_version": "1.24"}
        tasks.append({"name": f"Dump {form}", "ackops.eci.eci_compat_check": given})
    tasks.append({"name": "Facts", "ackops.eci.eci_pod_facts": {"src": [str(home / "a.json")]}})
    run = run_tasks(tasks, cluster.kubeconfig, home)
    w.clear(api, "kube-system")
    assert run.code == 0, run.text
    live = run.result("Live")
    assert live["counts"] == {"compatible": 2, "incompatible": 2, "unknown": 1, "undetermined": 0, "exempt": 1}
    assert {(entry["instance_id"] != "", entry["owner"].partition("/")[0]) for entry in live["blockers"]} == {
        (True, "ReplicaSet"), (True, "StatefulSet"),
    }  # fmt: skip
    for form in FORMS:
        found = run.result(f"Dump {form}")
        assert {key: found[key] for key in SAME} == {key: live[key] for key in SAME}
        seen = {
            key: found["cluster"][key]
            for key in ("virtual_nodes", "pods_by_platform_version", "counts", "whole_cluster")
        }
        assert seen == {key: live["cluster"][key] for key in seen}
        assert found["cluster"]["server"] == ""
    assert run.result("Facts")["ansible_facts"]["eci_cluster"]["counts"] == live["cluster"]["counts"]


@pytest.mark.compat
@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_an_audit_of_a_dump_reports_every_pod(home: Path, arguments: list[str]) -> None:
    """In every format, also what the result of a task does not list; in check mode, too, where nothing can be planned."""
    saved(home, "cluster.json", 120)
    reports = ["out/audit.html", "out/audit.json", "out/audit.csv", "out/audit.xml", "out/audit.md"]
    run = audit(home, *arguments, eci_audit_src="cluster.json", eci_preflight_report=",".join(reports))
    assert run.code == 0, run.text
    assert run.changed() == 0
    assert "NOT READY for Kubernetes 1.26 (now ?): 120 incompatible" in run.text
    assert "shop,web-000,1.0.0,eci-1,,incompatible," in run.text
    assert len(run.result("Check the ECI pods")["blockers"]) == 50
    document = json.loads((home / "out" / "audit.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    [found] = document["clusters"]
    assert (len(found["pods"]), found["pods_not_listed"], found["state"]) == (120, 0, "not_ready")
    rows = list(csv.DictReader(io.StringIO((home / "out" / "audit.csv").read_text(encoding="utf-8-sig"))))
    assert [row["pod"] for row in rows] == [f"web-{number:03}" for number in range(120)]
    assert all((home / path).stat().st_mode & 0o777 == 0o600 for path in reports)
    assert "web-119" in (home / "out" / "audit.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"items": []}, "it holds no pod at all"),
        ({"metadata": {"continue": "abc"}}, "holds only the first page of a longer list"),
    ],
)
def test_a_dump_that_proves_nothing_is_not_ready(home: Path, changes: dict[str, Any], said: str) -> None:
    """An audit says so; where it is to fail, it fails."""
    saved(home, "cluster.json", 0, **changes)
    run = audit(
        home, eci_audit_src="cluster.json", eci_preflight_fail_when_not_ready=True, eci_preflight_report="a.json"
    )
    assert run.code == 2, run.text
    assert "NOT PROVED to be ready for Kubernetes 1.26" in run.text
    assert said in run.message
    [found] = json.loads((home / "a.json").read_text(encoding="utf-8"))["clusters"]
    assert found["state"] == "not_proved"
    assert said in found["not_proved"][0]


def test_a_file_that_is_no_dump_is_named(home: Path) -> None:
    """By the variable that the user knows, and in the report."""
    home.mkdir(parents=True)
    (home / "cluster.json").write_text("NAME READY\nweb 1/1\n", encoding="utf-8")
    run = audit(home, eci_audit_src="cluster.json", eci_preflight_report="a.json")
    assert run.code == 0, run.text
    [found] = json.loads((home / "a.json").read_text(encoding="utf-8"))["clusters"]
    assert found["state"] == "no_result"
    assert found["reason"].startswith("eci_preflight_src: '")


def test_a_fleet_of_dumps(home: Path) -> None:
    """Each host has its own; the same one twice is a mistake."""
    for name, version in (("a", NEW), ("b", OLD)):
        saved(home, f"{name}.json", 2, version)
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    hosts = {name: {**local, "eci_audit_src": f"{name}.json"} for name in "ab"}
    inventory = home / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    run = audit(home, "-i", str(inventory), eci_preflight_report="fleet.json")
    assert run.code == 0, run.text
    document = json.loads((home / "fleet.json").read_text(encoding="utf-8"))
    assert document["headline"] == "1 of 2 clusters are ready for Kubernetes 1.26."
    twice = audit(home, "-i", str(inventory), eci_audit_src="a.json", eci_preflight_fail_when_not_ready=True)
    assert twice.code == 2, twice.text
    assert "are the dump a.json" in twice.text


def test_no_gate_opens_on_a_dump(home: Path) -> None:
    """Neither that of a preflight, which would recreate, nor that of a fleet."""
    dump = str(saved(home, "cluster.json", 2, NEW))
    run = run_preflight(None, home, src=dump)
    assert run.code == 2, run.text
    assert "eci_preflight_src is a dump, and pods cannot be recreated in it" in run.message
    inventory = home / "hosts.yml"
    inventory.write_text("all: {hosts: {a: {ansible_connection: local}}}\n", encoding="utf-8")
    marker = home / "upgraded"
    upgrade = tasks_file(home / "upgrade.yml", {"ansible.builtin.file": {"path": str(marker), "state": "touch"}})
    for recreate in (True, False):
        fleet = run_fleet(inventory, home, tasks_file=str(upgrade), recreate=recreate, eci_preflight_src=dump)
        assert fleet.code != 0, fleet.text
        assert "a dump opens no gate" in fleet.text
    assert not marker.exists()


def test_a_live_run_is_reported_with_its_timeline(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """What was recreated, when, and how long it took; the report names the cluster's state after it."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=3))
    w.age(cluster.api, w.wait_ready(cluster.api, namespace, "web", 3), OLD)
    home.mkdir(parents=True)
    run = run_preflight(cluster.kubeconfig, home, report=["run.html", "run.json"], report_title="Change 4711")
    assert run.code == 0, run.text
    document = json.loads((home / "run.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    assert (document["title"], document["recreated"]) == ("Change 4711", 3)
    assert document["headline"] == "Ready for Kubernetes 1.26: 3 ECI pods, none in the way."
    entries = document["clusters"][0]["recreations"]
    assert [entry["outcome"] for entry in entries] == ["recreated"] * 3
    assert all(entry["started_at"].endswith("Z") and entry["seconds"] > 0 for entry in entries)
    page = (home / "run.html").read_text(encoding="utf-8")
    assert page.count('<rect class="f-recreated"') == 3
    assert "Change 4711" in page

    again = run_tasks(
        [{"name": "Join", "ackops.eci.eci_report": {"src": ["run.json"], "dest": ["again.md", "again.csv"]}}],
        None,
        home,
    )
    assert again.code == 0, again.text
    assert again.result("Join")["headline"] == document["headline"]
    assert (home / "again.md").read_text(encoding="utf-8").startswith("# Ready for Kubernetes 1.26")
    wrong = run_tasks([{"name": "Join", "ackops.eci.eci_report": {"dest": "report.pdf"}}], None, home)
    assert wrong.code == 2
    assert "dest: 'report.pdf' has an ending that is no format of a report" in wrong.message


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("", 0), ("incompatible", 2), ("unknown,missing", 0), ('["not_proved"]', 0), ("not_scanned", 0)],
)
def test_an_audit_fails_on_what_it_is_told_to(home: Path, wanted: str, code: int) -> None:
    """At its end, after the report; without it an audit does not fail."""
    saved(home, "cluster.json", 3)
    run = audit(
        home, "-e", f"eci_preflight_fail_on='{wanted}'", eci_audit_src="cluster.json", eci_preflight_report="a.json"
    )
    assert run.code == code, run.text
    assert (home / "a.json").exists()
    assert run.preflight["counts"]["incompatible"] == 3
    if code:
        assert run.message == "incompatible: 3 ECI pod(s) are incompatible."


def test_a_schedule_tells_what_it_found_from_what_it_could_not_look_at(home: Path) -> None:
    """Both are 2, the code of a host that failed; the report, or another value of the variable, tells them apart."""
    kinds = {"eci_preflight_fail_on": ["incompatible", "not_scanned"], "eci_preflight_report": "a.json"}
    saved(home, "cluster.json", 3)
    found = audit(home, eci_audit_src="cluster.json", **kinds)
    states = json.loads((home / "a.json").read_text(encoding="utf-8"))["states"]
    assert (found.code, states["not_ready"], states["no_result"]) == (2, 1, 0)
    away = audit(home, eci_audit_src="nowhere.json", **kinds)
    states = json.loads((home / "a.json").read_text(encoding="utf-8"))["states"]
    assert (away.code, states["not_ready"], states["no_result"]) == (2, 0, 1)
    assert away.message.startswith("not_scanned: the cluster was not scanned: eci_preflight_src: ")

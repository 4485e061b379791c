# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of real control planes is upgraded: one run with troubles, their repair, and one run that completes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.doors import Doors
from tests.demo.fleet_scene import CLUSTERS, FleetScene
from tests.integration.fleets import FLEET, fleet_kubeconfig, run_fleet, source_of, states, tasks_file
from tests.integration.support import NEW, OLD, Run, run_playbook

# What these tests share is made once, for one worker.
pytestmark = [pytest.mark.xdist_group("fleet"), pytest.mark.timeout(1200)]


@dataclass
class Story:
    """The runs, and what was to be seen after each."""

    scene: FleetScene
    check: Run
    first: Run
    second: Run
    # After the check, after the first run and its repair, and at the end: versions, and pods by cluster.
    versions: list[dict[str, str]]
    pods: list[dict[str, dict[str, str]]]
    reports: list[dict[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Audit, upgrade, repair, upgrade the rest."""
    home = tmp_path_factory.mktemp("fleet")
    versions: list[dict[str, str]] = []
    pods: list[dict[str, dict[str, str]]] = []
    reports: list[dict[str, Any]] = []
    with FleetScene() as scene:

        def run(*arguments: str) -> Run:
            return run_playbook(FLEET, None, home, "-i", str(scene.inventory), *arguments, variables=scene.variables())

        def look() -> None:
            versions.append(scene.versions())
            pods.append({name: scene.pods(name) for name in CLUSTERS})
            report = Path(scene.variables()["eci_fleet_upgrade_report"])
            reports.append(json.loads(report.read_text(encoding="utf-8")))

        check = run("--check")
        look()
        scene.await_outage()
        first = run()
        scene.end_outage()
        look()
        scene.repair()
        second = run()
        look()
        yield Story(scene, check, first, second, versions, pods, reports)


def test_an_audit_touches_nothing(story: Story) -> None:
    """--check says of each cluster what would become of it."""
    assert story.check.code == 2, story.check.text
    assert states(story.check, list(CLUSTERS)) == {
        "bare": "left_out", "clean": "planned", "budget": "planned", "outage": "planned",
    }, story.check.text  # fmt: skip
    assert "budget: would be upgraded, 1.24 -> 1.26, 3 pods to recreate, 3 of them blocked" in story.check.text
    assert set(story.versions[0].values()) == {"1.24"}
    assert {name: set(found) for name, found in story.pods[0].items()} == story.scene.aged
    assert story.reports[0]["counts"]["planned"] == 3


def test_the_first_run_upgrades_what_it_may(story: Story) -> None:
    """The clean cluster is on 1.26 with every pod on 1.1.0; the others hold nobody up, and are failed at the end."""
    run = story.first
    assert run.code == 2, run.text
    assert states(run, list(CLUSTERS)) == {
        "bare": "left_out", "clean": "upgraded", "budget": "left_out", "outage": "left_out",
    }, run.text  # fmt: skip
    assert story.versions[1] == {"bare": "1.24", "clean": "1.26", "budget": "1.24", "outage": "1.24"}
    assert set(story.pods[1]["clean"].values()) == {NEW}
    assert "4 clusters: 1 upgraded, 3 skipped (not ready)" in run.text
    assert "Traceback" not in run.text
    problems = {entry["cluster"]: entry["problem"] for entry in story.reports[1]["clusters"]}
    assert "shop/lonely" in problems["bare"]
    assert "budget" in problems["budget"]
    assert story.scene.clusters["outage"].server in problems["outage"]


def test_what_was_left_out_is_as_the_report_says(story: Story) -> None:
    """No pod is gone that the report does not name, and no workload is smaller than it was."""
    for name in ("bare", "budget", "outage"):
        result = story.first.preflight_of(name)
        named = {entry["uid"] for entry in result["recreated"]}
        assert story.scene.aged[name] - set(story.pods[1][name]) == named, name
        assert len(story.pods[1][name]) == len(story.scene.aged[name])
        assert set(story.pods[1][name].values()) <= {OLD, NEW}
    assert len(story.first.custom_stats["eci_preflight_result_outage"]["recreated"]) in (1, 2)


def test_the_second_run_completes_the_rest(story: Story) -> None:
    """After the repair every cluster is on 1.26 and every pod on 1.1.0; the one that was there was passed by."""
    run = story.second
    assert run.code == 0, run.text
    assert states(run, list(CLUSTERS)) == {
        "bare": "upgraded", "clean": "current", "budget": "upgraded", "outage": "upgraded",
    }, run.text  # fmt: skip
    assert set(story.versions[2].values()) == {"1.26"}
    assert {version for found in story.pods[2].values() for version in found.values()} == {NEW}
    assert story.pods[2]["clean"].keys() == story.pods[1]["clean"].keys()
    assert run.changed("clean") == 0
    # What the first run had recreated was not recreated again.
    kept = {uid for uid, version in story.pods[1]["outage"].items() if version == NEW}
    assert kept <= set(story.pods[2]["outage"])


@pytest.mark.compat
def test_failed_upgrades_stop_the_waves(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """An upgrade that fails, or does not arrive, fails its host; with more of them than allowed no wave is begun any more."""
    with Doors([cluster.server] * 4) as doors:
        servers = {f"c{number}": (cluster, server) for number, server in enumerate(doors.servers)}
        source = source_of(fleet_kubeconfig(tmp_path / "fleet.conf", servers))
        # They are addresses of one cluster: one host a wave, so that no two of them are compared before the waves stop.
        broken = {"name": "Upgrade", "ansible.builtin.fail": {"msg": "quota"}, "when": "fails | bool"}
        tasks, report = tasks_file(tmp_path / "upgrade.yml", broken), tmp_path / "report.json"
        options = {"tasks_file": str(tasks), "serial": 1, "eci_preflight_upgrade_timeout": 1, "report": str(report)}
        lines: list[str] = []
        for fails, begins in (
            (True, "c0: failed at upgrade: quota"),
            (False, "c0: failed at version: "),
        ):
            run = run_fleet(source, home, "-e", f"fails={fails}", **options)
            assert run.code == 2, run.text
            assert states(run, list(servers)) == {"c0": "failed", "c1": "-", "c2": "-", "c3": "-"}
            lines = report.with_name("report.json.txt").read_text(encoding="utf-8").splitlines()
            assert lines[0] == "4 clusters: 1 failed, 3 not started"
            assert lines[1].startswith(begins)
            assert lines[2:] == ["c1: not started", "c2: not started", "c3: not started"]
        assert f"{doors.servers[0]} is Kubernetes v1.24.17-aliyun.1, and not 1.26" in lines[1]


@pytest.mark.compat
def test_a_cluster_that_cannot_be_reached_holds_up_no_other(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """Ansible counts a host that it cannot log in to as unreachable: it is left out with the reason, and the next has its turn."""
    with Doors([cluster.server] * 2) as doors:
        servers = {f"c{number}": (cluster, server) for number, server in enumerate(doors.servers)}
        source = source_of(fleet_kubeconfig(tmp_path / "fleet.conf", servers))
        bastion = tmp_path / "bastion.yml"
        down = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
        bastion.write_text(json.dumps({"all": {"hosts": {"c0": down}}}), encoding="utf-8")
        quota = {"name": "Upgrade", "ansible.builtin.fail": {"msg": "quota"}}
        options = {"tasks_file": str(tasks_file(tmp_path / "upgrade.yml", quota)), "serial": 1}
        run = run_fleet(source, home, "-i", str(bastion), **options)
    assert run.code == 2, run.text
    assert states(run, list(servers)) == {"c0": "left_out", "c1": "failed"}, run.text
    assert "Connection refused" in run.custom_stats["eci_fleet_upgrade_result_c0"]["problem"]
    assert "c1: failed at upgrade: quota" in run.text


@pytest.mark.compat
@pytest.mark.parametrize("fails", [True, False])
def test_a_shut_gate_keeps_the_upgrade_out_whatever_is_set(
    cluster: ControlPlane, namespace: str, home: Path, tmp_path: Path, fails: bool
) -> None:
    """eci_preflight_fail_when_not_ready may let the role go on, and the upgrade all the same is not begun."""
    w.apply(cluster.api, w.bare_pod(namespace, "lonely"))
    w.age(cluster.api, w.wait_ready(cluster.api, namespace, "lonely", 1), OLD)
    source = source_of(fleet_kubeconfig(tmp_path / "fleet.conf", {"c": (cluster, cluster.server)}))
    tasks = tasks_file(tmp_path / "upgrade.yml", {"name": "Go", "ansible.builtin.debug": {"msg": "now upgrading"}})
    run = run_fleet(source, home, tasks_file=str(tasks), eci_preflight_fail_when_not_ready=fails)
    assert run.code == 2, run.text
    assert states(run, "c") == {"c": "left_out"}
    assert "now upgrading" not in run.text
    assert f"{namespace}/lonely" in run.message


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("eci_fleet_upgrade_taks_file", "eci_fleet_upgrade_tasks_file"),
        ("eci_preflight_exmpt", "eci_preflight_exempt"),
        ("eci_fleet_upgrade_target_version", "eci_preflight_target_version"),
    ],
)
def test_a_misspelt_variable_stops_the_fleet(home: Path, tmp_path: Path, variable: str, meant: str) -> None:
    """Those of either role, before any cluster is reached."""
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all:\n  hosts: {a: {ansible_connection: local}}\n", encoding="utf-8")
    variables = {"eci_preflight_target_version": "1.26", "eci_fleet_upgrade_tasks_file": "/dev/null", variable: []}
    run = run_playbook(FLEET, None, home, "-i", str(inventory), variables=variables)
    assert run.code == 2, run.text
    assert f"no such variable: {variable} (did you mean {meant}?)" in run.message
    assert "Preflight" not in run.text


@pytest.mark.parametrize("given", [{}, {"tasks_file": "nowhere.yml"}, {"tasks_file": "/dev/null", "role": "x"}])
def test_without_upgrade_tasks_nothing_is_begun(home: Path, tmp_path: Path, given: dict[str, str]) -> None:
    """None, a file that is not there, a file and a role: one clear error before any cluster is reached."""
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all:\n  hosts: {a: {ansible_connection: local}}\n", encoding="utf-8")
    run = run_fleet(inventory, home, **given)
    assert run.code == 2, run.text
    assert "eci_fleet_upgrade_tasks_file" in run.message
    assert "Nothing was changed" in run.message
    assert "Preflight" not in run.text


@pytest.mark.compat
@pytest.mark.parametrize("arguments", [["--check"], []])
def test_upgrade_tasks_that_cannot_be_loaded_stop_the_fleet(home: Path, tmp_path: Path, arguments: list[str]) -> None:
    """One error for the play, before any cluster is reached, also where only one host of it has such tasks."""
    wrong, right, inventory = tmp_path / "wrong.yml", tmp_path / "right.yml", tmp_path / "hosts.yml"
    tasks_file(right, {"ansible.builtin.debug": {"msg": "now upgrading"}})
    local = "ansible_connection: local, eci_preflight_context: x"
    files = {"a": right, "b": wrong}
    hosts = ", ".join(f"{host}: {{{local}, eci_fleet_upgrade_tasks_file: '{path}'}}" for host, path in files.items())
    inventory.write_text(f"all:\n  hosts: {{{hosts}}}\n", encoding="utf-8")
    for text, said in (
        ("- hosts: all\n  roles: [ackops.eci.eci_preflight]\n", "is a playbook. Give a file with tasks alone"),
        (
            "- ansible.builtin.debug:\n- no.such.module:\n",
            "task 2 of it: couldn't resolve module/action 'no.such.module'",
        ),
        ("- debug: {msg: x\n- a: [\n", "cannot be read: "),
    ):
        wrong.write_text(text, encoding="utf-8")
        run = run_fleet(inventory, home, *arguments)
        assert run.code == 2, run.text
        failed = [entry["result"]["msg"] for entry in run.entries if entry.get("result", {}).get("failed")]
        assert len(failed) == 1, failed
        assert failed[0].startswith(f"eci_fleet_upgrade_tasks_file: '{wrong}' ")
        assert said in failed[0]
        assert failed[0].endswith("Nothing was changed.")
        assert not any("Preflight" in entry.get("task", "") for entry in run.entries)

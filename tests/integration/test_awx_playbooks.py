# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of the AWX workflow one after another: each gets what the one before left, in the way AWX hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.integration.support import OLD, REPO, Run, run_playbook

# What somebody answered; questions that were left alone are not sent.
SURVEY: dict[str, Any] = {
    "eci_preflight_target_version": "v1.26",
    "eci_preflight_serial": "1 5 25%",
    "eci_preflight_pod_timeout": 120,
    "eci_preflight_settle_timeout": 5,
}
# What the templates and the nodes of the workflow give, as text where AWX gives text.
NODE: dict[str, Any] = {"eci_preflight_fail_when_not_ready": "false", "eci_preflight_require_named_cluster": True}
UPGRADE: dict[str, Any] = {
    "eci_fleet_upgrade_recreate": False,
    "eci_preflight_fail_when_not_ready": False,
    "eci_fleet_upgrade_tasks_file": str(REPO / "playbooks" / "awx" / "project" / "upgrade_tasks.yml"),
    "eci_preflight_require_named_cluster": True,
}
HOSTS: dict[str, dict[str, Any]] = {
    "shop-east": {"eci_preflight_context": "test"},
    "lost.west": {"eci_preflight_host": "https://127.0.0.1:1", "eci_preflight_validate_certs": False},
}


class Unsafe(str):
    """Text as AWX writes it into a job's variables: marked, so that Ansible never takes it for a template."""

    __slots__ = ()


class Dumper(yaml.SafeDumper):
    """Writes every text of a survey or an artifact as AWX does."""


def _unsafe(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("!unsafe", text)


Dumper.add_representer(Unsafe, _unsafe)


def marked(value: Any) -> Any:
    """Mark all texts of a value, those deep inside too."""
    if isinstance(value, Mapping):
        return {key: marked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner) for inner in value]
    return Unsafe(value) if isinstance(value, str) else value


def job(
    playbook: str,
    cluster: ControlPlane,
    home: Path,
    *arguments: str,
    hosts: Mapping[str, Mapping[str, Any]] | None = None,
    **variables: Any,
) -> Run:
    """Run a playbook over the inventory with variables as AWX gives them."""
    home.mkdir(parents=True, exist_ok=True)
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    (context,) = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))["contexts"]
    found = {
        host: {key: context["name"] if value == "test" else value for key, value in named.items()}
        for host, named in (HOSTS if hosts is None else hosts).items()
    }
    inventory = {"all": {"vars": local, "hosts": found}}
    (home / "clusters.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (home / "extra.yml").write_text(yaml.dump(marked(variables), Dumper=Dumper), encoding="utf-8")
    given = ("-i", str(home / "clusters.yml"), "-e", f"@{home / 'extra.yml'}")
    return run_playbook(f"ackops.eci.{playbook}", cluster.kubeconfig, home, *given, *arguments)


def uids(pods: list[w.Manifest]) -> set[str]:
    """Which pods they are."""
    return {pod["metadata"]["uid"] for pod in pods}


def shown(run: Run) -> str:
    """What the report shows, in lines."""
    # It runs on one host for all of them.
    pages = [
        page["msg"]
        for entry in run.entries
        if "Show what was found" in entry.get("task", "")
        for page in entry["result"].get("results", [])
    ]
    return "\n".join(line for page in pages for line in page)


def touched(run: Run) -> list[str]:
    """Hosts on which pods were recreated, or would have been."""
    return [entry["host"] for entry in run.entries if "Recreate the ECI pods" in entry.get("task", "")]


@pytest.mark.compat
def test_audit_plan_preflight_upgrade_report(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """What the approver reads is what happens; a cluster that cannot be reached fails no job, and does not hold up the other."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=2))
    web = w.wait_ready(cluster.api, namespace, "web", 2)
    w.age(cluster.api, web, OLD)

    audit = job("eci_audit", cluster, home, "--check", **SURVEY, **NODE)
    assert audit.code == 0, audit.text
    assert set(audit.custom_stats) == {"eci_preflight_result_shop_east", "eci_preflight_result_lost_west"}, audit.text
    assert uids(w.pods_of(cluster.api, namespace, "web")) == uids(web)
    assert all(f"{namespace}/{pod['metadata']['name']} (1.0.0): would evict, because" in audit.text for pod in web), (
        audit.text
    )

    plan = job("eci_report", cluster, home, **SURVEY, **audit.custom_stats)
    assert plan.code == 0, plan.text
    text = shown(plan)
    assert text.startswith("preflight of 2 clusters: 1 with pods to recreate, 1 not ready\nlost.west: NOT READY"), text
    assert f"Deployment {namespace}/web: 2 pod(s)" in text
    assert all(f"would evict: {namespace}/{pod['metadata']['name']} (1.0.0)" in text for pod in web), text
    assert plan.custom_stats["eci_report"]["lines"][0] == text.splitlines()[0]

    preflight = job("eci_preflight", cluster, home, **SURVEY, **NODE, **audit.custom_stats)
    assert preflight.code == 0, preflight.text
    assert len(preflight.custom_stats["eci_preflight_result_shop_east"]["recreated"]) == 2, preflight.text
    assert not preflight.custom_stats["eci_preflight_result_lost_west"]["ready"]

    report = job("eci_report", cluster, home, **SURVEY, **preflight.custom_stats, eci_report_expect="ready")
    assert report.code != 0
    assert report.message == "1 of 2 clusters are not ready; the list is above."
    assert f"{namespace}/{web[0]['metadata']['name']} (1.0.0) -> " in shown(report)

    # The skeleton's upgrade tasks ask for yours: the gate is open, and the upgrade fails.
    upgrade = job("fleet_upgrade", cluster, home, **SURVEY, **UPGRADE, **preflight.custom_stats)
    assert touched(upgrade) == []
    left = {**preflight.custom_stats, **upgrade.custom_stats}
    final = job("eci_report", cluster, home, **left, eci_report_expect="upgraded")
    assert final.message == "2 of 2 clusters are not upgraded; the list is above."
    lines = shown(final).splitlines()
    assert lines[0] == "2 clusters: 1 skipped (not ready), 1 failed"
    assert lines[1].startswith("lost.west: skipped (not ready): "), lines
    assert lines[2].startswith(
        "shop-east: failed at upgrade: shop-east is ready for Kubernetes v1.26, and nothing was upgraded"
    )


def test_an_upgrade_after_a_preflight_that_did_not_end_recreates_nothing(
    cluster: ControlPlane, namespace: str, home: Path
) -> None:
    """However it came to run: the cluster is left out, its pods stay, and the report says that it was not upgraded."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=1))
    web = w.wait_ready(cluster.api, namespace, "web", 1)
    w.age(cluster.api, web, OLD)
    one = ("--limit", "shop-east")
    upgrade = job("fleet_upgrade", cluster, home, *one, **SURVEY, **UPGRADE)
    assert upgrade.code != 0
    assert touched(upgrade) == []
    assert uids(w.pods_of(cluster.api, namespace, "web")) == uids(web)
    assert upgrade.custom_stats["eci_fleet_upgrade_result_shop_east"]["state"] == "left_out"


def test_a_report_after_an_upgrade_that_was_cancelled_does_not_call_it_done(cluster: ControlPlane, home: Path) -> None:
    """A job that was cancelled leaves nothing; ready is not upgraded."""
    ready = job("eci_preflight", cluster, home, "--limit", "shop-east", **SURVEY, **NODE)
    assert ready.custom_stats["eci_preflight_result_shop_east"]["ready"], ready.text
    report = job(
        "eci_report", cluster, home, "--limit", "shop-east", **ready.custom_stats, eci_report_expect="upgraded"
    )
    assert report.message == "1 of 1 clusters are not upgraded; the list is above."


@pytest.mark.compat
def test_a_run_job_of_the_audit_only_reads(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """So that a user who may only read can be audited for: no plan, no eviction, not even a dry run. Asked to, it fails."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=1))
    web = w.wait_ready(cluster.api, namespace, "web", 1)
    w.age(cluster.api, web, OLD)
    one = ("--limit", "shop-east")
    audit = job("eci_audit", cluster, home, *one, **SURVEY)
    assert audit.code == 0, audit.text
    result = audit.custom_stats["eci_preflight_result_shop_east"]
    assert (result["ready"], result["planned"], result["recreated"]) == (False, [], [])
    assert touched(audit) == []
    assert shown(job("eci_report", cluster, home, *one, **audit.custom_stats)).startswith(
        "preflight of 1 cluster: 1 not ready"
    )
    nightly = job("eci_audit", cluster, home, *one, **SURVEY, eci_preflight_fail_when_not_ready="true")
    assert nightly.code != 0
    assert nightly.message.startswith("Do not upgrade this cluster. ")
    assert "1 incompatible" in nightly.custom_stats["eci_preflight_result_shop_east"]["headline"]


def test_a_bastion_that_is_down_holds_up_no_other_cluster(cluster: ControlPlane, home: Path) -> None:
    """Ansible counts its hosts as unreachable, and not as failed: the jobs go on, and the other is ready and has its turn."""
    down = {
        "ansible_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": 1,
        "eci_preflight_context": "test",
    }
    hosts: dict[str, dict[str, Any]] = {"lost.west": down, "shop-east": {"eci_preflight_context": "test"}}
    left: dict[str, Any] = {}
    for playbook in ("eci_audit", "eci_preflight"):
        run = job(playbook, cluster, home, hosts=hosts, **SURVEY, **NODE, **left)
        assert run.code == 0, run.text
        left |= run.custom_stats
    assert left["eci_preflight_result_shop_east"]["ready"]
    assert "Connection refused" in left["eci_preflight_result_lost_west"]["problem"]

    waves = {"eci_fleet_upgrade_serial": "1"}
    upgrade = job("fleet_upgrade", cluster, home, hosts=hosts, **SURVEY, **UPGRADE, **left, **waves)
    found = {key.rpartition("result_")[2]: one for key, one in upgrade.custom_stats.items()}
    assert found["shop_east"]["stage"] == "upgrade", upgrade.text
    assert found["lost_west"]["state"] == "left_out", upgrade.text
    assert "Connection refused" in found["lost_west"]["problem"]


@pytest.mark.compat
@pytest.mark.parametrize("playbook", ["eci_audit", "eci_preflight", "eci_report", "fleet_upgrade"])
def test_an_inventory_without_hosts_means_no_cluster(cluster: ControlPlane, home: Path, playbook: str) -> None:
    """All hosts removed or disabled: not localhost, and not whatever cluster the kubeconfig is at."""
    run = job(playbook, cluster, home, hosts={}, **SURVEY, **UPGRADE)
    assert run.code != 0
    assert run.message.startswith(
        "The inventory has no hosts, so there is no cluster to work on, and nothing was touched."
    )
    assert run.tasks == {"Make sure that there are clusters"}


@pytest.mark.compat
@pytest.mark.parametrize("playbook", ["eci_audit", "eci_preflight", "fleet_upgrade"])
def test_a_slice_without_hosts_has_nothing_to_do(cluster: ControlPlane, home: Path, playbook: str) -> None:
    """AWX makes slices for disabled hosts, too, and fills them with the others: the empty one does not end the workflow."""
    slice_of = {"awx_job_id": 2, "awx_job_template_name": "ECI audit", "awx_workflow_job_name": "ECI audit"}
    run = job(playbook, cluster, home, hosts={}, **SURVEY, **UPGRADE, **slice_of)
    assert run.code == 0, run.text
    assert run.custom_stats == {}
    assert [entry for entry in run.entries if "task" in entry] == []
    node = {**slice_of, "awx_workflow_job_name": "ECI fleet upgrade"}
    assert job(playbook, cluster, home, hosts={}, **SURVEY, **UPGRADE, **node).code != 0


def test_a_host_that_names_no_cluster_is_not_whatever_the_job_has(cluster: ControlPlane, home: Path) -> None:
    """By itself in a slice, or behind a limit, it cannot be compared with others; with two hosts it is noticed unasked."""
    nameless: dict[str, dict[str, Any]] = {"shop-east": {}, "shop-west": {}}
    demanded: tuple[dict[str, Any], ...] = ({}, {"eci_preflight_require_named_cluster": True})
    for asked in demanded:
        hosts = nameless if not asked else {"shop-east": {}}
        run = job("eci_preflight", cluster, home, "--limit", "shop-east", hosts=hosts, **SURVEY, **asked)
        assert run.message.startswith(
            "shop-east names no cluster, and would be taken for whatever the environment names"
        )
    only = job("eci_preflight", cluster, home, hosts={"shop-east": {}}, **SURVEY)
    assert only.code == 0, only.text


def test_the_report_sees_one_cluster_in_two_slices(cluster: ControlPlane, home: Path) -> None:
    """Each slice saw a host of its own."""
    hosts = {"shop-east": {"eci_preflight_context": "test"}, "shop-west": {"eci_preflight_context": "test"}}
    stats: dict[str, Any] = {}
    for host, named in hosts.items():
        stats |= job("eci_audit", cluster, home, hosts={host: named}, **SURVEY, **NODE).custom_stats
    report = job("eci_report", cluster, home, hosts=hosts, **stats)
    assert report.code != 0
    assert report.message.startswith("shop-east, shop-west are the same cluster, "), report.text


@pytest.mark.compat
@pytest.mark.parametrize("wrong", ["banana", "1 5 0%", "0"])
def test_a_wave_that_is_none_is_named_before_anything_runs(cluster: ControlPlane, home: Path, wrong: str) -> None:
    """In words, not as an exception of Ansible's."""
    run = job("fleet_upgrade", cluster, home, **SURVEY, **UPGRADE, eci_fleet_upgrade_serial=wrong)
    assert run.code != 0
    assert "is no size of a wave. Give a number (1 or more), a percentage (1% to 100%)" in " ".join(run.text.split())
    assert "Unexpected Exception" not in run.text
    assert run.entries == []


@pytest.mark.compat
def test_waves_from_a_survey(cluster: ControlPlane, home: Path) -> None:
    """Text that a person can type into one line."""
    waves = job("fleet_upgrade", cluster, home, "--check", **SURVEY, **UPGRADE, eci_fleet_upgrade_serial="1 50%")
    shown_waves = [entry for entry in waves.entries if entry.get("task", "").endswith("Show the wave")]
    assert len(shown_waves) == 2, waves.text


def test_each_cluster_has_a_directory_of_its_own_below_one(
    cluster: ControlPlane, namespace: str, home: Path, tmp_path: Path
) -> None:
    """From a variable without braces, as AWX hands it on where templates are not allowed."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=1))
    w.age(cluster.api, w.wait_ready(cluster.api, namespace, "web", 1), OLD)
    run = job(
        "eci_preflight",
        cluster,
        home,
        "--limit",
        "shop-east",
        **SURVEY,
        **NODE,
        eci_preflight_record_root=str(tmp_path),
    )
    ledger = Path(run.custom_stats["eci_preflight_result_shop_east"]["ledger"])
    assert ledger.is_relative_to(tmp_path / "shop-east"), run.text

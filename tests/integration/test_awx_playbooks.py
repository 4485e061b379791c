# Copyright: (c) 2026, ackops.eci contributors
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

SURVEY = {
    "eci_preflight_target_version": "v1.26",
    "eci_preflight_serial": "1,5,25%",
    "eci_preflight_pod_timeout": 120,
    "eci_preflight_settle_timeout": 5,
}
HOSTS = {
    "shop-east": {},
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


def job(playbook: str, cluster: ControlPlane, home: Path, *arguments: str, **variables: Any) -> Run:
    """Run a playbook over the inventory with variables as AWX gives them."""
    home.mkdir(parents=True, exist_ok=True)
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    inventory = {"all": {"vars": local, "hosts": HOSTS}}
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
    messages = [entry["result"]["msg"] for entry in run.entries if "Show what was found" in entry.get("task", "")]
    return "\n".join(messages[0])


def test_audit_plan_preflight_report(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """What the approver reads is what happens; a cluster that cannot be reached does not hold up the other."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=2))
    web = w.wait_ready(cluster.api, namespace, "web", 2)
    w.age(cluster.api, web, OLD)

    audit = job("eci_audit", cluster, home, "--check", **SURVEY)
    assert set(audit.custom_stats) == {"eci_preflight_result_shop_east"}, audit.text
    assert uids(w.pods_of(cluster.api, namespace, "web")) == uids(web)

    plan = job("eci_report", cluster, home, **SURVEY, **audit.custom_stats)
    assert plan.code == 0, plan.text
    text = shown(plan)
    assert text.startswith("preflight of 2 clusters: 1 with pods to recreate, 1 without a result\nlost.west: no result")
    assert all(f"would evict: {namespace}/{pod['metadata']['name']} (1.0.0)" in text for pod in web), text

    preflight = job("eci_preflight", cluster, home, **SURVEY, **audit.custom_stats)
    assert len(preflight.custom_stats["eci_preflight_result_shop_east"]["recreated"]) == 2, preflight.text

    report = job("eci_report", cluster, home, **SURVEY, **preflight.custom_stats, eci_report_fail_when_not_ready=True)
    assert report.code != 0
    assert report.message == "1 of 2 clusters are not ready; the list is above."
    assert f"{namespace}/{web[0]['metadata']['name']} (1.0.0) -> " in shown(report)

    # The skeleton's upgrade tasks ask for yours: the gate is open, and the upgrade fails.
    mine = {"eci_fleet_upgrade_tasks_file": str(REPO / "awx" / "project" / "upgrade_tasks.yml")}
    one = ("--limit", "shop-east")
    upgrade = job("fleet_upgrade", cluster, home, *one, **SURVEY, **mine, **preflight.custom_stats)
    final = job("eci_report", cluster, home, *one, **upgrade.custom_stats, eci_report_fail_when_not_ready=True)
    assert final.message == "1 of 1 clusters are not upgraded; the list is above."
    lines = shown(final).splitlines()
    assert lines[0] == "1 clusters: 1 failed"
    assert lines[1].startswith(
        "shop-east: failed at upgrade: shop-east is ready for Kubernetes v1.26, and nothing was upgraded"
    )
    assert lines[2:4] == [
        "preflight of 1 cluster: 1 ready",
        "shop-east: READY for Kubernetes 1.26 (now 1.24): 2 compatible",
    ]


@pytest.mark.compat
def test_a_run_job_of_the_audit_only_reads(cluster: ControlPlane, namespace: str, home: Path) -> None:
    """So that a user who may only read can be audited for: no plan, no eviction, not even a dry run."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=1))
    web = w.wait_ready(cluster.api, namespace, "web", 1)
    w.age(cluster.api, web, OLD)
    audit = job("eci_audit", cluster, home, "--limit", "shop-east", **SURVEY)
    assert audit.code == 0, audit.text
    result = audit.custom_stats["eci_preflight_result_shop_east"]
    assert (result["ready"], result["planned"], result["recreated"]) == (False, [], [])
    assert [entry for entry in audit.entries if "Recreate the ECI pods" in entry.get("task", "")] == []
    assert shown(job("eci_report", cluster, home, "--limit", "shop-east", **audit.custom_stats)).startswith(
        "preflight of 1 cluster: 1 not ready"
    )

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README works as it stands there: its snippets, and its commands from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.demo.fleet_api import FleetApi
from tests.dev import artifact
from tests.integration.newcomer import old_pods, typed
from tests.integration.support import REPO, run_playbook
from tests.unit.architecture.blocks import blocks, commands

SNIPPETS = [block.text for block in blocks("README.md") if block.kind == "yaml"]
# Commands that are not typed here, by their beginnings, and why.
NOT_TYPED = {
    "git clone ": "needs the network",
    "make demo": "is a command of its own",
    "make test": "runs this test",
    "ansible-galaxy collection install ackops.eci  ": "needs the network",
    "ansible-galaxy collection install git+": "needs the network",
    "export CONTROLLER_HOST": "is typed in tests/awx/test_guide.py",
    "ansible-playbook ackops.eci.awx_apply": "is run in tests/awx/test_guide.py",
}


def inventory_of(hangzhou: ControlPlane, beijing: ControlPlane) -> str:
    """The README's inventory, of two clusters that there are."""
    text = str(SNIPPETS[0]).replace("eci_preflight_context: shop-beijing", "eci_preflight_context: admin")
    for name, plane in (("shop-hangzhou", hangzhou), ("all", beijing)):
        text = text.replace(f"~/.kube/{name}\n", f"{plane.kubeconfig}\n")
    return text


@pytest.mark.parametrize("number", range(2))
def test_every_snippet_is_yaml_whose_variables_exist(number: int) -> None:
    """An inventory and a playbook; the role's variables in them are the role's own."""
    assert len(SNIPPETS) == 2
    assert yaml.safe_load(SNIPPETS[number])
    specs = yaml.safe_load((REPO / "roles/eci_preflight/meta/argument_specs.yml").read_text(encoding="utf-8"))
    known = set(specs["argument_specs"]["main"]["options"]) | {"eci_preflight_"}
    used = set(re.findall(r"eci_preflight_[a-z_]+", SNIPPETS[number]))
    assert used <= known


@pytest.mark.slow
def test_the_inventory_and_the_upgrade_playbook_run(cluster: ControlPlane, home: Path) -> None:
    """The README's playbook over the README's inventory, on two real clusters; the same one twice is refused."""
    _inventory, playbook = SNIPPETS
    home.mkdir()
    (home / "clusters.yml").write_text(inventory_of(cluster, cluster), encoding="utf-8")
    same = run_playbook(yaml.safe_load(playbook), None, home, "-i", str(home / "clusters.yml"))
    assert same.code == 2, same.text
    assert f"shop-hangzhou, shop-beijing are {cluster.server}" in same.message
    with ControlPlane.start("1.24", name="second") as second:
        (home / "clusters.yml").write_text(inventory_of(second, cluster), encoding="utf-8")
        run = run_playbook(yaml.safe_load(playbook), None, home, "-i", str(home / "clusters.yml"))
    assert run.code == 0, run.text
    assert "shop-beijing is ready" in run.text
    assert set(run.custom_stats) == {"eci_preflight_result_shop_hangzhou", "eci_preflight_result_shop_beijing"}
    listed = run_playbook("ackops.eci.eci_preflight", None, home, "-i", str(home / "clusters.yml"), "--list-hosts")
    assert "shop-hangzhou" in listed.text


@pytest.mark.slow
def test_from_top_to_bottom(cluster: ControlPlane, namespace: str, home: Path, tmp_path: Path) -> None:
    """Every command in its order, from an empty home directory to a cluster that is upgraded for real."""
    home.mkdir()
    built = artifact.build(tmp_path)
    old_pods(cluster, namespace)
    with ControlPlane.start("1.24", name="readme") as mine, FleetApi({"admin": mine}) as api:
        old_pods(mine, "shop")
        # Without a pod there, a dump proves nothing.
        w.apply(mine.api, w.bare_pod("kube-system", "coredns", node="real"))
        (home / "clusters.yml").write_text(inventory_of(cluster, mine), encoding="utf-8")
        (home / "prod.kubeconfig.yml").write_text("plugin: ackops.eci.kubeconfig\n", encoding="utf-8")
        tasks = (REPO / "tests" / "demo" / "upgrade.yml").read_text(encoding="utf-8")
        (home / "upgrade-tasks.yml").write_text(tasks, encoding="utf-8")
        (home / "upgrade-clusters.yml").write_text(SNIPPETS[1], encoding="utf-8")
        outputs = []
        for command in commands("README.md"):
            if command.startswith(tuple(NOT_TYPED)):
                continue
            known = command.replace("ackops-eci-0.1.0.tar.gz", f"{built} --offline")
            if "fleet_upgrade" in command:  # the section before it is the inventory, with the two ways to use it
                (first,) = re.findall(r"^# clusters\.yml; +(.*)$", SNIPPETS[0], re.MULTILINE)
                assert "READY for Kubernetes 1.26" in typed(first, mine.kubeconfig, home)
                ready = typed("ansible-playbook upgrade-clusters.yml -i clusters.yml", mine.kubeconfig, home)
                assert "shop-beijing is ready" in ready
                known += f" -e fleet_api={api.url}"
            outputs.append(typed(known, mine.kubeconfig, home))
        assert mine.api.request("GET", "/version")["minor"] == "26"
    installed, _pip, check, run, _dump, audit, fleet = outputs
    assert "was installed successfully" in installed
    assert "not ready yet (check mode) for Kubernetes 1.26 (now 1.24): 3 incompatible" in check
    assert "READY for Kubernetes 1.26 (now 1.24): 3 compatible" in run
    assert "READY for Kubernetes 1.26" in audit
    assert (home / "audit.html").exists()
    assert "1 clusters: 1 upgraded" in fleet
    assert all(any(line.startswith(known) for line in commands("README.md")) for known in NOT_TYPED)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snippets of the README work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.cluster import ControlPlane
from tests.integration.support import REPO, run_playbook

README = (REPO / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(2))
def test_every_snippet_is_yaml_whose_variables_exist(number: int) -> None:
    """An inventory and a playbook; the role's variables in them are the role's own."""
    assert len(SNIPPETS) == 2
    assert yaml.safe_load(SNIPPETS[number])
    specs = yaml.safe_load((REPO / "roles/eci_preflight/meta/argument_specs.yml").read_text(encoding="utf-8"))
    known = set(specs["argument_specs"]["main"]["options"]) | {"eci_preflight_"}
    used = set(re.findall(r"eci_preflight_[a-z_]+", SNIPPETS[number]))
    assert used <= known


def test_the_inventory_and_the_upgrade_playbook_run(cluster: ControlPlane, home: Path) -> None:
    """The README's playbook over the README's inventory, on two real clusters; the same one twice is refused."""
    inventory, playbook = SNIPPETS
    home.mkdir()
    for name in ("shop-hangzhou", "all"):
        inventory = inventory.replace(f"~/.kube/{name}\n", f"{cluster.kubeconfig}\n")
    inventory = inventory.replace("eci_preflight_context: shop-beijing", "eci_preflight_context: admin")
    (home / "clusters.yml").write_text(inventory, encoding="utf-8")
    same = run_playbook(yaml.safe_load(playbook), None, home, "-i", str(home / "clusters.yml"))
    assert same.code == 2, same.text
    assert f"shop-hangzhou, shop-beijing are {cluster.server}" in same.message
    with ControlPlane.start("1.24", name="second") as second:
        (home / "clusters.yml").write_text(
            inventory.replace(f"kubeconfig: {cluster.kubeconfig}", f"kubeconfig: {second.kubeconfig}", 1),
            encoding="utf-8",
        )
        run = run_playbook(yaml.safe_load(playbook), None, home, "-i", str(home / "clusters.yml"))
    assert run.code == 0, run.text
    assert "shop-beijing is ready" in run.text
    assert set(run.custom_stats) == {"eci_preflight_result_shop_hangzhou", "eci_preflight_result_shop_beijing"}
    listed = run_playbook("ackops.eci.eci_preflight", None, home, "-i", str(home / "clusters.yml"), "--list-hosts")
    assert "shop-hangzhou" in listed.text

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks with the real modules of awx.awx: in, again, out, again."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.awx.fake_awx import TOKEN, Store, serving
from tests.awx.test_objects import ALL

CHANGED = re.compile(r"changed=(\d+)")
NODES = ["audit", "plan", "approval", "preflight", "upgrade", "report"]


def play(name: str, url: str, folder: Path, variables: Mapping[str, Any], *arguments: str) -> tuple[int, str]:
    """Run one of the playbooks by its full name: how much it changed, and what it said."""
    reach = {"CONTROLLER_HOST": url, "CONTROLLER_OAUTH_TOKEN": TOKEN, "HOME": str(folder)}
    quick = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1"}
    done = subprocess.run(
        ["ansible-playbook", f"ackops.eci.awx_{name}", "-e", json.dumps(variables), *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **reach, **quick}, cwd=folder,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "WARNING" not in output
    return int(CHANGED.findall(output)[-1]), output


def left(store: Store) -> dict[str, set[str]]:
    """What is in AWX, by endpoint."""
    found = {name: {str(one.get("name") or one["identifier"]) for one in store.all(name)} for name in store.objects}
    return {name: names for name, names in found.items() if names}


def links(store: Store) -> list[tuple[str, str, str]]:
    """The links of the workflow."""
    nodes = {one["id"]: one["identifier"] for one in store.all("workflow_job_template_nodes")}
    return [
        (nodes[start], kind, nodes[goal])
        for (endpoint, start, kind), goals in store.associated.items()
        for goal in goals
        if endpoint == "workflow_job_template_nodes"
    ]


def check_applied(store: Store) -> None:
    """The graph, the surveys and what hangs on what."""
    assert links(store) == [
        ("audit", "always_nodes", "plan"), ("plan", "success_nodes", "approval"), ("approval", "success_nodes", "preflight"),
        ("preflight", "always_nodes", "upgrade"), ("upgrade", "always_nodes", "report"),
    ]  # fmt: skip
    nodes = {one["identifier"]: one for one in store.all("workflow_job_template_nodes")}
    assert list(nodes) == NODES
    assert nodes["audit"]["job_type"] == "check"
    assert nodes["report"]["extra_data"] == {"eci_report_fail_when_not_ready": True}
    ran = {
        name: store.one("unified_job_templates", node["unified_job_template"])["name"] for name, node in nodes.items()
    }
    assert ran["approval"] == "Recreate and upgrade"
    templates = {one["name"]: one for one in store.all("job_templates")}
    assert json.loads(templates["ECI upgrade"]["extra_vars"]) == {
        "eci_preflight_record_dir": "/records/{{ inventory_hostname }}",
        "eci_preflight_kubeconfig": "{{ lookup('ansible.builtin.env', 'K8S_AUTH_KUBECONFIG') }}",
        "eci_fleet_upgrade_tasks_file": "upgrade_tasks.yml",
    }
    assert [templates[name]["job_slice_count"] for name in sorted(templates)] == [4, 4, 1, 4]
    assert len(store.surveys) == 4


def test_in_again_out_again(tmp_path: Path) -> None:
    """A second run changes nothing; what is not ours stays; no secret is shown, at -vvv either."""
    with serving() as (url, store):
        changed, output = play("apply", url, tmp_path, ALL, "-vvv")
        assert changed == 11
        assert [text for text in ("example-secret", "example-password", "kind: Config") if text in output] == []
        check_applied(store)
        applied = copy.deepcopy((store.objects, store.surveys, store.associated))

        assert play("apply", url, tmp_path, ALL)[0] == 0
        assert (store.objects, store.surveys, store.associated) == applied

        organization = store.all("organizations")[0]["id"]
        store.create("inventories", {"name": "of somebody else", "organization": organization})
        play("remove", url, tmp_path, {})
        assert left(store) == {"organizations": {"ACK upgrades"}, "inventories": {"of somebody else"}}

        store.objects["inventories"].clear()
        assert play("remove", url, tmp_path, {})[0] == 1
        assert left(store) == {}
        assert play("remove", url, tmp_path, {})[0] == 0

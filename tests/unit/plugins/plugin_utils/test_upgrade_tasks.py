# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrade tasks that Ansible could not load are found by its own loader."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig

from ansible_collections.ackops.eci.plugins.filter.eci_fleet import eci_wrong_upgrades
from ansible_collections.ackops.eci.plugins.plugin_utils._upgrade_tasks import wrong_file, wrong_role

GOOD = """
- name: Ask
  ansible.builtin.command:
    argv: [aliyun, cs, "{{ {'next_version': ack_version} | to_json }}"]
- name: Wait
  when: ack_cluster is defined
  block:
    - debug: {msg: "{{ nothing_yet }}"}
  rescue:
    - ansible.builtin.fail: {msg: no}
- ansible.builtin.include_tasks: "{{ later }}.yml"
- import_tasks: more.yml
"""
BAD = {
    "is a playbook. Give a file with tasks alone: the list that a play has under tasks.": "- hosts: all\n  tasks: []\n",
    "is a playbook. Give a file with tasks": "- import_playbook: other.yml\n",
    "holds no list of tasks. Give a file with the tasks that upgrade one cluster.": "name: Upgrade\n",
    "holds no list of tasks.": "",
    "cannot be loaded, task 2 of it: couldn't resolve module/action 'no.such.module'.": "- debug:\n- no.such.module:\n",
    "cannot be loaded, task 1 of it: conflicting action statements: debug, wann. Repair it.": "- debug:\n  wann: true\n",
    "cannot be loaded, task 1 of it: couldn't resolve module": "- block:\n    - block:\n        - no.such.module:\n",
    "cannot be read: ": "- debug: {msg: x\n- a: [\n",
    "task 2 of it: ": "- debug:\n- import_tasks: nowhere.yml\n",
}


@pytest.fixture(autouse=True)
def _plugins() -> None:
    """Let collections be found, as ansible-playbook does at its start."""
    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader()


def test_tasks_that_can_be_loaded_are_fine(tmp_path: Path) -> None:
    """Whatever variables they use; imports beside the file are found, wherever the playbook is."""
    path = tmp_path / "upgrade.yml"
    path.write_text(GOOD, encoding="utf-8")
    (tmp_path / "more.yml").write_text("- debug:\n", encoding="utf-8")
    assert wrong_file(str(path), "/") == ""
    (tmp_path / "more.yml").write_text("- no.such.module:\n", encoding="utf-8")
    assert "no.such.module" in wrong_file(str(path), "/")


@pytest.mark.parametrize(("said", "text"), BAD.items())
def test_what_cannot_be_loaded_is_named(tmp_path: Path, said: str, text: str) -> None:
    """The variable, the file, the task, what Ansible says, and nothing of the file's content."""
    path = tmp_path / "upgrade.yml"
    path.write_text(text, encoding="utf-8")
    found = wrong_file(str(path), str(tmp_path))
    assert found.startswith(f"eci_fleet_upgrade_tasks_file: '{path}' ")
    assert said in found
    assert "\n" not in found
    assert "The error appears" not in found


def test_a_role_is_looked_for(tmp_path: Path) -> None:
    """With its tasks."""
    found = wrong_role("no.such.role", str(tmp_path))
    assert found.startswith("eci_fleet_upgrade_role: 'no.such.role' cannot be loaded: ")
    assert "was not found" in found
    tasks = tmp_path / "roles" / "mine" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text("- debug:\n", encoding="utf-8")
    assert wrong_role("mine", str(tmp_path)) == ""
    (tasks / "main.yml").write_text("- no.such.module:\n", encoding="utf-8")
    assert "no.such.module" in wrong_role("mine", str(tmp_path))


def test_hosts_may_have_tasks_of_their_own(tmp_path: Path) -> None:
    """Each file is told once."""
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text("- debug:\n", encoding="utf-8")
    hosts = {"a": {}, "b": {"eci_fleet_upgrade_tasks_file": str(bad)}, "c": {"eci_fleet_upgrade_tasks_file": str(bad)}}
    [line] = eci_wrong_upgrades(list(hosts), hosts, str(good), "", str(tmp_path))
    assert str(bad) in line

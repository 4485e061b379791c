# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks over the contexts of a kubeconfig, and what keeps two hosts from being one cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster import ControlPlane
from tests.cluster.doors import Doors
from tests.integration.fleets import fleet_kubeconfig, run_fleet, source_of, states, tasks_file
from tests.integration.support import PREFLIGHT, run_playbook


@pytest.mark.compat
def test_a_playbook_over_contexts(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """Every context is a host, reached on the controller; filters leave some out; a v in the version does no harm."""
    with Doors([cluster.server] * 3) as doors:
        servers = {f"prod-{n}": (cluster, server) for n, server in enumerate(doors.servers)}
        source = source_of(fleet_kubeconfig(tmp_path / "fleet.conf", servers), exclude=["*-1"])
        variables = {"eci_preflight_target_version": "v1.30"}
        for number in (0, 2):
            one = ("-i", str(source), "--check", "--limit", f"prod-{number}")
            run = run_playbook(PREFLIGHT, None, home, *one, variables=variables)
            assert run.code == 0, run.text
            result = run.custom_stats[f"eci_preflight_result_prod_{number}"]
            assert (result["server"], result["target_version"]) == (doors.servers[number], "1.30")
        # They are addresses of one cluster, and together they would be worked on twice.
        run = run_playbook(PREFLIGHT, None, home, "-i", str(source), "--check", variables=variables)
        assert run.code == 2, run.text
        assert f"prod-0, prod-2 are {' alias '.join(sorted([doors.servers[0], doors.servers[2]]))}" in run.message


@pytest.mark.compat
def test_one_server_under_two_names_is_found_across_waves(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """Later waves are the same cluster as the first, by whatever address: they are left out, and say which hosts are the same."""
    with Doors([cluster.server]) as doors:
        servers = {"a": (cluster, cluster.server), "b": (cluster, doors.servers[0]), "c": (cluster, cluster.server)}
        source = source_of(fleet_kubeconfig(tmp_path / "fleet.conf", servers))
        tasks = tasks_file(tmp_path / "upgrade.yml", {"name": "Upgrade", "ansible.builtin.debug": {"msg": "ran"}})
        # The target is the cluster's own version, so that nothing is upgraded.
        target = {"eci_preflight_target_version": "1.24"}
        run = run_fleet(source, home, serial=1, tasks_file=str(tasks), **target)
        assert run.code == 2, run.text
        assert states(run, "abc") == {"a": "current", "b": "left_out", "c": "left_out"}, run.text
        assert "are the same cluster, and would be worked on twice: a, b" in run.message


@pytest.mark.compat
def test_hosts_that_name_no_cluster_are_left_out(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """K8S_AUTH_HOST would fill in for both: each is refused from its variables alone, before anything is looked at."""
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all:\n  vars: {ansible_connection: local}\n  hosts: {a: {}, b: {}}\n", encoding="utf-8")
    tasks = tasks_file(tmp_path / "upgrade.yml", {"name": "Upgrade", "ansible.builtin.debug": {"msg": "ran"}})
    variables = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "eci_preflight_target_version": "1.24",
        "eci_fleet_upgrade_serial": 1,
        "eci_fleet_upgrade_tasks_file": str(tasks),
    }
    environ = {
        "K8S_AUTH_HOST": cluster.server,
        "K8S_AUTH_CLIENT_CERT": str(cluster.directory / "admin.crt"),
        "K8S_AUTH_CLIENT_KEY": str(cluster.directory / "admin.key"),
        "K8S_AUTH_SSL_CA_CERT": str(cluster.ca_file),
    }
    run = run_playbook(
        "ackops.eci.fleet_upgrade", None, home, "-i", str(inventory), variables=variables, environ=environ
    )
    assert run.code == 2, run.text
    assert states(run, "ab") == {"a": "left_out", "b": "left_out"}, run.text
    for host in "ab":
        assert (
            f"{host} names no cluster, and would be taken for whatever the environment names (K8S_AUTH_HOST" in run.text
        )

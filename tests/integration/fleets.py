# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets for the tests of many clusters: kubeconfigs with a context for each, inventories, and runs over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import ControlPlane
from tests.cluster.certificates import write_private
from tests.integration.support import Run, run_playbook

FLEET = "ackops.eci.fleet_upgrade"


def fleet_kubeconfig(path: Path, servers: Mapping[str, tuple[ControlPlane, str]]) -> Path:
    """One kubeconfig with a context for each name: the cluster that it is, and the address that leads there."""
    document: dict[str, Any] = {
        "apiVersion": "v1", "kind": "Config", "current-context": "", "clusters": [], "users": [], "contexts": [],
    }  # fmt: skip
    for name, (cluster, server) in servers.items():
        admin = {
            "client-certificate": str(cluster.directory / "admin.crt"),
            "client-key": str(cluster.directory / "admin.key"),
        }
        document["clusters"].append(
            {"name": name, "cluster": {"server": server, "certificate-authority": str(cluster.ca_file)}}
        )
        document["users"].append({"name": name, "user": admin})
        document["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    return write_private(path, yaml.safe_dump(document))


def source_of(kubeconfig: Path, **options: object) -> Path:
    """An inventory source of the plugin, beside the kubeconfig."""
    path = kubeconfig.with_name(f"{kubeconfig.stem}.kubeconfig.yml")
    plugin = {"plugin": "ackops.eci.kubeconfig", "kubeconfigs": [str(kubeconfig)], **options}
    path.write_text(yaml.safe_dump(plugin), encoding="utf-8")
    return path


def tasks_file(path: Path, *tasks: Mapping[str, Any]) -> Path:
    """A file of upgrade tasks."""
    path.write_text(yaml.safe_dump([dict(task) for task in tasks]), encoding="utf-8")
    return path


def run_fleet(inventory: Path, home: Path, /, *arguments: str, **variables: object) -> Run:
    """Run the playbook over the inventory; variables that are no role's get the role's prefix."""
    named = {
        name if name.startswith("eci_preflight_") else f"eci_fleet_upgrade_{name}": value
        for name, value in variables.items()
    }
    named.setdefault("eci_preflight_target_version", "1.26")
    return run_playbook(FLEET, None, home, "-i", str(inventory), *arguments, variables=named)


def states(run: Run, hosts: Sequence[str]) -> dict[str, str]:
    """What became of each host, from the statistics; ``-`` where there is none."""
    found = run.custom_stats
    return {host: found.get(f"eci_fleet_upgrade_result_{host}", {}).get("state", "-") for host in hosts}

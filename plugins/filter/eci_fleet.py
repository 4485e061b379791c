# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for all hosts of a play: thin wrappers of ``plugin_utils/_fleet``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.plugin_utils._fleet import (
    Place,
    fleet_report,
    fleet_summary,
    same_clusters,
    twins,
)
from ansible_collections.ackops.eci.plugins.plugin_utils._upgrade_tasks import FILE, ROLE, wrong_upgrades
from ansible_collections.ackops.eci.plugins.plugin_utils._waves import waves

# What the roles note for each host: the registered result of the check, and what became of the cluster.
CHECK = "__eci_preflight_check"
RESULT = "eci_fleet_upgrade"


def _uid(variables: Mapping[str, Any]) -> str:
    return str(((variables.get(CHECK) or {}).get("cluster") or {}).get("cluster_uid") or "")


def _server(variables: Mapping[str, Any]) -> str:
    cluster = (variables.get(CHECK) or {}).get("cluster") or {}
    return str(cluster.get("server") or "")


def _place(variables: Mapping[str, Any]) -> Place:
    return Place(
        server=_server(variables),
        uid=_uid(variables),
        local=variables.get("ansible_connection") in ("local", "ansible.builtin.local"),
        host=variables.get("eci_preflight_host"),
        kubeconfig=variables.get("eci_preflight_kubeconfig"),
        context=variables.get("eci_preflight_context"),
        # The playbook eci_audit has a name of its own for it, which is what hosts see of each other.
        src=variables.get("eci_preflight_src") or variables.get("eci_audit_src"),
    )


def eci_same_clusters(hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each cluster that several of the hosts share."""
    return same_clusters({host: _place(hostvars[host]) for host in hosts})


def _results(hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any] | None]:
    return {host: hostvars[host].get(RESULT) for host in hosts}


def eci_fleet_report(hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What happened to each of the hosts."""
    return fleet_report(_results(hosts, hostvars))


def eci_fleet_summary(
    hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]], only: Sequence[str] | None = None
) -> list[str]:
    """The same in lines."""
    return fleet_summary(_results(hosts, hostvars), only)


def eci_wrong_upgrades(
    hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]], file: str, role: str, directory: str
) -> list[str]:
    """A sentence for each file and role of upgrade tasks, of any of the hosts, that Ansible cannot load."""
    files = [file, *(str(hostvars[host].get(FILE) or "") for host in hosts)]
    roles = [role, *(str(hostvars[host].get(ROLE) or "") for host in hosts)]
    return wrong_upgrades([path for path in files if path], [name for name in roles if name], directory)


class FilterModule:
    """Filters on ``ansible_play_hosts_all``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "eci_same_clusters": eci_same_clusters,
            "eci_fleet_report": eci_fleet_report,
            "eci_fleet_summary": eci_fleet_summary,
            "eci_twins": twins,
            "eci_waves": waves,
            "eci_wrong_upgrades": eci_wrong_upgrades,
        }

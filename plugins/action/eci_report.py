# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes reports on the controller, from the facts of all hosts of the play or from what the task was given."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.ackops.eci.plugins.module_utils._argspec import report_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput
from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import cluster_entry, report_document
from ansible_collections.ackops.eci.plugins.plugin_utils._report_files import (
    mode_of,
    read_reports,
    renderer_of,
    with_whole_lists,
    write_report,
)
from ansible_collections.ackops.eci.plugins.plugin_utils._values import understood_all

# The facts that the roles set on each host.
PREFLIGHT, UPGRADE = "eci_preflight", "eci_fleet_upgrade"


def _of_play(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The clusters of the play, each with the facts that it has."""
    hostvars = variables["hostvars"]
    hosts = variables.get("ansible_play_hosts_all") or [variables["inventory_hostname"]]
    return [
        cluster_entry(host, with_whole_lists(hostvars[host].get(PREFLIGHT)), hostvars[host].get(UPGRADE))
        for host in hosts
    ]


def _given(results: Mapping[str, Any] | None, upgrades: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The clusters that the task was given, of the preflight and of the upgrade."""
    found = {**dict.fromkeys(upgrades or {}), **(results or {})}
    for option, entries in (("results", found), ("upgrades", upgrades or {})):
        for name, entry in entries.items():
            if not isinstance(entry, (Mapping, type(None))):
                raise InvalidInput(
                    f"{option}[{name!r}]", entry, "is not a dictionary", "Give the fact that the role sets, or {}."
                )
    return [cluster_entry(name, result, (upgrades or {}).get(name)) for name, result in found.items()]


class ActionModule(ActionBase):
    """Does all of it on the controller; no connection is made."""

    _supports_check_mode = True
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the files and return the verdict."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._task.args = understood_all(self._task.args, report_argument_spec())
        _checked, options = self.validate_argument_spec(argument_spec=report_argument_spec())
        try:
            return {**result, **self._write(options, task_vars or {})}
        except EciError as error:
            return {**result, "failed": True, "msg": str(error)}

    def _write(self, options: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        renderers = {path: renderer_of(path) for path in options["dest"]}
        mode = mode_of(options["mode"])
        clusters = read_reports(options["src"] or [])
        if options["results"] is not None or options["upgrades"] is not None:
            clusters += _given(options["results"], options["upgrades"])
        elif options["src"] is None:
            clusters += _of_play(variables)
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = report_document(clusters, now, options["title"])
        for path, render in renderers.items():
            write_report(path, render(document), mode)
        told = {name: document[name] for name in ("headline", "states", "counts")}
        return {"changed": True, "failed": False, "paths": list(renderers), **told}

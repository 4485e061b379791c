# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run costs before it does anything: an empty cluster, against a playbook of as many trivial tasks."""

from __future__ import annotations

from tests.bench import measure
from tests.bench.setting import Row, Setting, environment, role_play, say, write_playbook
from tests.cluster import ControlPlane


def part(setting: Setting, version: str) -> None:
    """The whole role on an empty cluster; then a play with a module task for each task that it was."""
    with ControlPlane.start(version, name="bench") as cluster:
        env = environment(cluster)
        ours = write_playbook(cluster.directory, "ours", [role_play(cluster, "main")])
        first = measure.run(ours, env, cluster.directory)
        tasks = first.output.count("\nTASK [")
        trivial = write_playbook(
            cluster.directory, "trivial", [{"hosts": "localhost", "tasks": [{"ansible.builtin.ping": None}] * tasks}]
        )
        rows = [Row("startup", cluster.minor, "ours"), Row("startup", cluster.minor, "trivial")]
        for _number in range(setting.times):
            for row, command in zip(rows, (ours, trivial), strict=True):
                outcome = measure.run(command, env, cluster.directory)
                if outcome.code:
                    raise RuntimeError(outcome.output)
                row.seconds.append(outcome.seconds)
        rows[0].more["tasks"] = tasks
        say(f"start-up {version}: {min(rows[0].seconds):.2f} s; {tasks} trivial tasks {min(rows[1].seconds):.2f} s")
        setting.save("startup", version, rows)

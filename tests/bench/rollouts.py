# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One large Deployment, and one of a single replica: our ways against ``kubectl rollout restart``."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from tests.bench import measure, recreation
from tests.bench.recreation import SPACE, Replacements
from tests.bench.setting import Row, Setting, environment, say
from tests.cluster import ControlPlane

APP = "web-0"
# A pod is Ready so long after it is on its node. On ECI that takes 5 to 60 s.
START_SECONDS = 3
SLOW = {"test.ackops/ready-delay": f"{START_SECONDS}s"}
# As many pods at once as a run has on their way at the most.
ALL_AT_ONCE = "100%"

Way = Callable[[ControlPlane], float]


class Witness(Replacements):
    """Looks on from the beginning: how long the workload has no Ready pod, and when every pod is a new one that is Ready."""

    def __init__(self, cluster: ControlPlane, old: Collection[str]) -> None:
        self.without_ready = 0.0
        self.all_new = 0.0
        self._old = frozenset(old)
        self._since: float | None = None
        self._begun = time.perf_counter()
        super().__init__(cluster)

    def _note(self, kind: str, pod: dict[str, Any]) -> None:
        super()._note(kind, pod)
        now = time.perf_counter()
        if self._ready[APP] and self._since is not None:
            self.without_ready += now - self._since
            self._since = None
        elif not self._ready[APP] and self._since is None:
            self._since = now
        if not self.all_new and len(self._ready[APP] - self._old) >= len(self._old):
            self.all_new = now - self._begun


def _kubectl(cluster: ControlPlane) -> float:
    restart = f"kubectl rollout restart -n {SPACE} deployment/{APP}"
    follow = f"kubectl rollout status -n {SPACE} deployment/{APP}"
    outcome = measure.run(["/bin/sh", "-ec", f"{restart} && {follow}"], environment(cluster), cluster.directory)
    if outcome.code:
        raise RuntimeError(outcome.output)
    return outcome.seconds


def _by_role(serial: object, **variables: object) -> Way:
    return lambda cluster: recreation.ours(cluster, serial, **variables)[0]


LARGE: dict[str, Way] = {
    "kubectl rollout restart": _kubectl,
    "restart": _by_role(1, method="restart"),
    "strategy": _by_role(ALL_AT_ONCE, workload_serial="strategy"),
}
SINGLE: dict[str, Way] = {
    "kubectl rollout restart": _kubectl,
    "restart": _by_role(1, method="restart"),
    "auto": _by_role(1, method="auto"),
    "evict": _by_role(1),
}


def part(setting: Setting, version: str) -> None:
    """How long it takes, and for how long nobody is served."""
    rows: list[Row] = []
    with ControlPlane.start(version, name="bench") as cluster:
        for replicas, ways in ((setting.rolled, LARGE), (1, SINGLE)):
            say(f"rollouts {version}: a Deployment of {replicas}, a start of {START_SECONDS} s")
            recreation.make(cluster, replicas, 1, SLOW)
            for who, way in ways.items():
                row = Row("rollouts", cluster.minor, who, replicas)
                witnesses = []
                for _time in range(setting.times):
                    witnesses.append(Witness(cluster, [pod["metadata"]["uid"] for pod in recreation.age(cluster)]))
                    row.more["whole"] = max(row.more.get("whole", 0.0), way(cluster))
                    witnesses[-1].close()
                row.seconds = [witness.all_new for witness in witnesses]
                row.more["without_ready"] = max(witness.without_ready for witness in witnesses)
                rows.append(row)
                say(
                    f"  {who}: all new and Ready after {row.seconds} s, the command took {row.more['whole']:.1f} s, "
                    f"{row.more['without_ready']:.1f} s without a Ready pod"
                )
                setting.save("rollouts", version, rows)

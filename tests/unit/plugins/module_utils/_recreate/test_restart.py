# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The restart of a workload, on a model of a cluster in its own time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._recreate.restart import UNDO, WorkloadRestart
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import PLATFORM_VERSION
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Policy
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import RESTART, choose
from tests.unit.plugins.module_utils._recreate.test_pod import context_of
from tests.unit.plugins.module_utils._recreate.test_run_on_model import old_pods
from tests.unit.support.model_cluster import NEW, ModelCluster

TIMEOUT = 300.0


class RollingCluster(ModelCluster):
    """Its StatefulSets roll their pods when their template changes: the last one first, the next when that is Ready."""

    stuck = False
    patches = 0

    def patch(self, path: str, changes: Mapping[str, Any], dry_run: bool = False) -> Mapping[str, Any]:
        """Begin a rollout."""
        assert "template" in changes["spec"], path
        assert not dry_run
        self.patches += 1
        if not self.stuck:
            owner = next(iter(self.workloads))
            self._roll(owner, sorted(pod["metadata"]["uid"] for pod in self.living(owner)))
        return {}

    def _roll(self, owner: str, left: list[str]) -> None:
        if self.ready(owner) == self.workloads[owner]["spec"]["replicas"] and left:
            self._go(self.pods[left.pop()], False)
        if left:
            self.clock.after(1.0, lambda: self._roll(owner, left))


def restart_of(cluster: ModelCluster, stop: Callable[[], str] = str) -> WorkloadRestart:
    """The restart of its only workload."""
    steps = choose(Workloads(cluster).steps_for(old_pods(cluster), Policy()), RESTART)
    context = context_of(cluster)
    context.stop = stop
    return WorkloadRestart(context, steps, TIMEOUT)


def test_each_pod_is_told_with_the_new_one_of_its_name() -> None:
    """The pods of a StatefulSet keep their names, in whatever order they come."""
    cluster = RollingCluster(1)
    cluster.workload("StatefulSet", "db", 3)
    done = restart_of(cluster).run()
    assert [(pod.outcome, pod.new_name) for pod in done] == [("recreated", pod.name) for pod in done]
    assert {pod.new_uid for pod in done} == set(cluster.pods)


def test_a_rollout_that_gets_stuck_is_waited_for_once() -> None:
    """It is what is in the way from then on: to look at the workload again would only hide why."""
    cluster = RollingCluster(1)
    cluster.stuck = True
    cluster.workload("StatefulSet", "db", 2)
    restart = restart_of(cluster)
    done = restart.run()
    assert [(pod.outcome, pod.remedy, pod.removed) for pod in done] == [("set_aside", UNDO, False)] * 2
    assert restart.lasting
    assert (cluster.patches, len(cluster.removed)) == (1, 0)


def test_a_pod_that_goes_up_and_down_is_no_progress() -> None:
    """Or the end would never come."""
    cluster = RollingCluster(1)
    cluster.stuck = True
    cluster.workload("StatefulSet", "db", 3)
    restart = restart_of(cluster)
    flapping = cluster.pods[max(cluster.pods)]
    cluster._annotate(flapping["metadata"]["uid"], NEW)
    up, down = [{"type": "Ready", "status": "True"}], [{"type": "Ready", "status": "False"}]

    def flap() -> None:
        flapping["status"]["conditions"] = down if flapping["status"]["conditions"] == up else up
        cluster._tell("MODIFIED", flapping)
        cluster.clock.after(TIMEOUT / 3, flap)

    flap()
    assert {pod.outcome for pod in restart.run()} == {"set_aside"}
    assert cluster.clock.time < TIMEOUT * 3


def test_the_end_is_seen_soon_after_the_status_of_the_workload_says_so() -> None:
    """No pod tells of it any more: the workload is read again soon, then less and less often."""
    cluster = RollingCluster(1)
    uid = cluster.workload("StatefulSet", "db", 2)
    cluster.workloads[uid]["status"] |= {"currentRevision": "old", "updateRevision": "new", "updatedReplicas": 0}
    restart, lag, reads = restart_of(cluster), 1.5, []
    restart._check = lambda: cluster.workloads[uid]  # type: ignore[method-assign]  # it is to be settled before
    settled_at: list[float] = []

    def settle() -> None:
        cluster.workloads[uid]["status"]["updatedReplicas"] = 2
        settled_at.append(cluster.clock.time)

    def look() -> None:
        if all(pod["metadata"]["annotations"].get(PLATFORM_VERSION) == NEW for pod in cluster.living(uid)) and (
            cluster.ready(uid) == 2
        ):
            cluster.clock.after(lag, settle)
        else:
            cluster.clock.after(0.1, look)

    get = cluster.get

    def counted(path: str) -> Any:
        if settled_at or cluster.ready(uid) == 2:
            reads.append(cluster.clock.time)
        return get(path)

    look()
    cluster.get = counted  # type: ignore[method-assign]
    assert {pod.outcome for pod in restart.run()} == {"recreated"}
    assert cluster.clock.time - settled_at[0] < lag + 0.2
    assert len([when for when in reads if when > settled_at[0] - lag]) <= 6


def test_an_interrupt_is_seen_within_a_second() -> None:
    """However long nothing happens in the rollout, which goes on by itself."""
    cluster = RollingCluster(1)
    cluster.stuck = True
    cluster.workload("StatefulSet", "db", 2)
    interrupted_at = 50.25
    done = restart_of(cluster, lambda: "it was interrupted" if cluster.clock.time >= interrupted_at else "").run()
    assert {pod.outcome for pod in done} == {"not_started"}
    assert all("it was interrupted" in pod.reason and "goes on by itself" in pod.reason for pod in done)
    assert cluster.clock.time <= interrupted_at + 1.0

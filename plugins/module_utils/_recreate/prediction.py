# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would do, in check mode: each removal, and each creation, tried with the server's dry run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Manifest
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.outcome import method_of, outcome_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import NotNow
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import HELD_REMEDY, pod_set_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.removal import DELETE, Removal
from ansible_collections.ackops.eci.plugins.module_utils._recreate.result import estimate_of
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.estimate import Estimate, estimate, start_seconds
from ansible_collections.ackops.eci.plugins.module_utils._rules.manifest import recreatable
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, Recreation, pod_from_manifest
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import restart_patch


@dataclass(frozen=True)
class _Group:
    """What a workload looks like now: why none of its pods may go, its manifest, and its pods, each with its own."""

    why: NotNow | None
    manifest: Manifest
    pods: Sequence[tuple[Pod, Manifest]] = ()


@dataclass
class _Seen:
    """What was read meanwhile: the workloads, and how long ECI pods took to start and how many are Ready, by group."""

    groups: dict[str, _Group] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)
    ready: dict[str, int] = field(default_factory=dict)

    def note(self, group: str, pods: Sequence[tuple[Pod, Manifest]]) -> None:
        """Note what the pods of a group tell."""
        took = [start_seconds(manifest) for pod, manifest in pods if pod.instance_id]
        self.starts[group] = [seconds for seconds in took if seconds is not None]
        self.ready[group] = sum(pod.ready and not pod.deleting for pod, _manifest in pods)


def predict(context: RunContext, plan: Plan) -> tuple[list[Recreation], Estimate]:
    """What a run would do, in order, and how long it would take. Changes nothing."""
    seen = _Seen()
    outcomes = [_predict(context, step, seen) for step in plan.steps]
    going = [step for step, done in zip(plan.steps, outcomes) if done.outcome == "predicted"]
    estimated = estimate(going, plan.limits, seen.starts, seen.ready)
    context.journal.write("estimated", estimate=estimate_of(estimated))
    return outcomes, estimated


def _predict(context: RunContext, step: Step, seen: _Seen) -> Recreation:
    """Foretold, and said: a result lists the first pods only, the progress all of them."""
    method = method_of(step, context.method)
    try:
        _try_out(context, step, seen)
        done = outcome_of(step, "predicted", step.reason, method=method)
    except NotNow as why:
        done = outcome_of(step, "blocked", why.reason, why.remedy, method=method)
    except (ApiError, ConnectionFailed) as error:
        done = outcome_of(step, "blocked", error.message, error.remedy, method=method)
    context.journal.write("planned", **vars(done))
    return done


def _try_out(context: RunContext, step: Step, seen: _Seen) -> None:
    """Raise NotNow for what would keep the pod from going, as things are now."""
    if step.pod.deleting:
        manifest = context.api.get(pods_path(step.pod.namespace, step.pod.name)) or {}
        raise NotNow(f"it is already being deleted ({predicates.held_by(manifest)})", HELD_REMEDY)
    if step.action == Action.AWAIT_JOB:
        raise NotNow(step.reason, step.remedy)
    if step.action in (Action.ROLL, Action.BY_CONTROLLER):
        if step.group not in seen.groups:
            seen.groups[step.group] = group = _group_of(context, step)
            seen.note(step.group, group.pods)
        _try_out_in(seen.groups[step.group], step)
    if step.action == Action.ROLL:
        return
    if step.action == Action.FROM_MANIFEST:
        found = context.api.get(pods_path(step.pod.namespace, step.pod.name))
        if found is not None:
            seen.note(step.group, [(step.pod, found)])
            context.creation.check_pod(step.pod, recreatable(found))
    by_method = step.action in (Action.BY_CONTROLLER, Action.FROM_MANIFEST, Action.DELETE)
    Removal(context.api, step.pod, context.method if by_method else DELETE).try_out()


def _try_out_in(group: _Group, step: Step) -> None:
    """Raise NotNow for what is the matter with the pod's workload."""
    if group.why is not None:
        raise group.why
    if step.action == Action.ROLL or step.workload.kind == "Job":
        return
    siblings = [(pod, manifest) for pod, manifest in group.pods if pod.uid != step.pod.uid]
    mine = next((pod for pod, _manifest in group.pods if pod.uid == step.pod.uid), step.pod)
    serves = mine.ready or step.workload.controller_kind == "StatefulSet"
    why, remedy = predicates.unsettled(group.manifest, siblings, here=True, serves=serves)
    if why:
        raise NotNow(f"{step.workload.shown} has not settled: {why}", remedy)


def _group_of(context: RunContext, step: Step) -> _Group:
    """A workload as it is now."""
    manifest = context.workloads.reread(step.workload) or {}
    why = _of_workload(context, step, manifest)
    if why is not None:
        return _Group(why, manifest)
    found, _version = context.api.list_pods(pod_set_of(step))
    pods = [(pod_from_manifest(entry), entry) for entry in found]
    owned = [(pod, entry) for pod, entry in pods if context.workloads.owns(step.workload, pod) and not pod.finished]
    return _Group(None, manifest, owned)


def _of_workload(context: RunContext, step: Step, manifest: Manifest) -> NotNow | None:
    """Why the workload must not be touched now, or could not bring a pod back."""
    if not manifest:
        return NotNow(f"{step.workload.shown} is gone or being deleted", "Run again.")
    why = "" if step.workload.kind == "Job" else predicates.rollout_in_progress(manifest)
    if why:
        return NotNow(f"{step.workload.shown} has not settled: {why}", "Finish the rollout or undo it.")
    try:
        context.creation.check_template(step.workload, manifest)
        if step.action == Action.ROLL:
            context.api.patch(step.workload.path, restart_patch(step.workload.kind, context.clock.now()), dry_run=True)
    except NotNow as refused:
        return refused
    except ApiError as error:
        return NotNow(f"{step.workload.shown} could not be restarted: {error.message}", error.remedy)
    return None

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would do, in check mode: each removal, and each creation, tried with the server's dry run."""

from __future__ import annotations

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import NotNow
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import method_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.removal import DELETE, Removal
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import untouched
from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.manifest import recreatable
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Recreation
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import restart_patch


def predict(context: RunContext, plan: Plan) -> list[Recreation]:
    """What a run would do, in order. Changes nothing."""
    asked: dict[str, NotNow | None] = {}
    return [_told(context, _predict(context, step, asked)) for step in plan.steps]


def _predict(context: RunContext, step: Step, asked: dict[str, NotNow | None]) -> Recreation:
    method = method_of(step, context.method)
    try:
        _try_out(context, step, asked)
        done = untouched(step, "predicted", step.reason, method=method)
    except NotNow as why:
        done = untouched(step, "blocked", why.reason, why.remedy, method)
    except (ApiError, ConnectionFailed) as error:
        done = untouched(step, "blocked", error.message, error.remedy, method)
    context.journal.write("planned", **vars(done))
    return done


def _told(context: RunContext, outcome: Recreation) -> Recreation:
    """The same, and said: a result lists the first pods only, the progress all of them."""
    context.journal.write(
        "planned",
        namespace=outcome.namespace,
        name=outcome.name,
        outcome=outcome.outcome,
        method=outcome.method,
        reason=outcome.reason,
    )
    return outcome


def _try_out(context: RunContext, step: Step, asked: dict[str, NotNow | None]) -> None:
    """Raise NotNow for what would keep the pod from going."""
    if step.action in (Action.ROLL, Action.BY_CONTROLLER):
        if step.group not in asked:
            asked[step.group] = _of_workload(context, step)
        if asked[step.group] is not None:
            raise asked[step.group]  # type: ignore[misc]  # it is not None here
    if step.action == Action.ROLL:
        return
    if step.action == Action.FROM_MANIFEST:
        manifest = context.api.get(pods_path(step.pod.namespace, step.pod.name))
        if manifest is not None:
            context.creation.check_pod(step.pod, recreatable(manifest))
    by_method = step.action in (Action.BY_CONTROLLER, Action.FROM_MANIFEST, Action.DELETE)
    Removal(context.api, step.pod, context.method if by_method else DELETE).try_out()


def _of_workload(context: RunContext, step: Step) -> NotNow | None:
    """Why the workload must not be touched now, or could not bring a pod back."""
    manifest = context.workloads.reread(step.workload)
    if manifest is None:
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

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would do, in check mode: each removal tried with the server's dry run."""

from __future__ import annotations

from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import method_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.removal import DELETE, Removal
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Recreation
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version


def predict(context: RunContext, plan: Plan) -> list[Recreation]:
    """What a run would do, in order. Changes nothing."""
    return [_predict(context, step) for step in plan.steps]


def _predict(context: RunContext, step: Step) -> Recreation:
    pod = step.pod
    how = context.method if step.action == Action.BY_CONTROLLER else DELETE
    refusal = Removal(context.api, pod, how).refusal()
    method = method_of(step, context.method)
    context.journal.write(
        "planned", namespace=pod.namespace, name=pod.name, method=method, refusal=refusal, reason=step.reason
    )
    return Recreation(
        pod.namespace,
        pod.name,
        pod.uid,
        "blocked" if refusal else "predicted",
        refusal or step.reason,
        old_version=effective_version(pod) or "",
        workload=step.workload.shown if step.workload.uid else "",
        method=method,
    )

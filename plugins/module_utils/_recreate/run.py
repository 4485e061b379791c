# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as a whole: alone on the cluster, told from beginning to end in the ledger, and ended in order by an interrupt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.pod_list import read_nodes
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi, Journal, Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.interrupt import Interrupts
from ansible_collections.ackops.eci.plugins.module_utils._recreate.lease import Heartbeat, Lease
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import PodRecreation
from ansible_collections.ackops.eci.plugins.module_utils._recreate.prediction import predict
from ansible_collections.ackops.eci.plugins.module_utils._recreate.result import (
    as_result,
    diff_of,
    failure_message,
    refusal_message,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import (
    Limits,
    Spread,
    Waves,
    in_threads,
    not_started,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import steps_for
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    Pod,
    Recreation,
    pod_from_manifest,
    pod_from_record,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Policy, make_plan
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version


@dataclass(frozen=True)
class Request:
    """What the user asks for: the pods as they were at the check, and how to go about it."""

    pods: Sequence[Pod]
    policy: Policy
    serial: Sequence[object]
    method: str
    prefixes: tuple[str, ...]
    accepts: Callable[[str], bool]
    limits: Limits
    fresh: bool = False  # the pods are of a scan that was made a moment ago; each is looked at again at its turn anyway


def _present(api: ClusterApi, request: Request) -> tuple[list[Pod], list[Recreation]]:
    """The pods as they are now, and those that are gone; a pod of the same name with another UID is another pod.

    Raises InvalidInput where the list is of another cluster (or of another day): none of its UIDs is there, and a pod
    of the same name would have to be recreated too.
    """
    present, gone, strangers = [], [], []
    for pod in request.pods:
        manifest = api.get(pods_path(pod.namespace, pod.name))
        current = pod_from_manifest(manifest) if manifest is not None else None
        if current is not None and current.uid == pod.uid:
            present.append(current)
            continue
        version = effective_version(current) if current is not None else None
        if version is not None and not request.accepts(version):
            strangers.append(pod)
        why = "the pod with that UID is not there any more"
        gone.append(Recreation(pod.namespace, pod.name, pod.uid, "already_gone", why))
    if strangers and not present:
        raise InvalidInput(
            "pods",
            strangers[0].key,
            f"has another UID on {api.server()} than in the list, as have all {len(gone)} pod(s) of it: the list is old,"
            " or of another cluster",
            "Gather the pods of this cluster again (eci_pod_facts); nothing was touched.",
        )
    return present, gone


def _resume(context: RunContext, left: Unfinished, seconds: float) -> Recreation:
    """End what an earlier run had begun when it was cut off, before anything else is begun."""
    [step] = steps_for(context.api, [pod_from_record(left.pod)], Policy())
    action = Action.BY_CONTROLLER if left.manifest is None else Action.FROM_MANIFEST
    done = PodRecreation(context, replace(step, action=action), seconds).follow(left)
    context.views.keep(())
    return done


@dataclass(frozen=True)
class Environment:
    """Where a run takes place: the cluster, the time, the record, and ``stop``, which says why not to go on.

    ``spread`` carries out the steps of a wave together; the results come in order.
    """

    api: ClusterApi
    clock: Clock
    journal: Journal
    stop: Callable[[], str] = str
    spread: Spread = in_threads


def carry_out(environment: Environment, request: Request, *, dry_run: bool, limit: int) -> dict[str, Any]:
    """The whole of it: look, plan, refuse or go. Returns the module's result; ``problem`` is set where it failed."""
    api, journal = environment.api, environment.journal
    nodes = read_nodes(api, request.prefixes)
    context = RunContext(
        api, environment.clock, journal, nodes, request.prefixes, request.accepts, request.method, environment.stop
    )
    left = [_resume(context, each, request.limits.pod_seconds) for each in journal.unfinished()]
    resumed = [done for done in left if done.outcome != "not_started"]
    present, gone = (list(request.pods), []) if request.fresh else _present(api, request)
    plan = make_plan(steps_for(api, present, request.policy), request.serial)
    problem = refusal_message(plan)
    if problem:
        outcomes = [not_started(step, "the plan was refused") for step in plan.steps]
    elif dry_run:
        outcomes = predict(context, plan)
    else:
        failed = sum(done.outcome == "failed" for done in resumed)
        limits = replace(request.limits, max_failures=request.limits.max_failures - failed)
        outcomes = Waves(context, plan, limits, environment.spread).run()
    refused = [
        {"namespace": s.pod.namespace, "name": s.pod.name, "uid": s.pod.uid, "reason": s.reason} for s in plan.refused
    ]
    return {
        **as_result([*resumed, *gone, *outcomes], limit),
        "problem": problem or failure_message([*resumed, *outcomes], journal.path),
        "refused": refused[:limit],
        "diff": diff_of(outcomes, limit),
    }


def run_alone(
    environment: Environment,
    request: Request,
    holder: Holder,
    limit: int,
    heartbeat: Callable[[Lease], AbstractContextManager[object]] = Heartbeat,
) -> dict[str, Any]:
    """Carry out the request while holding the cluster's lease. Returns the module's result. Raises EciError."""
    ledger = environment.journal
    lease = Lease(environment.api, environment.clock, holder)
    if not request.pods and not ledger.unfinished():
        return carry_out(environment, request, dry_run=False, limit=limit)
    with Interrupts() as interrupts:
        ledger.write("started", ledger=ledger.path, holder=str(holder), pid=holder.pid, pods=len(request.pods),
                     method=request.method, serial=[str(entry) for entry in request.serial],
                     unmanaged=request.policy.unmanaged, running_jobs=request.policy.running_jobs)  # fmt: skip
        try:
            lease.take(interrupts.said, lambda why: ledger.write("waiting", reason=why))
            with heartbeat(lease):
                alone = replace(environment, stop=lambda: environment.stop() or interrupts.said() or lease.lost())
                result = carry_out(alone, request, dry_run=False, limit=limit)
        except EciError as error:
            ledger.write("ended", problem=str(error))
            raise
        ledger.write("ended", problem=result["problem"], counts=result["counts"])
        return result

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as a whole: alone on the cluster, told from beginning to end in the ledger, and ended in order by an interrupt."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.pod_list import read_nodes
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi, Journal, Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.access import with_rights
from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.interrupt import Interrupts
from ansible_collections.ackops.eci.plugins.module_utils._recreate.lease import Heartbeat, Lease
from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import (
    LEASE,
    Entry,
    MissingPods,
    NoRecord,
    entries_of,
    why_missing,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.outcome import outcome_of, told_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import Patience, Stopped
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import PodRecreation
from ansible_collections.ackops.eci.plugins.module_utils._recreate.prediction import predict
from ansible_collections.ackops.eci.plugins.module_utils._recreate.request import Request
from ansible_collections.ackops.eci.plugins.module_utils._recreate.result import (
    as_result,
    diff_of,
    estimate_of,
    problem_of,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waiting import Ticking
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import (
    Ended,
    Pool,
    ThreadPool,
    Waves,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.estimate import Estimate
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    Pod,
    Recreation,
    pod_from_manifest,
    pod_from_record,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan, Policy, Step, make_plan
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import AUTO, choose


@dataclass(frozen=True)
class Environment:
    """Where a run takes place: the cluster, the time, the record, and ``stop``, which says why not to go on.

    ``pool`` makes what carries out work side by side; ``hold`` says why nothing may be removed for the moment. ``ticking`` makes what
    calls something every second while it lasts.
    """

    api: ClusterApi
    clock: Clock
    journal: Journal
    stop: Callable[[], str] = str
    pool: Callable[[], Pool] = ThreadPool
    hold: Callable[[], str] = str
    ticking: Callable[[Callable[[], None]], AbstractContextManager[object]] = Ticking
    missing: MissingPods = field(default_factory=NoRecord)


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


def _follow_up(context: RunContext, left: Sequence[Unfinished], pool: Pool, seconds: float) -> list[Recreation]:
    """End together what an earlier run had begun when it was cut off, before anything else is begun."""
    pods = [pod_from_record(each.pod) for each in left]
    actions = [Action.BY_CONTROLLER if each.manifest is None else Action.FROM_MANIFEST for each in left]
    steps = [replace(step, action=action) for step, action in zip(context.workloads.steps_for(pods, Policy()), actions)]

    def follow(step: Step, each: Unfinished) -> Ended:
        return Ended([step], [PodRecreation(context, step, seconds).follow(each)])

    for step, each in zip(steps, left):
        pool.submit(functools.partial(follow, step, each))
    ended: dict[str, Recreation] = {}
    while len(ended) < len(left):
        for done in pool.wait(1.0):
            ended.update((step.pod.uid, outcome) for step, outcome in zip(done.steps, done.outcomes))
    return [ended[step.pod.uid] for step in steps]


def _still_missing(context: RunContext, entries: Sequence[Entry], followed: Collection[str]) -> list[Recreation]:
    """What other runs, of which this ledger knows nothing, took away and did not bring back; what is back is taken out."""
    found = []
    for entry in entries:
        if entry.uid in followed:
            continue
        why = why_missing(context.api, context.workloads, entry)
        if not why:
            context.missing.drop([entry.uid])
            continue
        remedy = f"Bring it back, or, if nobody wants it, name it: forget: ['{entry.key}']."
        pod = Recreation(entry.namespace, entry.name, entry.uid, "failed", why, remedy, workload=entry.workload)
        found.append(replace(pod, removed=False))
    return found


def _planned(context: RunContext, request: Request, pods: Sequence[Pod]) -> Plan:
    """The plan, each workload gone about as the method means it."""
    steps = sorted(context.workloads.steps_for(pods, request.policy), key=lambda step: step.group)
    chosen: list[Step] = []
    for _group, listed in itertools.groupby(steps, key=lambda step: step.group):
        together = list(listed)
        if together[0].action == Action.BY_CONTROLLER:
            budgets = context.api.budgets(together[0].pod.namespace) if request.method == AUTO else []
            together = choose(together, request.method, budgets)
        chosen += together
    return make_plan(chosen, request.serial, request.workload_serial)


def _context_of(environment: Environment, request: Request) -> RunContext:
    """What all of a run share, still without the nodes."""
    context = RunContext(
        environment.api,
        environment.clock,
        environment.journal,
        {},
        request.prefixes,
        request.accepts,
        method=request.removal,
        stop=environment.stop,
        hold=environment.hold,
        kinds=request.kinds,
        missing=environment.missing,
    )
    if request.why_not is not None:
        context.why_not = request.why_not
    return context


@dataclass(frozen=True)
class _Done:
    """Every outcome, those of the plan, and how long it was estimated to take (in check mode)."""

    every: Sequence[Recreation]
    planned: Sequence[Recreation]
    estimated: Estimate


def carry_out(
    environment: Environment, request: Request, *, dry_run: bool, limit: int, noted: Sequence[Entry] = ()
) -> dict[str, Any]:
    """The whole of it: look, follow up, plan, go. Returns the module's result; ``problem`` is set where it is not finished.

    ``noted``: what the cluster says that runs have taken away.
    """
    context = _context_of(environment, request)
    with environment.ticking(context.waiting.tick):
        done = _carried_out(context, environment, request, dry_run, noted)
    problem = problem_of(done.every, environment.journal.path)
    result = {**as_result(done.every, limit), "problem": problem, "diff": diff_of(done.planned, limit)}
    return {**result, "estimate": estimate_of(done.estimated)} if dry_run else result


def _carried_out(
    context: RunContext, environment: Environment, request: Request, dry_run: bool, noted: Sequence[Entry]
) -> _Done:
    """Look, follow up, plan, go."""
    api, journal = environment.api, environment.journal
    seconds = 0.0 if dry_run else request.limits.pod_seconds
    look = context.waiting.begin("look", seconds)
    ready = Patience(environment.clock, environment.stop, seconds, look.because)
    context.nodes = ready.retry(lambda: read_nodes(api, request.prefixes))
    left = journal.unfinished()
    pool = environment.pool()
    followed = _follow_up(context, left, pool, request.limits.pod_seconds) if left else []
    resumed = [done for done in followed if done.outcome != "not_started"]
    resumed += ready.retry(lambda: _still_missing(context, noted, {each.pod["uid"] for each in left}))
    present, gone = (list(request.pods), []) if request.fresh else ready.retry(lambda: _present(api, request))
    told = {done.uid for done in resumed}
    gone = [done for done in gone if done.uid not in told]
    plan = ready.retry(lambda: with_rights(api, _planned(context, request, present), request.removal))
    look.end()
    journal.tell("plan", pods=[told_of(step) for step in plan.steps])
    refused = [outcome_of(step, "set_aside", step.reason, step.remedy) for step in plan.refused]
    estimated = Estimate()
    if dry_run:
        outcomes, estimated = predict(context, plan)
    else:
        failed = sum(done.outcome == "failed" for done in resumed)
        limits = replace(request.limits, max_failures=request.limits.max_failures - failed)
        outcomes = Waves(context, plan, limits, pool).run()
    return _Done([*resumed, *gone, *outcomes, *refused], outcomes, estimated)


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
    if not request.pods and not request.forget and not ledger.unfinished():
        noted = environment.api.get(LEASE) or {}
        left = [entry for entry in entries_of(noted) if not entry.forgotten]
        if not left and not (noted.get("spec") or {}).get("holderIdentity"):
            return carry_out(environment, request, dry_run=False, limit=limit)
    with Interrupts() as interrupts:
        ledger.write("started", ledger=ledger.path, holder=str(holder), pid=holder.pid, pods=len(request.pods),
                     method=request.method, serial=[str(entry) for entry in request.serial],
                     unmanaged=request.policy.unmanaged, running_jobs=request.policy.running_jobs)  # fmt: skip
        try:
            lease.take(interrupts.said, lambda why: ledger.write("waiting", reason=why))
            with heartbeat(lease):
                _forget(lease, ledger, request.forget)
                alone = replace(
                    environment,
                    stop=lambda: environment.stop() or interrupts.said() or lease.lost() or ledger.trouble(),
                    hold=lease.hold,
                    missing=lease,
                )
                result = carry_out(alone, request, dry_run=False, limit=limit, noted=lease.missing())
        except Stopped as stopped:  # while it looked around
            ledger.write("ended", problem=str(stopped))
            raise EciError(f"{stopped}.") from stopped
        except EciError as error:
            ledger.write("ended", problem=str(error))
            raise
        ledger.write("ended", problem=result["problem"], counts=result["counts"])
        return result


def _forget(lease: Lease, ledger: Journal, names: Sequence[str]) -> None:
    """Take pods that nobody wants back out of the records. Raises InvalidInput for a name that is in none."""
    noted = lease.forget(names)
    not_in_ledger = ledger.forget(names)
    for name in not_in_ledger:
        if name not in noted:
            problem = "is no pod that a run removed and did not bring back"
            raise InvalidInput("forget", name, problem, "Give it as namespace/name, as the message names it.")
    # What was forgotten on another machine must not be made again from the ledger of this one.
    ledger.forget([entry.uid for entry in lease.missing(forgotten=True)])

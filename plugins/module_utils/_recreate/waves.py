# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case: the plan's waves, one after another, within a failure budget and a deadline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed, InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.pod_list import read_nodes
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi, Journal, Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import OnePod, Site, steps_for
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    Pod,
    Replacement,
    pod_from_manifest,
    pod_from_record,
    records,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import (
    RECREATE,
    REPLACE,
    Plan,
    Policy,
    Step,
    limit_of,
    make_plan,
    next_wave,
    without,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version

# In flight at once at the most, however wide a wave: each holds a connection.
MOST_IN_FLIGHT = 50

Spread = Callable[[Callable[[Step], Replacement], Sequence[Step]], "list[Replacement]"]

_CHANGED = ("recreated", "deleted", "no_longer_needed", "predicted", "blocked")


@dataclass(frozen=True)
class Limits:
    """``pod_seconds`` for each pod, ``run_seconds`` for all (0: none), and how many may fail before the run stops."""

    pod_seconds: float = 900.0
    run_seconds: float = 0.0
    max_failures: int = 0


def _not_started(step: Step, why: str) -> Replacement:
    pod = step.pod
    return Replacement(
        pod.namespace,
        pod.name,
        pod.uid,
        "not_started",
        why,
        old_version=effective_version(pod) or "",
        workload=step.workload.shown if step.workload.uid else "",
        method=step.action,
    )


def in_threads(work: Callable[[Step], Replacement], wave: Sequence[Step]) -> list[Replacement]:
    """The steps of a wave together, each in a thread."""
    if len(wave) == 1:
        return [work(wave[0])]
    with ThreadPoolExecutor(max_workers=min(len(wave), MOST_IN_FLIGHT)) as pool:
        return list(pool.map(work, wave))


class _Course:
    """The run of one plan: what is left, what is done, which workloads are put off, and why to stop."""

    def __init__(self, site: Site, plan: Plan, limits: Limits, spread: Spread) -> None:
        self._site = site
        self._spread = spread
        self._limits = limits
        self._sizes = plan.limits
        self._order = plan.steps
        self._left = list(plan.steps)
        self._put_off: set[str] = set()
        self._progress = False  # whether anything was begun since the last look at those that were put off
        self._done: dict[str, Replacement] = {}
        self._started = site.clock.monotonic()
        self._waves = 0

    def run(self) -> list[Replacement]:
        """Go through the plan; one outcome for every step, in its order."""
        while self._left and not self._why_stop():
            self._one_wave()
        why = self._why_stop()
        outcomes = [self._done.get(step.pod.uid) or _not_started(step, why) for step in self._order]
        self._site.views.keep(())
        if why:
            self._site.journal.write("stopped", reason=why, not_started=len(self._left))
        return outcomes

    def _one_wave(self) -> None:
        """The next wave. Workloads that were put off come again after the others; only when none of them can go, one is waited for."""
        size = limit_of(self._sizes, self._waves)
        wave = next_wave(self._left, size, self._put_off)
        may_put_off = len({step.group for step in self._left}) > 1
        if not wave:
            may_put_off = may_put_off and self._progress
            self._put_off, self._progress = set(), False
            wave = next_wave(self._left, size)
        seconds, finished = self._seconds(), []

        def one(step: Step) -> Replacement:
            return OnePod(self._site, step, seconds, may_put_off=may_put_off).run()

        for step, outcome in zip(wave, self._spread(one, wave)):
            if outcome.outcome == "deferred":
                self._put_off.add(step.group)
            else:
                self._done[step.pod.uid] = outcome
                finished.append(step)
        self._left = without(self._left, finished)
        self._site.views.keep({step.group for step in self._left})
        # A wave in which nothing was begun does not count: the waves that grow are to grow on successes.
        self._waves += bool(finished)
        self._progress = self._progress or bool(finished)

    def _seconds(self) -> float:
        """What one pod may take now, within the time of the run."""
        if not self._limits.run_seconds:
            return self._limits.pod_seconds
        return min(
            self._limits.pod_seconds,
            max(self._limits.run_seconds - (self._site.clock.monotonic() - self._started), 0.0),
        )

    def _why_stop(self) -> str:
        failures = sum(outcome.outcome == "failed" for outcome in self._done.values())
        if self._site.stop():
            return f"the run stopped: {self._site.stop()}"
        if self._limits.run_seconds and self._site.clock.monotonic() - self._started >= self._limits.run_seconds:
            return f"the run's time of {self._limits.run_seconds:.0f} s was over"
        if failures > self._limits.max_failures:
            return "the run stopped at an earlier failure"
        return ""


def recreate(site: Site, plan: Plan, limits: Limits, spread: Spread = in_threads) -> list[Replacement]:
    """Carry out the plan; one outcome for every step, in order. A plan with refusals must not be handed in."""
    return _Course(site, plan, limits, spread).run()


def predict(site: Site, plan: Plan) -> list[Replacement]:
    """What a run would do, in order, each removal tried with the server's dry run. Changes nothing."""
    return [_predict(site, step) for step in plan.steps]


def _predict(site: Site, step: Step) -> Replacement:
    pod = step.pod
    request = site.api.evict if step.action == REPLACE and site.method == "evict" else site.api.delete
    reason = step.reason
    outcome = "predicted"
    try:
        request(pod.namespace, pod.name, pod.uid, True)
    except ApiError as error:
        if error.status not in (404, 409):
            outcome = "blocked"
            reason = OnePod(site, step, 0.0).explain(error)
    except ConnectionFailed as error:
        outcome, reason = "blocked", str(error)
    return Replacement(
        pod.namespace,
        pod.name,
        pod.uid,
        outcome,
        reason,
        old_version=effective_version(pod) or "",
        workload=step.workload.shown if step.workload.uid else "",
        method=step.action if step.action != REPLACE else site.method,
    )


@dataclass(frozen=True)
class Order:
    """What the user asks for: the pods as they were at the check, and how to go about it."""

    pods: Sequence[Pod]
    policy: Policy
    serial: Sequence[object]
    method: str
    prefixes: tuple[str, ...]
    accepts: Callable[[str], bool]
    limits: Limits
    fresh: bool = False  # the pods are of a scan that was made a moment ago; each is looked at again at its turn anyway


def _present(api: ClusterApi, order: Order) -> tuple[list[Pod], list[Replacement]]:
    """The pods as they are now, and those that are gone; a pod of the same name with another UID is another pod.

    Raises InvalidInput where the list is of another cluster (or of another day): none of its UIDs is there, and a pod
    of the same name would have to be recreated too.
    """
    present, gone, strangers = [], [], []
    for pod in order.pods:
        manifest = api.get(pods_path(pod.namespace, pod.name))
        current = pod_from_manifest(manifest) if manifest is not None else None
        if current is not None and current.uid == pod.uid:
            present.append(current)
            continue
        version = effective_version(current) if current is not None else None
        if version is not None and not order.accepts(version):
            strangers.append(pod)
        why = "the pod with that UID is not there any more"
        gone.append(Replacement(pod.namespace, pod.name, pod.uid, "already_gone", why))
    if strangers and not present:
        raise InvalidInput(
            "pods",
            strangers[0].key,
            f"has another UID on {api.server()} than in the list, as have all {len(gone)} pod(s) of it: the list is old,"
            " or of another cluster",
            "Gather the pods of this cluster again (eci_pod_facts); nothing was touched.",
        )
    return present, gone


def _resume(site: Site, left: Unfinished, seconds: float) -> Replacement:
    """End what an earlier run had begun when it was cut off, before anything else is begun."""
    [step] = steps_for(site.api, [pod_from_record(left.pod)], Policy())
    action = REPLACE if left.manifest is None else RECREATE
    done = OnePod(site, replace(step, action=action), seconds).follow(left)
    site.views.keep(())
    return done


@dataclass(frozen=True)
class Surroundings:
    """Where a run takes place: the cluster, the time, the record, and ``stop``, which says why not to go on.

    ``spread`` carries out the steps of a wave together; the results come in order.
    """

    api: ClusterApi
    clock: Clock
    journal: Journal
    stop: Callable[[], str] = str
    spread: Spread = in_threads


def carry_out(around: Surroundings, order: Order, *, dry_run: bool, limit: int) -> dict[str, Any]:
    """The whole of it: look, plan, refuse or go. Returns the module's result; ``problem`` is set where it failed."""
    api, journal = around.api, around.journal
    nodes = read_nodes(api, order.prefixes)
    site = Site(api, around.clock, journal, nodes, order.prefixes, order.accepts, order.method, around.stop)
    left = [_resume(site, each, order.limits.pod_seconds) for each in journal.unfinished()]
    resumed = [done for done in left if done.outcome != "not_started"]
    present, gone = (list(order.pods), []) if order.fresh else _present(api, order)
    plan = make_plan(steps_for(api, present, order.policy), order.serial)
    problem = refusal_message(plan)
    if problem:
        outcomes = [_not_started(step, "the plan was refused") for step in plan.steps]
    elif dry_run:
        outcomes = predict(site, plan)
    else:
        failed = sum(done.outcome == "failed" for done in resumed)
        limits = replace(order.limits, max_failures=order.limits.max_failures - failed)
        outcomes = recreate(site, plan, limits, around.spread)
    refused = [
        {"namespace": s.pod.namespace, "name": s.pod.name, "uid": s.pod.uid, "reason": s.reason} for s in plan.refused
    ]
    return {
        **as_result([*resumed, *gone, *outcomes], limit),
        "problem": problem or failure_message([*resumed, *outcomes], journal.path),
        "refused": refused[:limit],
        "diff": diff_of(outcomes),
    }


def as_result(outcomes: Sequence[Replacement], limit: int) -> dict[str, Any]:
    """The outcomes as a module result. ``changed`` says whether anything was removed, or would be."""
    counts = Counter(entry.outcome for entry in outcomes)
    return {
        "changed": any(entry.outcome in _CHANGED or entry.removed for entry in outcomes),
        "pods": records(outcomes[:limit]),
        "counts": dict(sorted(counts.items())),
    }


def failure_message(outcomes: Sequence[Replacement], ledger: str) -> str:
    """What went wrong, for the person who has to go on from here; empty where nothing did."""
    failed = [entry for entry in outcomes if entry.outcome == "failed"]
    waiting = [entry for entry in outcomes if entry.outcome == "not_started"]
    if not failed and not waiting:
        return ""
    told = " ".join(f"{entry.namespace}/{entry.name}: {entry.reason.rstrip('.')}." for entry in failed[:5])
    more = f" And {len(failed) - 5} more." if len(failed) > 5 else ""
    rest = f" {len(waiting)} pod(s) were not touched: {waiting[0].reason}." if waiting else ""
    head = (
        f"{len(failed)} of {len(outcomes)} ECI pod(s) could not be recreated." if failed else "The run is not finished."
    )
    return (
        f"{head} {told}{more}{rest} Every step is in {ledger}."
        " When the cause is mended, run again: what is done is not done twice."
    )


def refusal_message(plan: Plan) -> str:
    """Why a plan is not begun; empty where nothing in it is refused."""
    if not plan.refused:
        return ""
    told = "; ".join(f"{step.pod.key}: {step.reason}" for step in plan.refused[:10])
    more = f"; and {len(plan.refused) - 10} more" if len(plan.refused) > 10 else ""
    return (
        f"{len(plan.refused)} ECI pod(s) would not come back if they were deleted, so nothing was touched. {told}{more}."
        " Move or delete them yourself, waive them (exempt), or choose unmanaged: recreate (made again from the saved"
        " manifest) or unmanaged: delete."
    )


def diff_of(outcomes: Sequence[Replacement]) -> dict[str, str]:
    """Platform versions before and after, one pod a line."""
    before = [f"{entry.namespace}/{entry.name}: {entry.old_version}" for entry in outcomes if entry.outcome in _CHANGED]
    after = [
        f"{entry.namespace}/{entry.new_name or entry.name}: {_after(entry)}"
        for entry in outcomes
        if entry.outcome in _CHANGED
    ]
    return {"before": "\n".join([*before, ""]), "after": "\n".join([*after, ""])}


def _after(entry: Replacement) -> str:
    if entry.outcome == "predicted":
        return "recreated" if entry.method in ("evict", "delete", RECREATE) else "deleted"
    return entry.new_version or (f"on node {entry.new_node}" if entry.new_node else entry.outcome)

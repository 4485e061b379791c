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

from ansible_collections.ackops.eci.plugins.module_utils import _plan
from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._gather import virtual_nodes
from ansible_collections.ackops.eci.plugins.module_utils._model import Pod, Replacement, pod_from_manifest, records
from ansible_collections.ackops.eci.plugins.module_utils._paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._plan import Plan, Policy, Step
from ansible_collections.ackops.eci.plugins.module_utils._pod_api import Clock, Journal, Manifest, PodApi
from ansible_collections.ackops.eci.plugins.module_utils._predicates import effective_version
from ansible_collections.ackops.eci.plugins.module_utils._replace import OnePod, Site, steps_for

# In flight at once at the most, however wide a wave: each holds a connection.
MOST_IN_FLIGHT = 50

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


def recreate(site: Site, plan: Plan, limits: Limits) -> list[Replacement]:
    """Carry out the plan; one outcome for every step, in order. A plan with refusals must not be handed in."""
    started = site.clock.monotonic()
    done: list[Replacement] = []

    def why_stop() -> str:
        failures = sum(outcome.outcome == "failed" for outcome in done)
        if failures > limits.max_failures:
            return "the run stopped at an earlier failure"
        if limits.run_seconds and site.clock.monotonic() - started >= limits.run_seconds:
            return f"the run's time of {limits.run_seconds:.0f} s was over"
        return ""

    for wave in plan.waves:
        why = why_stop()
        if why:
            done += [_not_started(step, why) for step in wave]
            continue
        seconds = limits.pod_seconds
        if limits.run_seconds:
            seconds = min(seconds, limits.run_seconds - (site.clock.monotonic() - started))
        done += _wave(site, wave, seconds)
    return done


def _wave(site: Site, wave: Sequence[Step], seconds: float) -> list[Replacement]:
    if len(wave) == 1:
        return [OnePod(site, wave[0], seconds).run()]
    with ThreadPoolExecutor(max_workers=min(len(wave), MOST_IN_FLIGHT)) as pool:
        return list(pool.map(lambda step: OnePod(site, step, seconds).run(), wave))


def predict(site: Site, plan: Plan) -> list[Replacement]:
    """What a run would do, in order, each removal tried with the server's dry run. Changes nothing."""
    return [_predict(site, step) for step in plan.steps]


def _predict(site: Site, step: Step) -> Replacement:
    pod = step.pod
    request = site.api.evict if step.action == _plan.REPLACE and site.method == "evict" else site.api.delete
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
        method=step.action if step.action != _plan.REPLACE else site.method,
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


def _present(api: PodApi, pods: Sequence[Pod]) -> tuple[list[Pod], list[Replacement]]:
    """The pods as they are now, and those that are gone; a pod of the same name with another UID is another pod."""
    present, gone = [], []
    for pod in pods:
        manifest = api.get(pods_path(pod.namespace, pod.name))
        current = pod_from_manifest(manifest) if manifest is not None else None
        if current is not None and current.uid == pod.uid:
            present.append(current)
        else:
            gone.append(
                Replacement(
                    pod.namespace, pod.name, pod.uid, "already_gone", "the pod with that UID is not there any more"
                )
            )
    return present, gone


def _resume(api: PodApi, journal: Journal, uid: str, manifest: Manifest) -> Replacement | None:
    """Make again the pod that an earlier run had deleted when it was killed, or could not create; None if it had not."""
    metadata = manifest["metadata"]
    namespace, name = str(metadata["namespace"]), str(metadata["name"])
    done = Replacement(
        namespace,
        name,
        uid,
        "recreated",
        "an earlier run was cut off after it had deleted the pod",
        method=_plan.RECREATE,
    )
    path = pods_path(namespace, name)
    try:
        existing = api.get(path)
        if existing is not None and existing["metadata"]["uid"] == uid:
            return None
        new = existing or api.create_pod(namespace, manifest)
    except (ApiError, ConnectionFailed) as error:
        return replace(
            done, outcome="failed", reason=f"an earlier run deleted it, and it could not be created again: {error}"
        )
    done = replace(done, new_name=name, new_uid=str(new["metadata"]["uid"]), removed=existing is None)
    journal.write("finished", **vars(done))
    return done


def carry_out(
    api: PodApi, clock: Clock, journal: Journal, order: Order, *, dry_run: bool, limit: int
) -> dict[str, Any]:
    """The whole of it: look, plan, refuse or go. Returns the module's result; ``problem`` is set where it failed."""
    left = [_resume(api, journal, uid, manifest) for uid, manifest in journal.unfinished()]
    resumed = [done for done in left if done is not None]
    present, gone = _present(api, order.pods)
    plan = _plan.make_plan(steps_for(api, present, order.policy), order.serial)
    site = Site(
        api, clock, journal, set(virtual_nodes(api, order.prefixes)), order.prefixes, order.accepts, order.method
    )
    problem = refusal_message(plan)
    if problem:
        outcomes = [_not_started(step, "the plan was refused") for step in plan.steps]
    elif dry_run:
        outcomes = predict(site, plan)
    else:
        outcomes = recreate(site, plan, order.limits)
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
    waiting = sum(entry.outcome == "not_started" for entry in outcomes)
    if not failed and not waiting:
        return ""
    told = " ".join(f"{entry.namespace}/{entry.name}: {entry.reason}." for entry in failed[:5])
    more = f" And {len(failed) - 5} more." if len(failed) > 5 else ""
    rest = f" {waiting} pod(s) were not touched." if waiting else ""
    return (
        f"{len(failed)} of {len(outcomes)} ECI pod(s) could not be recreated. {told}{more}{rest} Every step is in {ledger}."
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
        return "recreated" if entry.method in ("evict", "delete", _plan.RECREATE) else "deleted"
    return entry.new_version or (f"on node {entry.new_node}" if entry.new_node else entry.outcome)

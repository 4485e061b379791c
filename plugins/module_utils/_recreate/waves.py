# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan's waves, one after another, within a failure budget and a deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import PodRecreation
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Recreation
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Plan, Step, limit_of, next_wave, without
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version

# In flight at once at the most, however wide a wave: each holds a connection.
MOST_IN_FLIGHT = 50

Spread = Callable[[Callable[[Step], Recreation], Sequence[Step]], "list[Recreation]"]


@dataclass(frozen=True)
class Limits:
    """``pod_seconds`` for each pod, ``run_seconds`` for all (0: none), and how many may fail before the run stops."""

    pod_seconds: float = 900.0
    run_seconds: float = 0.0
    max_failures: int = 0


def not_started(step: Step, why: str) -> Recreation:
    """The outcome of a step that was not begun."""
    pod = step.pod
    return Recreation(
        pod.namespace,
        pod.name,
        pod.uid,
        "not_started",
        why,
        old_version=effective_version(pod) or "",
        workload=step.workload.shown if step.workload.uid else "",
        method=step.action.value,
    )


def in_threads(work: Callable[[Step], Recreation], wave: Sequence[Step]) -> list[Recreation]:
    """The steps of a wave together, each in a thread."""
    if len(wave) == 1:
        return [work(wave[0])]
    with ThreadPoolExecutor(max_workers=min(len(wave), MOST_IN_FLIGHT)) as pool:
        return list(pool.map(work, wave))


class Waves:
    """The run of one plan: what is left, what is done, which workloads are put off, and why to stop."""

    def __init__(self, context: RunContext, plan: Plan, limits: Limits, spread: Spread) -> None:
        self._context = context
        self._spread = spread
        self._limits = limits
        self._sizes = plan.limits
        self._order = plan.steps
        self._left = list(plan.steps)
        self._put_off: set[str] = set()
        self._progress = False  # whether anything was begun since the last look at those that were put off
        self._done: dict[str, Recreation] = {}
        self._started = context.clock.monotonic()
        self._waves = 0

    def run(self) -> list[Recreation]:
        """Go through the plan; one outcome for every step, in its order."""
        while self._left and not self._why_stop():
            self._one_wave()
        why = self._why_stop()
        outcomes = [self._done.get(step.pod.uid) or not_started(step, why) for step in self._order]
        self._context.views.keep(())
        if why:
            self._context.journal.write("stopped", reason=why, not_started=len(self._left))
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

        def one(step: Step) -> Recreation:
            return PodRecreation(self._context, step, seconds, may_put_off=may_put_off).run()

        for step, outcome in zip(wave, self._spread(one, wave)):
            if outcome.outcome == "deferred":
                self._put_off.add(step.group)
            else:
                self._done[step.pod.uid] = outcome
                finished.append(step)
        self._left = without(self._left, finished)
        self._context.views.keep({step.group for step in self._left})
        # A wave in which nothing was begun does not count: the waves that grow are to grow on successes.
        self._waves += bool(finished)
        self._progress = self._progress or bool(finished)

    def _seconds(self) -> float:
        """What one pod may take now, within the time of the run."""
        if not self._limits.run_seconds:
            return self._limits.pod_seconds
        return min(
            self._limits.pod_seconds,
            max(self._limits.run_seconds - (self._context.clock.monotonic() - self._started), 0.0),
        )

    def _why_stop(self) -> str:
        failures = sum(outcome.outcome == "failed" for outcome in self._done.values())
        if self._context.stop():
            return f"the run stopped: {self._context.stop()}"
        if self._limits.run_seconds and self._context.clock.monotonic() - self._started >= self._limits.run_seconds:
            return f"the run's time of {self._limits.run_seconds:.0f} s was over"
        if failures > self._limits.max_failures:
            return "the run stopped at an earlier failure"
        return ""

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a plan, as many on their way at once as may be; what cannot go is set aside and looked at again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Protocol

from ansible_collections.ackops.eci.plugins.module_utils._recreate.context import RunContext
from ansible_collections.ackops.eci.plugins.module_utils._recreate.outcome import method_of, outcome_of, told_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import LOOK_SECONDS
from ansible_collections.ackops.eci.plugins.module_utils._recreate.pod import PodRecreation, pod_set_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.restart import WorkloadRestart
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Recreation
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan, Step, next_step
from ansible_collections.ackops.eci.plugins.module_utils._rules.serial import slots

# In flight at once at the most, however wide a wave: each holds a connection.
MOST_IN_FLIGHT = 50
# What was set aside is looked at again after so long, twice as long each time, but no sooner than the first after
# something has changed.
FIRST_LOOK_SECONDS = 2.0
LAST_LOOK_SECONDS = 30.0

Work = Callable[[], "Ended"]


@dataclass(frozen=True)
class Limits:
    """``pod_seconds`` for each pod, ``run_seconds`` for all (0: none), and how many may fail before no other is removed.

    ``pod_seconds`` is also how long, in all, the run waits for pods that were set aside when nothing else is left.
    """

    pod_seconds: float = 900.0
    run_seconds: float = 0.0
    max_failures: int = 0


@dataclass(frozen=True)
class Ended:
    """The steps that were begun together and how each of them ended; ``lasting``: they need not be looked at again."""

    steps: Sequence[Step]
    outcomes: Sequence[Recreation]
    lasting: bool = False


class Pool(Protocol):
    """Carries out work side by side."""

    def submit(self, work: Work) -> None:
        """Begin a piece of work."""

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, as soon as something has; nothing after so many seconds."""


class ThreadPool:
    """The port ``Pool``, on threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_IN_FLIGHT)
        self._going: set[Future[Ended]] = set()

    def submit(self, work: Work) -> None:
        """Begin a piece of work."""
        self._going.add(self._threads.submit(work))

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended."""
        if not self._going:
            time.sleep(seconds)
            return []
        done, self._going = wait(self._going, timeout=seconds, return_when=FIRST_COMPLETED)
        return [future.result() for future in done]


@dataclass
class _Aside:
    """A group of steps that cannot go now: how its first one was set aside, when it is looked at again, after which pause."""

    outcome: Recreation
    again_at: float
    pause: float
    looked_at: float


class Waves:
    """The run of one plan: what is left, what is on its way, what is set aside, what is done, and why to stop."""

    def __init__(self, context: RunContext, plan: Plan, limits: Limits, pool: Pool) -> None:
        self._context = context
        self._plan = plan
        self._limits = limits
        self._pool = pool
        self._left = list(plan.steps)
        self._place = {step.pod.uid: number for number, step in enumerate(plan.steps)}
        self._busy: dict[str, int] = {}
        self._aside: dict[str, _Aside] = {}
        self._done: dict[str, Recreation] = {}
        self._succeeded = 0
        self._started = context.clock.monotonic()
        self._idle = 0.0  # seconds for which nothing was on its way

    def run(self) -> list[Recreation]:
        """Go through the plan; one outcome for every step, in its order."""
        hold = self._context.waiting.begin("hold", self._limits.pod_seconds)
        while True:
            self._begin_more()
            hold.because(self._context.hold())
            if not self._busy and (not self._left or self._why_stop()):
                break
            self._wait()
        hold.end()
        why = self._why_stop()
        outcomes = [self._done.get(step.pod.uid) or self._not_done(step, why) for step in self._plan.steps]
        self._context.views.keep(())
        if why:
            self._context.journal.write("stopped", reason=why, not_started=len(self._left))
        return outcomes

    def _not_done(self, step: Step, why: str) -> Recreation:
        aside = self._aside.get(step.group)
        method = method_of(step, self._context.method)
        if aside is None:
            return outcome_of(step, "not_started", why, method=method)
        if self._context.stop():  # with more time it might have gone
            return outcome_of(
                step, "not_started", f"{why}; it had been set aside: {aside.outcome.reason}", method=method
            )
        return outcome_of(step, "set_aside", aside.outcome.reason, aside.outcome.remedy, method=method)

    # -- beginning -----------------------------------------------------------------------------------------------

    def _begin_more(self) -> None:
        now = self._context.clock.monotonic()
        while not self._why_stop() and not self._context.hold():
            if sum(self._busy.values()) >= min(slots(self._plan.limits, self._succeeded), MOST_IN_FLIGHT):
                return
            closed = {group for group, aside in self._aside.items() if aside.again_at > now}
            step = next_step(self._left, self._busy, closed)
            if step is None:
                return
            self._begin(step)

    def _begin(self, step: Step) -> None:
        together = [step]
        if step.action == Action.ROLL:
            together = [one for one in self._left if one.group == step.group]
        begun = {one.pod.uid for one in together}
        self._left = [one for one in self._left if one.pod.uid not in begun]
        self._busy[step.group] = self._busy.get(step.group, 0) + 1
        seconds, again = self._seconds(), step.group in self._aside

        def work() -> Ended:
            if step.action == Action.ROLL:
                restart = WorkloadRestart(self._context, together, seconds)
                return Ended(together, restart.run(), restart.lasting)
            recreation = PodRecreation(self._context, step, seconds, again=again)
            return Ended(together, [recreation.run()], recreation.lasting)

        self._pool.submit(work)

    def _seconds(self) -> float:
        """What one pod may take now, within the time of the run."""
        if not self._limits.run_seconds:
            return self._limits.pod_seconds
        return min(self._limits.pod_seconds, max(self._limits.run_seconds - self._elapsed, 0.0))

    @property
    def _elapsed(self) -> float:
        return self._context.clock.monotonic() - self._started

    # -- ending --------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        before = self._context.clock.monotonic()
        idle = not self._busy
        due = min((aside.again_at for aside in self._aside.values()), default=before + LOOK_SECONDS)
        seconds = max(min(due - before, LOOK_SECONDS), 0.1)
        for ended in self._pool.wait(seconds):
            self._end(ended)
        if idle:
            self._idle += self._context.clock.monotonic() - before
            self._context.waiting.idle(self._idle)

    def _end(self, ended: Ended) -> None:
        group = ended.steps[0].group
        self._busy[group] -= 1
        if not self._busy[group]:
            del self._busy[group]
        touched = False
        for step, outcome in zip(ended.steps, ended.outcomes):
            if outcome.outcome == "set_aside" and not ended.lasting and not outcome.removed:
                self._set_aside(step, outcome)
                continue
            self._done[step.pod.uid] = outcome
            self._succeeded += outcome.outcome != "failed"
            touched = touched or outcome.removed
        if touched:
            self._aside.pop(group, None)
            self._look_again()
        self._tell_aside(group)
        self._context.views.keep({pod_set_of(step) for step in self._left})

    def _set_aside(self, step: Step, outcome: Recreation) -> None:
        """Put the step back in its place; its group is looked at again later."""
        before, now = self._aside.get(step.group), self._context.clock.monotonic()
        pause = min(before.pause * 2, LAST_LOOK_SECONDS) if before else FIRST_LOOK_SECONDS
        if before is None or before.outcome.reason != outcome.reason:
            self._context.journal.write("set_aside", **vars(outcome))
        self._aside[step.group] = _Aside(outcome, now + pause, pause, now)
        self._left = sorted([*self._left, step], key=lambda one: self._place[one.pod.uid])

    def _tell_aside(self, group: str) -> None:
        """Have it told what keeps the pods of a group, for as long as they are set aside."""
        key, aside = f"aside:{group}", self._aside.get(group)
        together = [step for step in self._left if step.group == group]
        if aside is None or not (together or self._busy.get(group)):
            self._context.waiting.end(key)
        elif together:
            seconds = self._limits.pod_seconds
            self._context.waiting.aside(
                key, seconds, aside.outcome.reason, **told_of(together[0]), pods=len(together),
                workload=aside.outcome.workload,
            )  # fmt: skip

    def _look_again(self) -> None:
        """Something has changed: what was set aside may go now."""
        for group, aside in self._aside.items():
            soon = max(aside.looked_at + FIRST_LOOK_SECONDS, self._context.clock.monotonic())
            self._aside[group] = replace(aside, again_at=min(aside.again_at, soon))

    def _why_stop(self) -> str:
        failures = sum(outcome.outcome == "failed" for outcome in self._done.values())
        if self._context.stop():
            return f"the run stopped: {self._context.stop()}"
        if self._limits.run_seconds and self._elapsed >= self._limits.run_seconds:
            return f"the run's time of {self._limits.run_seconds:.0f} s was over"
        if failures > self._limits.max_failures:
            return "the run stopped because a pod that was removed did not come back"
        if self._idle >= self._limits.pod_seconds:
            return self._context.hold() or f"nothing else could be done for {self._limits.pod_seconds:.0f} s"
        return ""

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a step is told: to whoever follows the run, and as the outcome that is in its result."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, Recreation
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import effective_version


def told_of(step: Step) -> dict[str, str]:
    """How a pod is named to whoever follows the run."""
    pod = step.pod
    return {
        "namespace": pod.namespace,
        "name": pod.name,
        "uid": pod.uid,
        "old_version": effective_version(pod) or "",
    }


def method_of(step: Step, method: str) -> str:
    """How the pod goes, in one word: evict or delete where its controller replaces it."""
    return method if step.action == Action.BY_CONTROLLER else step.action.value


def outcome_of(step: Step, outcome: str, reason: str, remedy: str = "", method: str = "") -> Recreation:
    """How a step ended, in the words of Recreation, without times; ``method`` is that of the step where it is not given."""
    pod = step.pod
    return Recreation(
        pod.namespace,
        pod.name,
        pod.uid,
        outcome,
        reason,
        remedy,
        old_version=effective_version(pod) or "",
        workload=step.workload.shown if step.workload.uid else "",
        method=method or step.action.value,
    )


def with_new(done: Recreation, new: Pod | None, version: str) -> Recreation:
    """The same with the pod that came in the place of the old one, if any, and the platform version that it runs on."""
    if new is None:
        return done
    return replace(done, new_name=new.name, new_uid=new.uid, new_node=new.node, new_version=version)

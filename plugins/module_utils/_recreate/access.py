# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights that a plan needs, asked for before anything is touched: a pod must not be removed and then not be waited for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._kube import rights
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._kube.rights import Right
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action, Plan, Step
from ansible_collections.ackops.eci.plugins.module_utils._rules.restart import DELETE


def with_rights(api: ClusterApi, plan: Plan, method: str) -> Plan:
    """The plan, with the steps set aside for which a right is missing in their namespace.

    ``method`` is evict or delete. Raises EciError where a right is missing that the whole run needs.
    """
    if not plan.steps:
        return plan
    needed: dict[str, set[Right]] = {}
    for step in plan.steps:
        needed.setdefault(step.pod.namespace, set()).update(_ways(step, method))
    by_namespace = {namespace: rights.in_namespace(namespace, sorted(ways)) for namespace, ways in needed.items()}
    asked = [*rights.OF_THE_RUN, *(right for listed in by_namespace.values() for right in listed)]
    lacking = set(rights.missing(api, asked))
    of_the_run = [right for right in rights.OF_THE_RUN if right in lacking]
    if of_the_run:
        raise EciError(rights.refusal(of_the_run))
    set_aside = []
    for step in plan.steps:
        needs = rights.in_namespace(step.pod.namespace, sorted(_ways(step, method)))
        missing = [right for right in needs if right in lacking]
        if missing:
            set_aside.append(replace(step, reason=f"the user {rights.named(missing)}", remedy=rights.REMEDY))
    uids = {step.pod.uid for step in set_aside}
    steps = [step for step in plan.steps if step.pod.uid not in uids]
    return replace(plan, steps=steps, refused=[*plan.refused, *set_aside])


def _ways(step: Step, method: str) -> Iterable[Right]:
    """The rights that one step needs beyond looking."""
    if step.action == Action.ROLL:
        return [rights.to_patch(step.workload.path)]
    deleted = step.action in (Action.CLEAR, Action.AWAIT_JOB) or method == DELETE
    remove = rights.DELETE if deleted else rights.EVICT
    return [remove, rights.CREATE] if step.action == Action.FROM_MANIFEST else [remove]

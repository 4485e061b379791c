# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the server to remove one pod, by its UID, and what it answers."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import (
    NotNow,
    Patience,
    is_budget,
    is_transient,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, pod_from_manifest
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import budget_covers
from ansible_collections.ackops.eci.plugins.module_utils._text import plain

EVICT, DELETE = "evict", "delete"
# So often a server in trouble (500, or a conflict) is asked about one pod before others are asked about.
MOST_TRIES = 5
BUDGET_REMEDY = (
    "Give the budget room (more Ready pods, or a smaller minAvailable), or choose method: restart, the new pod first."
)


class Removal:
    """The removal of one pod; ``how`` is evict, so that its budgets are asked, or delete."""

    def __init__(self, api: ClusterApi, pod: Pod, how: str) -> None:
        self._api = api
        self._pod = pod
        self.how = how
        self._tries = 0

    def request(self, patience: Patience) -> None:
        """Have the pod removed. Raises NotNow where the server refuses, and Stopped."""
        self._tries = 0
        while not self._asked(patience):
            self._tries += 1
            patience.back_off()

    def try_out(self) -> None:
        """Ask by the server's dry run. Raises NotNow where it would refuse; a pod that is gone is no refusal."""
        try:
            self._send(dry_run=True)
        except ApiError as error:
            if error.status not in (404, 409):
                raise self._refused(error) from error
        except ConnectionFailed as error:
            raise NotNow(error.message, error.remedy) from error

    def _send(self, dry_run: bool = False) -> None:
        request: Callable[[str, str, str, bool], None] = self._api.evict if self.how == EVICT else self._api.delete
        request(self._pod.namespace, self._pod.name, self._pod.uid, dry_run)

    def _asked(self, patience: Patience) -> bool:
        try:
            self._send()
        except ApiError as error:
            if error.status == 404:
                return True
            if (
                error.status == 409
            ):  # the UID is another's, or the pod changed under the request: look, never go by name
                path = pods_path(self._pod.namespace, self._pod.name)
                found = patience.retry(lambda: self._api.get(path))
                if found is None or pod_from_manifest(found).uid != self._pod.uid:
                    return True
            elif is_budget(error) or not is_transient(error):
                raise self._refused(error) from error
            patience.note_retry_after(error)
            if patience.used_up or (error.status != 429 and self._tries >= MOST_TRIES):
                raise self._refused(error) from error
            return False
        except ConnectionFailed as error:
            patience.note(error.message)
            if patience.used_up:
                raise NotNow(error.message, error.remedy) from error
            return False
        patience.note("")
        return True

    def _refused(self, error: ApiError) -> NotNow:
        """The refusal in words: the budgets by name where budgets are the cause."""
        told = "; ".join(str(cause.get("message")) for cause in error.causes) if is_budget(error) else ""
        if not told and "PodDisruptionBudget" not in error.message:
            remedy = error.remedy or "Find out who refuses it (an admission webhook, a policy), and let the pod go."
            return NotNow(error.message, remedy)
        names = self._budgets()
        budgets = f" (PodDisruptionBudgets of this pod: {', '.join(names)})" if names else ""
        several = "more than one PodDisruptionBudget" in error.message
        remedy = "Leave one budget for each pod, or choose method: restart." if several else BUDGET_REMEDY
        return NotNow(f"{plain(told) if told else error.message}{budgets}", remedy)

    def _budgets(self) -> list[str]:
        """The names of the budgets that cover the pod, for messages."""
        try:
            entries = self._api.budgets(self._pod.namespace)
        except (ApiError, ConnectionFailed):
            return []
        return [str(entry["metadata"]["name"]) for entry in entries if budget_covers(entry, self._pod.labels)]

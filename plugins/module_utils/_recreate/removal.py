# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the server to remove one pod, by its UID, and what it answers."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import (
    CannotRecreate,
    Patience,
    is_budget,
    is_transient,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, pod_from_manifest
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import budget_covers
from ansible_collections.ackops.eci.plugins.module_utils._text import plain

EVICT, DELETE = "evict", "delete"


class Removal:
    """The removal of one pod; ``how`` is evict, so that its budgets are asked, or delete."""

    def __init__(self, api: ClusterApi, pod: Pod, how: str) -> None:
        self._api = api
        self._pod = pod
        self.how = how

    def request(self, patience: Patience) -> None:
        """Ask again and again while the server says 'not now'. Raises CannotRecreate."""
        while not self._asked(patience):
            patience.back_off()

    def refusal(self) -> str:
        """Why the server would refuse, by its dry run; empty where it would not, or the pod is gone."""
        try:
            self._send(dry_run=True)
        except ApiError as error:
            return "" if error.status in (404, 409) else self.explain(error)
        except ConnectionFailed as error:
            return str(error)
        return ""

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
                return found is None or pod_from_manifest(found).uid != self._pod.uid
            if not is_transient(error):
                raise CannotRecreate(self.explain(error)) from error
            patience.note_retry_after(error)
            if patience.used_up:
                raise CannotRecreate(
                    f"it could not be removed within {patience.timeout:.0f} s: {self.explain(error)}"
                ) from error
            return False
        except ConnectionFailed as error:
            if patience.used_up:
                raise CannotRecreate(str(error)) from error
            return False
        return True

    def explain(self, error: ApiError) -> str:
        """The refusal in words: the budgets by name where budgets are the cause."""
        told = "; ".join(str(cause.get("message")) for cause in error.causes) if is_budget(error) else ""
        if not told and "PodDisruptionBudget" not in error.message and error.status != 429:
            return str(error)
        names = self._budgets()
        budgets = f" (PodDisruptionBudgets of this pod: {', '.join(names)})" if names else ""
        return f"{plain(told) if told else error.message}{budgets}"

    def _budgets(self) -> list[str]:
        """The names of the budgets that cover the pod, for messages."""
        try:
            entries = self._api.budgets(self._pod.namespace)
        except (ApiError, ConnectionFailed):
            return []
        return [str(entry["metadata"]["name"]) for entry in entries if budget_covers(entry, self._pod.labels)]

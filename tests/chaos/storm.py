# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A storm: rollouts, scaling, deletions, budgets that become impossible, and an API server that is killed. The same for the same seed.

Pods without a controller are left alone: one that somebody deletes while a run brings it back shuts the gate, as it must.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from tests.chaos.scene import SPACE, Scene
from tests.cluster import workloads as w
from tests.cluster.api import ApiError

PAUSE_SECONDS = 0.7
# The API server is killed each time that so many things have happened.
KILL_EVERY = 25


class Storm:
    """``count`` things happen, one after the other, while the ``with`` block is at work and, if need be, after it."""

    def __init__(self, scene: Scene, seed: int, count: int) -> None:
        self._scene = scene
        self._random = random.Random(seed)  # noqa: S311 (repeatable, no secret)
        self._count = count
        self.happened: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._blow, daemon=True)

    @contextlib.contextmanager
    def blowing(self) -> Iterator[None]:
        """While it blows."""
        self._thread.start()
        try:
            yield
        finally:
            self._thread.join()

    def _blow(self) -> None:
        ways: dict[str, Callable[[str, int], None]] = {
            "rolled": self._roll, "scaled": self._scale, "pod deleted": self._delete, "budget impossible": self._budget,
        }  # fmt: skip
        for number in range(1, self._count + 1):
            # All is drawn whatever comes of it, so that the same seed is the same storm.
            (what,) = self._random.choices(list(ways), weights=(4, 4, 6, 2))
            target, amount = self._random.choice(self._scene.apps), self._random.randrange(1000)
            with contextlib.suppress(ApiError, OSError):
                ways[what](target, amount)
            self.happened[what] += 1
            if number % KILL_EVERY == 0:
                self._scene.cluster.apiserver.kill()
                time.sleep(1.0)
                self._scene.cluster.apiserver.start()
                self.happened["API server killed"] += 1
            time.sleep(PAUSE_SECONDS)
        self._calm()

    def _roll(self, app: str, amount: int) -> None:
        template = {"metadata": {"annotations": {"example.org/release": str(amount)}}}
        self._scene.cluster.api.patch(w.path_of("Deployment", SPACE, app), {"spec": {"template": template}})

    def _scale(self, app: str, amount: int) -> None:
        replicas = self._scene.replicas // 2 + amount % self._scene.replicas
        self._scene.cluster.api.patch(w.path_of("Deployment", SPACE, app), {"spec": {"replicas": replicas}})

    def _delete(self, app: str, amount: int) -> None:
        pods = w.pods_of(self._scene.cluster.api, SPACE, app)
        if pods:
            name = pods[amount % len(pods)]["metadata"]["name"]
            self._scene.cluster.api.request("DELETE", w.path_of("Pod", SPACE, name))

    def _budget(self, app: str, _amount: int) -> None:
        """As scaling does to a budget in numbers: no pod may go any more."""
        budget = w.budget(SPACE, app, app, min_available="100%")
        path = w.path_of("PodDisruptionBudget", SPACE, app)
        with contextlib.suppress(ApiError):
            w.apply(self._scene.cluster.api, budget)
        self._scene.cluster.api.patch(path, {"spec": {"minAvailable": "100%"}})

    def _calm(self) -> None:
        """The budgets may be met again."""
        api = self._scene.cluster.api
        for budget in api.list(w.path_of("PodDisruptionBudget", SPACE)):
            api.patch(
                w.path_of("PodDisruptionBudget", SPACE, budget["metadata"]["name"]), {"spec": {"minAvailable": "50%"}}
            )

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet of the demonstration and of its test: four control planes at 1.24, three of them with a trouble of their own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import urllib3
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.api import ApiError
from tests.cluster.certificates import write_private
from tests.demo.fleet_api import FleetApi

# In the order of the inventory, two to a wave.
CLUSTERS = {
    "bare": "has a pod that nothing recreates, so that its gate stays shut",
    "clean": "has nothing that stands in the way",
    "budget": "has a PodDisruptionBudget that leaves no room",
    "outage": "loses its API server while its pods are being recreated",
}
# How long a pod may take: where it is known to be blocked there is no use in waiting.
POD_TIMEOUT = "{'budget': 5, 'outage': 25}.get(kubeconfig_context, 90)"
NAMESPACE = "shop"
OLD = "1.0.0"
VARIABLES: dict[str, Any] = {
    "eci_preflight_target_version": "1.26",
    "eci_fleet_upgrade_serial": 2,
    "eci_fleet_upgrade_tasks_file": str(Path(__file__).with_name("upgrade.yml")),
}


class FleetScene:
    """The clusters, the stand-in for the cloud's API, and the troubles with their repair."""

    def __init__(self, tell: Callable[[str], object] = lambda _text: None) -> None:
        self._stack = contextlib.ExitStack()
        self._tell = tell
        self.clusters: dict[str, ControlPlane] = {}
        self.aged: dict[str, set[str]] = {}
        self._watcher: threading.Thread | None = None
        self._ended = threading.Event()

    def __enter__(self) -> FleetScene:
        with contextlib.ExitStack() as started:
            for name, about in CLUSTERS.items():
                self._tell(f"starting the control plane of {name}, which {about}")
                cluster = started.enter_context(ControlPlane.start("1.24", name=f"fleet-{name}"))
                self.clusters[name] = cluster
                self.aged[name] = _populate(name, cluster)
            self.api = started.enter_context(FleetApi(self.clusters))
            self._stack = started.pop_all()
        self.directory = self.clusters["clean"].directory
        self.inventory = self._inventory()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._watcher:
            self._watcher.join()
        self._stack.close()

    def _inventory(self) -> Path:
        """A kubeconfig for each cluster and an inventory source over all of them."""
        for name, cluster in self.clusters.items():
            document = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
            document["contexts"][0]["name"] = document["current-context"] = name
            write_private(self.directory / f"{name}.conf", yaml.safe_dump(document))
        source = self.directory / "fleet.kubeconfig.yml"
        plugin = {
            "plugin": "ackops.eci.kubeconfig",
            "kubeconfigs": [f"{name}.conf" for name in self.clusters],
            "compose": {"eci_preflight_pod_timeout": POD_TIMEOUT},
        }
        source.write_text(yaml.safe_dump(plugin), encoding="utf-8")
        return source

    def variables(self) -> dict[str, Any]:
        """What a user would put into a file of variables."""
        report = str(self.directory / "report.json")
        return {**VARIABLES, "fleet_api": self.api.url, "eci_fleet_upgrade_report": report}

    # -- the outage ------------------------------------------------------------------------------------------------

    def await_outage(self) -> None:
        """Kill the API server of ``outage`` as soon as the first of its pods is replaced."""
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def _watch(self) -> None:
        cluster = self.clusters["outage"]
        while not self._ended.wait(0.05):
            with contextlib.suppress(ApiError, urllib3.exceptions.HTTPError):
                pods = w.pods_of(cluster.api, NAMESPACE)
                if any(w.is_ready(pod) and pod["metadata"]["uid"] not in self.aged["outage"] for pod in pods):
                    cluster.apiserver.kill()
                    return

    def end_outage(self) -> None:
        """Start the control plane again (what still runs of it would only slowly try again), and wait for the pods."""
        cluster = self.clusters["outage"]
        cluster.upgrade("1.24")
        cluster.wait_ready_nodes()
        w.wait_ready(cluster.api, NAMESPACE, "web", 3, seconds=120)

    def repair(self) -> None:
        """Do what the report asks for: take the bare pod and the budget away."""
        bare, budget = (self.clusters[name].api for name in ("bare", "budget"))
        bare.request("DELETE", w.path_of("Pod", NAMESPACE, "lonely"), {"gracePeriodSeconds": 0})
        budget.request("DELETE", w.path_of("PodDisruptionBudget", NAMESPACE, "web"))

    # -- what is to be seen ------------------------------------------------------------------------------------------

    def versions(self) -> dict[str, str]:
        """What each API server says of itself, as a minor version."""
        told = {name: cluster.api.request("GET", "/version") for name, cluster in self.clusters.items()}
        return {name: f"{answer['major']}.{answer['minor']}" for name, answer in told.items()}

    def pods(self, name: str) -> dict[str, str]:
        """The platform versions of a cluster's pods, by UID."""
        found = w.pods_of(self.clusters[name].api, NAMESPACE)
        annotations = {pod["metadata"]["uid"]: pod["metadata"].get("annotations") or {} for pod in found}
        return {uid: str(entries.get(w.PLATFORM_VERSION)) for uid, entries in annotations.items()}


def _populate(name: str, cluster: ControlPlane) -> set[str]:
    """Old ECI pods, and the cluster's trouble; the UIDs of the pods."""
    api = cluster.api
    slow = {"test.ackops/ready-delay": "1s"} if name == "outage" else {}
    w.apply(api, w.workload("Deployment", NAMESPACE, "web", replicas=3, annotations=slow))
    pods = w.wait_ready(api, NAMESPACE, "web", 3)
    if name == "clean":
        w.apply(api, w.workload("StatefulSet", NAMESPACE, "db", replicas=2, podManagementPolicy="Parallel"))
        pods += w.wait_ready(api, NAMESPACE, "db", 2)
    if name == "bare":
        w.apply(api, w.bare_pod(NAMESPACE, "lonely"))
        pods += w.wait_ready(api, NAMESPACE, "lonely", 1)
    if name == "budget":
        w.apply(api, w.budget(NAMESPACE, "web", "web", min_available=3))
    w.age(api, pods, OLD)
    return {pod["metadata"]["uid"] for pod in pods}

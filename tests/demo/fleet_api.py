# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cloud offers for upgrading its clusters, for control planes on this machine: ask for an upgrade, ask how it stands.

``POST /clusters/NAME/upgrade`` with ``{"version": "1.26"}`` answers 202; ``GET /clusters/NAME`` tells state
(``running``, ``updating``, ``failed``) and version. The upgrade is real: the old scheduler, controller-manager and API
server are stopped, and those of the new version started on the same etcd.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.cluster import ControlPlane
from tests.cluster.errors import ClusterError


class FleetApi:
    """Serves at ``url``. One upgrade at a time: a small machine has no room for more."""

    def __init__(self, clusters: Mapping[str, ControlPlane]) -> None:
        self.clusters = clusters
        self.states = dict.fromkeys(clusters, "running")
        self._one = threading.Lock()
        self._workers: list[threading.Thread] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fleet": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FleetApi:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        for worker in self._workers:
            worker.join()

    def begin(self, name: str, version: str) -> None:
        """Begin an upgrade, and go on at once."""
        self.states[name] = "updating"
        worker = threading.Thread(target=self._upgrade, args=(name, version))
        self._workers.append(worker)
        worker.start()

    def _upgrade(self, name: str, version: str) -> None:
        try:
            with self._one:
                self.clusters[name].upgrade(version)
                self.clusters[name].wait_ready_nodes()
        except ClusterError:
            self.states[name] = "failed"
        else:
            self.states[name] = "running"


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    fleet: FleetApi

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _name(self) -> str:
        name = self.path.split("/")[2] if self.path.startswith("/clusters/") else ""
        return name if name in self.fleet.clusters else ""

    def do_GET(self) -> None:
        """How a cluster stands."""
        if name := self._name():
            self._answer(200, {"state": self.fleet.states[name], "version": self.fleet.clusters[name].version})
        else:
            self._answer(404, {"error": "no such cluster"})

    def do_POST(self) -> None:
        """Begin an upgrade."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = self._name()
        if not name or not self.path.endswith("/upgrade"):
            self._answer(404, {"error": "no such cluster"})
        elif self.fleet.states[name] == "updating":
            self._answer(409, {"error": "an upgrade is under way"})
        else:
            self.fleet.begin(name, str(body["version"]))
            self._answer(202, {"state": "updating"})

    def log_message(self, *_arguments: object) -> None:
        """Say nothing; the playbook does."""

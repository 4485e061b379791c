# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A validating admission webhook, as clusters have them: it may take its time, and it may say no."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.cluster.api import ApiError
from tests.cluster.control_plane import ControlPlane
from tests.cluster.workloads import wait_for

PATH = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
Request = dict[str, Any]


class Webhook:
    """Asked before what it is registered for happens in its namespace. Use it in a ``with``.

    ``answer`` is called with the admission request, in a thread of its own; it returns '' to allow, or why not.
    Without ``dry_runs`` it lets a dry run through: what it thinks of the real request shows only then.
    """

    def __init__(
        self,
        cluster: ControlPlane,
        namespace: str,
        resources: Sequence[str],
        answer: Callable[[Request], str],
        groups: Sequence[str] = ("",),
        operations: Sequence[str] = ("CREATE",),
        *,
        dry_runs: bool = True,
        code: int = 403,
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._resources = list(resources)
        self._answer = answer
        self._groups = sorted({"", *groups})
        self._operations = sorted({"CREATE", *operations})
        self._dry_runs = dry_runs
        self._code = code
        self._known = threading.Event()
        self.asked = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cluster.directory / "pki" / "server.crt", cluster.directory / "pki" / "server.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.name = f"test-{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            """Answers AdmissionReviews."""

            def do_POST(self) -> None:
                """One review."""
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
                why = hook.review(request)
                response = {"uid": request["uid"], "allowed": not why, "status": {"message": why, "code": hook._code}}
                kind = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
                body = json.dumps({**kind, "response": response}).encode()
                with contextlib.suppress(OSError):  # whoever asked may have given up
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (its name in the base class)
                """Nothing to the terminal."""

        return Handler

    def review(self, request: Request) -> str:
        """Why not; the probe by which we learn that the API server knows the webhook is let through."""
        if request["name"] == self.name:
            self._known.set()
            return ""
        if request.get("dryRun") and not self._dry_runs:
            return ""
        self.asked.set()
        return self._answer(request)

    def _register(self) -> None:
        bundle = base64.b64encode(self._cluster.ca_file.read_bytes()).decode()
        port = self._server.server_port
        hook = {
            "name": "test.ackops.example",
            "clientConfig": {"url": f"https://127.0.0.1:{port}/", "caBundle": bundle},
            "rules": [
                {
                    "apiGroups": self._groups,
                    "apiVersions": ["v1"],
                    "operations": self._operations,
                    "resources": [*self._resources, "configmaps"],
                }
            ],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self._namespace}},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 30,
            "failurePolicy": "Fail",
        }
        self._cluster.api.request("POST", PATH, {"metadata": {"name": self.name}, "webhooks": [hook]})

    def _is_known(self) -> bool:
        probe = {"metadata": {"name": self.name}}
        with contextlib.suppress(ApiError):
            path = f"/api/v1/namespaces/{self._namespace}/configmaps"
            self._cluster.api.request("POST", path, probe, query={"dryRun": "All"})
        return self._known.is_set()

    def __enter__(self) -> Webhook:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._register()
        wait_for(self._is_known, "the API server's asking the webhook", 20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cluster.api.request("DELETE", f"{PATH}/{self.name}")
        time.sleep(0.3)  # the API server's own copy of the list is a moment behind
        self._server.shutdown()
        self._server.server_close()

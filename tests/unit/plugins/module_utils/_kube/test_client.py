# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire, against a strict server: for versions that cannot be built here, and answers that are rare.

Behaviour of a cluster is tested on a real control plane; this server only answers what a test has told it to, and refuses
everything else.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ListExpired
from ansible_collections.ackops.eci.plugins.module_utils._kube.client import KubeApi, connect
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import PodSet

POD = "/api/v1/namespaces/shop/pods/web-1"


class Wire:
    """What the server is to answer, and what it was asked: ``(method, path with query)`` -> status, body, headers."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[int, dict[str, Any], dict[str, str]]] = {}
        self.asked: list[tuple[str, str, dict[str, Any] | None]] = []
        self.token = ""
        self.url = ""

    def on(self, method: str, path: str, status: int, body: dict[str, Any], **headers: str) -> None:
        """Answer that request so."""
        self.answers[method, path] = (status, body, {key.replace("_", "-"): text for key, text in headers.items()})

    def version(self, text: str) -> None:
        """Be a server of that version."""
        self.on("GET", "/version", 200, {"gitVersion": text})


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A server on the loopback address."""
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        """Answers what was foreseen, 404 to all else, 401 to a wrong token."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            wire.asked.append((self.command, self.path, body))
            status, answer, headers = wire.answers.get(
                (self.command, self.path), (404, {"message": "not foreseen"}, {})
            )
            if wire.token and self.headers.get("Authorization") != f"Bearer {wire.token}":
                status, answer, headers = 401, {"kind": "Status", "message": "Unauthorized"}, {}
            data = json.dumps(answer).encode()
            self.send_response(status)
            for key, text in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(key, text)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 (the library's names)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    wire.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield wire
    server.shutdown()
    thread.join()
    server.server_close()


def api_of(wire: Wire) -> KubeApi:
    """A client of the server, by host and token."""
    return connect(Connection(host=wire.url, api_key="t"))


@pytest.mark.parametrize(
    ("version", "policy"),
    [("v1.20.11-aliyun.1", "v1beta1"), ("v1.21.1", "v1beta1"), ("v1.22.15-aliyun.1", "v1"), ("v1.31+", "v1")],
)
def test_an_eviction_speaks_the_policy_api_of_the_server(wire: Wire, version: str, policy: str) -> None:
    """policy/v1 from 1.22, v1beta1 below; always with the UID, never with a grace period of ours."""
    wire.version(version)
    wire.on("POST", f"{POD}/eviction", 201, {"kind": "Status", "status": "Success"})
    api_of(wire).evict("shop", "web-1", "uid-1")
    assert wire.asked[-1] == (
        "POST",
        f"{POD}/eviction",
        {
            "apiVersion": f"policy/{policy}",
            "kind": "Eviction",
            "metadata": {"name": "web-1", "namespace": "shop"},
            "deleteOptions": {"preconditions": {"uid": "uid-1"}},
        },
    )


def test_a_deletion_carries_the_uid_and_nothing_that_forces(wire: Wire) -> None:
    """No grace period of ours, no propagation policy."""
    wire.on("DELETE", POD, 200, {})
    api_of(wire).delete("shop", "web-1", "uid-1")
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "uid-1"}}
    assert wire.asked == [("DELETE", POD, body)]


def test_a_dry_run_says_so_twice(wire: Wire) -> None:
    """In the query, which every server heeds for the request, and in the options of the deletion."""
    wire.version("v1.24.6")
    wire.on("POST", f"{POD}/eviction?dryRun=All", 201, {})
    wire.on("DELETE", f"{POD}?dryRun=All", 200, {})
    api = api_of(wire)
    api.evict("shop", "web-1", "uid-1", True)
    api.delete("shop", "web-1", "uid-1", True)
    assert [body["deleteOptions"] for _m, path, body in wire.asked if body and "eviction" in path] == [
        {"preconditions": {"uid": "uid-1"}, "dryRun": ["All"]}
    ]


def test_a_refusal_keeps_its_causes_and_when_to_come_again(wire: Wire) -> None:
    """What the use case decides by."""
    cause = {"reason": "DisruptionBudget", "message": "The disruption budget keep needs 2 healthy pods"}
    status = {"message": "Cannot evict", "reason": "TooManyRequests", "details": {"causes": [cause]}}
    wire.version("v1.24.6")
    wire.on("POST", f"{POD}/eviction", 429, status, Retry_After="7")
    with pytest.raises(ApiError) as caught:
        api_of(wire).evict("shop", "web-1", "uid-1")
    assert caught.value.status == 429
    assert caught.value.retry_after == 7.0
    assert caught.value.causes == (cause,)


def test_an_expired_list_is_told_apart(wire: Wire) -> None:
    """410 on a continue token: whoever lists has to begin anew."""
    first = {"metadata": {"continue": "abc", "resourceVersion": "5"}, "items": [{}]}
    wire.on("GET", "/api/v1/pods?limit=1", 200, first)
    wire.on("GET", "/api/v1/pods?limit=1&continue=abc", 410, {"message": "expired"})
    pages = api_of(wire).pages("/api/v1/pods", {}, 1)
    assert next(pages) == first
    with pytest.raises(ListExpired):
        next(pages)


def kubeconfig_with(wire: Wire, path: Path, token: str) -> str:
    """A kubeconfig file with that token."""
    cluster, user = {"server": wire.url}, {"token": token}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "c", "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return str(path)


def test_a_token_that_was_renewed_in_the_kubeconfig_is_read_again(wire: Wire, tmp_path: Path) -> None:
    """A 401 in mid-run loads it anew, once; where it has not changed, the 401 is the answer."""
    path = tmp_path / "kubeconfig"
    api = connect(Connection(kubeconfig=kubeconfig_with(wire, path, "old")))
    wire.on("GET", POD, 200, {"kind": "Pod"})
    wire.token = "old"
    assert api.get(POD) == {"kind": "Pod"}
    wire.token = "new"
    with pytest.raises(ApiError, match="401"):
        api.get(POD)
    assert len(wire.asked) == 3
    kubeconfig_with(wire, path, "new")
    assert api.get(POD) == {"kind": "Pod"}


def test_a_token_that_was_given_as_an_option_is_all_there_is(wire: Wire) -> None:
    """Nothing to load anew: one request, one 401."""
    wire.token = "another"
    with pytest.raises(ApiError, match="401"):
        api_of(wire).get(POD)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(("status", "uid"), [(200, "uid-of-it"), (403, ""), (404, "")])
def test_what_a_cluster_is_known_by_is_asked_once(wire: Wire, status: int, uid: str) -> None:
    """Where it may not be read, there is none; another refusal is an error."""
    path = "/api/v1/namespaces/kube-system"
    wire.on("GET", path, status, {"metadata": {"uid": "uid-of-it"}})
    api = api_of(wire)
    assert [api.identity(), api.identity()] == [uid, uid]
    assert len(wire.asked) == 1
    wire.on("GET", path, 500, {"message": "no etcd"})
    with pytest.raises(ApiError, match="no etcd"):
        api_of(wire).identity()


def test_a_list_from_the_servers_cache_has_no_limit(wire: Wire) -> None:
    """With a limit the server would read etcd; the moment before which it must not be is the one that was given."""
    path = "/api/v1/namespaces/shop/pods"
    query = "labelSelector=app%3Dweb&resourceVersion=41&resourceVersionMatch=NotOlderThan"
    wire.on("GET", f"{path}?{query}", 200, {"metadata": {"resourceVersion": "57"}, "items": [{"kind": "Pod"}]})
    assert api_of(wire).list_pods(PodSet("shop", labels="app=web"), "41") == ([{"kind": "Pod"}], "57")


def test_a_consistent_list_names_no_version(wire: Wire) -> None:
    """It comes from etcd, in pages."""
    path = "/api/v1/namespaces/shop/pods"
    more = {"metadata": {"resourceVersion": "9", "continue": "t"}, "items": [{"kind": "Pod"}]}
    wire.on("GET", f"{path}?labelSelector=app%3Dweb&limit=500", 200, more)
    wire.on("GET", f"{path}?labelSelector=app%3Dweb&limit=500&continue=t", 200, {"metadata": {"resourceVersion": "9"}})
    assert api_of(wire).list_pods(PodSet("shop", labels="app=web")) == ([{"kind": "Pod"}], "9")

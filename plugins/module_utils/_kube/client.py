# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API over HTTP: requests and answers as raw JSON, refusals and broken connections as our own errors."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ansible_collections.ackops.eci.plugins.module_utils._errors import (
    ApiError,
    ConnectionFailed,
    ListExpired,
    WatchBroken,
)
from ansible_collections.ackops.eci.plugins.module_utils._kube.config import Login, load
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection, without_logins
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import (
    VERSION,
    budgets_path,
    events_path,
    namespace_path,
    pods_path,
)
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Answer, PodSet
from ansible_collections.ackops.eci.plugins.module_utils._kube.watch import Feed
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

with contextlib.suppress(ImportError):  # it comes with the package that ``config`` imports, and misses
    import urllib3
    from urllib3.exceptions import HTTPError, MaxRetryError, SSLError, TimeoutError as HTTPTimeout

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
# A watch is ended by the server; so much later the client gives up on a connection that has gone silent.
WATCH_SECONDS = 10
WATCH_GRACE_SECONDS = 5.0
CHUNK_BYTES = 262144
_POLICY_V1_SINCE = (1, 22)


def _reason_of(error: BaseException) -> str:
    """The innermost words of a chain of HTTP errors, in one line."""
    inner: object = error
    while isinstance(inner, MaxRetryError) and inner.reason is not None:
        inner = inner.reason
    return plain(without_logins(str(inner)), 300)


class KubeApi:
    """The port ``ClusterApi``, on a real API server."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._version: str | None = None
        self._identity: str | None = None
        self._renewal = threading.Lock()

    # -- requests ------------------------------------------------------------------------------------------------

    def _headers(self, accept: str, content_type: str | None) -> Any:
        headers = self._login.headers()
        headers.update({"Accept": accept, "User-Agent": "ackops.eci"})
        if content_type:
            headers["Content-Type"] = content_type
        return headers

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        read_seconds: float = READ_SECONDS,
        accept: str = "application/json",
    ) -> Any:
        """Send one request; the answer is a success, its body not yet read. Raises ConnectionFailed and ApiError."""
        login = self._login
        response = self._send(method, path, query, body, read_seconds, accept)
        if response.status == 401 and self._log_in_again(login):
            response.release_conn()
            response = self._send(method, path, query, body, read_seconds, accept)
        if not 200 <= response.status <= 299:
            raise self._refused(response)
        return response

    def _log_in_again(self, used: Login) -> bool:
        """Load the credentials anew, once for all threads; whether there are others than those that were used."""
        with self._renewal:
            if self._login is used:  # no other thread has done it meanwhile
                renewed = used.again()
                if renewed is None:
                    return False
                self._login = renewed
            return True

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        read_seconds: float,
        accept: str,
    ) -> Any:
        url = self._login.host + path + ("?" + urlencode(query) if query else "")
        data = json.dumps(body) if body is not None else None
        try:
            return self._login.pool.request(
                method,
                url,
                body=data,
                headers=self._headers(accept, _content_type(method) if data else None),
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            raise self._no_answer(error) from error
        except ValueError:
            # Its text would show the header, which is the credential.
            raise ConnectionFailed(
                "The credentials cannot be sent: there is a line break, or a character that is not Latin, in the token or"
                " in a header.",
                "Write the token in one line, without anything around it.",
            ) from None

    def _call(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        response = self._open(method, path, **options)
        try:
            answer = json.loads(response.data)
        except HTTPError as error:
            raise self._no_answer(error) from error
        except ValueError as error:
            raise ConnectionFailed(
                f"{self.server()} answered {method} {path} with something that is not JSON.",
                "Check that host is a Kubernetes API server and not a proxy's login page.",
            ) from error
        finally:
            response.release_conn()
        if not isinstance(answer, dict):
            raise ConnectionFailed(f"{self.server()} answered {method} {path} with no JSON object.")
        return answer

    def _no_answer(self, error: BaseException) -> ConnectionFailed:
        said = _reason_of(error)
        if isinstance(error, SSLError) or "CERTIFICATE" in said:
            remedy = "Give the CA that signed its certificate: ca_cert, or certificate-authority in the kubeconfig."
        elif isinstance(error, HTTPTimeout):
            remedy = "Is the API server private? Run from a host that reaches it (a bastion), or set proxy."
        else:
            remedy = (
                "Check the address, the network and the proxy; a private API server is reached from a bastion only."
            )
        return ConnectionFailed(f"The API server {self.server()} could not be reached: {said}.", remedy)

    def _refused(self, response: Any) -> ApiError:
        raw = response.data
        response.release_conn()
        try:
            status = json.loads(raw)
        except ValueError:
            status = {}
        if not isinstance(status, dict):
            status = {}
        code = int(response.status)
        message = plain(status.get("message") or f"HTTP {code}", 600)
        details = status.get("details") or {}
        kind = ListExpired if code == 410 else ApiError
        retry_after = response.headers.get("Retry-After") or ""
        return kind(
            code,
            str(status.get("reason") or ""),
            f"The API server {self.server()} answered {code}: {message.rstrip('.')}.",
            causes=details.get("causes") or (),
            retry_after=float(retry_after) if retry_after.isdigit() else None,
            remedy=_remedy(code, message),
        )

    # -- the port ------------------------------------------------------------------------------------------------

    def server(self) -> str:
        """The URL of the API server, without a user and a password that somebody wrote into it."""
        return self._login.shown_host

    def identity(self) -> str:
        """The UID of the namespace kube-system, empty where it may not be read; asked once."""
        if self._identity is None:
            try:
                metadata = self._call("GET", namespace_path("kube-system")).get("metadata") or {}
            except ApiError as error:
                if error.status not in (403, 404):
                    raise
                metadata = {}
            self._identity = str(metadata.get("uid") or "")
        return self._identity

    def server_version(self) -> str:
        """The gitVersion of the API server; asked once."""
        if self._version is None:
            self._version = str(self._call("GET", VERSION).get("gitVersion") or "")
        return self._version

    def pages(self, path: str, query: Mapping[str, str], size: int) -> Iterator[Mapping[str, Any]]:
        """The pages of one consistent list. Raises ListExpired where a continue token is no longer good."""
        token = ""
        while True:
            asked = {**query, "limit": str(size), **({"continue": token} if token else {})}
            page = self._call("GET", path, query=asked)
            yield page
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return

    def stream(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        """One answer in the first form of ``accept`` that the server knows, its bytes as they come in."""
        try:
            response = self._open("GET", path, query=query, accept=accept)
        except ApiError as error:
            if error.reason or error.status == 429:
                raise
            # A refusal comes in the form that was asked for, too: asked for JSON, the server says it in words.
            response = self._open("GET", path, query=query)
        media_type = str(response.headers.get("Content-Type") or "").partition(";")[0].strip()
        return Answer(media_type, self._chunks(response))

    def _chunks(self, response: Any) -> Iterator[bytes]:
        try:
            yield from response.stream(CHUNK_BYTES)
        except HTTPError as error:
            raise self._no_answer(error) from error
        finally:
            response.close()

    def get(self, path: str) -> Mapping[str, Any] | None:
        """The object at that path, None where there is none."""
        try:
            return self._call("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list_pods(self, pods: PodSet, not_older_than: str = "") -> tuple[list[Mapping[str, Any]], str]:
        """The pods of the set: from one consistent list, or from the server's cache."""
        path, selectors = pods_path(pods.namespace), _selectors(pods)
        pages = self.pages(path, selectors, size=500)
        if not_older_than:
            # From etcd, with a selector, the server reads every pod of the namespace. A limit would send it there, too.
            minimal = {"resourceVersion": not_older_than, "resourceVersionMatch": "NotOlderThan"}
            pages = iter([self._call("GET", path, query={**selectors, **minimal})])
        found: list[Mapping[str, Any]] = []
        version = ""
        for page in pages:
            found.extend(page.get("items") or ())
            version = (page.get("metadata") or {}).get("resourceVersion") or version
        return found, version

    def follow_pods(self, pods: PodSet, resource_version: str) -> Feed:
        """One watch after another, each ended by the server."""
        return Feed(lambda version: self._watch(pods, version), resource_version)

    def _watch(self, pods: PodSet, resource_version: str) -> _Watch:
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(WATCH_SECONDS),
            **_selectors(pods),
        }
        patience = WATCH_SECONDS + WATCH_GRACE_SECONDS
        return _Watch(self._open("GET", pods_path(pods.namespace), query=query, read_seconds=patience))

    def evict(self, namespace: str, name: str, uid: str, dry_run: bool = False) -> None:
        """POST pods/eviction with the UID as a precondition (policy/v1 from 1.22, v1beta1 below)."""
        version = "v1" if self._minor() >= _POLICY_V1_SINCE else "v1beta1"
        body = {
            "apiVersion": f"policy/{version}",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": _delete_options(uid, dry_run),
        }
        self._call("POST", pods_path(namespace, name, "eviction"), body=body, query=_dry_run(dry_run))

    def delete(self, namespace: str, name: str, uid: str, dry_run: bool = False) -> None:
        """DELETE with the UID as a precondition; the pod keeps its own grace period."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **_delete_options(uid, dry_run)}
        self._call("DELETE", pods_path(namespace, name), body=body, query=_dry_run(dry_run))

    def create(self, path: str, manifest: Mapping[str, Any], dry_run: bool = False) -> Mapping[str, Any]:
        """POST an object."""
        return self._call("POST", path, body=manifest, query=_dry_run(dry_run))

    def put(self, path: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """PUT an object; its resourceVersion makes sure that it is the one that was read."""
        return self._call("PUT", path, body=manifest)

    def patch(self, path: str, changes: Mapping[str, Any], dry_run: bool = False) -> Mapping[str, Any]:
        """PATCH an object by a JSON merge patch."""
        return self._call("PATCH", path, body=changes, query=_dry_run(dry_run))

    def warnings_about(self, namespace: str, uid: str) -> list[str]:
        """The Warning events about an object, oldest first."""
        query = {"fieldSelector": f"involvedObject.uid={uid},type=Warning"}
        events = self._listed(events_path(namespace), query, "lastTimestamp")
        return [f"{event.get('reason')}: {event.get('message')}" for event in events]

    def budgets(self, namespace: str) -> list[Mapping[str, Any]]:
        """The PodDisruptionBudgets of a namespace."""
        version = "v1" if self._minor() >= (1, 21) else "v1beta1"
        return self._listed(budgets_path(version, namespace), {}, "")

    # -- helpers -------------------------------------------------------------------------------------------------

    def _listed(self, path: str, query: Mapping[str, str], order: str) -> list[Mapping[str, Any]]:
        """A list that only explains: without the right to read it, there is simply no explanation."""
        try:
            entries = list(self._call("GET", path, query=query).get("items") or ())
        except ApiError as error:
            if error.status in (403, 404):
                return []
            raise
        return sorted(entries, key=lambda entry: str(entry.get(order) or "")) if order else entries

    def _minor(self) -> tuple[int, int]:
        numbers = self.server_version().lstrip("v").split(".")
        return int(numbers[0]), int("".join(c for c in numbers[1] if c.isdigit()))


class _Watch:
    """One watch: the events until the server ends it. A connection that ends in time is used again."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        try:
            for line in _lines(self._response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    code = int(event["object"].get("code") or 0)
                    if code == 410:
                        raise ListExpired(410, "Expired", "The watch fell too far behind.")
                    raise WatchBroken(f"The watch ended: {quoted(event['object'].get('message'), 300)}.")
                yield event["type"], event["object"]
        except (HTTPError, ValueError, OSError) as error:
            raise WatchBroken(f"The connection of a watch was cut: {_reason_of(error)}.") from error
        finally:
            self._response.close()

    def cut(self) -> None:
        """Let the thread that reads it see an end. Before urllib3 2.3 it waits for that of the server."""
        shutdown = getattr(self._response, "shutdown", None)
        if shutdown is not None:
            with contextlib.suppress(ValueError, RuntimeError, OSError):  # it has ended already
                shutdown()


def _content_type(method: str) -> str:
    return "application/merge-patch+json" if method == "PATCH" else "application/json"


def _selectors(pods: PodSet) -> dict[str, str]:
    selectors = {"labelSelector": pods.labels, "fieldSelector": f"metadata.name={pods.name}" if pods.name else ""}
    return {key: text for key, text in selectors.items() if text}


def _delete_options(uid: str, dry_run: bool) -> dict[str, Any]:
    return {"preconditions": {"uid": uid}, **({"dryRun": ["All"]} if dry_run else {})}


def _dry_run(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _lines(response: Any) -> Iterator[bytes]:
    """The lines of a stream as they come; a last line without its end is a cut connection, not an event."""
    rest = b""
    for chunk in response.stream(65536):
        rest += chunk
        *lines, rest = rest.split(b"\n")
        yield from (line for line in lines if line.strip())


def _remedy(code: int, message: str) -> str:
    if code == 401:
        return (
            "The credentials are missing, wrong or expired: renew the token or the kubeconfig (an ACK kubeconfig"
            " can have a limited life), then run again."
        )
    # A quota and an admission webhook say 403 too, and no right would help against them.
    if code == 403 and 'User "' in message and " cannot " in message:
        return (
            "Grant the right named above to this user; the ClusterRole in docs/rbac/ lists all that the"
            " collection needs (ACK's cs:ops has no pods/eviction)."
        )
    if code == 404:
        return "Check that host is the root of a Kubernetes API server."
    return ""


def connect(connection: Connection) -> KubeApi:
    """The API server that the connection names. Nothing is sent yet. Raises MissingLibrary and ConnectionFailed."""
    return KubeApi(load(connection))

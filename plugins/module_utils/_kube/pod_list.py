# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of one moment, read as cheaply as the server can tell them.

- Pods on machines are never ECI pods, so the server is told to leave them out; it still counts them. Whatever else there
  is, on a node that is virtual, unclear, gone or not yet there, or on none, is read.
- Protobuf where the server speaks it (``protobuf``), else JSON (an old proxy in between).
- Every list is of the resourceVersion of the first, which asked for the present: never ``resourceVersion=0``, which lets the
  server answer from a cache of any age. From 1.34 on the server takes all of them from its cache, once that has caught up
  with etcd; older ones read etcd. (A minimal version from their cache would be as fresh and cheaper, but the cache of a
  cluster in which no pod changes does not reach it: 504 after 3 s on 1.24.)
- Nodes are listed on their own: their versions cannot be compared where the server keeps them in another etcd. A pod on a
  node that the list did not have yet makes it be listed again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Union

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import NODES
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi, Manifest
from ansible_collections.ackops.eci.plugins.module_utils._kube.protobuf import CONTENT_TYPE, PodList, WireError
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Node
from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import node_from_manifest

ACCEPT = f"{CONTENT_TYPE}, application/json"
NODE_PAGE_SIZE = 500
# With a selector the server reads ever larger pieces of etcd until a page is full, and throws away what is left of the
# last: measured on 30,000 pods, a quarter of them asked for, pages of 5000 take 0.8 of its time for pages of 1000 or 2000,
# larger ones hardly less. Protobuf is read as it comes in; a page of JSON is held whole.
PAGE_SIZE = 5000
JSON_PAGE_SIZE = 500
# The API server takes URLs of 1 MB, proxies in front of it less; one that refuses is asked for the whole list.
LONGEST_SELECTOR = 24_000
_TOO_LONG = (400, 413, 414, 431)
_NODE_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*", re.ASCII)


def read_nodes(api: ClusterApi, prefixes: Sequence[str]) -> dict[str, Node]:
    """The nodes of the cluster, by name."""
    pages = api.pages(NODES, {}, NODE_PAGE_SIZE)
    nodes = (node_from_manifest(entry, prefixes) for page in pages for entry in page.get("items") or ())
    return {node.name: node for node in nodes}


def without_machines(nodes: Iterable[Node]) -> str:
    """The field selector that leaves out pods on machines; empty where there are none, or too many for a URL."""
    names = sorted(node.name for node in nodes if node.machine and _NODE_NAME.fullmatch(node.name))
    selector = ",".join(f"spec.nodeName!={name}" for name in names)
    return selector if len(selector) <= LONGEST_SELECTOR else ""


class _JsonList:
    """The same face as PodList, of a list in JSON."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        answer = json.loads(b"".join(chunks))
        if not isinstance(answer, dict) or answer.get("kind") != "PodList":
            raise WireError("it is not a list of pods")
        metadata = answer.get("metadata") or {}
        self._pods: list[dict[str, Any]] = answer.get("items") or []
        self.resource_version = str(metadata.get("resourceVersion") or "")
        self.next_token = str(metadata.get("continue") or "")
        self.remaining: int | None = metadata.get("remainingItemCount")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._pods)


_Page = Union[PodList, _JsonList]


class PodReader:
    """Reads lists of pods, all of one moment. ``passed_over``: how many, on machines, the server counted and left out."""

    def __init__(self, api: ClusterApi, nodes: Mapping[str, Node]) -> None:
        self._api = api
        self._selector = without_machines(nodes.values())
        self._size = PAGE_SIZE
        self.resource_version = ""
        self.passed_over = 0

    def pods(self, path: str) -> Iterator[Manifest]:
        """The pods of that list but for those on machines; all, where the server cannot leave them out or count them."""
        total = self._count(path) if self._selector or not self.resource_version else None
        seen = 0
        for manifest in self._list(path, self._selector if total is not None else ""):
            seen += 1
            yield manifest
        if total is not None:
            self.passed_over += total - seen

    def _count(self, path: str) -> int | None:
        """How many pods there are; unknown where the server does not say how many follow the first (before 1.15)."""
        page = self._page(path, {"limit": "1", **self._moment()})
        found = sum(1 for _pod in self._read(page))
        self.resource_version = self.resource_version or page.resource_version
        if not self.resource_version:
            raise self._unreadable("it does not tell its version")
        if isinstance(page, _JsonList):
            self._size = JSON_PAGE_SIZE
        return found + page.remaining if page.remaining is not None else (None if page.next_token else found)

    def _moment(self) -> dict[str, str]:
        # Servers before 1.19 do not know resourceVersionMatch, and take a version with a limit as exact.
        version = self.resource_version
        return {"resourceVersion": version, "resourceVersionMatch": "Exact"} if version else {}

    def _list(self, path: str, selector: str) -> Iterator[Manifest]:
        selected = {"fieldSelector": selector} if selector else {}
        query = {"limit": str(self._size), **selected}
        try:
            page = self._page(path, {**query, **self._moment()})
        except ApiError as error:
            if not selector or error.status not in _TOO_LONG:
                raise
            yield from self._list(path, "")
            return
        # The server makes the next page while this one is read: it names that one before its first pod.
        with ThreadPoolExecutor(1) as ahead:
            while True:
                coming: Future[_Page] | None = None
                for manifest in self._read(page):
                    if coming is None and page.next_token:
                        coming = ahead.submit(self._page, path, {**query, "continue": page.next_token})
                    yield manifest
                if not page.next_token:
                    return
                page = coming.result() if coming else self._page(path, {**query, "continue": page.next_token})

    def _page(self, path: str, query: Mapping[str, str]) -> _Page:
        answer = self._api.stream(path, query, ACCEPT)
        try:
            return (PodList if answer.media_type == CONTENT_TYPE else _JsonList)(answer.chunks)
        except ValueError as error:
            raise self._unreadable(str(error) if isinstance(error, WireError) else "it is not JSON") from error

    def _read(self, page: _Page) -> Iterator[Manifest]:
        try:
            yield from page
        except WireError as error:
            raise self._unreadable(str(error)) from error

    def _unreadable(self, why: str) -> ConnectionFailed:
        return ConnectionFailed(
            f"{self._api.server()} answered with a list of pods that cannot be read: {why}.",
            "Check that host is a Kubernetes API server and not a proxy's login page.",
        )

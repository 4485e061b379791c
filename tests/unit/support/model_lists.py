# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of the lists of an API server, for scans: snapshots, selectors, pages, in protobuf or JSON.

It is strict where the real server is, and knows no query that the real one would read otherwise. That the two agree is
tested on a real control plane (tests/integration/test_snapshot.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, EciError, ListExpired
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Answer, PodSet
from ansible_collections.ackops.eci.plugins.module_utils._kube.protobuf import CONTENT_TYPE
from tests.unit.support import protobuf_encoder
from tests.unit.support.builders import pod_manifest

Manifest = dict[str, Any]
PAGE = 2  # the model's pages are small, whatever is asked for


def node_manifest(
    name: str, *, label: bool = False, machine: bool = False, reports: bool = False, provider: str = ""
) -> Manifest:
    """A node: virtual by its label or taint, a machine by its provider id and what its kubelet reports, or neither."""
    reported = {"kernelVersion": "5.10.134", "containerRuntimeVersion": "containerd://1.6.28"}
    spec: Manifest = {"providerID": f"cn-beijing.i-{abs(hash(name))}"} if machine else {}
    if provider:
        spec["taints"] = [{"key": "virtual-kubelet.io/provider", "value": provider, "effect": "NoSchedule"}]
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": {"type": "virtual-kubelet"} if label else {}},
        "spec": spec,
        "status": {"nodeInfo": {"kubeletVersion": "v1.24.6", **(reported if machine or reports else {})}},
    }


class Server:
    """A cluster as far as a scan sees it. Each answer is the pods from one scan on; the last one stays."""

    def __init__(
        self, *answers: list[Manifest], nodes: list[Manifest] | None = None, watch: EciError | None = None
    ) -> None:
        self.answers = list(answers)
        self.nodes = nodes if nodes is not None else [node_manifest("custom", label=True)]
        self.later_nodes: list[Manifest] = []
        self.speaks_protobuf = True
        self.counts = True
        self.longest_query = 100_000
        self.expire_after: list[int] = []
        self.asked: list[str] = []
        self.queries: list[Mapping[str, str]] = []
        self.watched: list[tuple[PodSet, float]] = []
        self.watch = watch
        self.closed = 0
        self._followed = PodSet("")
        self._shown: list[Manifest] = []
        self._version = 0
        self._expire: int | None = None

    def server(self) -> str:
        """The URL."""
        return "https://model:6443"

    def identity(self) -> str:
        """The UID of its namespace kube-system."""
        return "uid-of-the-model"

    def pages(self, path: str, query: Mapping[str, str], _size: int) -> Iterator[Manifest]:
        """The nodes, one a page."""
        assert (path, query) == ("/api/v1/nodes", {})
        self.asked.append(path)
        nodes = self.nodes if self.asked.count(path) == 1 else [*self.nodes, *self.later_nodes]
        yield from ({"items": [node]} for node in nodes)
        yield {"items": None}

    def _moment(self, query: Mapping[str, str]) -> None:
        """A new snapshot, unless one is asked for that is still there."""
        if "continue" in query:
            assert "resourceVersion" not in query
            return
        if "resourceVersion" in query:
            assert query["resourceVersionMatch"] == "Exact"
            assert query["resourceVersion"] == str(self._version)
            return
        self._version += 1
        self._expire = self.expire_after.pop(0) if self.expire_after else None
        self._shown = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _matching(self, path: str, query: Mapping[str, str]) -> list[Manifest]:
        named = re.fullmatch(r"/api/v1/namespaces/([^/]+)/pods", path)
        assert named or path == "/api/v1/pods"
        found = [pod for pod in self._shown if named is None or pod["metadata"]["namespace"] == named[1]]
        for term in filter(None, query.get("fieldSelector", "").split(",")):
            key, name = term.split("!=")
            assert key == "spec.nodeName"
            found = [pod for pod in found if pod["spec"].get("nodeName", "") != name]
        return found

    def stream(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        """One page of pods."""
        assert set(query) <= {"limit", "continue", "fieldSelector", "resourceVersion", "resourceVersionMatch"}
        assert accept.startswith(CONTENT_TYPE)
        if len(query.get("fieldSelector", "")) > self.longest_query:
            raise ApiError(414, "", "URI too long")
        self._moment(query)
        self.queries.append(query)
        if int(query["limit"]) > 1 and "continue" not in query:
            self.asked.append(path)
        start, limit = int(query.get("continue", 0)), min(int(query["limit"]), PAGE)
        if self._expire is not None and start >= self._expire and int(query["limit"]) > 1:
            raise ListExpired(410, "Expired", "the token is too old")
        found = self._matching(path, query)
        shown, left = found[start : start + limit], max(len(found) - start - limit, 0)
        remaining = left if left and self.counts and "fieldSelector" not in query else None
        return self._answer(shown, str(start + limit) if left else "", remaining)

    def _answer(self, shown: list[Manifest], token: str, remaining: int | None) -> Answer:
        if self.speaks_protobuf:
            data = protobuf_encoder.pod_list(shown, str(self._version), token, remaining)
            return Answer(CONTENT_TYPE, (data[start : start + 50] for start in range(0, len(data), 50)))
        metadata = {"resourceVersion": str(self._version), "continue": token, "remainingItemCount": remaining}
        text = {"kind": "PodList", "metadata": {k: v for k, v in metadata.items() if v}, "items": shown or None}
        return Answer("application/json", iter([json.dumps(text).encode()]))

    def list_pods(self, pods: PodSet, not_older_than: str = "") -> tuple[list[Manifest], str]:
        """The pods of that name."""
        assert not not_older_than
        return [entry for entry in self.answers[0] if entry["metadata"]["name"] == pods.name], "7"

    def follow_pods(self, pods: PodSet, _version: str) -> Server:
        """This server tells of one set of pods at a time."""
        self._followed = pods
        return self

    def events(self, seconds: float) -> Iterator[tuple[str, Manifest]]:
        """A bookmark, then a change, unless the watch breaks."""
        self.watched.append((self._followed, seconds))
        if self.watch is not None:
            raise self.watch
        yield "BOOKMARK", {}
        yield "MODIFIED", pod_manifest(self._followed.name)

    def silent_seconds(self) -> float:
        """It is heard of all the time."""
        return 0.0

    def close(self) -> None:
        """End the watch."""
        self.closed += 1

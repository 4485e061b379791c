# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.bench.gather KUBECONFIG TIMES``: the scan alone, and its answers fetched and thrown away, as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scope, scan_cluster
from ansible_collections.ackops.eci.plugins.module_utils._kube.client import KubeApi, connect
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Answer


class Noting:
    """The port, noting what lists are asked for."""

    def __init__(self, api: KubeApi) -> None:
        self.api = api
        self.asked: list[tuple[str, Mapping[str, str], str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.api, name)

    def stream(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        """As ever."""
        self.asked.append((path, query, accept))
        return self.api.stream(path, query, accept)


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(kubeconfig: str, times: int) -> None:
    """Both in turn, after one scan that tells the requests."""
    api = connect(Connection(kubeconfig=kubeconfig))
    noting = Noting(api)
    scan_cluster(noting, Scope())
    asked = noting.asked

    def fetch() -> int:
        return sum(len(chunk) for request in asked for chunk in api.stream(*request).chunks)

    size = fetch()
    found: dict[str, list[float]] = {"gather": [], "bytes": []}
    for _number in range(times):
        found["gather"].append(timed(lambda: scan_cluster(api, Scope())))
        found["bytes"].append(timed(fetch))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**found, "mb_read": size / 1e6, "requests": len(asked), "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps of clusters for the tests, and audits of them: no cluster is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster import workloads as w
from tests.integration.support import OLD, Run, run_playbook

AUDIT = "ackops.eci.eci_audit"
Manifest = dict[str, Any]


def written(path: Path, content: bytes) -> Path:
    """The file, with that content."""
    path.write_bytes(content)
    return path


def saved(home: Path, name: str, pods: int, version: str = OLD, **changes: Any) -> Path:
    """A dump of that many pods on the version, with one of the system's own."""
    home.mkdir(parents=True, exist_ok=True)

    def pod(namespace: str, name: str, node: str, annotations: Mapping[str, str]) -> Manifest:
        metadata = {"namespace": namespace, "name": name, "uid": f"uid-{name}", "annotations": dict(annotations)}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": {"nodeName": node},
            "status": {"phase": "Running"},
        }

    old = {w.INSTANCE_ID: "eci-1", w.PLATFORM_VERSION: version}
    items = [pod("shop", f"web-{number:03}", "virtual-kubelet-a", old) for number in range(pods)]
    items.append(pod("kube-system", "coredns", "real", {}))
    document = {"apiVersion": "v1", "kind": "List", "items": items, **changes}
    return written(home / name, json.dumps(document).encode())


def audit(home: Path, *arguments: str, **variables: object) -> Run:
    """The playbook, as somebody without a cluster runs it; paths count from the home directory."""
    return run_playbook(AUDIT, None, home, *arguments, variables={"eci_preflight_target_version": "1.26", **variables})

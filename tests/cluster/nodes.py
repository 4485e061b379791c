# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of the cluster, as ACK makes them."""

from __future__ import annotations

import zlib
from typing import Any

TAINT = {"key": "virtual-kubelet.io/provider", "value": "alibabacloud", "effect": "NoSchedule"}


def node_manifest(name: str, *, virtual: bool, labelled: bool, zone: str) -> dict[str, Any]:
    """A node; a virtual one carries ACK's label and taint unless ``labelled`` is false."""
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone, "kubernetes.io/os": "linux"}
    # The cloud controller manager gives an ECS instance the name of its region and its own.
    spec: dict[str, Any] = {} if virtual else {"providerID": f"cn-hangzhou.i-{zlib.crc32(name.encode()):08x}"}
    if virtual and labelled:
        labels |= {"type": "virtual-kubelet", "alibabacloud.com/virtual-node": "true", "kubernetes.io/role": "agent"}
        spec["taints"] = [TAINT]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": spec}

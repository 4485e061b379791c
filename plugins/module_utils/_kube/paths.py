# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of the API. Names are text from the cluster: quoted here, once, so that none leads a request elsewhere."""

from __future__ import annotations

from urllib.parse import quote


def pods_path(namespace: str, name: str = "", subresource: str = "") -> str:
    """The path of a namespace's pods, of one pod, or of its subresource."""
    parts = ["/api/v1/namespaces", quote(namespace, safe=""), "pods"]
    parts += [quote(part, safe="") for part in (name, subresource) if part]
    return "/".join(parts)


def node_path(name: str) -> str:
    """The path of a node."""
    return "/api/v1/nodes/" + quote(name, safe="")

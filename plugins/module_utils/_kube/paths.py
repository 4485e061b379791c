# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of the API. Names are text from the cluster: quoted here, once, so that none leads a request elsewhere."""

from __future__ import annotations

import re
from urllib.parse import quote

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Owner

_PLURALS = {
    ("apps", "ReplicaSet"): "replicasets",
    ("apps", "Deployment"): "deployments",
    ("apps", "StatefulSet"): "statefulsets",
    ("batch", "Job"): "jobs",
    ("", "ReplicationController"): "replicationcontrollers",
}
_API_VERSION = re.compile(r"v\d[0-9a-z]*", re.ASCII)
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", re.ASCII)


def pods_path(namespace: str, name: str = "", subresource: str = "") -> str:
    """The path of a namespace's pods, of one pod, or of its subresource."""
    parts = ["/api/v1/namespaces", quote(namespace, safe=""), "pods"]
    parts += [quote(part, safe="") for part in (name, subresource) if part]
    return "/".join(parts)


def node_path(name: str) -> str:
    """The path of a node."""
    return "/api/v1/nodes/" + quote(name, safe="")


def owner_path(namespace: str, owner: Owner) -> str:
    """The path of a controller of a kind that is understood; empty for any other, and for a name that is none.

    An owner reference is text from the cluster: it must not lead a request anywhere else.
    """
    group, _slash, version = owner.api_version.rpartition("/")
    plural = _PLURALS.get((group, owner.kind))
    if plural is None or not _API_VERSION.fullmatch(version) or not _OBJECT_NAME.fullmatch(owner.name):
        return ""
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}/{owner.name}"

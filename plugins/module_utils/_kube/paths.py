# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every path of the API. Names are text from the cluster: quoted here, once, so that none leads a request elsewhere."""

from __future__ import annotations

import re
from urllib.parse import quote

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Owner

VERSION = "/version"
NODES = "/api/v1/nodes"
ALL_PODS = "/api/v1/pods"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

_PLURALS = {
    ("apps", "ReplicaSet"): "replicasets",
    ("apps", "Deployment"): "deployments",
    ("apps", "StatefulSet"): "statefulsets",
    ("batch", "Job"): "jobs",
    ("", "ReplicationController"): "replicationcontrollers",
}
_API_VERSION = re.compile(r"v\d[0-9a-z]*", re.ASCII)
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", re.ASCII)


def _quoted(part: str) -> str:
    """One segment. A dot is no character that has to be quoted, but ``..`` would lead up."""
    return part.replace(".", "%2E") if part in (".", "..") else quote(part, safe="")


def _path(*parts: str) -> str:
    """The parts joined, each one quoted; empty ones are left out."""
    return "".join(f"/{_quoted(part)}" for part in parts if part)


def _namespaced(group: str, version: str, namespace: str, *parts: str) -> str:
    root = ("apis", group, version) if group else ("api", version)
    return _path(*root, "namespaces", namespace, *parts)


def namespace_path(name: str) -> str:
    """The path of a namespace itself."""
    return _path("api", "v1", "namespaces", name)


def pods_path(namespace: str, name: str = "", subresource: str = "") -> str:
    """The path of a namespace's pods, of one pod, or of its subresource."""
    return _namespaced("", "v1", namespace, "pods", name, subresource)


def node_path(name: str) -> str:
    """The path of a node."""
    return _path("api", "v1", "nodes", name)


def events_path(namespace: str) -> str:
    """The path of a namespace's events."""
    return _namespaced("", "v1", namespace, "events")


def budgets_path(version: str, namespace: str) -> str:
    """The path of a namespace's PodDisruptionBudgets, in a version of the policy API."""
    return _namespaced("policy", version, namespace, "poddisruptionbudgets")


def leases_path(namespace: str, name: str = "") -> str:
    """The path of a namespace's leases, or of one of them."""
    return _namespaced("coordination.k8s.io", "v1", namespace, "leases", name)


def owner_path(namespace: str, owner: Owner) -> str:
    """The path of a controller of a kind that is understood; empty for any other, and for a name that is none.

    An owner reference is text from the cluster: it must not lead a request anywhere else.
    """
    group, _slash, version = owner.api_version.rpartition("/")
    plural = _PLURALS.get((group, owner.kind))
    if plural is None or not _API_VERSION.fullmatch(version) or not _OBJECT_NAME.fullmatch(owner.name):
        return ""
    return _namespaced(group, version, namespace, plural, owner.name)


def resources_path(api_version: str) -> str:
    """Where the server lists the resources of a group and version; empty for what is none."""
    group, _slash, version = api_version.rpartition("/")
    return _path("apis", group, version) if group and _API_VERSION.fullmatch(version) else ""


def object_path(api_version: str, namespace: str, plural: str, name: str) -> str:
    """The path of an object of any group; empty for a name that is none."""
    group, _slash, version = api_version.rpartition("/")
    if not _API_VERSION.fullmatch(version) or not _OBJECT_NAME.fullmatch(name):
        return ""
    return _namespaced(group, version, namespace, plural, name)

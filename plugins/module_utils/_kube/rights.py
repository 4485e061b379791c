# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights that a run needs, and which of them the user does not have: asked of the server before anything is touched.

A right that is missing is otherwise found out too late: without ``watch``, for example, after the first pod was removed.
docs/rbac lists the same rights; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import ACCESS_REVIEWS
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._text import plain

REMEDY = (
    "Grant them to this user; the ClusterRoles in docs/rbac/ list all that the collection needs (ACK's cs:ops has no"
    " pods/eviction)."
)
MOST_NAMED = 10


class Right(NamedTuple):
    """One verb on one kind of object. ``resource`` may name a subresource (``pods/eviction``); all namespaces if empty."""

    group: str
    resource: str
    verb: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """In the words of the server's own refusals."""
        where = f' in the namespace "{self.namespace}"' if self.namespace else ""
        name = f' "{self.name}"' if self.name else ""
        return f'{self.verb} resource "{self.resource}"{name} in API group "{self.group}"{where}'


_LEASES = ("coordination.k8s.io", "leases")
# What every run needs, whatever it is to do, beyond single namespaces.
OF_THE_RUN = (
    Right("", "nodes", "list"),
    Right("", "nodes", "get"),
    Right(*_LEASES, "create", "kube-system"),
    Right(*_LEASES, "get", "kube-system", "ackops-eci-preflight"),
    Right(*_LEASES, "update", "kube-system", "ackops-eci-preflight"),
)
# What every run needs where its pods are.
OF_A_NAMESPACE = (
    Right("", "pods", "get"),
    Right("", "pods", "list"),
    Right("", "pods", "watch"),
    Right("apps", "deployments", "get"),
    Right("apps", "replicasets", "get"),
    Right("apps", "statefulsets", "get"),
    Right("batch", "jobs", "get"),
    Right("", "replicationcontrollers", "get"),
)
# What a pod needs by the way it goes.
EVICT = Right("", "pods/eviction", "create")
DELETE = Right("", "pods", "delete")
CREATE = Right("", "pods", "create")
# A restart patches the workload; these are the kinds of Kubernetes, then those of OpenKruise and Argo Rollouts.
RESTART = (
    Right("apps", "deployments", "patch"),
    Right("apps", "statefulsets", "patch"),
    Right("apps.kruise.io", "clonesets", "patch"),
    Right("apps.kruise.io", "statefulsets", "patch"),
    Right("argoproj.io", "rollouts", "patch"),
)
# What only makes messages and records better: a run does without.
EXPLAINING = (
    Right("", "namespaces", "get", name="kube-system"),
    Right("policy", "poddisruptionbudgets", "list"),
    Right("", "events", "list"),
)


def in_namespace(namespace: str, ways: Iterable[Right]) -> list[Right]:
    """The rights that the pods of a namespace need, which go in these ways (EVICT, DELETE, CREATE, to_patch)."""
    return [right._replace(namespace=namespace) for right in (*OF_A_NAMESPACE, *ways)]


def to_patch(path: str) -> Right:
    """The right to patch the object at that path of the API (``/apis/GROUP/VERSION/namespaces/NAMESPACE/RESOURCE/NAME``)."""
    _apis, group, _version, _namespaces, _namespace, resource, _name = path.strip("/").split("/")
    return Right(group, resource, "patch")


def missing(api: ClusterApi, rights: Iterable[Right]) -> list[Right]:
    """Those of the rights that the user does not have, in order. A server that does not tell is taken to grant them.

    One that is granted in all namespaces is asked for once. Raises ConnectionFailed, and ApiError where it is not a refusal.
    """
    known: dict[Right, bool] = {}

    def granted(right: Right) -> bool:
        if right not in known:
            known[right] = _is_granted(api, right)
        return known[right]

    return [
        right
        for right in dict.fromkeys(rights)
        if not granted(right._replace(namespace="", name="")) and not granted(right)
    ]


def _is_granted(api: ClusterApi, right: Right) -> bool:
    resource, _slash, subresource = right.resource.partition("/")
    attributes = {
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "verb": right.verb,
        "namespace": right.namespace,
        "name": right.name,
    }
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: text for key, text in attributes.items() if text}},
    }
    try:
        answer = api.create(ACCESS_REVIEWS, review)
    except ApiError as error:
        if error.status in (403, 404):
            return True  # the request itself will tell
        raise
    return bool((answer.get("status") or {}).get("allowed"))


def named(rights: Sequence[Right]) -> str:
    """Rights that are missing, as a clause: ``cannot create resource ...; cannot ...``."""
    told = "; ".join(f"cannot {right}" for right in rights[:MOST_NAMED])
    more = f"; and {len(rights) - MOST_NAMED} more" if len(rights) > MOST_NAMED else ""
    return f"{plain(told, 2000)}{more}"


def refusal(rights: Sequence[Right]) -> str:
    """The rights that are missing, in a sentence for the person who can grant them, with the remedy; empty for none."""
    if not rights:
        return ""
    return f"This user has not all the rights that the run needs: {named(rights)}. {REMEDY}"

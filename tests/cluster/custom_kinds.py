# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of other projects that own pods, as CustomResourceDefinitions: what of them matters to whoever replaces their pods.

Names, versions, the paths of the scale subresource and the fields of the status are those of the projects:
https://openkruise.io, https://argoproj.github.io/rollouts. ``Lobby`` stands for a kind that nobody else knows.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.cluster.api import Api, ApiError, Json
from tests.cluster.workloads import wait_for, workload

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class CustomKind(NamedTuple):
    """A kind, and where the selector of its pods is in its status."""

    kind: str
    group: str
    version: str
    plural: str
    selector: str = "labelSelector"

    @property
    def api_version(self) -> str:
        """As in a manifest."""
        return f"{self.group}/{self.version}"

    @property
    def path(self) -> str:
        """The path of all its objects."""
        return f"/apis/{self.api_version}/{self.plural}"

    def path_of(self, namespace: str, name: str = "") -> str:
        """The path of its objects in a namespace, or of one of them."""
        return f"/apis/{self.api_version}/namespaces/{namespace}/{self.plural}" + (f"/{name}" if name else "")


CLONE_SET = CustomKind("CloneSet", "apps.kruise.io", "v1alpha1", "clonesets")
ADVANCED_STATEFUL_SET = CustomKind("StatefulSet", "apps.kruise.io", "v1beta1", "statefulsets")
ROLLOUT = CustomKind("Rollout", "argoproj.io", "v1alpha1", "rollouts", "selector")
LOBBY = CustomKind("Lobby", "games.example.org", "v1", "lobbies")
KINDS = (CLONE_SET, ADVANCED_STATEFUL_SET, ROLLOUT, LOBBY)


def definition(kind: CustomKind) -> Json:
    """Its CustomResourceDefinition, which takes any spec and status."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": f".status.{kind.selector}",
    }
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": scale},
    }
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower(), "listKind": f"{kind.kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {"group": kind.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def define(api: Api) -> None:
    """Define the kinds, and wait until they are served."""
    for kind in KINDS:
        try:
            api.request("POST", DEFINITIONS, definition(kind))
        except ApiError as error:
            if error.status != 409:
                raise
    for kind in KINDS:
        wait_for(lambda kind=kind: _served(api, kind), f"{kind.plural} to be served")  # type: ignore[misc]


def _served(api: Api, kind: CustomKind) -> bool:
    try:
        api.request("GET", kind.path)
    except ApiError:
        return False
    return True


def manifest(kind: CustomKind, namespace: str, name: str, *, replicas: int = 1, **options: object) -> Json:
    """An object of a kind; the options are those of :func:`tests.cluster.workloads.workload`."""
    like = "StatefulSet" if kind is ADVANCED_STATEFUL_SET else "Deployment"
    made = workload(like, namespace, name, replicas=replicas, **options)  # type: ignore[arg-type]
    return {**made, "apiVersion": kind.api_version, "kind": kind.kind}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users with certain rights: service accounts, bound to a ClusterRole of exactly those rules."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import ControlPlane
from tests.cluster.api import Api, ApiError
from tests.cluster.workloads import wait_for
from tests.integration.support import REPO

RBAC = "/apis/rbac.authorization.k8s.io/v1"
Rule = Mapping[str, Any]
EVERYTHING: tuple[Rule, ...] = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)


@dataclass(frozen=True)
class Right:
    """One verb on one kind of resource."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


def shipped(beside: str = "") -> list[Rule]:
    """The rules of the ClusterRole that the collection ships, or of an optional one ``beside`` it (``-restart``)."""
    document = yaml.safe_load((REPO / "docs" / "rbac" / f"clusterrole{beside}.yml").read_text(encoding="utf-8"))
    return list(document["rules"])


def rights_of(rules: Iterable[Rule]) -> list[Right]:
    """Every single right that rules give, in their order."""
    return [
        Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def without(rules: Iterable[Rule], right: Right) -> list[Rule]:
    """The rules without one right, each cut into single ones."""
    return [
        {**rule, "apiGroups": [group], "resources": [resource], "verbs": [verb]}
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if Right(group, resource, verb) != right
    ]


def made_anew(api: Api, path: str, manifest: Mapping[str, Any]) -> None:
    """Create an object, in the place of one that an earlier test has left."""
    with contextlib.suppress(ApiError):
        api.request("DELETE", f"{path}/{manifest['metadata']['name']}")
    api.request("POST", path, manifest)


def bind(cluster: ControlPlane, account: str, rules: Sequence[Rule]) -> str:
    """Give a service account of the namespace default these rules, wait until the server knows; its token."""
    name = f"test-{account}"
    subject = {"kind": "ServiceAccount", "namespace": "default", "name": account}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    made_anew(cluster.api, f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
    made_anew(cluster.api, f"{RBAC}/clusterrolebindings", binding)
    token = cluster.token("default", account)
    wanted = {str(right) for right in rights_of(rule for rule in rules if "resources" in rule)}
    wait_for(lambda: wanted <= _known(cluster, token), f"the server's knowing the rights of {account}", 20)
    return token


def _known(cluster: ControlPlane, token: str) -> set[str]:
    """The rights of a user, as the server tells them itself."""
    body = {"spec": {"namespace": "kube-system"}}
    client = Api(cluster.server, cluster.ca_file, token=token)
    answer = client.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", body)
    return {str(right) for right in rights_of(answer["status"]["resourceRules"])}


def kubeconfig_of(cluster: ControlPlane, account: str, rules: Sequence[Rule], directory: Path) -> Path:
    """The kubeconfig of a service account with these rules."""
    directory.mkdir(parents=True, exist_ok=True)
    token = bind(cluster, account, rules)
    return cluster.write_kubeconfig(directory / f"{account}.kubeconfig", token=token)

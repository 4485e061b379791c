# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees when the connection is wrong: one clear error each, naming what to do; no traceback, no credential."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import ControlPlane
from tests.cluster.certificates import Authority
from tests.integration.access import kubeconfig_of, shipped
from tests.integration.support import Run, run_playbook, run_preflight, run_tasks


def failed_clearly(run: Run, *said: str) -> None:
    """The last failed task's message says these things; no traceback, and nothing else failed but the gate after it."""
    assert run.code == 2, run.text
    for text in said:
        assert text in run.message, run.message
    assert "Traceback" not in run.text
    assert run.text.count("fatal:") <= 2


@pytest.mark.compat
def test_a_missing_and_a_broken_kubeconfig(home: Path, tmp_path: Path) -> None:
    """The path and the remedy are named."""
    missing = run_preflight(None, home, kubeconfig=str(tmp_path / "nowhere.yml"))
    failed_clearly(missing, "nowhere.yml", "No such file", "Give kubeconfig")
    broken = tmp_path / "broken.yml"
    broken.write_text("{not: [yaml", encoding="utf-8")
    failed_clearly(run_preflight(None, home, kubeconfig=str(broken)), "broken.yml", "Give kubeconfig")
    failed_clearly(run_preflight(None, home), "~/.kube/config", "Give kubeconfig")
    failed_clearly(run_preflight(tmp_path / "unset.yml", home), "unset.yml (from KUBECONFIG)", "Give kubeconfig")


@pytest.mark.compat
def test_a_context_that_does_not_exist(cluster: ControlPlane, home: Path) -> None:
    """The contexts that there are, are named."""
    failed_clearly(run_preflight(cluster.kubeconfig, home, context="prod"), "no context 'prod'", "'admin'")


@pytest.mark.compat
def test_an_unreachable_server(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """The address is named, and the bastion."""
    path = cluster.write_kubeconfig(tmp_path / "dead.yml", token="t", server="https://127.0.0.1:9")
    failed_clearly(run_preflight(path, home), "https://127.0.0.1:9", "could not be reached", "bastion")


@pytest.mark.compat
def test_an_expired_token_and_a_user_without_rights(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """401 says to renew the token, 403 names the right that is missing; the token is nowhere in the output."""
    for seconds, said in ((-3600, ("401", "expired")), (3600, ("403", 'cannot list resource "nodes"', "docs/rbac"))):
        token = cluster.token("default", "nobody", seconds)
        path = cluster.write_kubeconfig(tmp_path / "token.yml", token=token)
        run = run_preflight(path, home, "-vvv")
        failed_clearly(run, *said)
        assert token not in run.text


@pytest.mark.compat
def test_a_certificate_of_another_authority(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """An API server that the CA did not sign is not talked to."""
    other = Authority(tmp_path / "other")
    run = run_preflight(cluster.kubeconfig, home, ca_cert=str(other.certificate_file))
    failed_clearly(run, "certificate", "ca_cert")


@pytest.mark.compat
def test_a_token_given_as_an_option_or_in_a_dictionary_is_never_shown(cluster: ControlPlane, home: Path) -> None:
    """Neither api_key nor a kubeconfig given as a dictionary shows up, at -vvv either."""
    token = cluster.token("default", "nobody", -3600)
    document: dict[str, Any] = {
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": cluster.server, "certificate-authority": str(cluster.ca_file)}}],
        "users": [{"name": "u", "user": {"token": token}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    by_option = {"host": cluster.server, "ca_cert": str(cluster.ca_file), "api_key": token}
    for options in (by_option, {"kubeconfig": document}):
        run = run_tasks([{"ackops.eci.eci_pod_facts": options}], None, home, "-vvv")
        failed_clearly(run, "401")
        assert token not in run.text


@pytest.fixture
def operator(cluster: ControlPlane, tmp_path: Path) -> Path:
    """A kubeconfig of a service account with exactly the ClusterRole that the collection ships."""
    return kubeconfig_of(cluster, "operator", shipped(), tmp_path)


def with_exec_plugin(cluster: ControlPlane, path: Path, script: str) -> Path:
    """A kubeconfig whose user gets a token from a program."""
    program = path.with_suffix(".sh")
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o700)
    document = yaml.safe_load(cluster.write_kubeconfig(path, token="x").read_text(encoding="utf-8"))
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "Never"}
    document["users"][0]["user"] = {"exec": plugin}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.mark.compat
def test_an_exec_plugin(cluster: ControlPlane, operator: Path, home: Path, tmp_path: Path) -> None:
    """One that works is asked for the token; one that fails is the error, in its own words."""
    token = yaml.safe_load(operator.read_text(encoding="utf-8"))["users"][0]["user"]["token"]
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    works = with_exec_plugin(cluster, tmp_path / "works.yml", f"echo '{json.dumps(answer)}'")
    run = run_preflight(works, home)
    assert run.code == 0, run.text
    assert token not in run.text
    fails = with_exec_plugin(cluster, tmp_path / "fails.yml", "echo 'not logged in' >&2; exit 3")
    failed_clearly(run_preflight(fails, home), "not logged in", "exec plugin")


@pytest.mark.compat
def test_the_user_to_act_as_in_a_kubeconfig(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """Whoever may do all acts as somebody who may not: with the rights of that one, and no other."""
    document = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    for user in document["users"]:
        user["user"] |= {"as": "somebody", "as-groups": ["of-a-group"]}
    path = tmp_path / "as.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    failed_clearly(run_preflight(path, home), "403", 'User "somebody" cannot')
    for user in document["users"]:
        user["user"] |= {"as": "somebody", "as-groups": ["system:masters"]}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert run_preflight(path, home).code == 0


@pytest.mark.compat
def test_the_server_name_of_a_kubeconfig(cluster: ControlPlane, home: Path, tmp_path: Path) -> None:
    """The certificate is looked at under that name, by an old release of the package, too."""
    document = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    path = tmp_path / "name.yml"
    runs = []
    for name in ("kubernetes", "api.example.org"):
        document["clusters"][0]["cluster"]["tls-server-name"] = name
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        runs.append(run_preflight(path, home))
    assert runs[0].code == 0, runs[0].text
    failed_clearly(runs[1], "certificate")


@pytest.mark.compat
def test_environment_variables_and_the_trap_of_the_fleet(cluster: ControlPlane, home: Path) -> None:
    """K8S_AUTH_* connects; a task that names its own cluster is not redirected by them."""
    facts: dict[str, Any] = {"name": "Gather", "ackops.eci.eci_pod_facts": {}}
    admin = {"K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig), "K8S_AUTH_CONTEXT": "admin"}
    run = run_tasks([facts], None, home, environ=admin)
    assert run.result("Gather")["ansible_facts"]["eci_cluster"]["server"] == cluster.server
    other = {"K8S_AUTH_HOST": "https://127.0.0.1:9", "K8S_AUTH_API_KEY": "x", "K8S_AUTH_VERIFY_SSL": "no"}
    named = {"name": "Gather", "ackops.eci.eci_pod_facts": {"kubeconfig": str(cluster.kubeconfig)}}
    run = run_tasks([named], None, home, environ=other)
    assert run.code == 0, run.text
    assert run.result("Gather")["ansible_facts"]["eci_cluster"]["server"] == cluster.server
    assert "K8S_AUTH_HOST" in run.text
    failed_clearly(run_tasks([facts], None, home, environ=other), "127.0.0.1:9")


@pytest.mark.compat
def test_module_defaults_of_the_action_group(cluster: ControlPlane, home: Path) -> None:
    """group/ackops.eci.eci sets the connection once, for a check that scans, and for one of given pods, which does not mind."""
    tasks: list[dict[str, Any]] = [
        {"name": "Gather", "ackops.eci.eci_pod_facts": {}},
        {"name": "Scan", "ackops.eci.eci_compat_check": {"target_version": "1.26"}},
        {
            "name": "Judge",
            "ackops.eci.eci_compat_check": {
                "target_version": "1.26",
                "pods": "{{ ansible_facts.eci_pods }}",
                "cluster_version": "{{ ansible_facts.eci_cluster.version }}",
            },
        },
        {
            "name": "Test",
            "ansible.builtin.assert": {"that": "ansible_facts.eci_pods is ackops.eci.eci_compatible('1.26')"},
        },
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/ackops.eci.eci": {"kubeconfig": str(cluster.kubeconfig)}},
        "tasks": tasks,
    }
    run = run_playbook([play], None, home)
    assert run.code == 0, run.text
    assert run.result("Judge")["compatible"] is True
    assert run.result("Scan")["cluster"]["server"] == cluster.server

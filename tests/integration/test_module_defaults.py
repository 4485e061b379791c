# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role where the play sets a connection with module_defaults: each task at the right cluster, each credential at home."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.integration.fleets import fleet_kubeconfig
from tests.integration.support import NEW, OLD, PREFLIGHT, Run, run_playbook

# What these tests share is made once, for one worker.
pytestmark = pytest.mark.xdist_group("module_defaults")

GROUP = "group/ackops.eci.eci"


@pytest.fixture(scope="module")
def second() -> Iterator[ControlPlane]:
    """A cluster that a host names itself."""
    with ControlPlane.start("1.24", name="own") as running:
        yield running


def admin_of(cluster: ControlPlane, *names: str) -> dict[str, str]:
    """The connection options of a cluster's administrator, by the names of these three options."""
    found = (cluster.directory / "admin.crt", cluster.directory / "admin.key", cluster.ca_file)
    return {"host": cluster.server, **dict(zip(names, map(str, found), strict=True))}


def role(entry: str, target: str = "1.26") -> dict[str, Any]:
    """A task. That the play names the cluster of a host is said, for with several hosts each must name its own otherwise."""
    options = {"name": PREFLIGHT, "tasks_from": entry}
    variables = {"eci_preflight_target_version": target, "eci_preflight_require_named_cluster": False}
    return {"ansible.builtin.include_role": options, "vars": variables}


def run_play(
    home: Path, hosts: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any], *tasks: dict[str, Any]
) -> Run:
    """A play with these module_defaults, over hosts with these variables of the role."""
    home.mkdir(parents=True, exist_ok=True)
    inventory = home / "hosts.yml"
    named = {
        host: {f"eci_preflight_{name}": value for name, value in options.items()} for host, options in hosts.items()
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    inventory.write_text(yaml.safe_dump({"all": {"vars": local, "hosts": named}}), encoding="utf-8")
    play = {"hosts": "all", "gather_facts": False, "module_defaults": dict(defaults), "tasks": list(tasks)}
    return run_playbook([play], None, home, "-i", str(inventory))


def old_pod(cluster: ControlPlane) -> str:
    """The UID of a pod of a workload, on the old platform version."""
    w.ensure_namespace(cluster.api, "shop")
    w.apply(cluster.api, w.workload("Deployment", "shop", "web"))
    pods = w.wait_ready(cluster.api, "shop", "web", 1)
    w.age(cluster.api, pods, OLD)
    return str(pods[0]["metadata"]["uid"])


@pytest.mark.compat
def test_each_task_of_the_role_is_at_its_cluster(cluster: ControlPlane, second: ControlPlane, home: Path) -> None:
    """A host that says nothing is at the play's cluster, as a bare module is; one that names its own is there, in every task."""
    hosts = {"plays": {}, "own": admin_of(second, "client_cert", "client_key", "ca_cert")}
    clusters = {"plays": cluster, "own": second}
    aged = {name: old_pod(there) for name, there in clusters.items()}
    # By aliases: they come before the options, so that they are the harder ones to take away.
    defaults = {GROUP: admin_of(cluster, "cert_file", "key_file", "ssl_ca_cert")}
    gather = {"name": "Gather", "ackops.eci.eci_pod_facts": {}}
    run = run_play(home, hosts, defaults, gather, role("main"), role("upgraded", "1.24"))
    try:
        assert run.code == 0, run.text
        assert "alias" not in run.text
        for name, there in clusters.items():
            assert run.result("Gather", name)["ansible_facts"]["eci_cluster"]["server"] == cluster.server
            recreated = run.result("Recreate the ECI pods", name)["pods"]
            assert [(pod["uid"], pod["outcome"]) for pod in recreated] == [(aged[name], "recreated")], run.text
            verified = run.result("Check the ECI pods", name)["cluster"]
            assert (verified["server"], verified["pods_by_platform_version"]) == (there.server, {NEW: 1})
            assert run.result("Wait until the API server", name)["server"] == there.server
    finally:
        for there in clusters.values():
            w.clear(there.api, "shop")


@pytest.mark.compat
def test_a_context_is_looked_for_in_the_kubeconfig_of_the_play(
    cluster: ControlPlane, second: ControlPlane, home: Path, tmp_path: Path
) -> None:
    """So is it in every form in which the play can say it, but for the defaults of a single module: those are not for the role."""
    servers = {"a": (cluster, cluster.server), "b": (second, second.server)}
    kubeconfig = str(fleet_kubeconfig(tmp_path / "fleet.conf", servers))
    elsewhere = {"kubeconfig": "/nowhere", "host": "https://127.0.0.1:9", "api_key": "x"}
    defaults = {
        GROUP: {"kubeconfig": "{{ the_file }}", "context": "a", "impersonate_user": None},
        "ackops.eci.eci_compat_check": elsewhere,
    }
    task = role("check")
    task["vars"]["the_file"] = kubeconfig
    for own in ({"context": "b"}, {"context": "b", "kubeconfig": kubeconfig}):
        hosts: dict[str, dict[str, Any]] = {"nothing": {}, "own": own}
        run = run_play(home, hosts, defaults, task)
        assert run.code == 0, run.text
        seen = {host: run.result("Check the ECI pods", host)["cluster"]["server"] for host in hosts}
        assert seen == {"nothing": cluster.server, "own": second.server}


@pytest.mark.compat
def test_clusters_that_module_defaults_name_for_each_host_are_not_the_same(
    cluster: ControlPlane, second: ControlPlane, home: Path
) -> None:
    """No variable of the role names them, and what was found tells them apart."""
    defaults = {
        GROUP: {
            "kubeconfig": f"{{{{ {{'one': '{cluster.kubeconfig}'}}[inventory_hostname] | default('{second.kubeconfig}') }}}}"
        }
    }
    run = run_play(home, {"one": {}, "two": {}}, defaults, role("check"))
    assert run.code == 0, run.text
    assert run.result("Check the ECI pods", "two")["cluster"]["server"] == second.server
    same = run_play(home, {"one": {}, "two": {}}, {GROUP: {"kubeconfig": str(cluster.kubeconfig)}}, role("check"))
    assert same.code == 2, same.text
    assert f"one, two are {cluster.server}" in same.message


@contextmanager
def somebodys_server() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that a host names, and the headers of all requests that reach it."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(str(self.headers))
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


@pytest.mark.compat
def test_a_credential_of_the_play_is_not_sent_to_a_hosts_own_server(
    cluster: ControlPlane, home: Path, tmp_path: Path
) -> None:
    """It gets what the host gives for it, and nothing else; the play's is asked for by naming it for the host."""
    token = cluster.token("default", "nobody")
    for defaults in (
        {"host": cluster.server, "api_key": token},
        {"kubeconfig": str(cluster.write_kubeconfig(tmp_path / "play.conf", token=token))},
    ):
        with somebodys_server() as (address, heard):
            hosts: dict[str, dict[str, Any]] = {
                "bare": {},
                "token": {"api_key": "the-hosts-own"},
                "user": {"username": "me"},
            }
            run = run_play(
                home, {name: {"host": address, **own} for name, own in hosts.items()}, {GROUP: defaults}, role("check")
            )
            assert run.code == 2, run.text
            assert token not in "".join(heard)
            assert token not in run.text
            assert "the-hosts-own" in "".join(heard)
            asked = {"own": {"host": address, "api_key": "{{ the_token }}"}}
            task = role("check")
            task["vars"]["the_token"] = token
            run_play(home, asked, {GROUP: defaults}, task)
            assert token in "".join(heard)

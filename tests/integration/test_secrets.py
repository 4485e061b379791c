# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of every kind connect, and none of them is found afterwards: output, events, artifacts, ledger, report."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.api import ApiError
from tests.cluster.certificates import Authority
from tests.integration.fleets import FLEET
from tests.integration.runner import IDENT, artifacts, data_dir, run_here
from tests.integration.support import OLD, PREFLIGHT, run_tasks

PASSWORDS = ("pa55word-of-the-host", "pa55word-of-the-proxy", "pa55word-in-a-header")
# ansible-runner's own record of what it was told to run: it holds the environment that the credential is part of.
RECORD_OF_INPUT = {"command"}
DEAD = "https://127.0.0.1:9"


@pytest.fixture(scope="module")
def token(cluster: ControlPlane) -> str:
    """The token of a service account that may do all."""
    granted = cluster.token("default", "secrets")
    binding = {
        "metadata": {"name": "secrets"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "secrets"}],
    }
    with contextlib.suppress(ApiError):
        cluster.api.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    return granted


@dataclass
class Job:
    """One run as AWX makes it, at -vvv: host variables, environment, and what must not be found."""

    directory: Path
    secrets: tuple[str, ...]
    host: Mapping[str, object] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    playbook: str = PREFLIGHT

    def run(self) -> tuple[int, str]:
        """Run it, search all that it leaves, and return its status and output."""
        home, job = self.directory / "home", self.directory / "job"
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        variables = {"eci_preflight_target_version": "1.26", "eci_preflight_pod_timeout": 2, **self.variables}
        data_dir(
            job, self.playbook, variables, envvars=self.environ, cmdline="-vvv", hosts={"c": {**local, **self.host}}
        )
        done = run_here(job, home)
        text = done.stdout + done.stderr
        assert "Traceback" not in text, text
        files = [file for place in (job / "artifacts", home) for file in place.rglob("*") if file.is_file()]
        assert any(file.parent.name == "job_events" for file in files)
        for file in files:
            if file.name not in RECORD_OF_INPUT:
                text += file.read_text(encoding="utf-8", errors="replace")
        for secret in self.secrets:
            assert secret not in text, f"found in what {self.directory} is left with"
        return done.returncode, done.stdout


def parts(token: str) -> tuple[str, ...]:
    """The token's claims and its signature: either is enough to know that it leaked, however it was wrapped or cut."""
    _header, claims, signature = token.split(".")
    return claims[:60], signature[:60]


def kubeconfig(cluster: ControlPlane, path: Path, user: Mapping[str, Any], server: str = "") -> Path:
    """A kubeconfig with that user."""
    document = yaml.safe_load(cluster.write_kubeconfig(path, token="x", server=server or None).read_text("utf-8"))
    document["users"][0]["user"] = dict(user)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def exec_plugin(path: Path, output: str, status: int = 0) -> dict[str, Any]:
    """A user whose credentials a program gives."""
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit {status}\n", encoding="utf-8")
    path.chmod(0o700)
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path), "interactiveMode": "Never"}
    return {"exec": plugin}


def credential(status: Mapping[str, str]) -> str:
    """What an exec plugin prints."""
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


def awx_environment(cluster: ControlPlane, token: str, **changed: str) -> dict[str, str]:
    """What AWX's own Kubernetes credential sets."""
    given = {
        "K8S_AUTH_HOST": cluster.server,
        "K8S_AUTH_API_KEY": token,
        "K8S_AUTH_VERIFY_SSL": "True",
        "K8S_AUTH_SSL_CA_CERT": str(cluster.ca_file),
    }
    return {**given, **changed}


@pytest.fixture(params=["token", "exec plugin", "AWX", "AWX without a CA", "kubeconfig credential"])
def works(request: pytest.FixtureRequest, cluster: ControlPlane, token: str, tmp_path: Path) -> Job:
    """A job for every way to connect."""
    way, file, secrets = request.param, tmp_path / "kubeconfig", parts(token)
    if way == "token":
        return Job(
            tmp_path, secrets, host={"eci_preflight_kubeconfig": str(kubeconfig(cluster, file, {"token": token}))}
        )
    if way == "exec plugin":
        user = exec_plugin(tmp_path / "plugin.sh", credential({"token": token}))
        return Job(tmp_path, secrets, host={"eci_preflight_kubeconfig": str(kubeconfig(cluster, file, user))})
    if way == "kubeconfig credential":
        environ = {"K8S_AUTH_KUBECONFIG": str(kubeconfig(cluster, file, {"token": token}))}
        return Job(tmp_path, secrets, environ=environ)
    if way == "AWX":
        return Job(tmp_path, secrets, environ=awx_environment(cluster, token))
    changed = {"K8S_AUTH_VERIFY_SSL": "False", "K8S_AUTH_SSL_CA_CERT": ""}
    return Job(tmp_path, secrets, environ=awx_environment(cluster, token, **changed))


def test_every_credential_connects_and_leaves_nothing(works: Job, cluster: ControlPlane) -> None:
    """From AWX's credential, ours, a token and an exec plugin; the result is an artifact."""
    code, text = works.run()
    assert code == 0, text
    assert artifacts(works.directory / "job")["eci_preflight_result_c"]["server"] == cluster.server
    assert ("validate_certs is off" in text) == (works.environ.get("K8S_AUTH_VERIFY_SSL") == "False")


def _limited_life(cluster: ControlPlane, _token: str, path: Path) -> tuple[Job, str]:
    expired = cluster.token("default", "secrets", -600)
    file = kubeconfig(cluster, path / "kubeconfig", {"token": expired})
    return Job(path, parts(expired), host={"eci_preflight_kubeconfig": str(file)}), "limited life"


def _no_rights(cluster: ControlPlane, _token: str, path: Path) -> tuple[Job, str]:
    nobody = cluster.token("default", "nobody")
    return Job(path, parts(nobody), environ=awx_environment(cluster, nobody)), "403"


def _unreachable(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    return Job(path, parts(token), environ=awx_environment(cluster, token, K8S_AUTH_HOST=DEAD)), "could not be reached"


def _other_authority(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    other = str(Authority(path / "other").certificate_file)
    return Job(path, parts(token), environ=awx_environment(cluster, token, K8S_AUTH_SSL_CA_CERT=other)), "certificate"


def _line_break(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    file = kubeconfig(cluster, path / "kubeconfig", {"token": f"{token}\n"})
    return Job(path, parts(token), host={"eci_preflight_kubeconfig": str(file)}), "line break"


def _broken_plugin(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    user = exec_plugin(path / "plugin.sh", credential({"token": token})[:-1])
    file = kubeconfig(cluster, path / "kubeconfig", user)
    return Job(path, parts(token), host={"eci_preflight_kubeconfig": str(file)}), "exec"


def _options(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    host = {
        "eci_preflight_host": DEAD.replace("://", f"://somebody:{PASSWORDS[0]}@"),
        "eci_preflight_api_key": token,
        "eci_preflight_ca_cert": str(cluster.ca_file),
        "eci_preflight_proxy": f"http://somebody:{PASSWORDS[1]}@127.0.0.1:9",
        "eci_preflight_proxy_headers": {"proxy_basic_auth": f"somebody:{PASSWORDS[2]}"},
    }
    return Job(path, (*parts(token), *PASSWORDS), host=host), "could not be reached"


def _dictionary(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    file = kubeconfig(cluster, path / "kubeconfig", {"token": token}, server=DEAD)
    host = {"eci_preflight_kubeconfig": yaml.safe_load(file.read_text(encoding="utf-8"))}
    return Job(path, parts(token), host=host, variables={"eci_preflight_method": "wrong"}), "wrong"


def _text(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    file = kubeconfig(cluster, path / "kubeconfig", {"token": token})
    text = file.read_text(encoding="utf-8")
    return Job(path, parts(token), host={"eci_preflight_kubeconfig": text}), "neither a path nor a kubeconfig"


def _base64(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    file = kubeconfig(cluster, path / "kubeconfig", {"token": token})
    text = base64.b64encode(file.read_bytes()).decode()
    secrets = (*parts(token), text[400:460])
    return Job(path, secrets, environ={"K8S_AUTH_KUBECONFIG": text}), "neither a path nor a kubeconfig"


def _plugins_environment(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    user = exec_plugin(path / "plugin.sh", "no credential", status=3)
    user["exec"] |= {"args": ["--secret", PASSWORDS[0]], "env": [{"name": "KEY", "value": PASSWORDS[1]}]}
    file = kubeconfig(cluster, path / "kubeconfig", user)
    host = {"eci_preflight_kubeconfig": yaml.safe_load(file.read_text(encoding="utf-8"))}
    return Job(path, (*parts(token), *PASSWORDS), host=host), "process returned 3"


def _proxy_of_the_kubeconfig(cluster: ControlPlane, token: str, path: Path) -> tuple[Job, str]:
    file = kubeconfig(cluster, path / "kubeconfig", {"token": token})
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["clusters"][0]["cluster"]["proxy-url"] = f"http://somebody:{PASSWORDS[1]}@127.0.0.1:9"
    return Job(path, (*parts(token), *PASSWORDS), host={"eci_preflight_kubeconfig": document}), "could not be reached"


FAILURES = [
    _limited_life,
    _no_rights,
    _unreachable,
    _other_authority,
    _line_break,
    _broken_plugin,
    _options,
    _dictionary,
    _text,
    _base64,
    _plugins_environment,
    _proxy_of_the_kubeconfig,
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__.strip("_"))
def test_every_failure_keeps_the_secret(failure: Any, cluster: ControlPlane, token: str, tmp_path: Path) -> None:
    """Each says what is wrong, without a traceback, and without the credential anywhere."""
    job, said = failure(cluster, token, tmp_path)
    code, text = job.run()
    assert code != 0
    assert said in " ".join(text.split()), text


@pytest.fixture
def blocked(cluster: ControlPlane, namespace: str) -> str:
    """A cluster with an old pod that a budget holds."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web"), w.budget(namespace, "web", "web", min_available=1))
    w.age(cluster.api, w.wait_ready(cluster.api, namespace, "web", 1), OLD)
    return namespace


@pytest.mark.usefixtures("blocked")
def test_a_recreation_that_fails_keeps_the_secret(cluster: ControlPlane, token: str, tmp_path: Path) -> None:
    """In a fleet upgrade with ledger and report, whose upgrade tasks are not reached."""
    report = tmp_path / "home" / "report.json"
    (tmp_path / "upgrade.yml").write_text("- ansible.builtin.debug: {msg: upgrading}\n", encoding="utf-8")
    variables = {
        "eci_fleet_upgrade_report": str(report),
        "eci_fleet_upgrade_tasks_file": str(tmp_path / "upgrade.yml"),
    }
    file = kubeconfig(cluster, tmp_path / "kubeconfig", {"token": token})
    host = {"eci_preflight_kubeconfig": str(file)}
    job = Job(tmp_path, parts(token), host=host, variables=variables, playbook=FLEET)
    code, text = job.run()
    assert code != 0
    assert "upgrading" not in text.split("PLAY RECAP")[0].split("Run the upgrade tasks")[-1]
    assert list((tmp_path / "home").rglob("ledger.jsonl"))
    assert json.loads(report.read_text(encoding="utf-8"))["counts"]["left_out"] == 1
    assert artifacts(tmp_path / "job")["eci_fleet_upgrade_result_c"]["state"] == "left_out"
    assert (tmp_path / "job" / "artifacts" / IDENT / "stdout").exists()


def test_a_task_with_a_wrong_option_keeps_the_secret(cluster: ControlPlane, token: str, tmp_path: Path) -> None:
    """Ansible itself refuses it, before any of our own code has run."""
    file = kubeconfig(cluster, tmp_path / "kubeconfig", {"token": token, "exec": {"env": [{"value": PASSWORDS[0]}]}})
    options = {
        "kubeconfig": yaml.safe_load(file.read_text(encoding="utf-8")),
        "host": DEAD.replace("://", f"://somebody:{PASSWORDS[1]}@"),
        "settle_timeout": "soon",
    }
    run = run_tasks([{"ackops.eci.eci_pod_facts": options}], None, tmp_path / "home", "-vvv")
    assert run.code == 2
    assert "settle_timeout" in run.message
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in run.text
    for secret in (*parts(token), *PASSWORDS):
        assert secret not in run.text

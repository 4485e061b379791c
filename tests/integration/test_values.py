# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as people give them, through the roles and the playbooks: the same on every supported ansible-core. No cluster is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.plugin_utils._values import role_options
from tests.integration.dumps import audit, saved
from tests.integration.fleets import FLEET
from tests.integration.support import PREFLIGHT, Run, run_playbook
from tests.unit.plugins.plugin_utils.test_values import BAD, BAD_OF, TARGET, cases

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
# Each option as text, and what its modules get of it. The connection leads nowhere.
WAIVER = {"match": "namespace == 'none'", "reason": "goes", "expires": "2999-01-01"}
TEXTS: dict[str, tuple[str, Any]] = {
    "host": ("https://127.0.0.1:9", "https://127.0.0.1:9"), "api_key": ("abcdefgh", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"),
    "validate_certs": ("false", False), "persist_config": ("no", False), "impersonate_user": ("me", "me"),
    "impersonate_groups": ("[\"a\", 'b']", ["a", "b"]), "node_name_prefixes": ("virtual-,vk-", ["virtual-", "vk-"]),
    "proxy_headers": ('{"user_agent": "us"}', {"proxy_basic_auth": None, "basic_auth": None, "user_agent": "us"}),
    "no_proxy": ("127.0.0.1", "127.0.0.1"), "target_version": ("1.26", "1.26"), "settle_timeout": ("5", 5),
    "matrix": ('{"2.0.0": ["1.26"]}', {"2.0.0": ["1.26"]}), "exempt": (json.dumps([WAIVER]), [WAIVER]),
    "method": ("delete", "delete"), "serial": ("1 5 25%", [1, 5, "25%"]), "workload_serial": ("2", "2"),
    "recreated_by": ("a.io/B,c.io/D", ["a.io/B", "c.io/D"]), "forget": ("['shop/a']", ["shop/a"]),
    "unmanaged": ("recreate", "recreate"), "running_jobs": ("evict", "evict"), "pod_timeout": ("60", 60),
    "quiet": ("true", True), "run_timeout": ("0", 0), "max_failures": ("1", 1), "record_dir": ("~/r", None), "upgrade_timeout": ("0", 0),
    "kubeconfig": ("", None), "context": ("", None), "username": ("", None), "password": ("", None), "proxy": ("", None),
    "client_cert": ("", None), "client_key": ("", None), "ca_cert": ("", None), "cluster_version": ("", None), "src": ("", None),
}  # fmt: skip
# Options of the role alone, and of the other role.
NO_MODULES = {"record_root", "require_named_cluster", "fail_when_not_ready", "fail_on", "report", "report_title"}


@pytest.mark.compat
def test_text_reaches_the_modules_as_what_it_means(home: Path) -> None:
    """Every variable of the role, given with -e name=value."""
    names = {name.removeprefix("eci_preflight_") for name in role_options() if name.startswith("eci_preflight_")}
    assert names == TEXTS.keys() | NO_MODULES
    role = {"name": "ackops.eci.eci_preflight", "rolespec_validate": False}
    tasks = [{"ansible.builtin.include_role": {**role, "tasks_from": entry}, "ignore_errors": True}
             for entry in ("variables", "scan", "recreate", "upgraded")]  # fmt: skip
    given = [
        part for name, (text, _meant) in TEXTS.items() for part in ("-e", f"eci_preflight_{name}={json.dumps(text)}")
    ]
    run = run_playbook(
        [{"hosts": "localhost", "gather_facts": False, "ignore_errors": True, "tasks": tasks}], None, home, *given,
        environ={"ANSIBLE_INJECT_INVOCATION": "true"},
    )  # fmt: skip
    got: dict[str, Any] = {}
    for task in ("Check the ECI pods", "Recreate the ECI pods", "Wait until the API server"):
        result = run.result(task)
        assert "127.0.0.1:9 could not be reached" in result["msg"], result["msg"]
        got.update(result["invocation"]["module_args"])
    wanted = {name: meant for name, (_text, meant) in TEXTS.items() if meant is not None}
    assert {name: got[name] for name in wanted} == wanted
    assert got["record_dir"].endswith("/r")
    assert {name: got[name] for name, (text, meant) in TEXTS.items() if not text and meant is None} == dict.fromkeys(
        [name for name, (text, _meant) in TEXTS.items() if not text]
    )


@pytest.mark.compat
def test_what_cannot_be_meant_is_one_error(home: Path) -> None:
    """A host for each wrong value of each variable: it fails at the role's first task, and its message is the same everywhere."""
    home.mkdir(parents=True)
    rows = [row for row in cases(BAD_OF, BAD) if not isinstance(row[1], str) or "datetime" not in row[1]]
    hosts = {f"h{number}": {**LOCAL, TARGET: "1.26", name: value} for number, (name, value, _said) in enumerate(rows)}
    inventory = home / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    role = {"name": "ackops.eci.eci_preflight", "tasks_from": "check", "rolespec_validate": False}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}
    run = run_playbook([play], None, home, "-i", str(inventory))
    assert run.code == 2, run.text
    assert "Traceback" not in run.text
    failed = {entry["host"]: entry["result"]["msg"] for entry in run.entries if entry.get("result", {}).get("failed")}
    for number, (name, _value, said) in enumerate(rows):
        message = failed[f"h{number}"]
        assert message.startswith(name), message
        assert message.endswith(" Nothing was changed."), message
        assert said in message or "its value" in message, (name, message)
    assert "Make sure that every variable can be meant" in run.tasks
    assert "Begin" not in run.tasks


@pytest.mark.compat
def test_a_date_and_versions_without_quotes(home: Path) -> None:
    """In an inventory: the waiver covers what it names until that day, and 1.26 is the version that it looks like."""
    saved(home, "cluster.json", 2)
    inventory = home / "hosts.yml"
    inventory.write_text(
        "all:\n  hosts:\n    a:\n      ansible_connection: local\n      eci_audit_src: cluster.json\n"
        "      ansible_python_interpreter: '{{ ansible_playbook_python }}'\n      eci_audit_cluster_version: 1.24\n"
        "      eci_preflight_target_version: 1.26\n"
        "      eci_preflight_exempt:\n        - {match: name == 'web-000', reason: goes, expires: 2999-12-31}\n",
        encoding="utf-8",
    )
    run = run_playbook("ackops.eci.eci_audit", None, home, "-i", str(inventory))
    assert run.code == 0, run.text
    assert "NOT READY for Kubernetes 1.26 (now 1.24): 1 incompatible, 1 exempt" in run.text
    assert "goes (until 2999-12-31;" in run.text
    wrong = run_playbook("ackops.eci.eci_audit", None, home, "-i", str(inventory), variables={TARGET: 1.30})
    assert wrong.code == 2, wrong.text
    assert f"{TARGET}: 1.3 is a number that may not be the version that was written" in wrong.message
    assert f"Put it in quotes, for example {TARGET}: '1.30'." in wrong.message


@pytest.mark.parametrize("playbook", [PREFLIGHT, FLEET, "ackops.eci.eci_audit"])
def test_the_playbooks_say_it_themselves(home: Path, tmp_path: Path, playbook: str) -> None:
    """Not Ansible, whose message names neither the value nor what helps; and a missing target."""
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"a": LOCAL}}}), encoding="utf-8")

    def run(*arguments: str) -> Run:
        return run_playbook(playbook, None, home, "-i", str(inventory), *arguments)

    wrong = run(
        "-e", f"{TARGET}=1.26", "-e", "eci_preflight_fail_when_not_ready=maybe", "-e", "eci_preflight_pod_timeout=15m"
    )
    missing = run()
    assert (wrong.code, missing.code) == (2, 2), wrong.text + missing.text
    assert "Validating arguments" not in wrong.text
    if playbook != "ackops.eci.eci_audit":  # it sets this one itself
        assert "eci_preflight_fail_when_not_ready: 'maybe' is neither true nor false. Give true or false." in wrong.text
    assert "eci_preflight_pod_timeout: '15m' is not a whole number." in wrong.text
    assert f"{TARGET} is not given. Give the Kubernetes version to upgrade to, in quotes: '1.26'." in missing.text


def test_a_misspelt_variable_of_the_audit_is_an_error(home: Path) -> None:
    """It would look at the cluster of the kubeconfig instead of the dump."""
    run = audit(home, eci_audit_source="cluster.json")
    assert run.code == 2, run.text
    assert "no such variable: eci_audit_source (did you mean eci_audit_src?)" in run.message

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What awx/ puts into AWX, with the fewest and with all settings: every module call, and how they hang together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import ChainableUndefined, sandbox

from tests.awx import recorder, rules, schema, surveys
from tests.awx.recorder import Call
from tests.dev.paths import REPO

FEWEST = {
    "eci_awx_project_scm_url": "https://git.example.com/ops/clusters.git",
    "eci_awx_execution_environment_image": "registry.example.com/ops/eci:0.1.0",
}
ALL = {
    **FEWEST,
    "eci_awx_kubeconfig": "apiVersion: v1\nkind: Config\n",
    "eci_awx_access_key_id": "example-id",
    "eci_awx_access_key_secret": "example-secret",
    "eci_awx_region": "cn-shanghai",
    "eci_awx_record_dir": "/records",
    "eci_awx_webhook_url": "https://hooks.example.com/eci",
    "eci_awx_webhook_username": "awx",
    "eci_awx_webhook_password": "example-password",
    "eci_awx_job_slice_count": 4,
    "eci_awx_inventory_path": "clusters.kubeconfig.yml",
    "eci_awx_schedule_enabled": True,
    "eci_awx_project_credential": "git",
    "eci_awx_registry_credential": "registry",
    "eci_awx_vault_credentials": ["vault"],
    "eci_awx_credential_input_sources": [
        {
            "target_credential": "ECI clusters", "input_field_name": "kubeconfig", "source_credential": "secrets",
            "metadata": {"secret_path": "ack"},
        },
    ],
    "eci_awx_instance_groups": ["mesh"],
    "eci_awx_labels": ["ack", "eci"],
    "eci_awx_job_timeout": 43200,
    "eci_awx_approval_timeout": 86400,
    "eci_awx_kubernetes_credential": "only cluster",
}  # fmt: skip
# What ALL names, and an administrator has made.
THERE = [
    ("credential", "git"), ("credential", "registry"), ("credential", "secrets"), ("credential", "vault"),
    ("credential", "only cluster"), ("instance_group", "mesh"),
]  # fmt: skip
ROLES = ("eci_preflight", "eci_fleet_upgrade")
# Keywords of a play take variables that are no role's: their defaults stand in the playbook. No survey asks for hosts: AWX has limits.
FLEET = REPO / "playbooks" / "fleet_upgrade.yml"
KEYWORD = re.compile(r"(eci_fleet_upgrade_(?!hosts)\w+) \| default\((.+?)\)")
AT_LEAST = re.compile(r'at_least\(module, "(\w+)", (\d+)\)')


@pytest.fixture(scope="module", params=["fewest", "all"])
def settings(request: pytest.FixtureRequest) -> str:
    """Which settings."""
    return str(request.param)


@pytest.fixture(scope="module")
def calls(settings: str, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """What awx_apply would call."""
    return recorder.record(tmp_path_factory.mktemp(settings), FEWEST if settings == "fewest" else ALL)


@pytest.fixture(scope="module")
def options() -> dict[str, dict[str, Any]]:
    """The variables of the roles and of the fleet's playbook."""
    found: dict[str, dict[str, Any]] = {}
    for role in ROLES:
        spec = yaml.safe_load((REPO / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        found |= spec["argument_specs"]["main"]["options"]
    for name, default in KEYWORD.findall(FLEET.read_text(encoding="utf-8")):
        value = yaml.safe_load(default)
        found[name] = {"type": type(value).__name__, "default": value}
    found["eci_report_expect"] = {"type": "str", "choices": ["ready", "upgraded"]}
    return found


def questions(calls: list[Call]) -> Iterator[tuple[Call, dict[str, Any]]]:
    """Every question of every survey."""
    for call in calls:
        for question in rules.survey_of(call):
            yield call, dict(question)


def test_every_call_is_what_the_modules_take(calls: list[Call]) -> None:
    """By the option schema of awx.awx."""
    wrong = [
        f"{call}: {line}"
        for call in calls
        for line in schema.complaints(call.arguments, schema.documented(call.module))
    ]
    assert wrong == []


def test_the_objects_fit_together(calls: list[Call]) -> None:
    """Nothing refers to what is not there; nothing is given that nobody asks for."""
    assert rules.complaints(calls, THERE) == []


def test_the_project_has_what_the_templates_run(calls: list[Call]) -> None:
    """Playbooks and the inventory."""
    assert list(rules.files(calls, REPO / "playbooks" / "awx" / "project")) == []


def test_everything_is_there(calls: list[Call], settings: str) -> None:
    """Each kind of object, the notification only with a URL."""
    kinds = {call.kind for call in calls}
    only_when_set = {"notification_template", "label", "credential_input_source"}
    expected = set(recorder.MODULES) - (only_when_set if settings == "fewest" else set())
    assert kinds == expected
    nodes = [node["identifier"] for call in calls for node in call.arguments.get("workflow_nodes") or []]
    assert nodes == ["audit", "plan", "approval", "preflight", "upgrade", "report"]


def test_awx_takes_the_surveys(calls: list[Call]) -> None:
    """By the rules of AWX, and no key that it would ignore."""
    specs = [(call, call.arguments["survey_spec"]) for call in calls if call.arguments.get("survey_spec")]
    assert specs
    assert [f"{call}: {wrong}" for call, spec in specs for wrong in surveys.accepted(spec)] == []


def test_the_surveys_say_what_the_roles_do(calls: list[Call], options: dict[str, dict[str, Any]]) -> None:
    """Variables, types, choices, bounds, defaults."""
    modules = (REPO / "plugins" / "modules").glob("*.py")
    found = [pair for path in modules for pair in AT_LEAST.findall(path.read_text(encoding="utf-8"))]
    lowest = {f"eci_preflight_{option}": int(bound) for option, bound in found}
    assert {"eci_preflight_pod_timeout", "eci_preflight_max_failures"} <= set(lowest)
    wrong = [
        f"{call}: {question['variable']}: {line}"
        for call, question in questions(calls)
        for line in surveys.agreement(question, options, lowest)
    ]
    assert wrong == []


def test_a_pod_is_made_again_only_where_its_manifest_outlives_the_job(
    calls: list[Call], settings: str, options: dict[str, dict[str, Any]]
) -> None:
    """Everything else that a role offers, the surveys offer."""
    left_out = {
        (question["variable"], choice)
        for _call, question in questions(calls)
        for choice in surveys.left_out(question, options)
    }
    assert left_out == ({("eci_preflight_unmanaged", "recreate")} if settings == "fewest" else set())
    recorded = {
        "eci_preflight_record_root" in (call.arguments.get("extra_vars") or {})
        for call in calls
        if call.kind == "job_template" and call.name != rules.TOUCHES_NOTHING
    }
    assert recorded == {settings == "all"}


def test_the_versions_are_those_of_the_matrix(calls: list[Call]) -> None:
    """From 1.22 on; what the matrix does not name would keep every gate shut."""
    matrix = (REPO / "plugins" / "module_utils" / "_rules" / "matrix.py").read_text(encoding="utf-8")
    named = {version for version in re.findall(r'"(1\.\d+)"', matrix) if int(version.partition(".")[2]) >= 22}
    offered = {
        choice
        for _call, question in questions(calls)
        if question["variable"] == "eci_preflight_target_version"
        for choice in question["choices"]
    }
    assert offered == {f"v{version}" for version in named}


def test_variables_of_a_template_are_no_templates(calls: list[Call]) -> None:
    """With ALLOW_JINJA_IN_EXTRA_VARS=never AWX hands them on as they are, and braces would be a directory's name."""
    given = [call.arguments.get("extra_vars") or {} for call in calls]
    assert [extra for extra in given if "{{" in str(extra)] == []


ONE = {"cluster": "shop-east", "headline": "NOT READY for Kubernetes 1.26 (now 1.24): 4 incompatible"}
LINES = ["preflight of 1 cluster: 1 not ready", "shop-east: NOT READY"]


@pytest.mark.parametrize(
    ("artifacts", "clusters"),
    [
        ({"artifacts": {"eci_preflight_result_shop_east": ONE}}, [f"shop-east: {ONE['headline']}"]),
        ({"artifacts": {"eci_report": {"lines": LINES}, "eci_preflight_result_shop_east": ONE}}, LINES),
        ({"artifacts": {}}, []),
        # A workflow has none.
        ({}, []),
    ],
    ids=["audit", "report", "cancelled", "workflow"],
)
def test_a_message_names_the_clusters(
    calls: list[Call], settings: str, artifacts: dict[str, Any], clusters: list[str]
) -> None:
    """And how many of their pods, as a body that AWX takes for JSON, rendered as AWX does: what is not there is empty, at any depth."""
    said = [call.arguments["messages"] for call in calls if call.kind == "notification_template"]
    assert len(said) == (1 if settings == "all" else 0)
    awx = sandbox.ImmutableSandboxedEnvironment(undefined=ChainableUndefined)
    job = {"name": "ECI audit", "status": "failed", "job_explanation": "", **artifacts}
    for messages in said:
        for event in ("success", "error"):
            sent = json.loads(awx.from_string(messages[event]["body"]).render(job=job, url="https://awx/#/jobs/1"))
            assert sent == {
                "job": "ECI audit", "status": "failed", "url": "https://awx/#/jobs/1", "explanation": "", "clusters": clusters,
            }  # fmt: skip
        for event in messages["workflow_approval"]:
            waiting = {
                "approval_node_name": "Recreate and upgrade",
                "approval_status": event,
                "workflow_url": "https://awx",
            }
            body = messages["workflow_approval"][event]["body"]
            sent = json.loads(sandbox.ImmutableSandboxedEnvironment().from_string(body).render(**waiting))
            assert (sent["approval"], sent["status"], sent["url"]) == tuple(waiting.values())


def test_one_credential_says_which_cluster(calls: list[Call], settings: str) -> None:
    """AWX's own for Kubernetes, where it is set: what is put into a template by hand goes when applied again."""
    given = {call.name: call.arguments["credentials"] for call in calls if call.kind == "job_template"}
    clusters = ["ECI clusters"] if settings == "fewest" else ["only cluster", "vault"]
    assert given == {
        "ECI audit": clusters, "ECI preflight": clusters, "ECI upgrade": [*clusters, "ECI cluster upgrade"], "ECI report": [],
    }  # fmt: skip


def test_what_a_launch_may_say(calls: list[Call]) -> None:
    """As the guide says. The report, which reads no cluster, is not sliced; what recreates nothing is not launched as a check."""
    asked = {
        call.name: {key[4:-10] for key, value in call.arguments.items() if key.startswith("ask_") and value}
        for call in calls
        if call.kind in {"job_template", "workflow_job_template"}
    }
    everywhere = {"limit", "timeout", "instance_groups", "verbosity"}
    upgrade = everywhere | {"forks", "job_slice_count", "diff_mode"}
    assert asked == {
        "ECI audit": upgrade | {"job_type"}, "ECI preflight": upgrade | {"job_type"}, "ECI upgrade": upgrade,
        "ECI report": everywhere, "ECI fleet upgrade": {"limit"},
    }  # fmt: skip


def test_a_job_is_not_cut_off(calls: list[Call], settings: str) -> None:
    """0 would be whatever AWX is set to, and -1 is no limit."""
    limits = {call.arguments["timeout"] for call in calls if call.kind == "job_template"}
    assert limits == {-1 if settings == "fewest" else 43200}


def test_secrets_are_only_where_awx_hides_them(calls: list[Call], settings: str) -> None:
    """In the inputs of credentials and in the password of a notification."""
    secret = {str(ALL[name]).strip() for name in ALL if re.search("secret|password|kubeconfig", name)}
    for call in calls:
        rest = {key: value for key, value in call.arguments.items() if key != "inputs"}
        rest["notification_configuration"] = {
            key: value for key, value in (rest.get("notification_configuration") or {}).items() if key != "password"
        }
        assert [text for text in secret if text in str(rest)] == [], call
    given = [call.arguments.get("inputs") for call in calls if call.kind == "credential"]
    assert given[0] == ({} if settings == "fewest" else {"kubeconfig": ALL["eci_awx_kubeconfig"]})


def test_a_setting_that_is_missing_is_named(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(AssertionError, match="Set eci_awx_project_scm_url"):
        recorder.record(tmp_path, {})


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("eci_awx_target_versions", ["1.30"], 'eci_awx_target_versions is ["1.30"]; give a list of versions'),
        ("eci_awx_schedule_target_version", "v1.99", 'eci_awx_schedule_target_version is "v1.99"; give one of'),
        ("eci_awx_job_timeout", "4h", 'eci_awx_job_timeout is "4h"; give seconds'),
        ("eci_awx_approval_timeout", "1 day", 'eci_awx_approval_timeout is "1 day"; give seconds'),
        ("eci_awx_job_slice_count", 0, "eci_awx_job_slice_count is 0; give a number of jobs"),
        (
            "eci_awx_credential_input_sources",
            [{"target_credential": "ECI clusters", "input_field_name": "token", "source_credential": "vault"}],
            "Give it target_credential (ECI clusters or ECI cluster upgrade), input_field_name (kubeconfig; or",
        ),
    ],
)
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, setting: str, value: Any, said: str) -> None:
    """Before anything is changed."""
    with pytest.raises(AssertionError) as caught:
        recorder.record(tmp_path, {**FEWEST, setting: value})
    assert said in " ".join(str(caught.value).replace('\\"', '"').split())

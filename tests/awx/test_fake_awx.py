# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in does what AWX 24.6.1 does, where a kinder one would hide a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.awx import client
from tests.awx.client import Awx

QUESTION = {
    "variable": "v", "question_name": "V", "question_description": "", "type": "multiplechoice", "choices": ["a", "b"],
}  # fmt: skip
WEBHOOK = {
    "url": "https://h", "http_method": "POST", "headers": {}, "username": "", "password": "p", "disable_ssl_verification": False,
}  # fmt: skip


@pytest.fixture
def awx(tmp_path: Path) -> Iterator[Awx]:
    """An empty one."""
    with client.awx(tmp_path) as server:
        yield server


def make(awx: Awx, endpoint: str, **given: Any) -> int:
    """Make an object by the API."""
    status, said = awx.ask("POST", endpoint, given)
    assert status == 201, said
    return int(said["id"])


def template(awx: Awx, *questions: dict[str, Any], name: str = "t", **given: Any) -> int:
    """A job template with a survey."""
    inventory = make(awx, "inventories", name=f"of {name}")
    made = make(awx, "job_templates", name=name, inventory=inventory, survey_enabled=bool(questions), **given)
    if questions:
        spec = {"name": "", "description": "", "spec": list(questions)}
        assert awx.ask("POST", f"job_templates/{made}/survey_spec", spec)[0] == 200
    return made


def test_inputs_are_replaced_whole_and_encrypted_ones_kept(awx: Awx) -> None:
    """CredentialSerializer and Credential.save: only a secret given as it is shown stays."""
    fields = [{"id": "key", "type": "string"}, {"id": "secret", "type": "string", "secret": True}]
    kind = make(awx, "credential_types", name="k", kind="cloud", inputs={"fields": fields})
    one = make(awx, "credentials", name="c", credential_type=kind, inputs={"key": "a", "secret": "s"})
    assert awx.ask("GET", f"credentials/{one}")[1]["inputs"] == {"key": "a", "secret": "$encrypted$"}
    awx.ask("PATCH", f"credentials/{one}", {"inputs": {"key": "b", "secret": "$encrypted$"}})
    assert awx.store.one("credentials", one)["inputs"] == {"key": "b", "secret": "s"}
    awx.ask("PATCH", f"credentials/{one}", {"inputs": {"key": "c"}})
    assert awx.store.one("credentials", one)["inputs"] == {"key": "c"}
    assert awx.ask("PATCH", f"credentials/{one}", {"inputs": {"other": "c"}})[0] == 400


def test_a_default_answers_no_required_question(awx: Awx) -> None:
    """SurveyJobTemplateMixin: neither for a launch nor for a schedule; and a default that there is goes before the host's value."""
    made = template(awx, {**QUESTION, "required": True, "default": "a"})
    status, said = awx.ask("POST", f"job_templates/{made}/launch", {})
    assert (status, said) == (400, {"variables_needed_to_start": ["'v' value missing"]})
    schedule = {"name": "s", "unified_job_template": made, "rrule": "r", "extra_data": {}}
    assert awx.ask("POST", "schedules", schedule)[0] == 400
    assert awx.ask("POST", "schedules", {**schedule, "extra_data": {"v": "b"}})[0] == 201
    assert awx.ask("POST", "schedules", {**schedule, "name": "z", "extra_data": {"v": "b", "w": 1}})[0] == 400

    optional = template(awx, {**QUESTION, "required": False, "default": "a"}, name="u")
    launched = awx.ask("POST", f"job_templates/{optional}/launch", {})[1]["id"]
    assert awx.jobs.one(launched).variables == {"v": "a"}


def test_an_answer_that_is_none_of_the_choices(awx: Awx) -> None:
    """A boolean is not the text of one."""
    made = template(awx, {**QUESTION, "choices": ["true", "false"], "required": False})
    status, said = awx.ask("POST", f"job_templates/{made}/launch", {"extra_vars": {"v": False}})
    assert (status, said) == (
        400,
        {"variables_needed_to_start": ["Value False for 'v' expected to be one of ['true', 'false']."]},
    )


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        ({"type": "text"}, 1, "Value 1 for 'v' expected to be a string."),
        ({"type": "text", "min": 1}, "", "'v' value  is too small (length is 0 must be at least 1)."),
        ({"type": "integer"}, "1", "Value 1 for 'v' expected to be an integer."),
        ({"type": "integer"}, True, "Value True for 'v' expected to be an integer."),
        ({"type": "integer", "min": 2}, 1, "'v' value 1 is too small (must be at least 2)."),
        ({"type": "integer", "max": 2}, 3, "'v' value 3 is too large (must be no more than 2)."),
        ({"type": "float"}, "1", "Value 1 for 'v' expected to be a numeric type."),
        ({"type": "float"}, 1, None),
    ],
)
def test_answers_are_what_they_are_asked_for(
    awx: Awx, question: dict[str, Any], value: object, said: str | None
) -> None:
    """SurveyJobTemplateMixin._survey_element_validation, in its words; an empty answer is one."""
    plain = {key: word for key, word in QUESTION.items() if key != "choices"}
    made = template(awx, {**plain, "required": False, **question})
    status, answer = awx.ask("POST", f"job_templates/{made}/launch", {"extra_vars": {"v": value}})
    assert (status, answer.get("variables_needed_to_start")) == ((400, [said]) if said else (201, None))


def test_what_is_not_asked_for_is_ignored_at_a_launch_and_refused_of_a_node(awx: Awx) -> None:
    """JobLaunch ignores fields; LaunchConfigurationBaseSerializer refuses them."""
    made = template(awx, job_type="run")
    launched = awx.ask(
        "POST", f"job_templates/{made}/launch", {"extra_vars": {"x": 1}, "limit": "h", "job_type": "check"}
    )[1]
    job = awx.jobs.one(launched["id"])
    assert (job.variables, job.limit, job.job_type) == ({}, None, "run")
    workflow = make(awx, "workflow_job_templates", name="w")
    node = {"identifier": "n", "workflow_job_template": workflow, "unified_job_template": made}
    assert awx.ask("POST", "workflow_job_template_nodes", {**node, "extra_data": {"x": 1}})[0] == 400
    assert awx.ask("POST", "workflow_job_template_nodes", {**node, "job_type": "check"})[0] == 400
    assert awx.ask("POST", "workflow_job_template_nodes", {**node, "job_type": "run"})[0] == 201


def test_an_approval_shows_nothing_of_its_node(awx: Awx) -> None:
    """So that awx.awx, which gives both at once, always finds a difference."""
    workflow = make(awx, "workflow_job_templates", name="w")
    node = make(awx, "workflow_job_template_nodes", identifier="n", workflow_job_template=workflow)
    given = {"name": "a", "identifier": "n", "workflow_job_template": workflow, "timeout": 60}
    status, said = awx.ask("POST", f"workflow_job_template_nodes/{node}/create_approval_template", given)
    assert status == 201
    assert not {"identifier", "workflow_job_template"} & set(said)
    shown = awx.ask("GET", f"workflow_job_template_nodes/{node}")[1]["summary_fields"]["unified_job_template"]
    assert (shown["name"], shown["timeout"], shown["unified_job_type"]) == ("a", 60, "workflow_approval")


def test_an_inventory_is_deleted_later(awx: Awx) -> None:
    """Inventory.schedule_deletion: found for a while, its name taken, a second deletion refused, templates without it."""
    inventory = make(awx, "inventories", name="i")
    made = make(awx, "job_templates", name="t", inventory=inventory)
    awx.store.found_while_deleting = 4
    assert awx.ask("DELETE", f"inventories/{inventory}")[0] == 202
    assert awx.ask("GET", f"inventories/{inventory}")[1]["pending_deletion"] is True
    assert awx.ask("POST", "inventories", {"name": "i"})[0] == 400
    assert awx.ask("DELETE", f"inventories/{inventory}")[0] == 400
    assert awx.ask("GET", f"job_templates/{made}")[1]["inventory"] is None
    assert awx.ask("GET", f"inventories/{inventory}")[0] == 404


def test_what_a_job_uses_is_not_deleted(awx: Awx) -> None:
    """RelatedJobsPreventDeleteMixin."""
    made = template(awx)
    job = awx.ask("POST", f"job_templates/{made}/launch", {})[1]["id"]
    assert awx.ask("DELETE", f"job_templates/{made}")[0] == 409
    assert awx.ask("POST", f"jobs/{job}/cancel", {})[0] == 202
    assert awx.ask("DELETE", f"job_templates/{made}")[0] == 204


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ({"success": {"body": "{{ job.name }}"}}, 201),
        ({"success": {"body": "{{ job.artifacts.eci_report.lines }}"}}, 400),
        ({"success": {"body": "{{ job.artifacts.get('eci_report') }}"}}, 201),
        ({"success": {"body": "{{ [].append(1) }}"}}, 400),
        ({"success": {"text": "x"}}, 400),
        ({"finished": {"body": "x"}}, 400),
        ({"workflow_approval": {"waiting": {"body": "x"}}}, 400),
    ],
)
def test_messages_are_rendered_when_they_are_taken(awx: Awx, messages: dict[str, Any], status: int) -> None:
    """NotificationTemplateSerializer.validate_messages: with a job that has no artifacts, in a sandbox."""
    given = {"name": "n", "notification_type": "webhook", "notification_configuration": WEBHOOK, "messages": messages}
    assert awx.ask("POST", "notification_templates", given)[0] == status


def test_a_webhook_without_a_url_is_refused_and_messages_stay(awx: Awx) -> None:
    """NotificationTemplate.save: an event that is not given keeps its message."""
    said = {"success": {"body": "s"}, "error": {"body": "e"}}
    given = {"name": "n", "notification_type": "webhook", "notification_configuration": WEBHOOK, "messages": said}
    one = make(awx, "notification_templates", **given)
    configuration = {**WEBHOOK, "url": "", "password": "$encrypted$"}
    assert awx.ask("PATCH", f"notification_templates/{one}", {"notification_configuration": configuration})[0] == 400
    awx.ask("PATCH", f"notification_templates/{one}", {"messages": {"error": {"body": "f"}}})
    stored = awx.store.one("notification_templates", one)["messages"]
    assert (stored["success"], stored["error"]) == ({"body": "s"}, {"body": "f"})


def test_a_team_is_no_member_of_an_organization(awx: Awx) -> None:
    """TeamRolesList."""
    organization = make(awx, "organizations", name="o")
    team = make(awx, "teams", name="t", organization=organization)
    roles = awx.ask("GET", f"organizations/{organization}")[1]["summary_fields"]["object_roles"]
    assert awx.ask("POST", f"roles/{roles['admin_role']['id']}/teams", {"id": team})[0] == 400
    assert awx.ask("POST", f"roles/{roles['execute_role']['id']}/teams", {"id": team})[0] == 204


@pytest.mark.parametrize("status", ["failed", "canceled", "error"])
@pytest.mark.parametrize(
    ("link", "goes_on"), [("success_nodes", False), ("always_nodes", True), ("failure_nodes", True)]
)
def test_a_cancelled_job_is_a_failed_one(awx: Awx, status: str, link: str, goes_on: bool) -> None:
    """WorkflowDAG.bfs_nodes_to_run and has_workflow_failed."""
    first, second = template(awx, name="first"), template(awx, name="second")
    workflow = make(awx, "workflow_job_templates", name="w")
    nodes = [
        make(
            awx,
            "workflow_job_template_nodes",
            identifier=name,
            workflow_job_template=workflow,
            unified_job_template=runs,
        )
        for name, runs in (("a", first), ("b", second))
    ]
    assert awx.ask("POST", f"workflow_job_template_nodes/{nodes[0]}/{link}", {"id": nodes[1]})[0] == 204
    launched = awx.jobs.one(awx.ask("POST", f"workflow_job_templates/{workflow}/launch", {})[1]["id"])
    job = awx.jobs.nodes(launched)["a"]
    assert job is not None
    awx.jobs.end(job.id, status)
    assert (awx.jobs.nodes(launched)["b"] is not None) is goes_on
    for left in awx.jobs.running():
        awx.jobs.end(left.id, "successful")
    assert launched.status == ("successful" if goes_on else "failed")


def test_who_started_a_job_may_cancel_it(awx: Awx) -> None:
    """JobAccess.can_cancel: that, or to administer the template; others who may launch it may not."""
    made = template(awx)
    roles = awx.ask("GET", f"job_templates/{made}")[1]["summary_fields"]["object_roles"]
    for team, role in (("one", "execute_role"), ("other", "execute_role"), ("admins", "admin_role")):
        number = make(awx, "teams", name=team)
        assert awx.ask("POST", f"roles/{roles[role]['id']}/teams", {"id": number})[0] == 204
    for team, status in (("other", 403), ("one", 202), ("admins", 202)):
        job = awx.ask("POST", f"job_templates/{made}/launch", {}, "one")[1]["id"]
        assert awx.ask("POST", f"jobs/{job}/cancel", {}, team)[0] == status


def test_names_are_taken_where_awx_says_so(awx: Awx) -> None:
    """An execution environment's everywhere, a template's in its organization."""
    one, other = (make(awx, "organizations", name=name) for name in ("o", "p"))
    for endpoint, status in (("execution_environments", 400), ("job_templates", 201)):
        make(awx, endpoint, name="n", organization=one)
        assert awx.ask("POST", endpoint, {"name": "n", "organization": other})[0] == status
        assert awx.ask("POST", endpoint, {"name": "n", "organization": one})[0] == 400


def test_who_bears_no_token_is_nobody(awx: Awx) -> None:
    """And a team has no say in what it has no role of."""
    make(awx, "teams", name="t")
    assert awx.ask("GET", "organizations", team="t")[0] == 403
    assert awx.ask("GET", "organizations", team="nobody")[0] == 401

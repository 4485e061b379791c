# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule finds what it is there for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.awx import rules, schema, surveys
from tests.awx.recorder import Call

ORGANIZATION = Call("awx.awx.organization", {"name": "o"})
QUESTION = {
    "variable": "v", "question_name": "V", "question_description": "", "type": "multiplechoice", "choices": ["a", "b"], "required": True,
}  # fmt: skip


def template(name: str = "t", *questions: dict[str, Any], **arguments: Any) -> Call:
    """A job template."""
    survey = {"survey_spec": {"name": "", "description": "", "spec": list(questions)}} if questions else {}
    return Call("awx.awx.job_template", {"name": name, **survey, **arguments})


def node(identifier: str, *goals: str, name: str = "t", **more: Any) -> dict[str, Any]:
    """A node of a workflow that runs a job template."""
    links = {"always_nodes": [{"identifier": goal} for goal in goals]}
    return {
        "identifier": identifier,
        "unified_job_template": {"name": name, "type": "job_template"},
        "related": links,
        **more,
    }


def workflow(*nodes: dict[str, Any], **arguments: Any) -> Call:
    """A workflow."""
    return Call("awx.awx.workflow_job_template", {"name": "w", "workflow_nodes": list(nodes), **arguments})


def credential_type(field: str = "token", secret: bool = True, used: str = "token", **more: Any) -> Call:
    """A credential type with one field."""
    inputs = {"fields": [{"id": field, "type": "string", "secret": secret}], **more}
    return Call(
        "awx.awx.credential_type", {"name": "k", "inputs": inputs, "injectors": {"env": {"T": f"{{{{ {used} }}}}"}}}
    )


@pytest.mark.parametrize(
    ("module", "arguments", "complaint"),
    [
        ("project", {"name": "p", "scm_typ": "git"}, "scm_typ is no option"),
        ("project", {"scm_type": "git"}, "name is missing"),
        ("project", {"name": "p", "scm_type": "cvs"}, "scm_type is 'cvs' and not one of"),
        ("project", {"name": "p", "scm_clean": "yes"}, "scm_clean is 'yes' and not of type bool"),
        ("job_template", {"name": "t", "forks": "10"}, "forks is '10' and not of type int"),
        ("job_template", {"name": "t", "forks": True}, "forks is True and not of type int"),
        ("job_template", {"name": "t", "credentials": [1]}, "credentials[0] is 1 and not of type str"),
        ("workflow_job_template", {"name": "w", "workflow_nodes": [{}]}, "workflow_nodes[0].identifier is missing"),
        (
            "workflow_job_template",
            {"name": "w", "workflow_nodes": [{"identifier": "n", "related": {"next": []}}]},
            "workflow_nodes[0].related.next is no option",
        ),
    ],
)
def test_schema_complains(module: str, arguments: dict[str, Any], complaint: str) -> None:
    """Keys, types, choices, deep inside too."""
    found = list(schema.complaints(arguments, schema.documented(f"awx.awx.{module}")))
    assert [line for line in found if line.startswith(complaint)], found


def test_schema_knows_no_module_that_there_is_not() -> None:
    """A slip in a module's name is an error, not an empty schema."""
    with pytest.raises(KeyError, match=r"awx\.awx\.job_templat"):
        schema.documented("awx.awx.job_templat")


@pytest.mark.parametrize(
    ("calls", "complaint"),
    [
        ([ORGANIZATION, ORGANIZATION], "organization 'o' is there twice"),
        ([template(project="p")], "project names the project 'p', which is not made before it"),
        ([template(credentials=["c"])], "credentials names the credential 'c'"),
        (
            [template(organization="o"), ORGANIZATION],
            "organization names the organization 'o', which is not made before",
        ),
        (
            [template(), Call("awx.awx.schedule", {"name": "s", "unified_job_template": "t", "job_type": "check"})],
            "gives job_type, and job_template 't' does not ask for it",
        ),
        (
            [template("t", QUESTION), Call("awx.awx.schedule", {"name": "s", "unified_job_template": "t"})],
            "gives no v, which job_template 't' must have",
        ),
        (
            [
                template("t", QUESTION),
                Call("awx.awx.schedule", {"name": "s", "unified_job_template": "t", "extra_data": {"v": "c"}}),
            ],
            "Value c for 'v' expected to be one of ['a', 'b']",
        ),
        ([template(), workflow(node("a", extra_data={"x": 1}))], "node a gives x, and neither the survey"),
        ([template(), workflow(node("a", limit="h"))], "node a gives limit, and job_template 't' does not ask"),
        ([workflow(node("a"))], "node a runs the job template 't', which is not defined"),
        ([template(), workflow(node("a", "b"))], "node a leads to 'b', which is no node"),
        ([template(), workflow(node("a"), node("a"))], "two nodes are a"),
        ([template(), workflow(node("a"), node("b"))], "begins with a, b; one is meant"),
        ([template(), workflow(node("a", "b"), node("b", "c"), node("c", "b"))], "goes in a circle: b, c"),
        (
            [template(), workflow({**node("a"), "unified_job_template": {"name": "t", "type": "project"}})],
            "node a is of type 'project'",
        ),
        (
            [template(), workflow(node("a", related={"credentials": [{"name": "c"}]}))],
            "node a uses the credential 'c', which is not defined",
        ),
        ([template("t", QUESTION), workflow(node("a"))], "does not ask v as job_template 't' does"),
        ([template(), workflow(node("a", "b"), node("b"))], "node b would run after a was cancelled"),
        (
            [
                template("t", {**QUESTION, "default": "a"}),
                Call("awx.awx.schedule", {"name": "s", "unified_job_template": "t"}),
            ],
            "gives no v, which job_template 't' must have",
        ),
        ([credential_type(used="tokn")], "{{ tokn }} is filled in by nothing"),
        ([credential_type(used="tokn")], "the field token is used nowhere"),
        ([credential_type(secret=False)], "the field token is shown to everybody"),
        ([credential_type(required=["tokn"])], "required tokn is no field"),
        (
            [
                credential_type(),
                Call("awx.awx.credential", {"name": "c", "credential_type": "k", "inputs": {"tokn": "x"}}),
            ],
            "tokn is no input of credential_type 'k'",
        ),
        (
            [
                credential_type(),
                Call("awx.awx.credential", {"name": "c", "credential_type": "k"}),
                Call("awx.awx.credential", {"name": "d", "credential_type": "k"}),
                template(credentials=["c", "d"]),
            ],
            "job_template 't' has two credentials of the type k",
        ),
    ],
)
def test_rules_complain(calls: list[Call], complaint: str) -> None:
    """What refers to nothing, is asked by nobody, leads nowhere."""
    found = rules.complaints(calls)
    assert [line for line in found if complaint in line], found


def test_rules_are_content_with_what_is_right() -> None:
    """No rule complains of everything."""
    report = template("ECI report")
    questions = workflow(node("a", "b"), node("b", name="ECI report"), survey_spec={"spec": [QUESTION]})
    given = template("t", QUESTION, organization="o", credentials=["theirs"])
    assert rules.complaints([ORGANIZATION, given, report, questions], there=[("credential", "theirs")]) == []


def test_a_playbook_that_the_project_does_not_have(tmp_path: Path) -> None:
    """AWX would refuse the template."""
    assert list(rules.files([template(playbook="p.yml")], tmp_path)) != []
    (tmp_path / "p.yml").touch()
    assert list(rules.files([template(playbook="p.yml")], tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"choises": []}, "choises is no key"),
        ({"required": "yes"}, "required must be bool"),
        ({"type": "choice"}, "type 'choice' is none of"),
        ({"choices": None}, "choices must be a list"),
        ({"choices": ["1.30", "a"]}, "choice 1.30 would be read as a number"),
        ({"default": "c"}, "default 'c' is no choice"),
        ({"type": "integer", "default": "1"}, "default '1' is no int"),
        ({"type": "integer", "min": 5, "max": 1}, "min 5 is above max 1"),
        ({"type": "integer", "min": 5, "default": 1}, "default 1 is outside"),
        ({"type": "text", "max": 2, "default": "abc"}, "default 'abc' is outside"),
        ({"type": "integer", "min": "1"}, "min and max must be whole numbers"),
    ],
)
def test_surveys_complain(change: dict[str, Any], complaint: str) -> None:
    """What AWX refuses, and what it would keep and never use."""
    found = list(surveys.accepted({"name": "", "description": "", "spec": [{**QUESTION, **change}]}))
    assert [line for line in found if complaint in line], found


def test_a_survey_asks_something_once() -> None:
    """AWX refuses the others."""
    assert "there are no questions" in list(surveys.accepted({"name": "", "description": "", "spec": []}))
    twice = {"name": "", "description": "", "spec": [QUESTION, QUESTION]}
    assert list(surveys.accepted(twice)) == ["v is asked twice"]


@pytest.mark.parametrize(
    ("question", "option", "complaint"),
    [
        ({"variable": "w"}, {}, "no role has this variable"),
        ({"type": "integer"}, {"type": "str"}, "a integer is asked for, and the role takes str"),
        (
            {"default": "a"},
            {"type": "str"},
            "has a default, which AWX would send over what the host's own variables say",
        ),
        (
            {"type": "text", "question_description": "1 if empty."},
            {"type": "list", "default": [1, 5]},
            "does not say what holds if it is left empty: 1 5",
        ),
        ({"required": False}, {"type": "str", "required": True}, "required is False, and the role's is True"),
        ({}, {"type": "str", "default": "b"}, "required is True, and the role's is False"),
        ({}, {"type": "str", "choices": ["a"]}, "choices b are none of the role's"),
        ({"type": "integer", "min": 0}, {"type": "int"}, "min 0, and the role takes 1"),
    ],
)
def test_surveys_and_roles_disagree(question: dict[str, Any], option: dict[str, Any], complaint: str) -> None:
    """Types, defaults, choices and bounds are the role's."""
    found = list(surveys.agreement({**QUESTION, **question}, {"v": option}, {"v": 1}))
    assert complaint in found, found

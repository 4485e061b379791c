# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold between the objects of AWX, which no option schema tells: names that exist, prompts that are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.awx import surveys
from tests.awx.awx_fields import PROMPTS
from tests.awx.recorder import Call

# Option of a module -> the kind of object that it names.
REFERENCES = {
    "credential": "credential",
    "credential_type": "credential_type",
    "credentials": "credential",
    "default_environment": "execution_environment",
    "execution_environment": "execution_environment",
    "instance_groups": "instance_group",
    "inventories": "inventory",
    "inventory": "inventory",
    "job_templates": "job_template",
    "labels": "label",
    "notification_templates_approvals": "notification_template",
    "notification_templates_error": "notification_template",
    "notification_templates_started": "notification_template",
    "notification_templates_success": "notification_template",
    "organization": "organization",
    "project": "project",
    "projects": "project",
    "source_credential": "credential",
    "source_project": "project",
    "target_credential": "credential",
    "teams": "team",
    "unified_job_template": "job_template",
    "workflows": "workflow_job_template",
}
# The template whose jobs read what others left, and no cluster.
TOUCHES_NOTHING = "ECI report"
NODE_TYPES = {"job_template", "workflow_approval"}
LINKS = ("success_nodes", "failure_nodes", "always_nodes")
BRACES = re.compile(r"{{\s*([\w.]+)\s*}}")


def names(calls: Iterable[Call]) -> set[tuple[str, str]]:
    """The objects that there are, by kind and name."""
    return {(call.kind, call.name) for call in calls}


def twice(calls: Sequence[Call]) -> Iterator[str]:
    """Objects of one kind with one name: the later would overwrite the earlier."""
    seen: set[tuple[str, str]] = set()
    for call in calls:
        if (call.kind, call.name) in seen:
            yield f"{call} is there twice"
        seen.add((call.kind, call.name))


def references(calls: Sequence[Call], there: Iterable[tuple[str, str]] = ()) -> Iterator[str]:
    """Names of what was not made before, and is not there anyway."""
    for number, call in enumerate(calls):
        before = names(calls[:number]) | set(there)
        for option, kind in REFERENCES.items():
            value = call.arguments.get(option)
            for name in value if isinstance(value, list) else [value]:
                if name is not None and (kind, name) not in before:
                    yield f"{call}: {option} names the {kind} {name!r}, which is not made before it"


def survey_of(call: Call) -> list[Mapping[str, Any]]:
    """The questions of a template."""
    return list((call.arguments.get("survey_spec") or {}).get("spec", []))


def prompts(calls: Sequence[Call]) -> Iterator[str]:
    """What schedules and nodes give and their templates do not ask for: AWX would ignore or refuse it."""
    templates = {call.name: call for call in calls if call.kind == "job_template"}
    for call in calls:
        if call.kind == "schedule" and call.arguments["unified_job_template"] in templates:
            template = templates[call.arguments["unified_job_template"]]
            yield from _prompted(str(call), call.arguments, template)
            yield from _unanswered(str(call), call.arguments.get("extra_data") or {}, template)
        for node in call.arguments.get("workflow_nodes") or []:
            job_template = templates.get(node["unified_job_template"]["name"])
            if job_template:
                yield from _prompted(f"{call}: node {node['identifier']}", node, job_template)


def _prompted(where: str, given: Mapping[str, Any], template: Call) -> Iterator[str]:
    for option, question in PROMPTS.items():
        if option in given and not template.arguments.get(question):
            yield f"{where} gives {option}, and {template} does not ask for it ({question})"
    answers = given.get("extra_data") or {}
    asked = {question["variable"] for question in survey_of(template)}
    if not template.arguments.get("ask_variables_on_launch"):
        for variable in sorted(set(answers) - asked):
            yield f"{where} gives {variable}, and neither the survey of {template} nor ask_variables_on_launch takes it"
    for wrong in surveys.answered({"spec": survey_of(template)}, answers, required=False):
        yield f"{where}: {template}: {wrong}"


def _unanswered(where: str, given: Mapping[str, Any], template: Call) -> Iterator[str]:
    """A default answers nothing: AWX wants the answers to all questions that are required from whoever launches."""
    for question in survey_of(template):
        if question["required"] and question["variable"] not in given:
            yield f"{where} gives no {question['variable']}, which {template} must have"


def workflows(calls: Sequence[Call]) -> Iterator[str]:
    """Nodes and links: what a node runs exists, links lead somewhere, every node is reached, nothing goes in circles."""
    known = names(calls)
    for call in calls:
        nodes = call.arguments.get("workflow_nodes")
        if nodes is None:
            continue
        identifiers = [node["identifier"] for node in nodes]
        yield from (f"{call}: two nodes are {name}" for name in {n for n in identifiers if identifiers.count(n) > 1})
        for node in nodes:
            yield from (f"{call}: node {node['identifier']} {wrong}" for wrong in _node(node, identifiers, known))
        yield from (f"{call}: {wrong}" for wrong in (*_graph(nodes), *_after_a_failure(nodes)))
        yield from _answers(call, calls)


def _node(node: Mapping[str, Any], identifiers: Sequence[str], known: set[tuple[str, str]]) -> Iterator[str]:
    template = node["unified_job_template"]
    if template.get("type") not in NODE_TYPES:
        yield f"is of type {template.get('type')!r}, not {' or '.join(sorted(NODE_TYPES))}"
    elif template["type"] == "job_template" and ("job_template", template["name"]) not in known:
        yield f"runs the job template {template['name']!r}, which is not defined"
    organization = (template.get("organization") or {}).get("name")
    if organization and ("organization", organization) not in known:
        yield f"names the organization {organization!r}, which is not defined"
    related = node.get("related") or {}
    for credential in related.get("credentials") or []:
        if ("credential", credential["name"]) not in known:
            yield f"uses the credential {credential['name']!r}, which is not defined"
    for goal in _goals(node):
        if goal not in identifiers:
            yield f"leads to {goal!r}, which is no node"


def _goals(node: Mapping[str, Any]) -> list[str]:
    related = node.get("related") or {}
    return [goal["identifier"] for link in LINKS for goal in related.get(link) or []]


def _graph(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    goals = {node["identifier"]: _goals(node) for node in nodes}
    waiting = {name: sum(name in found for found in goals.values()) for name in goals}
    roots = [name for name, parents in waiting.items() if not parents]
    if len(roots) != 1:
        yield f"begins with {', '.join(roots) or 'no node'}; one is meant"
    # Taking away what nothing leads to, again and again, leaves exactly the circles.
    while roots:
        for goal in goals.pop(roots.pop()):
            if goal in waiting:
                waiting[goal] -= 1
                if not waiting[goal] and goal in goals:
                    roots.append(goal)
    if goals:
        yield f"goes in a circle: {', '.join(sorted(goals))}"


def _after_a_failure(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """To AWX a job that was cancelled is one that failed: only what touches no cluster may follow."""
    runs = {node["identifier"]: node["unified_job_template"]["name"] for node in nodes}
    for node in nodes:
        related = node.get("related") or {}
        for goal in [goal["identifier"] for link in LINKS[1:] for goal in related.get(link) or []]:
            if runs.get(goal) != TOUCHES_NOTHING:
                yield f"node {goal} would run after {node['identifier']} was cancelled"


def _answers(workflow: Call, calls: Sequence[Call]) -> Iterator[str]:
    """Questions of the templates that neither the workflow asks nor the node answers, and the same question asked in two ways."""
    asked = {question["variable"]: question for question in survey_of(workflow)}
    templates = {call.name: call for call in calls if call.kind == "job_template"}
    for node in workflow.arguments["workflow_nodes"]:
        template = templates.get(node["unified_job_template"]["name"])
        for question in survey_of(template) if template else []:
            variable = question["variable"]
            said = asked.get(variable) == question or (
                variable not in asked and variable in (node.get("extra_data") or {})
            )
            if not said and (
                question["required"] or variable in asked or node["unified_job_template"]["name"] != TOUCHES_NOTHING
            ):
                yield f"{workflow} does not ask {variable} as {template} does"


def injectors(calls: Sequence[Call]) -> Iterator[str]:
    """Placeholders of credential types that AWX could not fill in, inputs that do not exist, secrets in the open."""
    types = {call.name: call for call in calls if call.kind == "credential_type"}
    for call in types.values():
        fields = {field["id"]: field for field in call.arguments["inputs"]["fields"]}
        yield from (
            f"{call}: required {name} is no field"
            for name in call.arguments["inputs"].get("required", [])
            if name not in fields
        )
        files = call.arguments["injectors"].get("file", {})
        filled = {*fields, *(f"tower.filename.{name.removeprefix('template.')}" for name in files)}
        used = [
            name
            for part in call.arguments["injectors"].values()
            for text in part.values()
            for name in BRACES.findall(text)
        ]
        yield from (f"{call}: {{{{ {name} }}}} is filled in by nothing" for name in used if name not in filled)
        yield from (f"{call}: the field {name} is used nowhere" for name in fields if name not in used)
        for name, field in fields.items():
            if re.search(r"secret|password|token|kubeconfig", name) and not field.get("secret"):
                yield f"{call}: the field {name} is shown to everybody; make it secret"
    for call in calls:
        kind = types.get(str(call.arguments.get("credential_type"))) if call.kind == "credential" else None
        fields = {field["id"]: field for field in kind.arguments["inputs"]["fields"]} if kind else {}
        for name in sorted(set(call.arguments.get("inputs") or {}) - set(fields)) if kind else []:
            yield f"{call}: {name} is no input of {kind}"


def one_credential_of_a_type(calls: Sequence[Call]) -> Iterator[str]:
    """AWX refuses a template with two credentials of one type."""
    types = {call.name: call.arguments.get("credential_type") for call in calls if call.kind == "credential"}
    for call in calls:
        # Of those that are there anyway the type is not known.
        found = [types[name] for name in call.arguments.get("credentials") or [] if name in types]
        yield from (
            f"{call} has two credentials of the type {kind}" for kind in {k for k in found if found.count(k) > 1}
        )


def files(calls: Sequence[Call], project: Path) -> Iterator[str]:
    """Playbooks and inventories that the skeleton of the project does not have."""
    for call in calls:
        for option in ("playbook", "source_path"):
            path = call.arguments.get(option)
            if path and not (project / path).is_file():
                yield f"{call}: {option} {path} is not in {project.name}/"


RULES: tuple[Callable[[Sequence[Call]], Iterator[str]], ...] = (
    twice, prompts, workflows, injectors, one_credential_of_a_type,
)  # fmt: skip


def complaints(calls: Sequence[Call], there: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Everything that is wrong between the objects, and with what is ``there`` anyway, as pairs of a kind and a name."""
    return [*references(calls, there), *(wrong for rule in RULES for wrong in rule(calls))]

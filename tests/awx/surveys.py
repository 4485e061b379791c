# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Surveys: what AWX takes for one, which answers it takes, and what the roles' argument specs say of each variable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.awx.awx_fields import PROMPTS, PROMPTS_OF_WORKFLOW

Question = Mapping[str, Any]
# A key that AWX does not know is kept and ignored, so that a slip of the pen would go unseen.
KEYS = {"variable", "question_name", "question_description", "type", "choices", "default", "required", "min", "max"}
# Those that we use: an answer to a multiselect is a list, which no variable of ours takes.
ANSWERS: dict[str, type] = {
    "text": str, "textarea": str, "password": str, "multiplechoice": str, "integer": int, "float": float,
}  # fmt: skip
_TEXT = ((str,), "a string")
# What an answer may be, and how AWX calls that.
TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "text": _TEXT, "textarea": _TEXT, "password": _TEXT, "integer": ((int,), "an integer"),
    "float": ((float, int), "a numeric type"),
}  # fmt: skip
# Ansible reads an answer as YAML: 1.30 becomes a number, yes a boolean. A letter keeps it what it is.
NUMBER = re.compile(r"^[\d.]+$")


def accepted(spec: Mapping[str, Any]) -> Iterator[str]:
    """What AWX would refuse in a survey, and what it would not notice."""
    for key in ("name", "description"):
        if not isinstance(spec.get(key), str):
            yield f"{key} must be text"
    if not spec.get("spec"):
        yield "there are no questions"
    variables = [question.get("variable") for question in spec.get("spec", [])]
    yield from (f"{name} is asked twice" for name in {v for v in variables if variables.count(v) > 1})
    for question in spec.get("spec", []):
        yield from (f"{question.get('variable')}: {wrong}" for wrong in _question(question))


def _question(question: Question) -> Iterator[str]:
    yield from (f"{key} is no key of a question" for key in question if key not in KEYS)
    for key, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(key), kind):
            yield f"{key} must be {kind.__name__}"
    answer = ANSWERS.get(question.get("type", ""))
    if answer is None:
        yield f"type {question.get('type')!r} is none of {', '.join(ANSWERS)}"
        return
    default = question.get("default", "")
    if default != "" and (not isinstance(default, answer) or isinstance(default, bool)):
        yield f"default {default!r} is no {answer.__name__}"
    yield from _bounds(question)
    if question["type"] == "multiplechoice":
        yield from _choices(question)


def _bounds(question: Question) -> Iterator[str]:
    low, high = question.get("min"), question.get("max")
    if not all(isinstance(bound, int) or bound is None for bound in (low, high)):
        yield "min and max must be whole numbers"
        return
    if low is not None and high is not None and low > high:
        yield f"min {low} is above max {high}"
    default = question.get("default")
    size = len(default) if isinstance(default, str) else default
    if default not in {None, ""} and not (low is None or low <= size) & (high is None or size <= high):
        yield f"default {default!r} is outside of min and max"


def _choices(question: Question) -> Iterator[str]:
    choices = question.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        yield "choices must be a list of texts"
        return
    yield from (
        f"choice {choice} would be read as a number; write v{choice}" for choice in choices if NUMBER.match(choice)
    )
    if question.get("default", choices[0]) not in choices:
        yield f"default {question['default']!r} is no choice"


def answered(spec: Mapping[str, Any], answers: Mapping[str, Any], *, required: bool = True) -> Iterator[str]:
    """What AWX says of answers. A default answers no question that is required: the answer must be given."""
    for question in spec.get("spec", []):
        variable = question["variable"]
        if variable not in answers:
            if required and question["required"]:
                yield f"'{variable}' value missing"
        else:
            yield from _answer(question, variable, answers[variable])


def _answer(question: Question, variable: str, value: Any) -> Iterator[str]:
    if question["type"] == "multiplechoice":
        if value not in question["choices"]:
            yield f"Value {value} for '{variable}' expected to be one of {question['choices']}."
        return
    kinds, called = TYPES[question["type"]]
    # AWX compares the types themselves: a boolean is no number to it.
    if type(value) not in kinds:
        yield f"Value {value} for '{variable}' expected to be {called}."
        return
    size, length = (len(value), f"length is {len(value)} ") if isinstance(value, str) else (value, "")
    if question.get("min") not in {None, ""} and size < question["min"]:
        yield f"'{variable}' value {value} is too small ({length}must be at least {question['min']})."
    if question.get("max") not in {None, ""} and size > question["max"]:
        yield f"'{variable}' value {value} is too large (must be no more than {question['max']})."


def sent(spec: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a job gets of a survey: a default wherever no answer is given, over what the host says."""
    defaults = {
        question["variable"]: question["default"]
        for question in spec.get("spec", [])
        if question.get("default") is not None
        and not list(_answer(question, question["variable"], question["default"]))
    }
    return {**defaults, **answers}


def allowed(
    template: Mapping[str, Any], spec: Mapping[str, Any], given: Mapping[str, Any], *, required: bool
) -> dict[str, list[str]]:
    """What AWX says of variables that are given to a template: answers, and what it does not ask for."""
    survey = spec if template["survey_enabled"] else {}
    wrong: dict[str, list[str]] = {}
    answers = list(answered(survey, given, required=required))
    if answers:
        wrong["variables_needed_to_start"] = answers
    others = sorted(set(given) - {question["variable"] for question in survey.get("spec", [])})
    if others and not template["ask_variables_on_launch"]:
        wrong["extra_vars"] = [f"Variables {', '.join(others)} are not allowed on launch."]
    return wrong


def saved(
    template: Mapping[str, Any], spec: Mapping[str, Any], launch: Mapping[str, Any], *, required: bool
) -> dict[str, list[str]]:
    """What AWX says of a launch that a node or a schedule saves."""
    wrong = allowed(template, spec, launch["extra_data"], required=required)
    prompts = PROMPTS if "job_type" in template else PROMPTS_OF_WORKFLOW
    for name, question in prompts.items():
        value = launch.get(name)
        if name != "extra_vars" and value is not None and value != template.get(name) and not template[question]:
            wrong[name] = ["Field is not configured to prompt on launch."]
    return wrong


def agreement(question: Question, options: Mapping[str, Mapping[str, Any]], lowest: Mapping[str, int]) -> Iterator[str]:
    """What a question and the argument spec of its variable disagree on; ``lowest`` holds the modules' own bounds."""
    option = options.get(question["variable"])
    if option is None:
        yield "no role has this variable"
        return
    kinds = {
        "integer": {"int"}, "float": {"float"}, "multiplechoice": {"str", "raw", "bool"}, "text": {"str", "list", "path"},
    }  # fmt: skip
    if option["type"] not in kinds.get(question["type"], set()):
        yield f"a {question['type']} is asked for, and the role takes {option['type']}"
    if "default" in question:
        yield "has a default, which AWX would send over what the host's own variables say"
    if question["required"] is not bool(option.get("required")):
        yield f"required is {question['required']}, and the role's is {bool(option.get('required'))}"
    said = _as_answer(option.get("default"))
    if said is not None and option["type"] != "bool" and str(said) not in question["question_description"]:
        yield f"does not say what holds if it is left empty: {said}"
    missing = [
        choice for choice in question.get("choices", []) if option.get("choices") and choice not in option["choices"]
    ]
    if missing:
        yield f"choices {', '.join(missing)} are none of the role's"
    if question["type"] == "integer" and question.get("min") != lowest.get(question["variable"], 0):
        yield f"min {question.get('min')}, and the role takes {lowest.get(question['variable'], 0)}"


def _as_answer(default: Any) -> Any:
    """A default of a role, as one would type it into a survey."""
    return " ".join(map(str, default)) if isinstance(default, Sequence) and not isinstance(default, str) else default


def left_out(question: Question, options: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Choices of the role that the question does not offer."""
    return set(options[question["variable"]].get("choices") or []) - set(question.get("choices") or [])

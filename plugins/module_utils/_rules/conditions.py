# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath conditions on pods, read strictly: what JMESPath lets pass without a word is refused, or counts as a doubt.

JMESPath takes a misspelt name for null, and ``namespace != "prod"`` for a comparison of two fields, so that it is true of every pod. Here

- every name must be one of the pod record (labels and annotations may have any key), and a comparison must compare what can be equal;
- a comparison with a value that the pod does not have (a label, for example) leaves a doubt, which only other parts of the condition,
  such as ``!(labels.app)``, can settle.
"""

from __future__ import annotations

import difflib
import json
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput, MissingLibrary
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    REPORTED_ANNOTATION_DOMAINS,
    Owner,
    Pod,
    is_reported_annotation,
)
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

try:
    import jmespath
    import jmespath.exceptions
    import jmespath.parser
    from jmespath.visitor import TreeInterpreter
except ImportError:
    JMESPATH_IMPORT_ERROR: str | None = traceback.format_exc()
    _Interpreter: Any = object
else:
    JMESPATH_IMPORT_ERROR = None
    _Interpreter = TreeInterpreter

Node = Mapping[str, Any]

# What an expression may be: the record, one of its parts, or something that is not followed any further.
RECORD, OWNER, LABELS, ANNOTATIONS, TEXT, BOOLEAN, ANY = (
    "record",
    "owner",
    "labels",
    "annotations",
    "text",
    "boolean",
    "any",
)
_SPECIAL = {
    "owner": OWNER, "labels": LABELS, "annotations": ANNOTATIONS,
    "ready": BOOLEAN, "deleting": BOOLEAN, "mirror": BOOLEAN, "creating": BOOLEAN,
}  # fmt: skip
_FIELDS = {name: _SPECIAL.get(name, TEXT) for name in Pod.__dataclass_fields__}
_OWNER_FIELDS = dict.fromkeys(Owner.__dataclass_fields__, TEXT)
# No pod is without these, so that they cannot be a condition by themselves.
_ALWAYS_SET = ("namespace", "name", "uid")
_EQUALITY, _ORDER = ("eq", "ne"), ("lt", "lte", "gt", "gte")
_SEARCHES = ("contains", "starts_with", "ends_with")


class Truth(NamedTuple):
    """Whether a condition is true of a pod (by JMESPath's own rule), and whether that rests on a value that the pod does not have."""

    value: bool
    doubt: bool = False


@dataclass(frozen=True)
class Condition:
    """A JMESPath expression that is true or false of one pod record. ``option`` names where it stands, for messages."""

    option: str
    expression: str
    _tree: Node

    @property
    def names_its_pods(self) -> bool:
        """Whether it says which pods are meant, and not only which are not. A literal ``true`` says that all are."""
        return _names(self._tree)

    def holds(self, pod: Pod) -> bool:
        """Whether it is true of the pod, as JMESPath has it: a value that is missing equals nothing.

        An expression that cannot be evaluated is an error, not a no.
        """
        return self._truth(pod).value

    def surely_holds(self, pod: Pod) -> bool:
        """Whether it is true of the pod without a doubt: what rests on a value that the pod does not have is no decision."""
        truth = self._truth(pod)
        return truth.value and not truth.doubt

    def _truth(self, pod: Pod) -> Truth:
        try:
            # The record of the pod (pod_to_record), which is only read here and so need not be a copy.
            record = {**vars(pod), "owner": vars(pod.owner) if pod.owner else None}
            return _Evaluation().of(self._tree, record)
        except (jmespath.exceptions.JMESPathError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise InvalidInput(
                self.option,
                self.expression,
                f"cannot be evaluated for pod {quoted(pod.key)}: {quoted(str(error), 200)}",
                "Guard a function against a missing key, for example: labels.app && starts_with(labels.app, 'web').",
            ) from error


def compile_condition(expression: str, option: str) -> Condition:
    """Compile an expression once; a wrong one, and one that cannot be meant, is refused before any request is made."""
    if JMESPATH_IMPORT_ERROR is not None:
        raise MissingLibrary("jmespath", f"to evaluate '{option}'", JMESPATH_IMPORT_ERROR)
    # Each is compiled once, so the package's cache serves nothing; when it is full, releases before 1.0 fail on Python 3.11.
    jmespath.parser.Parser.purge()
    try:
        tree = jmespath.compile(expression).parsed
        _Reading(option, expression).check(tree)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        first_line = str(error).splitlines()[0] if str(error) else "the expression is empty"
        raise InvalidInput(
            option,
            expression,
            f"is not a JMESPath expression: {first_line}",
            "Write a condition on one pod, for example: namespace == 'web' && labels.tier == 'front'.",
        ) from error
    return Condition(option, expression, tree)


# -- reading: what the expression says of any pod ----------------------------------------------------------------------


def _parts(tree: Node) -> Iterator[Node]:
    """An expression's own parts that are expressions (a slice's are numbers)."""
    return (child for child in tree.get("children") or () if isinstance(child, Mapping))


def _everything_in(tree: Node) -> Iterator[Node]:
    yield tree
    for child in _parts(tree):
        yield from _everything_in(child)


class _Reading:
    """Looks for what cannot be meant in one expression. Raises InvalidInput."""

    def __init__(self, option: str, expression: str) -> None:
        self._option = option
        self._expression = expression

    def _refuse(self, problem: str, remedy: str) -> InvalidInput:
        return InvalidInput(self._option, self._expression, problem, remedy, 200)

    def check(self, tree: Node, within: str = RECORD) -> None:
        """A part of the expression that is to be true or false."""
        kind = tree["type"]
        if kind in ("and_expression", "or_expression", "not_expression"):
            for child in _parts(tree):
                self.check(child, within)
            return
        found = self._kind_of(tree, within)
        if kind == "literal" and isinstance(tree["value"], bool):
            return
        if not any(part["type"] in ("field", "current") for part in _everything_in(tree)):
            raise self._refuse(
                "has a part that reads nothing of the pod, and so is the same for all of them",
                "Names of fields stand without quotes, each comparison is written out: namespace == 'a' || namespace == 'b'.",
            )
        always = kind == "field" and within == RECORD and tree["value"] in _ALWAYS_SET
        if always or found == RECORD:
            raise self._refuse(
                f"has {quoted(tree.get('value', '@'))} as a condition, which is true of every pod",
                "Compare it, for example: namespace == 'web'.",
            )

    def _kind_of(self, tree: Node, within: str) -> str:
        """What an expression is, where ``@`` is what ``within`` says."""
        kind = tree["type"]
        if kind == "field":
            return self._field(tree["value"], within)
        if kind in ("current", "identity"):
            return within
        if kind in ("subexpression", "pipe"):
            for child in _parts(tree):
                within = self._kind_of(child, within)
            return within
        if kind == "comparator":
            return self._comparison(tree, within)
        if kind in ("projection", "value_projection", "filter_projection", "flatten", "index_expression"):
            first, *others = _parts(tree)
            self._kind_of(first, within)
            for child in others:
                self._kind_of(child, ANY)
            return ANY
        for child in _parts(tree):
            self._kind_of(child, ANY if kind == "expref" else within)
        return BOOLEAN if kind == "not_expression" else ANY

    def _field(self, name: str, within: str) -> str:
        known = {RECORD: _FIELDS, OWNER: _OWNER_FIELDS}.get(within)
        if known is not None:
            if name not in known:
                raise self._unknown(name, list(known), "owner" if within == OWNER else "pod record")
            return known[name]
        if within in (TEXT, BOOLEAN):
            raise self._refuse(
                f"reads {quoted(name)} of a {within}, which has no fields",
                "What is negated stands in parentheses: !(labels.app).",
            )
        if within == ANNOTATIONS and not is_reported_annotation(name):
            raise self._refuse(
                f"reads the annotation {quoted(name)}, which a pod record does not have",
                f"Only annotations of {' and '.join(REPORTED_ANNOTATION_DOMAINS)} are in it.",
            )
        return TEXT if within in (LABELS, ANNOTATIONS) else ANY

    def _unknown(self, name: str, known: list[str], what: str) -> InvalidInput:
        if json.dumps(name) in self._expression:
            remedy = f"In JMESPath text stands in single quotes ('{name}'); double quotes make it the name of a field."
        else:
            near = difflib.get_close_matches(name, known, 1)
            remedy = f"Did you mean {near[0]}? " if near else f"Text stands in single quotes: '{name}'. "
            remedy += f"The fields are {', '.join(known)}."
        return self._refuse(
            f"reads the field {quoted(name)}, which a{'n' * (what == 'owner')} {what} does not have", remedy
        )

    def _comparison(self, tree: Node, within: str) -> str:
        left, right = _parts(tree)
        kinds = [self._kind_of(side, within) for side in (left, right)]
        if tree["value"] in _ORDER and TEXT in kinds:
            raise self._refuse("orders texts", "JMESPath orders numbers only; a text can be compared with == and !=.")
        for kind, other in zip(kinds, (right, left)):
            wanted = {TEXT: str, BOOLEAN: bool}.get(kind)
            literal = other["type"] == "literal" and other["value"] is not None
            if wanted is not None and literal and not isinstance(other["value"], wanted):
                raise self._refuse(
                    f"compares a {kind} with {json.dumps(other['value'])}, which is none",
                    "Text stands in single quotes ('web'), true and false in backticks (`true`).",
                )
        return BOOLEAN


def _names(tree: Node) -> bool:
    kind = tree["type"]
    if kind == "and_expression":
        return any(_names(child) for child in _parts(tree))
    if kind == "or_expression":
        return all(_names(child) for child in _parts(tree))
    if kind == "literal":
        return tree["value"] is True
    compares = kind == "comparator" and tree["value"] == "eq"
    searches = kind == "function_expression" and tree["value"] in _SEARCHES
    texts = [part["value"] for part in _everything_in(tree) if part["type"] == "literal"]
    return (compares or searches) and any(isinstance(text, (str, list)) and text for text in texts)


# -- evaluation: what it says of one pod ---------------------------------------------------------------------------------


def _is_true(found: object) -> bool:
    """JMESPath's own rule: null, false and what is empty are false; every number, 0 too, is true."""
    if isinstance(found, (str, list, dict)):
        return bool(found)
    return found is not None and found is not False


class _Doubting(_Interpreter):  # type: ignore[misc]  # the package has no types
    """JMESPath's own interpreter, which notes comparisons with a value that is missing."""

    doubt = False

    def visit_comparator(self, node: Node, value: object) -> object:
        """Compare; a literal null on one side asks for what is missing."""
        sides = list(_parts(node))
        found = [self.visit(side, value) for side in sides]
        if None in found and not any(side["type"] == "literal" and side["value"] is None for side in sides):
            self.doubt = True
        literals = [{"type": "literal", "value": one, "children": []} for one in found]
        return super().visit_comparator({**node, "children": literals}, value)


class _Evaluation:
    """One look at one pod; what is neither ``&&``, ``||`` nor ``!`` is JMESPath's own business."""

    def __init__(self) -> None:
        self._interpreter = _Doubting()

    def of(self, tree: Node, value: object) -> Truth:
        """The truth of an expression."""
        kind = tree["type"]
        if kind == "not_expression":
            [child] = _parts(tree)
            inner = self.of(child, value)
            return Truth(not inner.value, inner.doubt)
        if kind in ("and_expression", "or_expression"):
            return self._of_two(*_parts(tree), value=value, settled_by=kind == "or_expression")
        self._interpreter.doubt = False
        found = self._interpreter.visit(tree, value)
        return Truth(_is_true(found), self._interpreter.doubt)

    def _of_two(self, left: Node, right: Node, *, value: object, settled_by: bool) -> Truth:
        """``||`` is settled by a part that is surely true, ``&&`` by one that is surely false."""
        first = self.of(left, value)
        if first == Truth(settled_by):
            return first
        try:
            second = self.of(right, value)
        except (jmespath.exceptions.JMESPathError, ValueError, TypeError, ArithmeticError):
            if first.value is not settled_by:
                raise
            return first  # JMESPath itself would not have come so far
        if second == Truth(settled_by):
            return second
        value_of_both = first.value or second.value if settled_by else first.value and second.value
        return Truth(value_of_both, first.doubt or second.doubt)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable of the roles, in every form in which a person gives it: understood, or an error that helps."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.filter.eci_role_variables import ROLES, eci_wrong_values
from ansible_collections.ackops.eci.plugins.plugin_utils._values import (
    plain_dates,
    role_options,
    understood,
    wrong_values,
)
from tests.unit.architecture.test_options import facets

TARGET = "eci_preflight_target_version"
OPTIONS = role_options()
WAIVER = {"match": "namespace == 'a'", "reason": "goes", "expires": "2999-01-01"}
DAY = datetime.date(2999, 1, 1)
# By type: text as it comes from `-e name=value` or a form, and what it means to the option.
GOOD: dict[str, list[tuple[Any, Any]]] = {
    "bool": [("false", "false"), ("Yes", "Yes"), ("0", "0"), (True, True), (1, 1)],
    "int": [("900", "900"), (" 7 ", " 7 "), (7, 7)],
    "str": [("text", "text"), (5, 5)],
    "path": [("~/a", "~/a")],
    "list": [("a,b", "a,b"), ('["a", "b"]', ["a", "b"]), ("['a', b]", ["a", "b"]), (["a"], ["a"]), ("", [])],
    "dict": [('{"a": "b"}', {"a": "b"}), ({"a": "b"}, {"a": "b"})],
    "raw": [("text", "text")],
}
# By type: what cannot be meant, and what the error says of it.
BAD: dict[str, list[tuple[Any, str]]] = {
    "bool": [
        ("maybe", "'maybe' is neither true nor false. Give true or false."),
        ([True], "[True] is neither true nor"),
    ],
    "int": [
        ("15m", "'15m' is not a whole number. Give it without a unit"),
        (1.5, "1.5 is not a"),
        (True, "True is not a"),
    ],
    "str": [(["a"], "['a'] is not text. Give one value, in quotes.")],
    "path": [({"a": 1}, "{'a': 1} is not text. Give one value, in quotes.")],
    "list": [
        ({"a": 1}, "{'a': 1} is not a list. Give a list such as [a, b]"),
        ("[a", "'[a' begins like a list in JSON"),
    ],
    "dict": [("a", "'a' is not a dictionary. Give keys with their values"), (["a"], "['a'] is not a dictionary.")],
    "raw": [],
}
NUMBER = "{} is a number that may not be the version that was written: YAML reads an unquoted 1.30 as the number 1.3."
# What has a meaning of its own.
GOOD_OF: dict[str, list[tuple[Any, Any]]] = {
    TARGET: [("1.26", "1.26"), (1.26, 1.26), (1.31, 1.31), ("v1.26.3-aliyun.1", "v1.26.3-aliyun.1")],
    "eci_preflight_cluster_version": [("1.24", "1.24"), (1.24, 1.24), ("", "")],
    "eci_preflight_method": [("auto", "auto")],
    "eci_preflight_unmanaged": [("recreate", "recreate")],
    "eci_preflight_running_jobs": [("evict", "evict")],
    "eci_preflight_serial": [("1 5 25%", "1 5 25%"), ("[1, '25%']", [1, "25%"]), (3, 3), ([1, "25%"], [1, "25%"])],
    "eci_preflight_fail_on": [("unknown,missing", "unknown,missing"), ("['unknown']", ["unknown"]), ("", [])],
    "eci_preflight_matrix": [
        ("{\"1.1.0\": ['1.26']}", {"1.1.0": ["1.26"]}), ({"2.0.0": [1.26, "1.30"]}, {"2.0.0": [1.26, "1.30"]}),
        ({"2.0.0": 1.26}, {"2.0.0": 1.26}),
    ],
    "eci_preflight_exempt": [
        ([{**WAIVER, "expires": DAY}], [WAIVER]), (json.dumps([WAIVER]), [WAIVER]), (WAIVER, [WAIVER]), ("", []),
        ("[{match: \"namespace == 'a'\", reason: goes, expires: 2999-01-01}]", [WAIVER]),
    ],
}  # fmt: skip
BAD_OF: dict[str, list[tuple[Any, str]]] = {
    TARGET: [(1.3, NUMBER.format(1.3)), (1.2, NUMBER.format(1.2)), (1, NUMBER.format(1)), ("latest", "'latest' is not a")],
    "eci_preflight_cluster_version": [(1.3, NUMBER.format(1.3)), (DAY, "'2999-01-01' is not a Kubernetes version")],
    "eci_preflight_method": [("kill", "'kill' is none of its choices. Choose evict, delete, restart or auto.")],
    "eci_preflight_unmanaged": [(5, "5 is none of its choices. Choose refuse, recreate or delete.")],
    "eci_preflight_running_jobs": [(None, "None is no value. Give one, or leave it out.")],
    "eci_preflight_serial": [("0", "'0' in '0' is no size of a wave."), ({"a": 1}, "{'a': 1} is not a list.")],
    "eci_preflight_fail_on": [
        ("unknown,old", "has the entry 'old', which it cannot mean. Choose from incompatible, unknown, undetermined, exempt, missing,"),
        (["compatible"], "has the entry 'compatible', which it cannot mean."),
    ],
    "eci_preflight_matrix": [
        ({"2.0.0": [1.3]}, NUMBER.format(1.3)), ({"2.0.0": 1.3}, NUMBER.format(1.3)), ("x", "'x' is not a dictionary."),
        ({1.1: ["1.26"]}, "1.1 is not a string. Put the platform version in quotes"),
    ],
    "eci_preflight_exempt": [
        ("x", "'x' is not a list. Give a list of entries such as {match: ..., reason: ..., expires: ...}"),
        ([{**WAIVER, "expired": 1}], "has the key 'expired', which it cannot mean. Its keys are match, reason, expires."),
        ([{"match": "a", "reason": "b"}], "has no 'expires'. Its keys are match, reason, expires."),
        ("[{'expires': datetime.date(2999, 1, 1)}]", "holds a date without quotes. Put the date in quotes"),
        (["x"], "has the entry 'x', which it cannot mean. Give a list of entries"),
    ],
}  # fmt: skip


def cases(of: dict[str, Any], by_type: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """A row for each option and each value that its table, or that of its type, has."""
    return [
        (name, value, expected)
        for name, option in OPTIONS.items()
        for value, expected in of.get(name, by_type[option.get("type", "str")])
    ]


def test_every_variable_of_the_roles_is_in_the_tables() -> None:
    """With the type, the choices and the keys that the roles document."""
    documented: dict[str, Any] = {}
    for role in ("eci_preflight", "eci_fleet_upgrade"):
        text = (ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
        documented.update(yaml.safe_load(text)["argument_specs"]["main"]["options"])
    compared = ("type", "elements", "choices", "default")
    assert OPTIONS.keys() == documented.keys()
    for name, option in OPTIONS.items():
        ours, theirs = facets(option), facets(documented[name])
        assert {key: ours[key] for key in compared} == {key: theirs[key] for key in compared}, name
    assert {name for name, _value, _meant in cases(GOOD_OF, GOOD)} == set(OPTIONS)


@pytest.mark.parametrize(("name", "value", "meant"), cases(GOOD_OF, GOOD))
def test_what_can_be_meant_is_understood(name: str, value: Any, meant: Any) -> None:
    """And is no complaint."""
    assert understood(value, OPTIONS[name]) == meant
    assert wrong_values({TARGET: "1.26", name: value}) == []


@pytest.mark.parametrize(("name", "value", "said"), cases(BAD_OF, BAD))
def test_what_cannot_be_meant_is_an_error(name: str, value: Any, said: str) -> None:
    """One, with the variable, the value (unless it may be a secret) and what to give instead."""
    [line] = wrong_values({TARGET: "1.26", name: value})
    assert line.startswith(name)
    hidden = "its value" in line
    assert hidden == (name.removeprefix("eci_preflight_") in ("api_key", "password", "proxy_headers", "host", "proxy"))
    assert (said.partition(" is ")[2] if hidden else said) in line
    assert line.endswith((".", "."))


@pytest.mark.parametrize(("name", "option"), OPTIONS.items())
def test_nothing_is_no_value_of_an_option_that_has_a_default(name: str, option: dict[str, Any]) -> None:
    """An option without a default is left out."""
    found = wrong_values({TARGET: "1.26", name: None})
    if name == TARGET:
        assert found == [f"{TARGET} is not given. Give the Kubernetes version to upgrade to, in quotes: '1.26'."]
    else:
        assert found == ([f"{name}: None is no value. Give one, or leave it out."] if "default" in option else [])


def test_what_is_not_given_is_not_wrong() -> None:
    """A variable that is omit, or of somebody else; the target alone is needed."""
    omit = object()
    assert eci_wrong_values([TARGET, "eci_preflight_pod_timeout", "other"], ["1.26", omit, [1]], omit) == []
    assert len(eci_wrong_values([], [], omit)) == 1


def test_the_version_of_an_audit_is_looked_at() -> None:
    """It is the playbook's, and reaches the role as text."""
    [line] = wrong_values({TARGET: "1.26", "eci_audit_cluster_version": 1.3})
    assert line.startswith("eci_audit_cluster_version: 1.3 is a number")
    assert wrong_values({TARGET: "1.26", "eci_audit_cluster_version": "1.24"}) == []


def test_dates_become_text_wherever_they_are() -> None:
    """And nothing else changes."""
    given = {"a": [DAY, {"b": datetime.datetime(2999, 1, 1, 12)}], "c": 1.5, "d": None}  # noqa: DTZ001
    assert plain_dates(given) == {"a": ["2999-01-01", {"b": "2999-01-01T12:00:00"}], "c": 1.5, "d": None}

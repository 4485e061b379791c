# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as people give them: text of a command line or a form, dates that YAML made of unquoted text. Pure.

``-e name=value`` and the surveys of AWX hand over text only. What an option can mean by it is understood; anything else is an
error that names the variable, the value and what to give instead.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from ansible_collections.ackops.eci.plugins.module_utils._argspec import (
    check_argument_spec,
    recreate_argument_spec,
    upgrade_argument_spec,
)
from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import VERDICTS, build_matrix, parse_version
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted
from ansible_collections.ackops.eci.plugins.plugin_utils._report import OTHER_KINDS
from ansible_collections.ackops.eci.plugins.plugin_utils._role_names import OPTIONS, PREFIX, in_role_terms
from ansible_collections.ackops.eci.plugins.plugin_utils._waves import waves

Option = Mapping[str, Any]

# The variables of the roles that are no module's options; a test compares them with the roles' argument specs.
_OF_ROLES_ALONE: Mapping[str, Option] = {
    "eci_preflight_record_root": {"type": "path"},
    "eci_preflight_require_named_cluster": {"type": "bool"},
    "eci_preflight_fail_when_not_ready": {"type": "bool", "default": True},
    "eci_preflight_fail_on": {
        "type": "list",
        "elements": "str",
        "default": [],
        "choices": [*VERDICTS[1:], *OTHER_KINDS],
    },
    "eci_preflight_report": {"type": "list", "elements": "path", "default": []},
    "eci_preflight_report_title": {"type": "str", "default": ""},
    "eci_fleet_upgrade_tasks_file": {"type": "str", "default": ""},
    "eci_fleet_upgrade_role": {"type": "str", "default": ""},
    "eci_fleet_upgrade_recreate": {"type": "bool", "default": True},
    "eci_fleet_upgrade_allow_skipped_versions": {"type": "bool", "default": False},
    "eci_fleet_upgrade_report": {"type": "str", "default": ""},
}
# The playbook eci_audit hands it on to the role, and ansible-core 2.16 makes text of a number on the way.
AUDITED = "eci_audit_cluster_version"
# Options whose values are never shown.
_HIDDEN = ("kubeconfig", "api_key", "password", "proxy_headers", "host", "proxy")

_TRUE = frozenset({"1", "on", "t", "true", "y", "yes"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})
_NUMBER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_UNQUOTED_DATE = re.compile(r"datetime\.(date|datetime)\(")


def role_options() -> dict[str, Option]:
    """Every variable of the roles, as an option."""
    modules = {**upgrade_argument_spec(), **recreate_argument_spec(), **check_argument_spec()}
    named = {PREFIX + name: option for name, option in modules.items() if name in OPTIONS}
    return {**named, **_OF_ROLES_ALONE}


# -- what is meant -------------------------------------------------------------------------------------------------


def plain_dates(value: Any) -> Any:
    """The value with its dates as text: YAML reads an unquoted 2026-12-31 as a date, which no option takes."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain_dates(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_dates(entry) for entry in value]
    return value


def understood(value: Any, option: Option) -> Any:
    """The value as the option takes it, where it can be told; otherwise as it is.

    A list or a dictionary may come as text in JSON or in YAML's flow style (``[a, b]``), and one entry of a list of
    dictionaries without its list. Empty text is an empty list.
    """
    kind = option.get("type", "str")
    value = plain_dates(value)
    if kind == "list" and isinstance(value, str) and not value.strip():
        return []
    in_text = isinstance(value, str) and value.strip()[:1] in ("[", "{") and not _UNQUOTED_DATE.search(value)
    if kind in ("list", "dict") and in_text:
        try:
            value = plain_dates(yaml.safe_load(value))
        except yaml.YAMLError:
            return value
    if kind == "list" and option.get("elements") == "dict" and isinstance(value, Mapping):
        return [value]
    return value


def understood_all(given: Mapping[str, Any], options: Mapping[str, Option]) -> dict[str, Any]:
    """A task's arguments, each as its option takes it."""
    by_name = {alias: option for name, option in options.items() for alias in (name, *option.get("aliases", ()))}
    return {name: understood(value, by_name[name]) if name in by_name else value for name, value in given.items()}


# -- what cannot be meant ------------------------------------------------------------------------------------------


def wrong_values(given: Mapping[str, Any], needed: tuple[str, ...] = ("eci_preflight_target_version",)) -> list[str]:
    """A sentence for each variable of the roles whose value none of its options can mean, or that is needed and missing.

    ``given``: the variables that are set, by their names. Others than those of the roles are passed by.
    """
    lines = [
        f"{name} is not given. Give the Kubernetes version to upgrade to, in quotes: '1.26'."
        for name in needed
        if given.get(name) in (None, "")
    ]
    for name, option in role_options().items():
        if name in given:
            lines += _complaints(name, given[name], option)
    if not _absent(given.get(AUDITED)):
        lines += _complaint_of(AUDITED, given[AUDITED], lambda value: parse_version(value, AUDITED))
    return lines


def _complaints(name: str, value: Any, option: Option) -> list[str]:
    value = understood(value, option)
    if _absent(value) and "default" not in option:
        return []
    if value is None:
        return [f"{name}: None is no value. Give one, or leave it out."]
    problem, remedy = _CHECKS[option.get("type", "str")](value, option)
    if problem:
        hidden = name.removeprefix(PREFIX) in _HIDDEN
        return [f"{name}: {'its value' if hidden else quoted(value)} {problem}. {remedy}"]
    if option.get("elements") == "dict":
        return _entries(name, value, option["options"])
    return _complaint_of(name, value, _MEANINGS[name]) if name in _MEANINGS else []


def _complaint_of(name: str, value: Any, take: Callable[[Any], object]) -> list[str]:
    """What the rule that takes the value says of it, before any cluster is asked."""
    try:
        take(value)
    except InvalidInput as error:
        return [in_role_terms(str(error))]
    except ValueError as error:
        return [f"{name}: {error}"]
    return []


def _absent(value: Any) -> bool:
    """Null and empty text leave an option out that has no default."""
    return value is None or (isinstance(value, str) and not value.strip())


_Found = tuple[str, str]
_FINE: _Found = ("", "")


def _check_bool(value: Any, _option: Option) -> _Found:
    word = str(value).strip().lower() if isinstance(value, (str, int, bool)) else ""
    return _FINE if word in _TRUE | _FALSE else ("is neither true nor false", "Give true or false.")


def _check_int(value: Any, option: Option) -> _Found:
    if isinstance(value, int) and not isinstance(value, bool):
        return _FINE
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return _FINE
    return "is not a whole number", f"Give it without a unit and without a fraction, for example {option['default']}."


def _check_text(value: Any, option: Option) -> _Found:
    choices = option.get("choices")
    if choices and (not isinstance(value, str) or value not in choices):
        return "is none of its choices", f"Choose {', '.join(choices[:-1])} or {choices[-1]}."
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return "is not text", "Give one value, in quotes."
    return _FINE


def _check_list(value: Any, option: Option) -> _Found:
    keys = option.get("options")
    if keys:
        form = f"Give a list of entries such as {{{', '.join(f'{key}: ...' for key in keys)}}}, or the same as text in JSON."
    else:
        form = "Give a list such as [a, b], or text with commas between: a,b."
    if isinstance(value, str) and _UNQUOTED_DATE.search(value):
        return "holds a date without quotes", "Put the date in quotes: '2026-12-31'."
    text = not keys and isinstance(value, (str, int, float)) and not isinstance(value, bool)
    if isinstance(value, str) and value.strip().startswith(("[", "{")):
        return "begins like a list in JSON and cannot be read as one", form
    if not text and not isinstance(value, (list, tuple)):
        return "is not a list", form
    entries = value if isinstance(value, (list, tuple)) else ()
    wrong = [entry for entry in entries if isinstance(entry, Mapping) != bool(keys) or isinstance(entry, (list, tuple))]
    choices = option.get("choices")
    if choices and not wrong:
        given = [part.strip() for part in value.split(",")] if isinstance(value, str) else [*entries]
        wrong, form = [entry for entry in given if entry not in choices], f"Choose from {', '.join(choices)}."
    return (f"has the entry {quoted(wrong[0])}, which it cannot mean", form) if wrong else _FINE


def _check_dict(value: Any, _option: Option) -> _Found:
    if isinstance(value, Mapping):
        return _FINE
    return "is not a dictionary", 'Give keys with their values, or the same as text in JSON: \'{"key": "value"}\'.'


def _entries(name: str, entries: Any, keys: Mapping[str, Option]) -> list[str]:
    """What is wrong with the entries of a list of dictionaries."""
    form = f"Its keys are {', '.join(keys)}."
    lines = []
    for position, entry in enumerate(entries):
        where = f"{name}[{position}]: {quoted(dict(entry))}"
        lines += [
            f"{where} has the key {quoted(key)}, which it cannot mean. {form}" for key in entry if key not in keys
        ]
        lines += [f"{where} has no {quoted(key)}. {form}" for key in keys if _absent(entry.get(key))]
    return lines


_MEANINGS: Mapping[str, Callable[[Any], object]] = {
    "eci_preflight_target_version": lambda value: parse_version(value, "target_version"),
    "eci_preflight_cluster_version": lambda value: parse_version(value, "cluster_version"),
    "eci_preflight_matrix": build_matrix,
    "eci_preflight_serial": waves,
}
_CHECKS: Mapping[str, Callable[[Any, Option], _Found]] = {
    "bool": _check_bool,
    "int": _check_int,
    "str": _check_text,
    "path": _check_text,
    "list": _check_list,
    "dict": _check_dict,
    "raw": lambda _value, _option: _FINE,
}

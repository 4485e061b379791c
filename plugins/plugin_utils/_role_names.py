# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module options in messages, renamed to the variables of the role that ran the module. Pure.

Someone who runs the role eci_preflight sets ``eci_preflight_unmanaged`` and has never heard of ``unmanaged``. Modules name
their own options; the action plugins apply this to the result when a task of the role ran the module.

A message names an option in one of these forms, and any other word stays as it is:

- at its beginning, before a colon, a bracket or a dot, as InvalidInput does: ``exempt[0].match: ...``
- between backticks, or alone in parentheses: ```exempt```, ``(exempt)``
- with a value, for the options of ``_WITH_VALUE``: ``unmanaged: recreate``
- anywhere, if the name has an underscore: ``pod_timeout``
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

ROLE = "ackops.eci.eci_preflight"
PREFIX = "eci_preflight_"
# The options that the role has under the same name; a test compares them with its argument specs.
OPTIONS = frozenset(
    {
        "api_key", "ca_cert", "client_cert", "client_key", "cluster_version", "context", "exempt", "forget", "host",
        "impersonate_groups", "impersonate_user", "kubeconfig", "matrix", "max_failures", "method", "no_proxy",
        "node_name_prefixes", "password", "persist_config", "pod_timeout", "proxy", "proxy_headers", "quiet", "record_dir",
        "record_root", "recreated_by", "report", "report_title", "require_named_cluster", "run_timeout",
        "running_jobs", "serial", "settle_timeout", "src", "target_version", "unmanaged", "upgrade_timeout",
        "username", "validate_certs", "workload_serial",
    }
)  # fmt: skip
_WITH_VALUE = ("exempt", "forget", "matrix", "method", "serial", "unmanaged")


def _any_of(names: frozenset[str] | tuple[str, ...]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_NAMES = re.compile(
    rf"^(?:{_any_of(OPTIONS)})(?=[:\[.])"
    rf"|(?<=`)(?:{_any_of(OPTIONS)})(?=[`:])"
    rf"|(?<=\()(?:{_any_of(OPTIONS)})(?=\))"
    rf"|(?<![\w.'/-])(?:{_any_of(_WITH_VALUE)})(?=: \S)"
    rf"|(?<![\w.'/-])(?:{_any_of(frozenset(name for name in OPTIONS if '_' in name))})(?![\w'/-])"
)
# Where a result has messages: in these entries, and as the reason and the remedy of each entry of these lists.
_MESSAGES = ("exception", "hints", "message", "msg", "warnings")
_LISTS = ("blockers", "exempted", "missing", "pods", "set_aside")


def in_role_terms(text: str) -> str:
    """The message with the role's variables. Applied twice it changes nothing more."""
    return _NAMES.sub(lambda found: PREFIX + found.group(), text)


def line_for(role: str, text: str) -> str:
    """A line of progress for the role whose task runs the module, as :func:`result_for` has its result."""
    return in_role_terms(text) if role == ROLE else text


def _renamed(value: Any) -> Any:
    if isinstance(value, str):
        return in_role_terms(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_renamed(entry) for entry in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # From ansible-core 2.19 on, warnings and errors are objects; the text is in their event.
        parts = {name: _renamed(getattr(value, name)) for name in ("event", "msg", "help_text") if hasattr(value, name)}
        return dataclasses.replace(value, **parts)
    return value


def _entry(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {**value, **{key: _renamed(value[key]) for key in ("reason", "remedy") if key in value}}


def result_for(role: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """The module's result for the role (its full name, empty for none) whose task ran the module."""
    if role != ROLE:
        return dict(result)
    messages = {key: _renamed(result[key]) for key in _MESSAGES if key in result}
    lists = {key: [_entry(entry) for entry in result[key]] for key in _LISTS if isinstance(result.get(key), list)}
    return {**result, **messages, **lists}

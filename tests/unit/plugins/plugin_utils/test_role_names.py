# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages in the role's terms."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.plugin_utils._role_names import (
    OPTIONS,
    PREFIX,
    ROLE,
    in_role_terms,
    result_for,
)
from tests.dev.paths import REPO
from tests.unit.architecture.messages import listing


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("matrix['1.1.0']: 5 names no version.", "eci_preflight_matrix['1.1.0']: 5 names no version."),
        ("exempt[0].match: 'x' is not JMESPath.", "eci_preflight_exempt[0].match: 'x' is not JMESPath."),
        ("target_version: 1.3 is a number. Use target_version: '1.30'.",
         "eci_preflight_target_version: 1.3 is a number. Use eci_preflight_target_version: '1.30'."),
        ("choose unmanaged: recreate, or (unmanaged: delete)",
         "choose eci_preflight_unmanaged: recreate, or (eci_preflight_unmanaged: delete)"),
        ("waive them with `exempt`, or give `host` and api_key",
         "waive them with `eci_preflight_exempt`, or give `eci_preflight_host` and eci_preflight_api_key"),
        ("waive it (exempt), or by choice (forget)", "waive it (eci_preflight_exempt), or by choice (eci_preflight_forget)"),
        ("a longer pod_timeout.", "a longer eci_preflight_pod_timeout."),
    ],
)  # fmt: skip
def test_options_are_renamed(text: str, renamed: str) -> None:
    """Wherever a message names one; once is enough."""
    assert in_role_terms(text) == renamed
    assert in_role_terms(renamed) == renamed


@pytest.mark.parametrize(
    "text",
    [
        "the matrix does not name Kubernetes 1.40",
        "the server's host: no route to host, in this context: proxy",
        "pods 'unmanaged: x', shop/serial-0 and a.method: y",
        "whole_cluster: true and pods are both missing",
        "the annotation /pod_timeout, my_pod_timeout and 'pod_timeout'",
    ],
)
def test_other_words_stay(text: str) -> None:
    """Words of the language, names in a cluster, and options that the role does not have."""
    assert in_role_terms(text) == text


def test_the_options_are_those_of_the_role() -> None:
    """Each variable of the role that is handed on to a module."""
    specs = yaml.safe_load((REPO / "roles/eci_preflight/meta/argument_specs.yml").read_text(encoding="utf-8"))
    variables = {name.removeprefix(PREFIX) for entry in specs["argument_specs"].values() for name in entry["options"]}
    assert variables - {"fail_when_not_ready", "fail_on"} == OPTIONS


def test_only_the_role_gets_its_names() -> None:
    """A task of a play, or of another role, uses the module's own options."""
    result = {"msg": "serial: 0 is below 1", "pods": [{"reason": "unmanaged: delete", "name": "x"}]}
    assert result_for("", result) == result_for("my.own.role", result) == result
    assert result_for(ROLE, result) == {
        "msg": "eci_preflight_serial: 0 is below 1",
        "pods": [{"reason": "eci_preflight_unmanaged: delete", "name": "x"}],
    }


@dataclass(frozen=True)
class Event:
    """As ansible-core 2.19 has it."""

    msg: str


@dataclass(frozen=True)
class Summary:
    """A warning or an error of ansible-core 2.19."""

    event: Event


def test_warnings_of_every_release_are_renamed() -> None:
    """Texts up to ansible-core 2.18, objects after that; an exception's trace is no message."""
    result = {
        "warnings": ["exempt: it expired", Summary(Event("exempt: it expired"))],
        "exception": Summary(Event("`host`")),
    }
    assert result_for(ROLE, result) == {
        "warnings": ["eci_preflight_exempt: it expired", Summary(Event("eci_preflight_exempt: it expired"))],
        "exception": Summary(Event("`eci_preflight_host`")),
    }


def test_what_is_not_a_list_of_pods_passes_through() -> None:
    """Other keys, other types."""
    result = {
        "pods": "none",
        "counts": {"failed": 1},
        "ansible_facts": {"msg": "pod_timeout"},
        "blockers": [1, {"name": "x"}],
    }
    assert result_for(ROLE, result) == result


def test_messages_use_backticks_for_options_only() -> None:
    """So that a reader of the list, and the renaming, can rely on them."""
    literals = {"true"}  # of JMESPath, which has backticks of its own
    quoted = {word for line in listing().splitlines() for word in line.split("`")[1::2]} - literals
    assert {word.split(":")[0] for word in quoted} <= OPTIONS | {"pods", "whole_cluster", "namespaces", "query", "src"}

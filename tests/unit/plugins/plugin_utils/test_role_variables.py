# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host's connection goes together with the play's, and which variables are misspelt."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.filter.eci_role_variables import ROLES, eci_unknown_variables
from ansible_collections.ackops.eci.plugins.plugin_utils._role_variables import (
    ALIASES,
    CLUSTER_AND_USER,
    NAMES_CLUSTER,
    PROXY,
    connection,
    options_in,
)

OMIT = object()
OPTIONS = (*CLUSTER_AND_USER, *PROXY, "persist_config")
SECRETS = {"api_key", "username", "password", "client_cert", "client_key"}


def combined(play: Mapping[str, Any], host: Mapping[str, Any]) -> dict[str, Any]:
    """What a module gets, as Ansible puts module_defaults together."""
    options = {option: host.get(option, "") for option in OPTIONS}
    together = {**play, **connection(options, OMIT)}
    found = {option: value for option, value in together.items() if value is not OMIT}
    # AnsibleModule lets an alias come before its option.
    by_alias = {option: found.pop(alias) for option, alias in ALIASES.items() if alias in found}
    return {**found, **by_alias}


@pytest.mark.parametrize(
    ("play", "host", "expected"),
    [
        # A host that says nothing is at the play's cluster.
        ({"host": "https://p", "api_key": "p"}, {}, {"host": "https://p", "api_key": "p"}),
        ({"cert_file": "p", "kubeconfig": "k"}, {"context": ""}, {"client_cert": "p", "kubeconfig": "k"}),
        # One that names none may be somebody else there.
        ({"host": "https://p", "api_key": "p"}, {"api_key": "h"}, {"host": "https://p", "api_key": "h"}),
        ({"verify_ssl": True}, {"validate_certs": False}, {"validate_certs": False}),
        # One that names its cluster takes neither a credential nor anything else of the other cluster with it.
        ({"host": "https://p", "api_key": "p", "ca_cert": "p"}, {"host": "https://h"}, {"host": "https://h"}),
        ({"host": "https://p", "api_key": "p", "verify_ssl": False}, {"kubeconfig": "h"}, {"kubeconfig": "h"}),
        ({"kubeconfig": "p", "context": "p", "impersonate_user": "p"}, {"kubeconfig": "h"}, {"kubeconfig": "h"}),
        ({"cert_file": "p", "key_file": "p", "ssl_ca_cert": "p"}, {"host": "https://h", "api_key": "h"},
         {"host": "https://h", "api_key": "h"}),
        # A context is a name in a kubeconfig.
        ({"kubeconfig": "p", "context": "p"}, {"context": "h"}, {"kubeconfig": "p", "context": "h"}),
        ({"host": "https://p", "api_key": "p", "kubeconfig": "p"}, {"context": "h"}, {"kubeconfig": "p", "context": "h"}),
        # The way there is the play's, until the host has its own.
        ({"kubeconfig": "p", "proxy": "http://p", "persist_config": True}, {"kubeconfig": "h"},
         {"kubeconfig": "h", "proxy": "http://p", "persist_config": True}),
        ({"proxy": "http://p", "proxy_headers": {"basic_auth": "p"}, "no_proxy": "p"}, {"proxy": "http://h"}, {"proxy": "http://h"}),
        ({"proxy": "http://p"}, {"no_proxy": "h"}, {"proxy": "http://p", "no_proxy": "h"}),
    ],
)  # fmt: skip
def test_how_a_play_and_a_host_combine(play: dict[str, Any], host: dict[str, Any], expected: dict[str, Any]) -> None:
    """Option by option; aliases among them."""
    assert combined(play, host) == expected


def test_no_credential_of_the_play_reaches_a_cluster_that_a_host_names() -> None:
    """Whatever the play gives, by whichever name, and whatever else the host gives."""
    play = {name: "play" for option in OPTIONS for name in (option, ALIASES.get(option, option))}
    for size in range(1, len(NAMES_CLUSTER) + 1):
        for naming in itertools.combinations(NAMES_CLUSTER, size):
            for own in (set(), {"client_cert"}, SECRETS):
                given = dict.fromkeys({*naming, *own}, "host")
                got = combined(play, given)
                assert {option for option in SECRETS & set(got) if got[option] != "host"} == set(), given
                assert {option: got.get(option) for option in given} == given


def test_an_option_that_is_omitted_is_not_given() -> None:
    """A variable may be `default(omit)` itself; false is a value."""
    assert connection({"context": OMIT, "kubeconfig": None, "host": ""}, OMIT) == {}
    assert connection({"persist_config": False}, OMIT) == {"persist_config": False}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("eci_preflight_seral", "eci_preflight_seral (did you mean eci_preflight_serial?)"),
        ("eci_preflight_kubeconfg", "eci_preflight_kubeconfg (did you mean eci_preflight_kubeconfig?)"),
        ("eci_fleet_upgrade_task_file", "eci_fleet_upgrade_task_file (did you mean eci_fleet_upgrade_tasks_file?)"),
        ("eci_preflight_tasks_file", "eci_preflight_tasks_file (did you mean eci_fleet_upgrade_tasks_file?)"),
        ("eci_preflight_zzz", "eci_preflight_zzz"),
        ("eci_preflight_target", "eci_preflight_target (did you mean eci_preflight_target_version?)"),
        (
            "eci_preflight_max_fail_percentage",
            "eci_preflight_max_fail_percentage (did you mean eci_fleet_upgrade_max_fail_percentage?)",
        ),
        ("eci_preflight_serial", None),
        ("eci_preflight_hosts", None),
        ("eci_fleet_upgrade_serial", None),
        ("eci_preflight_server_version", None),
        ("eci_preflight_result_shop", None),
        ("eci_fleet_upgrade_result_shop", None),
        ("eci_preflight", None),
        ("eci_report_fail_when_not_ready", None),
        ("my_eci_preflight_x", None),
        ("__eci_preflight_check", None),
    ],
)
def test_misspelt_variables(name: str, line: str | None) -> None:
    """Named, with what was probably meant; what the roles set, and other names, are no concern."""
    assert eci_unknown_variables([name, "inventory_hostname"]) == ([] if line is None else [line])


@pytest.mark.parametrize("role", ["eci_preflight", "eci_fleet_upgrade"])
def test_the_options_are_those_that_the_argument_specs_declare(role: str) -> None:
    """Read as text, and found the same as by the parser."""
    text = (ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)["argument_specs"].values()
    assert options_in(text) == {name for entry in entries for name in entry["options"]}

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the roles: how a host's connection goes together with the play's, and which names are misspelt. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._text import plain

# -- the connection ------------------------------------------------------------------------------------------------

# The options by which a host names its cluster.
NAMES_CLUSTER = ("kubeconfig", "context", "host")
# Which cluster, and as whom: these go together, so that no credential reaches a server that it was not given for.
CLUSTER_AND_USER = (
    *NAMES_CLUSTER,
    "api_key",
    "username",
    "password",
    "client_cert",
    "client_key",
    "ca_cert",
    "validate_certs",
    "impersonate_user",
    "impersonate_groups",
)
# The way there: headers and exceptions belong to the proxy that they were given with.
PROXY = ("proxy", "no_proxy", "proxy_headers")
ALIASES: Mapping[str, str] = {
    "client_cert": "cert_file",
    "client_key": "key_file",
    "ca_cert": "ssl_ca_cert",
    "validate_certs": "verify_ssl",
}


def connection(options: Mapping[str, Any], omitted: object) -> dict[str, Any]:
    """The ``module_defaults`` that put a host's connection on top of those of its play.

    ``options``: every connection option; None, empty text or ``omitted`` where the host does not give it. ``omitted``:
    Ansible's ``omit``, which takes an option of the play away. Without an option of the host's, the result is empty and
    the play's options stand.
    """
    given = {option: value for option, value in options.items() if value not in (None, "", omitted)}
    replaced = set(given)
    if any(option in given for option in NAMES_CLUSTER):
        replaced |= set(CLUSTER_AND_USER)
        if "kubeconfig" not in given and "host" not in given:
            # A context is a name in a kubeconfig; the one of the play may be meant.
            replaced.discard("kubeconfig")
    if "proxy" in given:
        replaced |= set(PROXY)
    defaults = {option: given.get(option, omitted) for option in sorted(replaced)}
    # An alias in the play's options would come before the option itself.
    return {**defaults, **{ALIASES[option]: omitted for option in sorted(replaced) if option in ALIASES}}


# -- misspelt variables --------------------------------------------------------------------------------------------

# Variables that are no options of a role: the playbooks read them, or a role sets them. Names that begin with
# `<prefix>result_` are artifacts, one for each cluster.
MORE_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "eci_preflight_": ("hosts", "server_version"),
    "eci_fleet_upgrade_": ("hosts", "serial", "max_fail_percentage"),
    "eci_audit_": ("src", "cluster_version"),
}
ARTIFACT = "result_"


_OPTION = re.compile(r"^ {6}(\w+):$", re.MULTILINE)


def options_in(argument_specs: str) -> set[str]:
    """The options that the text of a role's argument_specs.yml names. Reading it as YAML would take a hundred times as long."""
    return set(_OPTION.findall(argument_specs))


def unknown_variables(names: Iterable[str], options: Iterable[str]) -> list[str]:
    """A line for each variable that bears a role's prefix and is none of its variables, with what may have been meant.

    ``options``: the options of both roles.
    """
    known = {*options, *(prefix + name for prefix, more in MORE_VARIABLES.items() for name in more)}
    lines = []
    for name in sorted(set(names) - known):
        prefix = next((prefix for prefix in MORE_VARIABLES if name.startswith(prefix)), "")
        if prefix and not name.startswith(prefix + ARTIFACT):
            meant = _meant(prefix, name[len(prefix) :], known)
            lines.append(plain(name, 120) + (f" (did you mean {meant}?)" if meant else ""))
    return lines


def _meant(prefix: str, rest: str, known: set[str]) -> str:
    """The variable that is most like it: the same one of the other role, one that it is the beginning of, or a similar one."""
    for other in MORE_VARIABLES:
        if other + rest in known:
            return other + rest
    own = sorted(name[len(prefix) :] for name in known if name.startswith(prefix))
    begun = [name for name in own if name.startswith(rest) or rest.startswith(name)]
    if len(begun) == 1:
        return prefix + begun[0]
    close = difflib.get_close_matches(rest, own, n=1)
    return prefix + close[0] if close else ""

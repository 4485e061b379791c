# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster, and as whom: the connection options and the ``K8S_AUTH_*`` environment, brought together.

The contract is that of kubernetes.core (option names, aliases, option before environment variable, 0/false/no for
false, lists split at commas), with one difference on purpose: an environment variable never redirects a task that
names its cluster itself. A forgotten K8S_AUTH_HOST would otherwise make every inventory host the same cluster.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput

# Option -> the environment variables that fill it in, first one first (kubernetes.core reads both spellings).
ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "kubeconfig": ("K8S_AUTH_KUBECONFIG",),
    "context": ("K8S_AUTH_CONTEXT",),
    "host": ("K8S_AUTH_HOST",),
    "api_key": ("K8S_AUTH_API_KEY",),
    "username": ("K8S_AUTH_USERNAME",),
    "password": ("K8S_AUTH_PASSWORD",),
    "client_cert": ("K8S_AUTH_CLIENT_CERT", "K8S_AUTH_CERT_FILE"),
    "client_key": ("K8S_AUTH_CLIENT_KEY", "K8S_AUTH_KEY_FILE"),
    "ca_cert": ("K8S_AUTH_CA_CERT", "K8S_AUTH_SSL_CA_CERT"),
    "validate_certs": ("K8S_AUTH_VALIDATE_CERTS", "K8S_AUTH_VERIFY_SSL"),
    "proxy": ("K8S_AUTH_PROXY",),
    "no_proxy": ("K8S_AUTH_NO_PROXY",),
    "persist_config": ("K8S_AUTH_PERSIST_CONFIG",),
    "impersonate_user": ("K8S_AUTH_IMPERSONATE_USER",),
    "impersonate_groups": ("K8S_AUTH_IMPERSONATE_GROUPS",),
}
PROXY_HEADERS = ("proxy_basic_auth", "basic_auth", "user_agent")
_BOOLEANS = ("validate_certs", "persist_config")
_LISTS = ("impersonate_groups",)
# Environment variables of these options belong to a cluster named by host; those of the next line to a kubeconfig.
_OF_HOST = ("host", "api_key", "username", "password", "client_cert", "client_key", "ca_cert", "validate_certs")
_OF_KUBECONFIG = ("kubeconfig", "context")


# A password may hold anything but a slash; the last @ before it ends the login.
_LOGIN_IN_URL = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*://|)(?:[^/@:\s]*:([^/\s]*)|[^/\s]*)@")
_LOGIN_IN_TEXT = re.compile(r"(?<![a-zA-Z0-9+.-])([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]*(?:@[^/\s@]*)*@")
# What a kubeconfig has in it and a path has not.
_CONTENT = re.compile(r"[\n{]|apiVersion|current-context|clusters:")


def without_login(url: str) -> str:
    """A URL without the user and the password that stand before its host."""
    return _LOGIN_IN_URL.sub(r"\1", url)


def without_logins(text: str) -> str:
    """A text without the users and passwords of the URLs in it."""
    return _LOGIN_IN_TEXT.sub(r"\1", text)


def is_content(text: str) -> bool:
    """Whether a text is the content of a kubeconfig, in base64 too, where a path is expected."""
    if _CONTENT.search(text):
        return True
    with contextlib.suppress(ValueError):
        found = base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
        return _CONTENT.search(found) is not None and len(found) > len("apiVersion: v1")
    return False


def password_in(url: object) -> str:
    """The password in a URL; empty where there is none."""
    found = _LOGIN_IN_URL.match(url) if isinstance(url, str) else None
    return (found.group(2) or "") if found else ""


@dataclass(frozen=True)
class Connection:
    """The resolved connection; see the doc fragment ``auth`` for what each option means."""

    kubeconfig: str | Mapping[str, Any] | None = None
    context: str | None = None
    host: str | None = None
    api_key: str | None = None
    username: str | None = None
    password: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    ca_cert: str | None = None
    validate_certs: bool | None = None
    proxy: str | None = None
    no_proxy: str | None = None
    proxy_headers: Mapping[str, str] = field(default_factory=dict)
    persist_config: bool | None = None
    impersonate_user: str | None = None
    impersonate_groups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def names_host(self) -> bool:
        """Whether host and credentials are all given, so that no kubeconfig is to be read."""
        certificate = self.client_cert and self.client_key
        return bool(self.host and (self.api_key or (self.username and self.password) or certificate))


def _from_environment(option: str, environ: Mapping[str, str]) -> tuple[str, Any] | None:
    for variable in ENVIRONMENT[option]:
        text = environ.get(variable)
        if text:
            if option in _BOOLEANS:
                return variable, text.lower() not in ("0", "false", "no")
            if option in _LISTS:
                return variable, [part.strip() for part in text.split(",") if part.strip()]
            return variable, text
    return None


def _shut_out(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The options whose environment variables do not count, because the task names its cluster in another way."""
    if params.get("host"):
        return _OF_KUBECONFIG
    if params.get("kubeconfig") or params.get("context"):
        # A context without a kubeconfig still takes the kubeconfig from the environment.
        return _OF_HOST + (("context",) if params.get("kubeconfig") else ())
    return ()


def resolve(params: Mapping[str, Any], environ: Mapping[str, str]) -> Connection:
    """Options first, then the environment. Raises InvalidInput where the result contradicts itself."""
    found: dict[str, Any] = {}
    ignored = []
    shut_out = _shut_out(params)
    for option in ENVIRONMENT:
        if params.get(option) is not None:
            found[option] = params[option]
            continue
        from_environment = _from_environment(option, environ)
        if from_environment is None:
            continue
        if option in shut_out:
            ignored.append(from_environment[0])
        else:
            found[option] = from_environment[1]
    headers = dict(params.get("proxy_headers") or {})
    for header in PROXY_HEADERS:
        text = environ.get(f"K8S_AUTH_PROXY_HEADERS_{header.upper()}")
        if headers.get(header) is None and text:
            headers[header] = text
    found["proxy_headers"] = {key: text for key, text in headers.items() if text}
    found["impersonate_groups"] = tuple(found.get("impersonate_groups") or ())
    _check(found)
    return Connection(**found, warnings=_warnings(found, ignored))


def _check(found: Mapping[str, Any]) -> None:
    host = found.get("host")
    if host and not str(host).startswith(("https://", "http://")):
        shown = without_login(str(host))
        raise InvalidInput("host", shown, "is not a URL", "Give it with its scheme, for example https://10.0.0.1:6443.")
    kubeconfig = found.get("kubeconfig")
    if kubeconfig is not None and not isinstance(kubeconfig, (str, Mapping)):
        raise InvalidInput(
            "kubeconfig",
            type(kubeconfig).__name__,
            "is neither a path nor a kubeconfig",
            "Give a path, or the content of a kubeconfig as a dictionary.",
        )
    if isinstance(kubeconfig, str) and is_content(kubeconfig):
        raise InvalidInput(
            "kubeconfig",
            "(not shown)",
            "is a text, and neither a path nor a kubeconfig",
            'Give a path, or the content as a dictionary: kubeconfig: "{{ content | from_yaml }}" (b64decode comes first where'
            " it is in base64).",
        )
    if found.get("impersonate_groups") and not found.get("impersonate_user"):
        raise InvalidInput(
            "impersonate_groups",
            ",".join(found["impersonate_groups"]),
            "is given without a user",
            "Kubernetes impersonates groups only together with impersonate_user.",
        )


def _warnings(found: Mapping[str, Any], ignored: list[str]) -> tuple[str, ...]:
    warnings = []
    if ignored:
        warnings.append(
            f"The task names its cluster itself, so these environment variables do not count: {', '.join(ignored)}."
        )
    if found.get("validate_certs") is False:
        warnings.append(
            "validate_certs is off: the API server's certificate is not verified, so anyone on the way can"
            " read the credentials. Give ca_cert instead (an AWX credential without a CA turns it off too)."
        )
    return tuple(warnings)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face towards Ansible: the only file that knows AnsibleModule. Errors become ``fail_json`` here, once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput, MissingLibrary
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import (
    is_content,
    password_in,
    resolve,
    without_login,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import first_records

if TYPE_CHECKING:
    from ansible_collections.ackops.eci.plugins.module_utils._kube.client import KubeApi

# Results stay small: AWX cuts events over 700,000 bytes, and Ansible is slow on large ones. Counts are never cut.
MOST_LISTED = 50

# In the place of what is not shown, as Ansible itself says it.
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

_SECRET_KEYS = ("token", "password", "client-key-data", "id-token", "refresh-token", "access-token", "client-secret")
_SECRET_VARIABLES = (
    "K8S_AUTH_API_KEY",
    "K8S_AUTH_PASSWORD",
    "K8S_AUTH_PROXY_HEADERS_BASIC_AUTH",
    "K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH",
)
_URLS = ("host", "proxy")
_URL_VARIABLES = ("K8S_AUTH_HOST", "K8S_AUTH_PROXY")


class SystemClock:
    """The port ``Clock``, on the machine's own time."""

    def monotonic(self) -> float:
        """Seconds that only go up."""
        return time.monotonic()

    def now(self) -> str:
        """The time of day, UTC, RFC 3339."""
        return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def _secrets_in(document: object) -> set[str]:
    """The values of a kubeconfig dictionary that must not be shown."""
    found: set[str] = set()
    if isinstance(document, Mapping):
        for key, entry in document.items():
            if key in _SECRET_KEYS and isinstance(entry, str) and entry:
                found.add(entry)
            elif key == "proxy-url":
                found |= {password_in(entry)} - {""}
            else:
                found |= _secrets_in(entry)
    elif isinstance(document, (list, tuple)):
        for entry in document:
            found |= _secrets_in(entry)
    return found


class _Module(AnsibleModule):  # type: ignore[misc]  # ansible has no types
    """Shows what it was given, but for the content of a kubeconfig: that is a secret as a whole, from the first error on."""

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """Fail."""
        super().fail_json(msg, **{"invocation": self._invocation(), **kwargs})

    def exit_json(self, **kwargs: Any) -> None:
        """Succeed."""
        super().exit_json(**{"invocation": self._invocation(), **kwargs})

    def _invocation(self) -> dict[str, Any]:
        shown = dict(getattr(self, "params", None) or {})
        kubeconfig = shown.get("kubeconfig")
        if kubeconfig is not None and not (isinstance(kubeconfig, str) and not is_content(kubeconfig)):
            shown["kubeconfig"] = HIDDEN
        for option in _URLS:
            if isinstance(shown.get(option), str):
                shown[option] = without_login(shown[option])
        return {"module_args": shown}


def _hide_secrets(module: AnsibleModule) -> None:
    """Credentials that Ansible does not know to be such: in a kubeconfig dictionary, in a URL, in the environment."""
    module.no_log_values.update(_secrets_in(module.params.get("kubeconfig")))
    module.no_log_values.update(os.environ[name] for name in _SECRET_VARIABLES if os.environ.get(name))
    urls = [module.params.get(option) for option in _URLS] + [os.environ.get(name) for name in _URL_VARIABLES]
    module.no_log_values.update(secret for url in urls if (secret := password_in(url)))


def _plain_paths(params: dict[str, Any]) -> None:
    kubeconfig = params.get("kubeconfig")
    if isinstance(kubeconfig, str):
        params["kubeconfig"] = os.path.expanduser(os.path.expandvars(kubeconfig))


def run_module(argument_spec: dict[str, Any], work: Callable[[AnsibleModule], dict[str, Any]]) -> None:
    """Make the module, do the work, exit. ``work`` returns the result; an EciError fails the task with one message.

    A result with a ``problem`` fails too, and keeps what was found or done. ``problem`` is in every failure that is told on
    purpose, so that the role can tell it from a module that broke down.
    """
    module = _Module(argument_spec=argument_spec, supports_check_mode=True)
    _hide_secrets(module)
    _plain_paths(module.params)
    try:
        result = work(module)
        problem = result.pop("problem", "")
    except MissingLibrary as error:
        module.fail_json(msg=str(error), problem=str(error), exception=error.trace)
    except EciError as error:
        module.fail_json(msg=str(error), problem=str(error))
    else:
        if problem:
            module.fail_json(msg=problem, problem=problem, **result)
        module.exit_json(**result)


def connect_from(module: AnsibleModule) -> KubeApi:
    """The API server that the task's options and environment name."""
    # Importing kubernetes takes a second: only a task that connects pays for it.
    from ansible_collections.ackops.eci.plugins.module_utils._kube.client import connect  # noqa: PLC0415 (costly)

    connection = resolve(module.params, os.environ)
    for warning in connection.warnings:
        module.warn(warning)
    return connect(connection)


def cut_lists(module: AnsibleModule, result: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The result with its long lists cut; with the option ``list_file`` they are first written to that file as a whole."""
    path = module.params["list_file"]
    if path:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump({name: result[name] for name in names}, stream)
        except OSError as error:
            raise InvalidInput(
                "list_file", path, f"cannot be written: {error.strerror}", "Name a file in a directory that is there."
            ) from error
    return {**result, **{name: first_records(result[name], MOST_LISTED) for name in names}}


def at_least(module: AnsibleModule, option: str, least: int) -> int:
    """An integer option that has a lower bound."""
    number = int(module.params[option])
    if number < least:
        raise InvalidInput(option, number, f"is below {least}", f"Give a number of at least {least}.")
    return number

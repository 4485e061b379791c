# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contexts of kubeconfig files as clusters of a fleet: names and addresses, never credentials. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import without_login
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

# Not allowed in a host name: whatever could form a template, a path or a host pattern (": , & ! [ ] *").
_UNFIT = re.compile(r"[^0-9A-Za-z_.@-]")
# How a user of a kubeconfig authenticates, by the first of these keys that it has.
_LOGINS = (
    ("exec", "exec"),
    ("auth-provider", "auth_provider"),
    ("client-certificate-data", "client_certificate"),
    ("client-certificate", "client_certificate"),
    ("token", "token"),
    ("tokenFile", "token"),
    ("username", "basic"),
)


@dataclass(frozen=True)
class Context:
    """One context of one file, without secrets."""

    name: str
    file: str
    cluster: str
    user: str
    namespace: str
    server: str
    login: str
    current: bool


def _entries(document: Mapping[str, Any], kind: str, file: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The named entries of ``contexts``, ``clusters`` or ``users``."""
    listed = document.get(kind)
    if listed is None:
        return []
    found = []
    for position, entry in enumerate(listed if isinstance(listed, list) else [listed]):
        name = entry.get("name") if isinstance(entry, Mapping) else None
        content = entry.get(kind[:-1]) if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name or not isinstance(content, (Mapping, type(None))):
            raise EciError(
                f"{file}: {kind}[{position}] is not a valid entry of a kubeconfig. It needs a name (a string) and {kind[:-1]}.",
                "Put a name such as 1.30 in quotes, or remove the entry.",
            )
        found.append((name, content or {}))
    return found


def _login(user: Mapping[str, Any]) -> str:
    return next((word for key, word in _LOGINS if user.get(key)), "none")


def contexts_of(document: object, file: str, wanted: Filter) -> list[Context]:
    """The selected contexts of a parsed kubeconfig, in its order. Raises EciError if it, or one of them, is broken."""
    if not isinstance(document, Mapping) or not isinstance(document.get("contexts"), list):
        raise EciError(
            f"{file} is not a kubeconfig: it has no list of contexts.",
            "List kubeconfig files in kubeconfigs. kubectl --kubeconfig FILE config get-contexts shows what is in one.",
        )
    clusters = dict(_entries(document, "clusters", file))
    users = dict(_entries(document, "users", file))
    found = []
    for name, content in _entries(document, "contexts", file):
        if not wanted.takes(name):
            continue
        cluster, user = (str(content.get(key) or "") for key in ("cluster", "user"))
        server = str(clusters.get(cluster, {}).get("server") or "")
        if not server or (user and user not in users):
            missing = f"cluster {quoted(cluster)}" if not server else f"user {quoted(user)}"
            raise EciError(
                f"{file}: the context {quoted(name)} refers to the {missing}, which the file does not have"
                f"{' with a server' if not server else ''}.",
                "Repair the file, or exclude the context with exclude.",
            )
        found.append(
            Context(
                name=name,
                file=file,
                cluster=cluster,
                user=user,
                namespace=str(content.get("namespace") or "default"),
                server=without_login(server),
                login=_login(users.get(user, {})),
                current=document.get("current-context") == name,
            )
        )
    return found


@dataclass(frozen=True)
class Filter:
    """Which contexts are selected: those that match a pattern of ``include`` and none of ``exclude``."""

    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, include: Sequence[str], exclude: Sequence[str]) -> Filter:
        """Patterns are globs, or regular expressions to search for if they start with ``~``. Raises InvalidInput."""
        return cls(_compiled(include, "include"), _compiled(exclude, "exclude"))

    def takes(self, name: str) -> bool:
        """Whether the context of that name is selected."""
        wanted = not self.include or any(pattern.search(name) for pattern in self.include)
        return wanted and not any(pattern.search(name) for pattern in self.exclude)


def _compiled(patterns: Sequence[str], option: str) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern[1:]) if pattern.startswith("~") else re.compile(translate(pattern)))
        except re.error as error:
            raise InvalidInput(
                option, pattern, f"is not a regular expression: {error}", "Repair it, or remove the ~ to use a glob."
            ) from error
    return tuple(compiled)


def stem_of(file: str) -> str:
    """The name of a file, without its directory and the extension .yml, .yaml, .kubeconfig or .conf."""
    return re.sub(r"\.(ya?ml|kubeconfig|conf)$", "", file.replace("\\", "/").rpartition("/")[2]) or "kubeconfig"


def host_name(context: Context, with_file: bool) -> str:
    """The name of the context's host. Characters that could form a template, a path or a pattern become ``_``."""
    return _UNFIT.sub("_", f"{stem_of(context.file)}_{context.name}" if with_file else context.name)


def named_hosts(contexts: Iterable[Context], with_file: bool) -> dict[str, Context]:
    """The contexts by the names of their hosts. Raises EciError if two have the same."""
    hosts: dict[str, Context] = {}
    for context in contexts:
        name = host_name(context, with_file)
        other = hosts.setdefault(name, context)
        if other is not context:
            raise EciError(
                f"The contexts {quoted(other.name)} of {other.file} and {quoted(context.name)} of {context.file}"
                f" would both become the host {name}.",
                "Exclude one with exclude, rename it (kubectl config rename-context)"
                + ("." if with_file else ", or set prefix_with_file: true."),
            )
    return hosts


def variables_of(context: Context) -> dict[str, Any]:
    """A context as host variables: strings from the file, and one boolean."""
    return {
        "eci_preflight_kubeconfig": context.file,
        "eci_preflight_context": context.name,
        "kubeconfig_context": context.name,
        "kubeconfig_file": context.file,
        "kubeconfig_name": stem_of(context.file),
        "kubeconfig_cluster": context.cluster,
        "kubeconfig_user": context.user,
        "kubeconfig_namespace": context.namespace,
        "kubeconfig_server": context.server,
        "kubeconfig_login": context.login,
        "kubeconfig_current": context.current,
    }

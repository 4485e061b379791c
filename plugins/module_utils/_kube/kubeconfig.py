# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster, as which user, a kubeconfig says, read by the rules of kubectl.

The kubernetes package passes over what it does not know: with an old release a proxy, with every one of them the user to act as. It is
handed what was found here, so that nothing is read twice and in two ways. No error quotes a kubeconfig: it holds credentials.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ansible_collections.ackops.eci.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

try:
    import yaml

    # The one in C is ten times as fast, which counts where a kubeconfig holds hundreds of clusters.
    _Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
except ImportError:  # it comes with the kubernetes package, without which nobody gets here
    _Loader = None

REMEDY = "Give kubeconfig (a path or a dictionary), or host and api_key."
DEFAULT = os.path.join("~", ".kube", "config")
# Entries that name a file; those of a relative path lie beside the kubeconfig.
_FILES = {"clusters": ("certificate-authority",), "users": ("client-certificate", "client-key", "tokenFile")}
_LISTS = {"clusters": "cluster", "users": "user", "contexts": "context"}
# The package knows these, or has known them; of another one it would say nothing, and be nobody.
_AUTH_PROVIDERS = ("gcp", "azure", "oidc")


@dataclass(frozen=True)
class ActAs:
    """Somebody to act as (impersonation): a user, with a UID, groups and further attributes."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Chosen:
    """What a kubeconfig says for one of its contexts; paths in it are absolute."""

    context: str
    cluster: Mapping[str, Any] = field(default_factory=dict)
    user: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """A kubeconfig that says this and nothing else."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "chosen",
            "clusters": [{"name": "chosen", "cluster": dict(self.cluster)}],
            "users": [{"name": "chosen", "user": dict(self.user)}],
            "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        }


class _Kubeconfig:
    """A kubeconfig, or several files that make one. ``source`` names it in errors."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._current = ""
        self._entries: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in _LISTS}

    def fail(self, problem: str, remedy: str = REMEDY) -> NoReturn:
        """Raise ConnectionFailed."""
        raise ConnectionFailed(f"{self._source[0].upper()}{self._source[1:]} {problem}.", remedy)

    def take_in(self, document: object, directory: str) -> None:
        """Take in a file, or a dictionary: of two entries of one name the first counts, and of current contexts, too."""
        if not isinstance(document, Mapping):
            self.fail("could not be used: it is empty, or not a kubeconfig")
        self._current = self._current or str(document.get("current-context") or "")
        for kind, part in _LISTS.items():
            for name, entry in self._listed(document, kind, part):
                absolute: dict[str, Any] = {
                    key: os.path.join(directory, text) if key in _FILES.get(kind, ()) and text else text
                    for key, text in entry.items()
                }
                self._entries[kind].setdefault(name, absolute)
                plugin = absolute.get("exec")
                if isinstance(plugin, Mapping) and os.sep in str(
                    plugin.get("command")
                ):  # else it is looked for in PATH
                    absolute["exec"] = {**plugin, "command": os.path.join(directory, str(plugin["command"]))}

    def _listed(self, document: Mapping[str, Any], kind: str, part: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        listed = document.get(kind) or []
        if not isinstance(listed, list):
            self.fail(f"could not be used: {kind} is not a list")
        for position, entry in enumerate(listed):
            if not isinstance(entry, Mapping) or entry.get("name") is None:
                self.fail(f"could not be used: {kind}[{position}] has no name")
            if not isinstance(entry.get(part) or {}, Mapping):
                self.fail(f"could not be used: {kind}[{position}].{part} is not a dictionary")
            yield str(entry["name"]), entry.get(part) or {}

    def choose(self, wanted: str | None) -> Chosen:
        """What it says for that context, or for its current one. Raises ConnectionFailed."""
        contexts = self._entries["contexts"]
        name = wanted or self._current
        if not name:
            self.fail("could not be used: it has no current context", "Give context, one of its contexts.")
        if name not in contexts:
            names = ", ".join(quoted(one) for one in list(contexts)[:10]) or "it has none"
            self.fail(f"has no context {quoted(name)}", f"Give one of its contexts: {names}.")
        context = contexts[name]
        cluster = self._entries["clusters"].get(str(context.get("cluster") or ""))
        if cluster is None:
            self.fail(f"could not be used: it has no cluster for the context {quoted(name)}")
        user = self._entries["users"].get(str(context.get("user") or ""), {})
        provider = user.get("auth-provider")
        if isinstance(provider, Mapping) and provider.get("name") not in _AUTH_PROVIDERS:
            self.fail(
                f"has the auth-provider {quoted(provider.get('name'))}, which the kubernetes package does not know",
                "Use an exec plugin, a token or a client certificate.",
            )
        return Chosen(name, cluster, user)


def read(given: str | Mapping[str, Any] | None, context: str | None) -> Chosen | None:
    """What the kubeconfig says that is given (a path, several, or the content), or the one that kubectl would find.

    None where none is given, and there is none. Raises ConnectionFailed.
    """
    if isinstance(given, Mapping):
        config = _Kubeconfig("the kubeconfig given as a dictionary")
        config.take_in(given, os.getcwd())
        return config.choose(context)
    by_environment = os.environ.get("KUBECONFIG")
    source = f"{by_environment} (from KUBECONFIG)" if by_environment else DEFAULT
    config = _Kubeconfig(f"kubeconfig {plain(given or source, 200)}")
    paths = [os.path.expanduser(path) for path in (given or by_environment or DEFAULT).split(os.pathsep) if path]
    there = [path for path in paths if os.path.exists(path)]
    if not there:
        if not given and not by_environment and not context:
            return None
        config.fail("could not be used: No such file or directory")
    for path in there:
        document = _loaded(path, config)
        if document is not None or len(there) == 1:  # an empty one among several says nothing
            config.take_in(document, os.path.dirname(os.path.abspath(path)))
    return config.choose(context)


def _loaded(path: str, config: _Kubeconfig) -> object:
    try:
        with open(path, encoding="utf-8") as stream:
            return yaml.load(stream, Loader=_Loader)  # noqa: S506 (a safe loader)
    except OSError as error:
        config.fail(f"could not be used: {error.strerror}")
    except yaml.MarkedYAMLError as error:  # its text shows the lines around, with what is in them
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        config.fail(f"could not be used: it is not YAML{where}")
    except (yaml.YAMLError, ValueError, RecursionError):
        config.fail("could not be used: it is not YAML")


def act_as(user: Mapping[str, Any]) -> ActAs | None:
    """Whom the user of a kubeconfig is to act as. Raises ConnectionFailed where that is not said whole."""
    name, uid = user.get("as") or "", user.get("as-uid") or ""
    groups, extra = user.get("as-groups") or [], user.get("as-user-extra") or {}
    good = isinstance(name, str) and isinstance(uid, str) and _is_texts(groups) and isinstance(extra, Mapping)
    if not good or not all(isinstance(key, str) and _is_texts(entry) for key, entry in extra.items()):
        raise ConnectionFailed(
            "The kubeconfig's user says whom to act as (as, as-uid, as-groups, as-user-extra), and not in the way of kubectl.",
            "as and as-uid are texts, as-groups is a list of texts, as-user-extra a dictionary of such lists.",
        )
    if not name and (uid or groups or extra):
        raise ConnectionFailed(
            "The kubeconfig's user has as-uid, as-groups or as-user-extra without as: the API server acts as nobody so.",
            "Add the user to act as (as), or take them out.",
        )
    further = tuple((key, tuple(entry)) for key, entry in extra.items())
    return ActAs(name, uid, tuple(groups), further) if name else None


def _is_texts(entry: object) -> bool:
    return isinstance(entry, (list, tuple)) and all(isinstance(text, str) for text in entry)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline scan: pods and nodes from saved files and directories, and why they may not be the whole cluster."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._check.documents import NoDocuments, documents_of
from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scan, Scope, scan_manifests
from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import INSTANCE_ID, PLATFORM_VERSION
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

Manifest = Mapping[str, Any]

REMEDY = "Make a dump with: kubectl get nodes,pods -A -o json > cluster.json"
LONGEST_PATH = 300
_ENDINGS = (".json", ".yaml", ".yml")
# Where every cluster runs pods of its own; a dump without any of them is a selection.
_SYSTEM = "kube-system"
_MOST_DOUBTS = 10
# What the marks of a list that is not whole are called in its metadata.
_PAGE_MARKS = ("continue", "remainingItemCount")
_READ_KINDS = ("Pod", "Node")
_NO_NODES = (
    "The dump holds no nodes, so that virtual nodes are told by their names alone. A dump made with"
    " kubectl get nodes,pods -A -o json tells them for certain."
)


class _NotAnObjectError(Exception):
    """An entry that cannot be judged; the text says why."""


@dataclass
class Dump:
    """What the files hold. ``doubts`` say why it may not be all pods of the cluster; with none of them it is a proof."""

    pods: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    nodes: dict[str, Manifest] = field(default_factory=dict)
    version: str = ""
    files: int = 0
    taken: int = 0
    lists: int = 0
    passed_by: Counter[str] = field(default_factory=Counter)
    doubts: list[str] = field(default_factory=list)

    @property
    def hints(self) -> list[str]:
        """What else a person should know of the dump."""
        return [] if self.nodes or not self.pods else [_NO_NODES]

    def doubt(self, text: str) -> None:
        """Note once why the dump may not be whole."""
        if text not in self.doubts:
            self.doubts.append(text)


# -- entries -----------------------------------------------------------------------------------------------------


def _is_text_map(value: object) -> bool:
    return value is None or (
        isinstance(value, Mapping) and all(isinstance(one, str) for pair in value.items() for one in pair)
    )


def _is_list_of_objects(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, Mapping) for one in value))


def _checked(entry: Manifest, kind: str) -> Manifest:
    """The entry, if everything that is looked at has the form that the API gives it. Raises _NotAnObjectError."""
    metadata, spec, status = entry.get("metadata"), entry.get("spec"), entry.get("status")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise _NotAnObjectError("it has no metadata with a name")
    if kind == "Pod" and (not isinstance(metadata.get("namespace"), str) or not metadata["namespace"]):
        raise _NotAnObjectError("it has no namespace")
    if not isinstance(spec, Mapping) and (kind == "Pod" or spec is not None):
        raise _NotAnObjectError("it has no spec; give whole objects, not a selection of their fields")
    if not isinstance(status, (Mapping, type(None))):
        raise _NotAnObjectError("its status is not an object")
    for name in ("labels", "annotations"):
        if not _is_text_map(metadata.get(name)):
            raise _NotAnObjectError(f"its {name} are not texts by name; in YAML, put every value in quotes")
    lists = (metadata.get("ownerReferences"), (status or {}).get("conditions"), (spec or {}).get("taints"))
    if not all(_is_list_of_objects(one) for one in lists):
        raise _NotAnObjectError("its ownerReferences, conditions or taints are not lists of objects")
    return entry


def _take_pod(dump: Dump, entry: Manifest) -> None:
    dump.taken += 1
    metadata = entry["metadata"]
    key = (metadata["namespace"], metadata["name"])
    known = dump.pods.setdefault(key, entry)
    if known is entry:
        return

    def judged(one: Manifest) -> tuple[object, ...]:
        notes = one["metadata"].get("annotations") or {}
        return one["metadata"].get("uid"), notes.get(PLATFORM_VERSION), notes.get(INSTANCE_ID)

    if judged(known) != judged(entry):
        dump.doubt(f"the pod {plain('/'.join(key))} is in it twice and differs: it was made at several moments")


def _take_list(dump: Dump, entry: Manifest, kind: str, where: str) -> Iterator[tuple[object, str, str]]:
    """The entries of a list, each with the kind that the list gives it."""
    item_kind = kind[: -len("List")] or "Pod"
    if item_kind not in _READ_KINDS:
        dump.passed_by[kind] += 1
        return
    metadata = entry.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise _NotAnObjectError("it has metadata that is not an object")
    if any(metadata.get(mark) for mark in _PAGE_MARKS):
        dump.doubt(f"{where} holds only the first page of a longer list")
    dump.lists += 1
    for position, one in enumerate(entry["items"]):
        yield one, item_kind, f"{where}: items[{position}]"


def _take(dump: Dump, document: object, where: str, strict: bool) -> None:
    """Take pods, nodes and the version out of a document, lists within lists too. Other kinds are passed by.

    Not ``strict``: a document that does not call itself an object of the API is passed by, too.
    """
    left: list[tuple[object, str, str]] = [(document, "", where)]
    # Aliases of YAML may name one list a thousand times, in each other.
    lists: set[int] = set()
    while left:
        entry, usual_kind, place = left.pop()
        items = entry.get("items") if isinstance(entry, Mapping) else entry
        if isinstance(items, list):
            if id(items) in lists:
                continue
            lists.add(id(items))
        try:
            if isinstance(entry, list) and not usual_kind:
                kind = "Pod" if strict else ""
                left += [(one, kind, f"{place}[{position}]") for position, one in reversed(list(enumerate(entry)))]
                dump.lists += 1
            elif isinstance(entry, Mapping):
                left += reversed(_take_object(dump, entry, usual_kind, place, strict))
            else:
                raise _NotAnObjectError(f"it is {quoted(entry, 60)}")
        except _NotAnObjectError as error:
            if strict:
                problem = f"is not an object of the API: {error}"
                raise InvalidInput("src", place, problem, REMEDY, LONGEST_PATH) from error
            if usual_kind or (isinstance(entry, Mapping) and entry.get("kind")):
                dump.doubt(f"{plain(place)} is not an object of the API: {error}")


def _version_in(entry: Manifest) -> str:
    """The version of the server, of ``kubectl version -o json`` or of ``/version``."""
    server = entry.get("serverVersion")
    version = (server if isinstance(server, Mapping) else entry).get("gitVersion")
    return version if isinstance(version, str) else ""


def _take_object(
    dump: Dump, entry: Manifest, usual_kind: str, where: str, strict: bool
) -> list[tuple[object, str, str]]:
    """Take one object; of a list, return the entries. Without a kind it is a list only where ``strict``."""
    kind = entry.get("kind") or ("List" if strict and isinstance(entry.get("items"), list) else usual_kind)
    if _version_in(entry):
        dump.version = dump.version or _version_in(entry)
        dump.taken += 1
        return []
    if not isinstance(kind, str) or not kind:
        raise _NotAnObjectError("it has no kind")
    if entry.get("apiVersion") not in (None, "v1"):
        dump.passed_by[kind] += 1
    elif kind.endswith("List"):
        if not isinstance(entry.get("items"), list):
            raise _NotAnObjectError("it is a list without items")
        return list(_take_list(dump, entry, kind, where))
    elif kind == "Status":
        raise _NotAnObjectError(f"it is an answer of the API server: {plain(entry.get('message'), 200)}")
    elif kind == "Pod":
        _take_pod(dump, _checked(entry, kind))
    elif kind == "Node":
        dump.taken += 1
        dump.nodes.setdefault(str(_checked(entry, kind)["metadata"]["name"]), entry)
    else:
        dump.passed_by[kind] += 1
    return []


# -- files -------------------------------------------------------------------------------------------------------


def _files_below(directory: str) -> Iterator[str]:
    """The files of a directory, at any depth, that can hold objects; links are not followed, so that it ends."""
    for folder, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            if name.lower().removesuffix(".gz").endswith(_ENDINGS) and not name.startswith("."):
                yield os.path.join(folder, name)


def _read_file(dump: Dump, path: str, where: str, strict: bool) -> None:
    """Read one file. A given one must hold objects; one that was found in a directory casts a doubt where it cannot be read."""
    remedy = REMEDY
    try:
        with open(path, "rb") as stream:
            documents, said = documents_of(stream.read())
        if not documents and strict:
            raise NoDocuments("is empty" if not said else f"holds nothing but an error: {said[0]}")
    except (OSError, NoDocuments) as error:
        problem = error.message if isinstance(error, NoDocuments) else f"cannot be read: {error.strerror}"
        if strict:
            raise InvalidInput("src", where, problem, remedy, LONGEST_PATH) from error
        dump.doubt(f"{plain(where)} {problem}")
        return
    dump.files += 1
    for line in said:
        dump.doubt(f"{plain(where)} holds an error of kubectl: {line}")
    taken, lists, others = dump.taken, dump.lists, dump.passed_by.copy()
    for document in documents:
        _take(dump, document, where, strict)
    found = sorted(map(plain, dump.passed_by - others))
    if strict and dump.taken == taken and (found or dump.lists == lists):
        kinds = ", ".join(found[:_MOST_DOUBTS]) or "nothing that is known"
        raise InvalidInput("src", where, f"holds neither pods nor nodes, but {kinds}", remedy, LONGEST_PATH)


def _missing_parts(dump: Dump) -> Iterator[str]:
    """Why the pods that were found may not be all of the cluster."""
    namespaces = sorted({namespace for namespace, _name in dump.pods})
    if not namespaces:
        yield "it holds no pod at all"
    elif len(namespaces) == 1:
        yield f"all its pods are of one namespace, {plain(namespaces[0])}: it was made without -A (--all-namespaces)"
    elif _SYSTEM not in namespaces:
        yield f"it holds no pod of {_SYSTEM}, where every cluster runs its own: it is a selection of namespaces"


def read_dump(paths: Sequence[str]) -> Dump:
    """Read files and directories as one dump. Raises InvalidInput where one cannot be what it is given for."""
    if not paths:
        raise InvalidInput("src", list(paths), "names no file", REMEDY)
    dump = Dump()
    for path in paths:
        if not os.path.isdir(path):
            _read_file(dump, path, path, strict=True)
            continue
        before = dump.files, len(dump.doubts)
        for found in _files_below(path):
            _read_file(dump, found, os.path.relpath(found, path), strict=False)
        if before == (dump.files, len(dump.doubts)):
            raise InvalidInput(
                "src", path, f"is a directory without any file that ends in {', '.join(_ENDINGS)}", REMEDY, LONGEST_PATH
            )
    more = len(dump.doubts) - _MOST_DOUBTS
    dump.doubts = dump.doubts[:_MOST_DOUBTS] + ([f"and {more} more of this kind"] if more > 0 else [])
    for text in _missing_parts(dump):
        dump.doubt(text)
    return dump


def scan_dump(paths: Sequence[str], scope: Scope) -> Scan:
    """What a scan of the cluster would have found at the moment of the dump, with what is in doubt about it."""
    dump = read_dump(paths)
    nodes = [{**entry, "kind": "Node"} for entry in dump.nodes.values()]
    scan = scan_manifests([*nodes, *({**entry, "kind": "Pod"} for entry in dump.pods.values())], scope)
    return replace(scan, version=dump.version, doubts=tuple(dump.doubts), hints=tuple(dump.hints))

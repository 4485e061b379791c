# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of pods as protobuf: read as they come in, and of each pod only what the model takes. Pure.

JSON must be parsed whole; in protobuf what is not needed is passed over by its length, which is several times faster and
keeps nothing. A library for it would be one more thing to install on every managed host, for the dozen fields below.
Numbers are those of k8s.io/api/core/v1/generated.proto; they never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import INSTANCE_CREATED, is_kept_annotation

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

Field = tuple[int, int, int]  # number, and where its content begins and ends; a number has its value twice


class WireError(ValueError):
    """Bytes that are no message, or end too early."""


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7
        if shift > 63:
            raise WireError("a number has no end")


def fields(data: bytes, position: int, end: int) -> list[Field]:
    """The fields of the message between two positions. This is where the time goes: short lengths are read in place."""
    found: list[Field] = []
    add = found.append
    while position < end:
        tag = data[position]
        position += 1
        if tag > 0x7F:
            tag, position = _varint(data, position - 1)
        kind = tag & 7
        if kind == _BYTES:
            size = data[position]
            position += 1
            if size > 0x7F:
                size, position = _varint(data, position - 1)
            stop = position + size
            add((tag >> 3, position, stop))
            position = stop
        elif kind == _VARINT:
            value, position = _varint(data, position)
            add((tag >> 3, value, value))
        elif kind in (_FIXED64, _FIXED32):
            position += 8 if kind == _FIXED64 else 4
        else:
            raise WireError(f"there is no wire type {kind}")
    if position != end:
        raise WireError("a field is longer than its message")
    return found


def _text(data: bytes, start: int, stop: int) -> str:
    # As Go writes JSON: what is not UTF-8 becomes U+FFFD.
    return str(data[start:stop], "utf-8", "replace")


@lru_cache(maxsize=8192)
def _shared(data: bytes) -> str:
    return _text(data, 0, len(data))


def _word(data: bytes, start: int, stop: int) -> str:
    """A text that many pods have in common, such as the key of a label: held once, however many of them are kept."""
    return _shared(data[start:stop])


def _words(data: bytes, start: int, stop: int, names: dict[int, str]) -> dict[str, str]:
    """The string fields of a message that are named."""
    return {
        names[number]: _word(data, begin, end) for number, begin, end in fields(data, start, stop) if number in names
    }


@lru_cache(maxsize=4096)
def _moment(seconds: int) -> str:
    if seconds > 1 << 63:
        seconds -= 1 << 64
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError) as error:
        raise WireError("a time is out of range") from error


def _time(data: bytes, start: int, stop: int) -> str | None:
    """A Timestamp (1 seconds) as the JSON of the API has it; none where it is empty."""
    if start == stop:
        return None
    return _moment(next((value for number, value, _same in fields(data, start, stop) if number == 1), 0))


def _entry(data: bytes, start: int, stop: int) -> tuple[str, int, int]:
    """An entry of a map (1 key, 2 value): the key, and where the value is."""
    key, begin, end = "", stop, stop
    for number, first, last in fields(data, start, stop):
        if number == 1:
            key = _word(data, first, last)
        elif number == 2:
            begin, end = first, last
    return key, begin, end


@lru_cache(maxsize=8192)
def _label(entry: bytes) -> tuple[str, str]:
    """An entry of the labels, as a rule the same as that of the pod before."""
    key, first, last = _entry(entry, 0, len(entry))
    return key, _word(entry, first, last)


@lru_cache(maxsize=1024)
def _reference(data: bytes) -> Mapping[str, Any]:
    """OwnerReference: 1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller."""
    reference: dict[str, Any] = _words(data, 0, len(data), {1: "kind", 3: "name", 4: "uid", 5: "apiVersion"})
    reference["controller"] = any(number == 6 and value != 0 for number, value, _same in fields(data, 0, len(data)))
    return reference


# The conditions that the model looks at, and how one of them begins: with its type.
_CONDITIONS = {b"Ready", INSTANCE_CREATED.encode()}
_TYPE_FIRST = b"\x0a"
_BEGINNINGS = tuple(_TYPE_FIRST + bytes([len(kind)]) + kind for kind in sorted(_CONDITIONS))
_NODE_NAME = {10: "nodeName"}
_METADATA_TEXTS = {1: "name", 5: "uid"}
_METADATA_TIMES = {8: "creationTimestamp", 9: "deletionTimestamp"}


def _metadata(data: bytes, start: int, stop: int) -> dict[str, Any]:
    """ObjectMeta: 1 name, 3 namespace, 5 uid, 8 and 9 times, 11 labels, 12 annotations, 13 ownerReferences."""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    references: list[Mapping[str, Any]] = []
    metadata: dict[str, Any] = {"labels": labels, "annotations": annotations, "ownerReferences": references}
    for number, begin, end in fields(data, start, stop):
        if number == 12:
            key, first, last = _entry(data, begin, end)
            if is_kept_annotation(key):
                annotations[key] = _text(data, first, last)
        elif number == 11:
            key, text = _label(data[begin:end])
            labels[key] = text
        elif number in _METADATA_TEXTS:
            metadata[_METADATA_TEXTS[number]] = _text(data, begin, end)
        elif number == 3:
            metadata["namespace"] = _word(data, begin, end)
        elif number in _METADATA_TIMES:
            metadata[_METADATA_TIMES[number]] = _time(data, begin, end)
        elif number == 13:
            references.append(_reference(data[begin:end]))
    return metadata


def _is_another_condition(data: bytes, begin: int) -> bool:
    """Whether nobody looks at a condition, where its type comes first: it always does, and the rest need not be read."""
    return data.startswith(_TYPE_FIRST, begin) and not data.startswith(_BEGINNINGS, begin)


def _status(data: bytes, start: int, stop: int) -> dict[str, Any]:
    """PodStatus: 1 phase, 2 conditions (1 type, 2 status, 4 lastTransitionTime), those that are looked at."""
    conditions: list[dict[str, Any]] = []
    status: dict[str, Any] = {"conditions": conditions}
    for number, begin, end in fields(data, start, stop):
        if number == 1:
            status["phase"] = _word(data, begin, end)
        elif number == 2 and not _is_another_condition(data, begin):
            parts = {key: (first, last) for key, first, last in fields(data, begin, end)}
            kind = data[slice(*parts.get(1, (0, 0)))]
            if kind in _CONDITIONS:
                entry = {"type": kind.decode(), "status": _text(data, *parts.get(2, (0, 0)))}
                conditions.append({**entry, "lastTransitionTime": _time(data, *parts.get(4, (0, 0)))})
    return status


def pod_manifest(data: bytes) -> dict[str, Any]:
    """A Pod (1 metadata, 2 spec with 10 nodeName, 3 status) as the JSON of the API has it, as far as the model takes it."""
    manifest: dict[str, Any] = {}
    for number, start, stop in fields(data, 0, len(data)):
        if number == 1:
            manifest["metadata"] = _metadata(data, start, stop)
        elif number == 2:
            manifest["spec"] = _words(data, start, stop, _NODE_NAME)
        elif number == 3:
            manifest["status"] = _status(data, start, stop)
    return manifest


class _Source:
    """Bytes that come in pieces."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._data = b""
        self._position = 0
        self.passed = 0

    def take(self, size: int) -> bytes:
        """So many bytes. Raises WireError where they do not come."""
        stop = self._position + size
        if stop > len(self._data):
            pieces, held = [self._data[self._position :]], len(self._data) - self._position
            while held < size:
                piece = next(self._chunks, None)
                if piece is None:
                    raise WireError("it ends too early")
                pieces.append(piece)
                held += len(piece)
            self._data, self._position, stop = b"".join(pieces), 0, size
        taken = self._data[self._position : stop]
        self._position = stop
        self.passed += size
        return taken

    def finish(self) -> None:
        """Read to the end, which nothing is wanted from: what is cut off would show, and the connection is free again."""
        for _piece in self._chunks:
            pass

    def varint(self) -> int:
        """The number that comes next."""
        digits = b""
        while not digits or digits[-1] > 0x7F:
            digits += self.take(1)
        return _varint(digits, 0)[0]

    def messages(self, beyond: int | None) -> Iterator[tuple[int, int]]:
        """Number and size of each field up to ``beyond``; whoever asks takes the content, numbers are passed over."""
        while beyond is None or self.passed < beyond:
            tag = self.varint()
            if tag & 7 == _VARINT:
                self.varint()
            elif tag & 7 == _BYTES:
                yield tag >> 3, self.varint()
            else:
                raise WireError(f"there is no wire type {tag & 7} in a list")


class PodList:
    """A PodList of the API server, read once from its bytes: first the pods, then what the list says of itself."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._source = _Source(chunks)
        self.resource_version = ""
        self.next_token = ""
        self.remaining: int | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The pods. Raises WireError unless all of it is there, and is a list of pods."""
        try:
            yield from self._pods_of_list()
        except IndexError as error:
            raise WireError("a message is cut short") from error

    def _pods_of_list(self) -> Iterator[dict[str, Any]]:
        source = self._source
        if source.take(4) != MAGIC:
            raise WireError("it is not protobuf of Kubernetes")
        # runtime.Unknown: 1 typeMeta (1 apiVersion, 2 kind), 2 raw: the list itself.
        for number, size in source.messages(None):
            if number == 1:
                kind = source.take(size)
                if _words(kind, 0, size, {1: "apiVersion", 2: "kind"}) != {"apiVersion": "v1", "kind": "PodList"}:
                    raise WireError("it is not a list of pods")
            elif number == 2:
                yield from self._pods(source.passed + size)
                source.finish()
                return
            else:
                source.take(size)

    def _pods(self, end: int) -> Iterator[dict[str, Any]]:
        # PodList: 1 metadata, 2 items.
        for number, size in self._source.messages(end):
            content = self._source.take(size)
            if number == 2:
                yield pod_manifest(content)
            elif number == 1:
                self._about(content)
        if self._source.passed != end:
            raise WireError("a pod is longer than its list")

    def _about(self, data: bytes) -> None:
        """ListMeta: 2 resourceVersion, 3 continue, 4 remainingItemCount."""
        for number, start, stop in fields(data, 0, len(data)):
            if number == 2:
                self.resource_version = _text(data, start, stop)
            elif number == 3:
                self.next_token = _text(data, start, stop)
            elif number == 4:
                self.remaining = start

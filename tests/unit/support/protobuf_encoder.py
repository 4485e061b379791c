# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods as the API server writes them in protobuf, for unit tests; answers of a real server are read in tests/integration.

Field numbers are those of k8s.io/api/core/v1/generated.proto. Every message also has fields that nobody reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def varint(number: int) -> bytes:
    """A number, seven bits a byte."""
    digits = []
    number &= (1 << 64) - 1  # a negative one goes as its complement
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def field(number: int, content: bytes | str | int) -> bytes:
    """One field: a text, a message, or a number."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    data = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(data)) + data


def _fixed() -> bytes:
    """Fields of fixed length, of which Kubernetes has none today."""
    return varint(200 << 3 | 1) + bytes(8) + varint(201 << 3 | 5) + bytes(4)


def _map(number: int, entries: Mapping[str, str]) -> bytes:
    return b"".join(field(number, field(1, key) + field(2, text)) for key, text in entries.items())


def _time(text: str) -> bytes:
    return field(1, int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())) + field(2, 0) if text else b""


def _reference(owner: Mapping[str, Any]) -> bytes:
    texts = {1: "kind", 3: "name", 4: "uid", 5: "apiVersion"}
    named = b"".join(field(number, str(owner.get(key, ""))) for number, key in texts.items())
    return named + (field(6, int(bool(owner["controller"]))) if "controller" in owner else b"") + field(7, 1)


def _metadata(metadata: Mapping[str, Any]) -> bytes:
    texts = {1: "name", 2: "generateName", 3: "namespace", 5: "uid", 6: "resourceVersion"}
    times = {8: "creationTimestamp", 9: "deletionTimestamp"}
    return b"".join(
        [
            *(field(number, str(metadata.get(key, ""))) for number, key in texts.items()),
            field(7, 3),
            *(field(number, _time(metadata[key] or "")) for number, key in times.items() if key in metadata),
            _map(11, metadata.get("labels") or {}),
            _map(12, metadata.get("annotations") or {}),
            *(field(13, _reference(owner)) for owner in metadata.get("ownerReferences") or ()),
            field(14, "a.example/finalizer"),
            field(17, field(1, "kubectl") + field(7, b"{" + b"x" * 300 + b"}")),
            _fixed(),
        ]
    )


def _condition(entry: Mapping[str, Any]) -> bytes:
    texts = {1: "type", 2: "status", 5: "reason", 6: "message"}
    named = {number: field(number, str(entry.get(key, ""))) for number, key in texts.items()}
    moment = field(4, _time(entry.get("lastTransitionTime") or ""))
    return named[1] + named[2] + field(3, b"") + moment + named[5] + named[6]


def pod(manifest: Mapping[str, Any]) -> bytes:
    """A Pod."""
    spec, status = manifest.get("spec") or {}, manifest.get("status") or {}
    container = field(2, field(1, "app") + field(2, "registry/app:1") + _fixed())
    return b"".join(
        [
            field(1, _metadata(manifest["metadata"])),
            field(2, container + field(4, 30) + field(10, spec.get("nodeName") or "") + field(19, "scheduler")),
            field(
                3,
                field(1, status.get("phase") or "")
                + b"".join(field(2, _condition(entry)) for entry in status.get("conditions") or ())
                + field(8, field(1, "app")),
            ),
        ]
    )


def pod_list(
    manifests: Iterable[Mapping[str, Any]], version: str = "7", token: str = "", remaining: int | None = None
) -> bytes:
    """A PodList as it goes over the wire."""
    about = field(1, "") + field(2, version) + field(3, token) + (field(4, remaining) if remaining is not None else b"")
    raw = field(1, about) + b"".join(field(2, pod(manifest)) for manifest in manifests)
    return b"k8s\x00" + field(1, field(1, "v1") + field(2, "PodList")) + field(2, raw) + field(3, "") + field(4, "")

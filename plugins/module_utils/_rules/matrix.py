# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes versions, the compatibility matrix and its source, and the verdict on a platform version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

COMPATIBLE = "compatible"
INCOMPATIBLE = "incompatible"
UNKNOWN = "unknown"
UNDETERMINED = "undetermined"
EXEMPT = "exempt"
VERDICTS = (COMPATIBLE, INCOMPATIBLE, UNKNOWN, UNDETERMINED, EXEMPT)
# Pods with these verdicts make a cluster not ready.
BLOCKING = (INCOMPATIBLE, UNKNOWN, UNDETERMINED)

# The row of pods that have an instance id and no platform version (the annotation is missing or empty).
UNAVAILABLE = "unavailable"

Minor = tuple[int, int]

_VERSION = re.compile(r"^[vV]?(\d{1,3})\.(\d{1,3})(?:\.\d{1,4})?\+?(?:[-+][0-9A-Za-z.+-]+)?$", re.ASCII)
# A number that can only be the version that it looks like: 1.3 may have been 1.30, and 1.2 have been 1.20.
_NUMBER = re.compile(r"^\d{1,3}\.\d{2}$", re.ASCII)
_RANGE = re.compile(r"^\s*>=\s*(\S+)\s*$")

# Source of the matrix: "Upgrade the ECI Platform Version", Alibaba Cloud documentation, as of the date below.
MATRIX_SOURCE = "Alibaba Cloud, Container Service for Kubernetes: Upgrade the ECI Platform Version"
MATRIX_DATE = "2026-03-26"
_TO_1_24 = ["1.12", "1.14", "1.16", "1.18", "1.20", "1.22", "1.24"]
# The newest platform version, to which a new Kubernetes version would be added first.
NEWEST = "1.1.0"
BUILT_IN_MATRIX: Mapping[str, Any] = {
    NEWEST: {"versions": [*_TO_1_24, "1.26", "1.28", "1.30", "1.31"], "canary": ["1.31"]},
    "1.0.0": {"versions": _TO_1_24},
    UNAVAILABLE: {"versions": _TO_1_24},
}

# ACK offers the even minors up to 1.30 and every minor from 1.31 on.
_LAST_EVEN_ONLY = 30


def show_minor(minor: Minor) -> str:
    """``(1, 26)`` as ``1.26``."""
    return f"{minor[0]}.{minor[1]}"


def parse_version(value: object, option: str) -> Minor:
    """Major and minor version, from any form in which people write one.

    Takes ``1.26``, ``v1.26.3``, ``1.26.3-aliyun.1``, and the number 1.26. The number 1.3 is rejected: YAML reads an unquoted
    ``1.30`` as this.
    """
    if isinstance(value, float) and _NUMBER.match(repr(value)):
        value = repr(value)
    if isinstance(value, (bool, int, float)):
        raise InvalidInput(
            option,
            value,
            "is a number that may not be the version that was written: YAML reads an unquoted 1.30 as the number 1.3",
            f"Put it in quotes, for example {option}: '1.30'.",
        )
    found = _VERSION.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise InvalidInput(
            option, value, "is not a Kubernetes version", "Give it as '1.26', 'v1.26.3' or '1.26.3-aliyun.1'."
        )
    return int(found.group(1)), int(found.group(2))


@dataclass(frozen=True)
class Row:
    """The Kubernetes versions that a platform version supports: those in ``minors``, and all from ``since`` on."""

    minors: frozenset[Minor] = frozenset()
    since: Minor | None = None
    canary: frozenset[Minor] = frozenset()

    def names(self, minor: Minor) -> bool:
        """Whether this row lists the version."""
        return minor in self.minors or (self.since is not None and minor >= self.since)


@dataclass(frozen=True)
class Matrix:
    """Which platform version supports which Kubernetes version, and according to whom."""

    rows: Mapping[str, Row]
    source: str
    date: str

    def knows(self, target: Minor) -> bool:
        """Whether any row lists the Kubernetes version. One that no row lists is unknown, not unsupported."""
        return any(row.names(target) for row in self.rows.values())

    def verdict(self, platform_version: str, target: Minor) -> tuple[str, str]:
        """The verdict on a platform version for a target, and the reason in words."""
        row = self.rows.get(platform_version)
        shown = show_minor(target)
        if row is None:
            return UNKNOWN, (
                f"the matrix does not list platform version {quoted(platform_version)}; if you know what it"
                f" supports, add it with matrix: {{'<platform version>': ['{shown}']}}"
            )
        many = platform_version == UNAVAILABLE
        who = "pods without a platform version" if many else f"platform version {platform_version}"
        supports, does_not = ("support", "do not") if many else ("supports", "does not")
        if row.names(target):
            canary = " (canary release)" if target in row.canary else ""
            return COMPATIBLE, f"{who} {supports} Kubernetes {shown}{canary}"
        if self.knows(target):
            reason = f"{who} {does_not} support Kubernetes {shown}"
            replaced = _BUILT_IN_ROWS.get(platform_version)
            if replaced is not None and replaced.names(target):
                reason += ", says the matrix option; its row replaces the built-in one, which lists that version"
            return INCOMPATIBLE, reason
        return UNKNOWN, (
            f"the matrix does not list Kubernetes {shown}; if {who} {supports} it, add it with"
            f" matrix: {self.row_with(platform_version, target)}"
        )

    def row_with(self, platform_version: str, target: Minor) -> str:
        """A row of the matrix with one more version, as a user would write it: a row that is given replaces the one that was there."""
        row = self.rows[platform_version]
        since = [f">={show_minor(row.since)}"] if row.since else []
        return repr({platform_version: [*since, *map(show_minor, sorted({*row.minors, target}))]})

    def supports(self, platform_version: str, target: Minor) -> bool:
        """Whether the platform version is known to support the target."""
        return self.verdict(platform_version, target)[0] == COMPATIBLE

    def supporting(self, target: Minor) -> list[str]:
        """The platform versions that support the target, for messages."""
        return sorted(name for name, row in self.rows.items() if row.names(target))


def _row(key: str, value: object) -> Row:
    option = f"matrix['{key}']"
    canary: object = ()
    if isinstance(value, Mapping):
        unknown = sorted(map(str, set(value) - {"versions", "canary"}))
        if unknown or "versions" not in value:
            raise InvalidInput(
                option,
                value,
                "has keys other than 'versions' and 'canary', or no 'versions'",
                "Give {versions: ['1.26'], canary: []}, a list, or a range such as '>=1.12'.",
            )
        canary, value = value.get("canary") or (), value["versions"]
    alone = isinstance(value, (str, float))
    entries: Sequence[object] = [value] if alone else value if isinstance(value, (list, tuple)) else ()
    if not entries:
        raise InvalidInput(
            option, value, "lists no version", "Give a list such as ['1.26', '1.28'] or a range such as '>=1.12'."
        )
    minors: set[Minor] = set()
    since: Minor | None = None
    for entry in entries:
        found = _RANGE.match(entry) if isinstance(entry, str) else None
        if found is not None:
            start = parse_version(found.group(1), option)
            since = start if since is None else min(since, start)
        else:
            minors.add(parse_version(entry, option))
    if not isinstance(canary, (list, tuple)):
        raise InvalidInput(option, canary, "is not a list of canary versions", "Give canary: ['1.31'].")
    return Row(frozenset(minors), since, frozenset(parse_version(entry, option) for entry in canary))


_BUILT_IN_ROWS = {key: _row(key, value) for key, value in BUILT_IN_MATRIX.items()}


def build_matrix(override: Mapping[str, Any] | None = None) -> Matrix:
    """The built-in matrix, with the user's rows added or put in place of its own."""
    rows = dict(_BUILT_IN_ROWS)
    if not override:
        return Matrix(rows, MATRIX_SOURCE, MATRIX_DATE)
    for key, value in override.items():
        if not isinstance(key, str):
            raise InvalidInput("matrix", key, "is not a string", "Put the platform version in quotes: {'1.1.0': ...}.")
        rows[key.strip() or UNAVAILABLE] = _row(key, value)
    return Matrix(
        rows, f"{MATRIX_SOURCE}; overridden by the user for {', '.join(sorted(map(str, override)))}", MATRIX_DATE
    )


def is_offered(minor: Minor) -> bool:
    """Whether ACK offers the version at all (even minors to 1.30, every minor from 1.31 on)."""
    return minor[0] == 1 and (minor[1] > _LAST_EVEN_ONLY or minor[1] % 2 == 0)


def next_offered(current: Minor) -> Minor:
    """The version that ACK offers as the next upgrade from ``current``."""
    major, minor = current[0], current[1] + 1
    while not is_offered((major, minor)) and major == 1:
        minor += 1
    return major, minor


def hop_warning(current: Minor, target: Minor) -> str:
    """Why ACK does not offer this upgrade in one step; empty if it does."""
    if target <= current:
        return ""
    if not is_offered(target):
        return f"ACK does not offer Kubernetes {show_minor(target)}: it offers even minor versions up to 1.30, and all from 1.31 on."
    step = next_offered(current)
    if target != step:
        return (
            f"ACK upgrades one supported version at a time: from {show_minor(current)} the next is {show_minor(step)},"
            f" not {show_minor(target)}."
        )
    return ""

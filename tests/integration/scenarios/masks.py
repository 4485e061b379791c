# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for the page: what differs from run to run is masked, so that the page only changes when the behaviour does."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterable

# The letters of which Kubernetes makes the ends of names.
SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
MASKS = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"https://127\.0\.0\.1:\d+"), "https://cluster.example:6443"),
    (re.compile(r"127\.0\.0\.1_\d+"), "cluster.example_6443"),
    (re.compile(r"127\.0\.0\.1:\d+"), "cluster.example:6443"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), "<time>"),
    (re.compile(rf"-{SAFE}{{6,10}}-{SAFE}{{5}}(?![a-z0-9])"), "-<id>"),
    (re.compile(rf"-{SAFE}{{8,10}}(?![a-z0-9])"), "-<id>"),
    (re.compile(rf"(?<=[a-z0-9])-(?=[a-z]*\d|{SAFE}){SAFE}{{5}}(?![a-z0-9])"), "-<id>"),
    (re.compile(r"\b\d+\.\d+ s\b"), "N s"),
    (re.compile(r"virtual-kubelet-cn-hangzhou-[a-z]\b"), "virtual-kubelet-<zone>"),
    (re.compile(r"\(combined from similar events\): "), ""),
    (re.compile(r"(\w)\1{30,}"), r"\1\1\1..."),
    (re.compile(r"\bpid \d+\.\d* in \w+"), "pid <pid>"),
    (re.compile(r"\bpid \d+|\bprocess \d+"), "process <pid>"),
    (re.compile(r"0x[0-9a-f]{6,}"), "<address>"),
    (re.compile(r"\(_ssl\.c:\d+\)"), "(_ssl.c)"),
]


def masked(text: str, places: Iterable[tuple[str, str]]) -> str:
    """The text with what is volatile masked; ``places`` are texts of this run (a directory, a namespace) and their masks."""
    for found, mask in places:
        text = text.replace(found, mask)
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    for found, mask in ((socket.gethostname(), "<host>"), (getpass.getuser(), "<user>")):
        text = re.sub(rf"(?<![\w/.-]){re.escape(found)}(?![\w/.-])", mask, text)
    return text

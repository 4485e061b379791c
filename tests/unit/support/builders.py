# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several unit tests share: pods and manifests in one line, strategies for hypothesis, one setting of its pace."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._rules.model import INSTANCE_ID, PLATFORM_VERSION, Owner, Pod
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import Waiver, parse_waivers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The same examples in every run, so that what is red once is red again.
QUICK = settings(
    max_examples=50, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
TODAY = datetime.date(2026, 4, 1)
VIRTUAL_NODE = "virtual-kubelet-cn-beijing-a"
# Values of the platform version that the matrix does not name: a typing error, an attack, a version to come.
HOSTILE_VERSIONS = (
    " ",
    "1.1.0 ",
    "v1.1.0",
    "V1.1.0",
    "1.1",
    "1.10.0",
    "1.1.0.0",
    "1.1.0\n",
    "x" * 10_000,
    "1.1.0\u200b",
    "\uff11.1.0",
    "\u202e0.1.1",
    "{{ 7*7 }}",
    "{% raw %}",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "'; DROP TABLE pods; --",
    "\x1b[2J",
    "\x00",
)


def pod(name: str = "web-1", **changes: Any) -> Pod:
    """A running ECI pod on platform version 1.1.0, changed as told."""
    usual = Pod(
        namespace="web",
        name=name,
        uid=f"uid-{name}",
        node=VIRTUAL_NODE,
        phase="Running",
        platform_version="1.1.0",
        instance_id="eci-2ze1",
        owner=None,
    )
    return replace(usual, **changes)


def owner(kind: str = "ReplicaSet", name: str = "web", api_version: str = "apps/v1") -> Owner:
    """A controller."""
    return Owner(api_version, kind, name, f"uid-{kind}-{name}")


def state(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, str]:
    """One entry of an object's status.conditions."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


def pod_manifest(
    name: str = "web-1",
    *,
    node: str | None = VIRTUAL_NODE,
    version: str | None = "1.1.0",
    instance: str | None = "eci-2ze1",
    annotations: Mapping[str, str] | None = None,
    **rest: Any,
) -> dict[str, Any]:
    """A pod as the API shows it; ``rest`` is metadata, but for phase and conditions."""
    written = {PLATFORM_VERSION: version, INSTANCE_ID: instance}
    notes = {key: text for key, text in written.items() if text is not None} | dict(annotations or {})
    status = {"phase": rest.pop("phase", "Running"), "conditions": rest.pop("conditions", [])}
    metadata = {"namespace": "web", "name": name, "uid": f"uid-{name}", "annotations": notes, **rest}
    return {"kind": "Pod", "metadata": metadata, "spec": {"nodeName": node} if node else {}, "status": status}


def waivers(*entries: tuple[str, object]) -> list[Waiver]:
    """Waivers of (match, day of expiry)."""
    return parse_waivers([{"match": match, "reason": "agreed", "expires": str(day)} for match, day in entries])


def one_line(text: str) -> bool:
    """Whether a text is safe in a terminal and a log: everything in it can be printed, no line break."""
    return text.isprintable()


def versions() -> st.SearchStrategy[str | None]:
    """What the annotation of the platform version may hold."""
    return st.one_of(st.sampled_from([None, "", "1.0.0", "1.1.0", *HOSTILE_VERSIONS]), st.text(max_size=8))


def pods() -> st.SearchStrategy[Pod]:
    """Pods of every kind, ECI or not."""
    return st.builds(
        Pod,
        namespace=st.sampled_from(["web", "shop"]),
        name=st.from_regex(r"[a-z]{1,3}-[0-9]{1,2}", fullmatch=True),
        uid=st.uuids().map(str),
        node=st.sampled_from(
            ["", VIRTUAL_NODE, "virtual-kubelet", "virtual-node-eci-0", "custom", "cn-beijing.10.0.0.1"]
        ),
        phase=st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown", ""]),
        platform_version=versions(),
        instance_id=st.sampled_from([None, "", "eci-2ze1"]),
        owner=st.one_of(st.none(), st.builds(owner, st.sampled_from(["ReplicaSet", "StatefulSet", "Job"]))),
        labels=st.dictionaries(st.sampled_from(["app", "alibabacloud.com/acs"]), st.sampled_from(["", "true", "a"])),
        annotations=st.dictionaries(st.just("alibabacloud.com/instance-id"), st.sampled_from(["acs-1", "eci-1"])),
        created=st.just("2026-01-01T00:00:00Z"),
        ready=st.booleans(),
        ready_since=st.just(""),
        deleting=st.booleans(),
        mirror=st.booleans(),
    )


def unlike(entries: Sequence[Pod]) -> list[Pod]:
    """The pods, one for each UID."""
    return list({entry.uid: entry for entry in entries}.values())

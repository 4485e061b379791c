# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind a pod."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import selector_of


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        ({"b": "2", "a": "1"}, "a=1,b=2"),
        (
            {
                "matchLabels": {"a": "1"},
                "matchExpressions": [
                    {"key": "t", "operator": "In", "values": ["x", "y"]},
                    {"key": "u", "operator": "NotIn", "values": ["z"]},
                    {"key": "v", "operator": "Exists"},
                    {"key": "w", "operator": "DoesNotExist"},
                ],
            },
            "a=1,t in (x,y),u notin (z),v,!w",
        ),
        ({"matchExpressions": [{"key": "v", "operator": "Exists"}]}, "v"),
        ({}, ""),
        (None, ""),
    ],
)
def test_selectors_as_text(selector: dict[str, Any] | None, text: str) -> None:
    """Of a Deployment, and of a ReplicationController, whose selector is plain."""
    assert selector_of({"spec": {"selector": selector}}) == text

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture that every scenario takes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.integration.scenarios.scenario import PROPERTY, Scenario


@pytest.fixture
def scenario(scene: Scenario, request: pytest.FixtureRequest) -> Iterator[Scenario]:
    """A scenario with a namespace and a home of its own; what it noted goes with the test's report."""
    yield scene
    request.node.user_properties.append((PROPERTY, json.dumps(scene.notes)))

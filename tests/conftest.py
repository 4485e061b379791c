# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

INTEGRATION = Path(__file__).with_name("integration")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark integration tests by where they lie, so that nobody can forget to."""
    for item in items:
        if item.path.is_relative_to(INTEGRATION):
            item.add_marker(pytest.mark.integration)

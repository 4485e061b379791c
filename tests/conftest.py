# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).with_name("integration")
# The collection under its importable name is on the path of our environments only. Not all of them have Ansible.
NEEDED = ("ansible_collections.ackops.eci",)


def _missing() -> list[str]:
    found = []
    for name in NEEDED:
        try:
            found += [] if importlib.util.find_spec(name) else [name]
        except ModuleNotFoundError:
            found.append(name)
    return found


if missing := _missing():
    # Now, not in pytest_configure: other conftest files, which import what is missing, are read before that.
    print(
        f"The tests need their own environment (this Python has no {', '.join(missing)}). Run: make unit, or one file:"
        " tests/dev/start.sh run main python -m pytest FILE",
        file=sys.stderr,
    )
    raise SystemExit(pytest.ExitCode.USAGE_ERROR)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Mark integration tests by where they lie, so that nobody can forget to; leave out what RELEASES leaves out."""
    for item in items:
        if item.path.is_relative_to(INTEGRATION):
            item.add_marker(pytest.mark.integration)
    if os.environ.get("RELEASES") == "oldest":
        newest = [item for item in items if item.get_closest_marker("recent")]
        config.hook.pytest_deselected(items=newest)
        items[:] = [item for item in items if item not in newest]
    # In one process the tests of a file stay together, for its fixtures.
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items[:] = _slow_ones_spread(items)
    # Now the marks are there by which others select.
    yield
    _refuse_torn_groups(config, items)


def _slow_ones_spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Have tests that mostly wait spread over the first half: beside others that compute, and none left for the end."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    ordered = [item for item in items if not item.get_closest_marker("slow")]
    apart = len(ordered) // (2 * len(slow) or 1)
    for number, item in enumerate(slow):
        ordered.insert(number * (apart + 1), item)
    return ordered


def _refuse_torn_groups(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a group shares takes minutes to make, and would be made by each worker."""
    torn = [item.nodeid for item in items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
    if torn and getattr(config.option, "loadgroup", False):
        message = f"pytest-xdist cannot keep groups together with this pytest ({pytest.__version__}): {torn[0]}"
        raise pytest.UsageError(message)

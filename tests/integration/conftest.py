# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the integration tests: one cluster for all that leave it usable, a namespace for each test."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import ControlPlane, workloads as w
from tests.cluster.api import ApiError
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import LEASE

_numbers = itertools.count(1)
# These clusters are small: an API server that collects its garbage later takes a fifth less CPU time to start.
os.environ.setdefault("GOGC", "400")


@pytest.fixture(scope="session")
def cluster() -> Iterator[ControlPlane]:
    """A 1.24 cluster for the whole session."""
    with ControlPlane.start(version="1.24", name="integration") as running:
        yield running


@pytest.fixture
def namespace(cluster: ControlPlane) -> Iterator[str]:
    """A namespace of its own, whose pods are gone afterwards: the next test scans the whole cluster.

    So is the Lease of the runs: a run that a test killed, or a pod that it lost on purpose, shuts no other test's gate.
    """
    name = f"test-{next(_numbers)}"
    w.ensure_namespace(cluster.api, name)
    yield name
    w.clear(cluster.api, name)
    with contextlib.suppress(ApiError):
        cluster.api.request("DELETE", LEASE)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home directory."""
    return tmp_path / "home"


@pytest.fixture
def scene(cluster: ControlPlane, namespace: str, home: Path) -> Iterator[Scenario]:
    """Pods, runs and records in a namespace of its own."""
    with Scenario(cluster, namespace, home) as running:
        yield running

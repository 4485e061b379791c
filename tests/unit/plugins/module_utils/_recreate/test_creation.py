# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server says of a template once is not what it says for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._recreate.creation import Creation
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import NotNow
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from tests.unit.plugins.module_utils._recreate.test_run_on_model import old_pods
from tests.unit.support.model_cluster import ModelCluster

TEMPLATE = {"metadata": {"generation": 1}, "spec": {"template": {"spec": {"containers": []}}}}


@pytest.mark.parametrize(
    "trouble",
    [
        ConnectionFailed("The API server was killed."),
        ApiError(403, "Forbidden", 'error looking up service account shop/web: serviceaccount "web" not found'),
    ],
)
def test_it_is_asked_again_until_it_takes_the_pod(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    """A workload that was set aside for it goes when the trouble is over; what was taken once is not tried again."""
    cluster = ModelCluster(1)
    cluster.workload("ReplicaSet", "web", 1)
    [pod] = old_pods(cluster)
    workload = Workloads(cluster).of(pod)
    troubles, tried = [trouble], 0

    def create(_path: str, manifest: Mapping[str, Any], dry_run: bool = False) -> Mapping[str, Any]:
        nonlocal tried
        assert dry_run
        tried += 1
        if troubles:
            raise troubles.pop()
        return manifest

    monkeypatch.setattr(cluster, "create", create)
    creation = Creation(cluster)
    with pytest.raises(NotNow):
        creation.check_template(workload, TEMPLATE)
    for _time in range(3):
        creation.check_template(workload, TEMPLATE)
    assert tried == 2

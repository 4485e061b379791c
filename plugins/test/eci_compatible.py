# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test ``eci_compatible``, for use in ``when:``: a thin wrapper of ``_rules/verdicts``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import build_matrix
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import pods_from_records
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import check


def eci_compatible(
    pods: Sequence[Mapping[str, Any]], target_version: object, matrix: Mapping[str, Any] | None = None
) -> bool:
    """Whether every pod supports the target version."""
    try:
        report = check(
            pods_from_records(pods, "pods"),
            target_version,
            matrix=build_matrix(matrix),
            today=datetime.now(timezone.utc).date(),
        )
    except EciError as error:
        raise AnsibleFilterError(str(error)) from error
    return report.compatible


class TestModule:
    """Tests on the fact ``eci_pods``."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        """The tests by name."""
        return {"eci_compatible": eci_compatible}

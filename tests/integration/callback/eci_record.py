# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every task result as a line of JSON, beside the output that a user sees, for the integration tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: eci_record
type: notification
short_description: Write task results to a file
description: Writes every task result to the file that E(ECI_RECORD) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible's base class is untyped
    """One line for every result; the last line is the recap."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "eci_record"

    def _write(self, entry: dict[str, Any]) -> None:
        with Path(os.environ["ECI_RECORD"]).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, default=str) + "\n")

    def _result(self, result: Any) -> None:
        self._write({"task": result._task.get_name(), "host": result._host.get_name(), "result": result._result})

    def v2_runner_on_ok(self, result: Any) -> None:
        """Ok or changed."""
        self._result(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Failed."""
        self._write(
            {
                "task": result._task.get_name(),
                "host": result._host.get_name(),
                "result": {**result._result, "failed": True, "ignored": ignore_errors},
            }
        )

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Unreachable."""
        self._result(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The recap, and what set_stats collected."""
        self._write(
            {"recap": {host: stats.summarize(host) for host in stats.processed}, "custom": stats.custom.get("_run", {})}
        )

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every scenario, and write the page from what they noted."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.integration.scenarios.catalogue import HERE, scenarios
from tests.integration.scenarios.page import PAGE, page
from tests.integration.scenarios.scenario import PROPERTY


class Recorder:
    """Collects what the tests noted, from all workers."""

    def __init__(self) -> None:
        self.notes: dict[str, Any] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The notes of a test that has passed travel with its report."""
        if report.when == "teardown" and report.passed:
            for name, noted in report.user_properties:
                if name == PROPERTY:
                    self.notes[report.nodeid.rpartition("::")[2]] = json.loads(str(noted))


def main(arguments: list[str]) -> int:
    """All of them must pass: a page that shows only what went well would be no page of what happens."""
    recorder = Recorder()
    status = pytest.main([str(HERE), "-n", "2", "--dist", "loadgroup", *arguments], plugins=[recorder])
    listed = scenarios()
    missing = [entry.test for entry in listed if not recorder.notes.get(entry.test)]
    if status or missing:
        print(f"{PAGE.name} was not written; without notes: {', '.join(missing) or 'none'}", file=sys.stderr)
        return int(status) or 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(listed, recorder.notes), encoding="utf-8")
    print(f"wrote {PAGE}: {len(listed)} scenarios")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python reads this when it starts: each process of a test run notes what it executes, where `make coverage` asks for it."""

from __future__ import annotations

import os

if os.environ.get("COVERAGE_PROCESS_START"):
    try:
        import coverage
    except ImportError:
        # The Python of another environment: a tool's, not one that runs the collection.
        pass
    else:
        coverage.process_startup()

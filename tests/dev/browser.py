# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium for the tests of pages: the one that is installed, or Debian's, which root can have installed."""

from __future__ import annotations

from tests.dev import run
from tests.dev.debian import NoProgramError, Program
from tests.dev.paths import say

CHROMIUM = Program(
    what="Chromium",
    need="tests of pages",
    names=("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    package="chromium",
    variable="CHROMIUM",
    command="make browser",
    notice="Chromium with apt-get; this happens once",
)
# It speaks to nobody but the page; without a sandbox of its own it starts as root and in containers, too.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The path of Chromium. Raises NoProgramError."""
    return CHROMIUM.path()


def check(*arguments: str) -> int:
    """Test the pages in a browser."""
    try:
        say(f"pages of reports in {chromium()}")
    except NoProgramError as missing:
        say(str(missing))
        return 1
    return run.run("browser", "python", "-m", "pytest", "tests/browser", *arguments)

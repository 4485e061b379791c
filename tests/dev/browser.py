# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium for the tests of pages: the one that is installed, or Debian's, which root can have installed."""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.dev import run
from tests.dev.paths import locked, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
REMEDY = "Install it (Debian: apt-get install chromium), or name one: CHROMIUM=/path/to/chromium make browser"


class NoBrowserError(Exception):
    """There is no Chromium, and it could not be installed; the message says what to do."""


def _found() -> str:
    named = os.environ.get("CHROMIUM")
    if named and not shutil.which(named):
        message = f"CHROMIUM names {named}, which is no program"
        raise NoBrowserError(message)
    return named or next((path for name in NAMES if (path := shutil.which(name))), "")


def chromium() -> str:
    """The path of Chromium; where it is missing, root installs Debian's. Raises NoBrowserError."""
    path = _found()
    if path:
        return path
    if os.geteuid() or not shutil.which("apt-get"):
        message = f"Chromium is missing, which the tests of pages need. {REMEDY}"
        raise NoBrowserError(message)
    say("installing Chromium with apt-get; this happens once")
    with locked("chromium"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("apt-get", "update", "-q"), ("apt-get", "install", "-q", "-y", "chromium")):
            if subprocess.run(command, check=False, env=environment, stdin=subprocess.DEVNULL).returncode:
                message = f"`{' '.join(command)}` failed; what it printed is above. {REMEDY}"
                raise NoBrowserError(message)
    path = _found()
    if not path:
        message = f"apt-get installed Chromium, and there is none on the PATH. {REMEDY}"
        raise NoBrowserError(message)
    return path


def check(*arguments: str) -> int:
    """Test the pages in a browser."""
    try:
        say(f"pages of reports in {chromium()}")
    except NoBrowserError as missing:
        say(str(missing))
        return 1
    return run.run("browser", "python", "-m", "pytest", "tests/browser", *arguments)

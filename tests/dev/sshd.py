# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH's server for the tests over SSH: the one that is installed, or Debian's, which root can have installed."""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.dev.paths import locked, say

PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
REMEDY = "Install it (Debian: apt-get install openssh-server), or name one: SSHD=/path/to/sshd make integration"


class NoSshdError(Exception):
    """There is no sshd, and it could not be installed; the message says what to do."""


def _found() -> str:
    named = os.environ.get("SSHD")
    if named and not shutil.which(named):
        message = f"SSHD names {named}, which is no program"
        raise NoSshdError(message)
    return named or shutil.which("sshd", path=PLACES) or ""


def sshd() -> str:
    """The path of sshd; where it is missing, root installs Debian's. Raises NoSshdError."""
    path = _found()
    if path:
        return path
    if os.geteuid() or not shutil.which("apt-get"):
        message = f"sshd is missing, which the tests over SSH need. {REMEDY}"
        raise NoSshdError(message)
    say("installing OpenSSH's server with apt-get; this happens once, and no service is started")
    with locked("sshd"):
        # In runlevel 1 the package starts nothing.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (("apt-get", "update", "-q"), ("apt-get", "install", "-q", "-y", "openssh-server")):
            if subprocess.run(command, check=False, env=environment, stdin=subprocess.DEVNULL).returncode:
                message = f"`{' '.join(command)}` failed; what it printed is above. {REMEDY}"
                raise NoSshdError(message)
    path = _found()
    if not path:
        message = f"apt-get installed OpenSSH's server, and there is no sshd. {REMEDY}"
        raise NoSshdError(message)
    return path

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH's server for the tests over SSH: the one that is installed, or Debian's, which root can have installed."""

from __future__ import annotations

import os

from tests.dev.debian import Program

SSHD = Program(
    what="sshd",
    need="tests over SSH",
    names=("sshd",),
    package="openssh-server",
    variable="SSHD",
    command="make integration",
    notice="OpenSSH's server with apt-get; this happens once, and no service is started",
    places=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin",
    environment={"RUNLEVEL": "1"},  # in runlevel 1 the package starts nothing
)


def sshd() -> str:
    """The path of sshd. Raises NoProgramError."""
    return SSHD.path()

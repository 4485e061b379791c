# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that no package index has: the one that is installed, or Debian's, which root can have installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.dev.paths import locked, say


class NoProgramError(Exception):
    """A program is missing, and could not be installed; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """One that a part of the tests needs.

    ``names`` are looked for in ``places`` (a search path), unless the environment variable ``variable`` names another. ``what`` and
    ``need`` say in a message what it is, and which tests need it. ``environment`` is for the installation of ``package``.
    """

    what: str
    need: str
    names: Sequence[str]
    package: str
    variable: str
    command: str
    notice: str
    places: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def _remedy(self) -> str:
        where = f"{self.variable}=/path/to/{self.names[0]} {self.command}"
        return f"Install it (Debian: apt-get install {self.package}), or name one: {where}"

    def _found(self) -> str:
        named = os.environ.get(self.variable)
        if named and not shutil.which(named):
            message = f"{self.variable} names {named}, which is no program"
            raise NoProgramError(message)
        places = self.places or None
        return named or next((path for name in self.names if (path := shutil.which(name, path=places))), "")

    def path(self) -> str:
        """Its path; where it is missing, root installs Debian's. Raises NoProgramError."""
        path = self._found()
        if path:
            return path
        if os.geteuid() or not shutil.which("apt-get"):
            message = f"{self.what} is missing, which the {self.need} need. {self._remedy}"
            raise NoProgramError(message)
        say(f"installing {self.notice}")
        with locked(self.names[0]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **self.environment}
            for command in (("apt-get", "update", "-q"), ("apt-get", "install", "-q", "-y", self.package)):
                if subprocess.run(command, check=False, env=environment, stdin=subprocess.DEVNULL).returncode:
                    message = f"`{' '.join(command)}` failed; what it printed is above. {self._remedy}"
                    raise NoProgramError(message)
        path = self._found()
        if not path:
            message = f"apt-get installed {self.package}, and there is no {self.what} to be found. {self._remedy}"
            raise NoProgramError(message)
        return path

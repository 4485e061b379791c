# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding Pythons on this machine, by running them: version managers leave shims that do not work."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.dev.paths import cache_root

Version = tuple[int, int]
PROBE = Path(__file__).with_name("python_probe.py")
MINORS = range(8, 16)


@dataclass(frozen=True)
class Python:
    """A Python that can make virtual environments."""

    version: Version
    full: str
    path: str

    @property
    def label(self) -> str:
        """The version as people write it."""
        return f"{self.version[0]}.{self.version[1]}"


def _probe(path: str) -> tuple[Python, bool] | None:
    """What it says of itself, and whether it was built to be fast."""
    try:
        answer = subprocess.run(
            [path, str(PROBE)], capture_output=True, text=True, timeout=30, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, grade, full, executable = answer.stdout.split(maxsplit=4)
    return Python((int(major), int(minor)), full, executable.strip()), grade == "fast"


def current() -> Python:
    """The Python this tooling was started with, outside of any virtual environment it may be in."""
    minor = sys.version_info[:2]
    inside = sys.prefix != sys.base_prefix
    path = Path(sys.base_prefix, "bin", f"python{minor[0]}.{minor[1]}") if inside else Path(sys.executable).resolve()
    return Python(minor, sys.version.split()[0], str(path))


def _places() -> list[Path]:
    """Directories to look into: the search path, then where pyenv and uv keep what they install."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    uv = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "uv"
    # Those that tests/dev/python_packages.py fetched come last.
    fetched = cache_root().glob("python/*/usr/bin")
    managed = [*sorted([*pyenv.glob("versions/*/bin"), *uv.glob("python/*/bin")], reverse=True), *sorted(fetched)]
    return [*map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep)), *managed]


@functools.cache
def find(version: Version) -> Python | None:
    """Find a Python of exactly this minor version that really runs: the first that was built to be fast, else the first."""
    if version == sys.version_info[:2]:
        return current()
    first = None
    for place in _places():
        path = place / f"python{version[0]}.{version[1]}"
        found = _probe(str(path)) if os.access(path, os.X_OK) else None
        if found and found[0].version == version:
            python, fast = found
            if fast:
                return python
            first = first or python
    return first


def choose(lowest: Version, highest: Version) -> Python | None:
    """Choose a Python within the range: the current one where it fits, else the oldest found."""
    here = current()
    if lowest <= here.version <= highest:
        return here
    found = (find((3, minor)) for minor in range(lowest[1], highest[1] + 1))
    return next((python for python in found if python), None)


def every() -> list[Python]:
    """Every minor version of Python 3 that is found here."""
    found = (find((3, minor)) for minor in MINORS)
    return [python for python in found if python]

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python the tooling takes, of those that a machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dev import pythons
from tests.dev.paths import REPO

# What the probe prints in each, before the path.
FAST, SLOW, OLD, BROKEN = "3 11 fast 3.11.9", "3 13 slow 3.13.0", "3 10 fast 3.10.1", ""


def interpreter(path: Path, says: str) -> Path:
    """A program that answers the probe as such a Python does, and tells its name where it is taken."""
    path.parent.mkdir(exist_ok=True)
    fails = "exit 1" if says == BROKEN else f'echo "{says} {path}"'
    path.write_text(f'#!/bin/sh\ncase $1 in *python_probe.py) {fails} ;; *) echo "{path.stem} $*" ;; esac\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("found", "taken"),
    [
        ((SLOW, FAST), 1),
        ((FAST, SLOW), 0),
        ((OLD, SLOW), 1),
        ((SLOW, SLOW), 0),
        ((BROKEN, OLD, SLOW, BROKEN, FAST), 4),
        ((BROKEN, OLD), None),
    ],
)
def test_the_first_fast_one_starts_the_tooling(tmp_path: Path, found: tuple[str, ...], taken: int | None) -> None:
    """Else the first that can do the work; where there is none, what to do is said."""
    there = [str(interpreter(tmp_path / f"p{number}", says)) for number, says in enumerate(found)]
    run = subprocess.run(
        [str(REPO / "tests/dev/start.sh"), "env", "main"],
        env={**os.environ, "PYTHON": " ".join([*there, str(tmp_path / "missing")])},
        capture_output=True,
        text=True,
        check=False,
    )
    if taken is None:
        assert run.returncode == 1
        assert f"none of these is: {' '.join(there)}" in run.stderr
        assert "apt install python3-venv" in run.stderr
    else:
        assert (run.returncode, run.stdout) == (0, f"p{taken} -m tests.dev env main\n")


@pytest.mark.parametrize(("found", "taken"), [((SLOW, FAST), 1), ((SLOW, SLOW), 0), ((BROKEN, OLD), None)])
def test_so_is_a_python_for_an_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: tuple[str, ...], taken: int | None
) -> None:
    """Of a version that is asked for; what pretends to be it and is another is passed by."""
    names = [says.replace("3 11", "3 99").replace("3 13", "3 99") for says in found]
    there = [interpreter(tmp_path / str(number) / "python3.99", says) for number, says in enumerate(names)]
    monkeypatch.setenv("PATH", os.pathsep.join(str(path.parent) for path in there))
    pythons.find.cache_clear()
    try:
        python = pythons.find((3, 99))
    finally:
        pythons.find.cache_clear()
    assert (python and python.path) == (None if taken is None else str(there[taken]))


def test_the_probe_tells_of_the_python_that_runs_it() -> None:
    """Its version, its kind, and its path, which may have spaces."""
    probe = REPO / "tests/dev/python_probe.py"
    said = subprocess.run([sys.executable, str(probe)], capture_output=True, text=True, check=True).stdout
    major, minor, grade, full, path = said.split(maxsplit=4)
    assert (int(major), int(minor)) == sys.version_info[:2]
    assert grade in {"fast", "slow"}
    assert full == sys.version.split()[0]
    assert path.strip() == sys.executable

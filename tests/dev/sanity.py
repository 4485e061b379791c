# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity without containers and without the internet beyond the package index."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from tests.dev import copies, envs, pip_settings, pythons, run
from tests.dev.paths import checkout_dir, link_tree, locked, say

GET_PIP = Path(__file__).with_name("get_pip.py")
# What cannot run here, and why.
SKIPPED = {
    "pslint": "it wants PowerShell, and the collection has none",
}


def _stand_in(ansible: Path, home: Path) -> None:
    """Put our script where ansible-test keeps the get-pip scripts that it has fetched before."""
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    [source] = ansible.glob("lib/python3*/site-packages/ansible_test/_internal/python_requirements.py")
    for version in re.findall(r"pip='([\d.]+)'", source.read_text(encoding="utf-8")):
        shutil.copy(GET_PIP, cache / f"get_pip_{version.replace('.', '_')}.py")


def _pip_settings(ansible: Path, home: Path) -> None:
    """Hand the user's way to a package index on: ansible-test passes no pip variables, and HOME is another."""
    settings = {"quiet": "1", **pip_settings.read(ansible)}
    config = home / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.touch(mode=0o600)  # an index address may hold a password
    config.write_text("\n".join(["[global]", *(f"{key} = {value}" for key, value in settings.items()), ""]))


def _real_pythons(place: Path) -> Path:
    """Make a directory of links to Pythons that work: ansible-test takes a version manager's dead shims for real."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for python in pythons.every():
        (place / f"python{python.label}").symlink_to(python.path)
    return place


def check(*arguments: str) -> int:
    """Run the sanity tests of the oldest and the newest Ansible that this machine has a Python for."""
    say("ansible-test sanity: all tests that need no container")
    for name, reason in SKIPPED.items():
        say(f"skipped: {name}, {reason}")
    outcome: dict[str, int] = {}
    for spec in envs.COMPAT:
        try:
            outcome[spec.purpose] = inside(spec, *arguments)
        except envs.MissingPythonError as missing:
            say(f"sanity: not run: {missing}")
    for purpose, status in outcome.items():
        say(f"sanity: {purpose}: {'FAILED' if status else 'passed'}")
    return int(any(outcome.values()) or not outcome)


def inside(spec: envs.Spec, *arguments: str) -> int:
    """Run the sanity tests of one environment's Ansible on a copy of the collection."""
    ansible, linters = envs.ensure(spec), envs.ensure("lint")
    with locked(f"{link_tree().name}-sanity"):
        home = checkout_dir() / "sanity-home"
        _stand_in(ansible, home)
        _pip_settings(ansible, home)
        links = _real_pythons(checkout_dir() / "pythons")
        # The linters' environment comes last, for shellcheck.
        places = [ansible / "bin", links, os.environ.get("PATH", os.defpath), linters / "bin"]
        path = os.pathsep.join(map(str, places))
        copy = copies.refresh("sanity")
        skips = [item for name in SKIPPED for item in ("--skip-test", name)]
        say(f"sanity: {spec.purpose}")
        command = ["ansible-test", "sanity", "--local", "--color", "no", "--truncate", "0", *skips, *arguments]
        extra = {"HOME": str(home), "PATH": path, "PYTHONPATH": "", "ANSIBLE_COLLECTIONS_PATH": ""}
        return run.run(spec, *command, cwd=copy, extra=extra)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands in an environment, shielded from the settings of the user who starts them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.dev import envs
from tests.dev.paths import REPO, cache_root, checkout_dir, link_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A demo or a test must never reach the cluster that the user's shell points at, nor take over
# the user's Ansible settings.
FOREIGN = ("ANSIBLE_", "GALAXY_IMPORTER_", "K8S_AUTH_", "KUBE", "PYTEST_")


def _utf8(environment: Mapping[str, str]) -> bool:
    name = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""
    return name.lower().replace("-", "").endswith("utf8")


def environment(home: Path) -> dict[str, str]:
    """Make the process environment for work in the environment at `home`."""
    tree = link_tree()
    state = checkout_dir() / "ansible"
    state.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    kept.pop("PYTHONHOME", None)
    if not _utf8(kept):
        # Ansible refuses to run without.
        kept["LC_ALL"] = "C.UTF-8"
    return kept | {
        "ACKOPS_CACHE": str(cache_root()),
        "ANSIBLE_COLLECTIONS_PATH": str(tree),
        "ANSIBLE_CONFIG": str(REPO / "tests" / "ansible.cfg"),
        "ANSIBLE_HOME": str(state),
        "ANSIBLE_REMOTE_TEMP": str(state / "tmp"),
        "MYPY_CACHE_DIR": str(checkout_dir() / "mypy"),
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": f"{tree}{os.pathsep}{REPO}",
        "RUFF_CACHE_DIR": str(checkout_dir() / "ruff"),
        "VIRTUAL_ENV": str(home),
    }


def run(env: str | envs.Spec, *command: str, cwd: Path = REPO, extra: Mapping[str, str] | None = None) -> int:
    """Run a command in an environment, its output passing through; return its exit status."""
    home = envs.ensure(env)
    full = environment(home) | dict(extra or {})
    return subprocess.run(list(command), check=False, cwd=cwd, env=full, executable=_which(home, command[0])).returncode


def output(env: str | envs.Spec, *command: str) -> str:
    """Run a command in an environment and return what it prints; its complaints go to the terminal."""
    home = envs.ensure(env)
    done = subprocess.run(
        list(command), check=True, cwd=REPO, env=environment(home), stdout=subprocess.PIPE, text=True,
        executable=_which(home, command[0]),
    )  # fmt: skip
    return done.stdout


def replace(env: str, command: Sequence[str]) -> None:
    """Become the command, so that signals and the terminal are its own."""
    home = envs.ensure(env)
    os.chdir(REPO)
    os.execvpe(_which(home, command[0]), list(command), environment(home))  # noqa: S606  a shell is not wanted


def _which(home: Path, name: str) -> str:
    own = home / "bin" / name
    return str(own) if own.exists() else name

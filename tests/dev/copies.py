# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real copies of the collection, for tools that do not follow links or that write beside what they read."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
from pathlib import Path

from tests.dev.paths import COLLECTION, REPO, checkout_dir


def _git_files() -> list[Path] | None:
    """What git tracks or would track, or None where there is no git or no repository."""
    command = ["git", "-C", str(REPO), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [Path(os.fsdecode(name)) for name in listed.split(b"\0") if name]


def _ignored_patterns() -> list[str]:
    lines = (REPO / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def is_ignored(path: Path, patterns: list[str]) -> bool:
    """Whether .gitignore names the path; it understands the few forms of pattern that our file uses."""
    anchored = [pattern.strip("/") for pattern in patterns if "/" in pattern.rstrip("/")]
    anywhere = [pattern.rstrip("/") for pattern in patterns if "/" not in pattern.rstrip("/")]
    heads = [str(path), *(str(parent) for parent in path.parents)]
    return any(fnmatch.fnmatch(head, pattern) for head in heads for pattern in anchored) or any(
        fnmatch.fnmatch(part, pattern) for part in path.parts for pattern in anywhere
    )


def _walked_files() -> list[Path]:
    patterns = [*_ignored_patterns(), ".git"]
    found: list[Path] = []
    for place, folders, names in os.walk(REPO):
        here = Path(place).relative_to(REPO)
        folders[:] = [name for name in folders if not is_ignored(here / name, patterns)]
        found += [here / name for name in names if not is_ignored(here / name, patterns)]
    return found


def source_files() -> list[Path]:
    """All files of the repository that are somebody's work, relative to it, in order."""
    listed = _git_files()
    files = _walked_files() if listed is None else listed
    # git lists a tracked file that was deleted a moment ago.
    return sorted({path for path in files if (REPO / path).is_file() or (REPO / path).is_symlink()})


def refresh(purpose: str) -> Path:
    """Make the copy that serves one purpose equal to the repository, and return its directory."""
    target = checkout_dir() / "copies" / purpose / COLLECTION
    shutil.rmtree(target, ignore_errors=True)
    for path in source_files():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPO / path, target / path, follow_symlinks=False)
    return target

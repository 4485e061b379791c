# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each cell of the matrix came to, kept in the cache: a run that was interrupted goes on where it stopped.

One JSON file for each cell. Each check in it has its result, the day (UTC), and the state of the repository that it ran on.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from tests.dev import copies
from tests.dev.paths import REPO, cache_root

if TYPE_CHECKING:
    from pathlib import Path

PASSED = "passed"


@dataclass(frozen=True)
class State:
    """The repository at one moment."""

    # A digest of every file in it, committed or not: the same in another checkout of the same files.
    tree: str
    # The commit, for people; empty where there is no git.
    commit: str


@dataclass(frozen=True)
class Record:
    """What one check of one cell came to."""

    result: str
    day: str
    tree: str
    commit: str


@dataclass
class Kept:
    """A cell's file: the versions that its environment has, and its checks."""

    versions: dict[str, str] = field(default_factory=dict)
    checks: dict[str, Record] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """Which results count in this run."""

    state: State
    # Results from this day on count on whatever state they were had; empty: only those on this very state.
    since: str = ""

    def counts(self, record: Record) -> bool:
        """Whether this run may go by it."""
        return record.tree == self.state.tree or bool(self.since and record.day >= self.since)


def today() -> str:
    """The day, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def state(*, but: Path) -> State:
    """Read the state of the repository without one file: the page that the results make."""
    digest = hashlib.sha256()
    left_out = but.relative_to(REPO)
    for path in copies.source_files():
        if path != left_out:
            place = REPO / path
            content = os.fsencode(place.readlink()) if place.is_symlink() else place.read_bytes()
            digest.update(b"%s\0%d\0%s" % (os.fsencode(path), len(content), content))
    return State(digest.hexdigest(), _commit(f":(exclude){left_out}"))


def _commit(*paths: str) -> str:
    git = functools.partial(subprocess.run, cwd=REPO, capture_output=True, text=True, check=True)
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        short: str = git(["git", "rev-parse", "--short", "HEAD"]).stdout.strip()
        changed = git(["git", "status", "--porcelain", "--", ".", *paths]).stdout
        return f"{short} with changes" if changed else short
    return ""


def _file(name: str) -> Path:
    return cache_root() / "matrix" / f"{name}.json"


def load(name: str) -> Kept:
    """What is kept of a cell; nothing where the file is missing or damaged."""
    try:
        told = json.loads(_file(name).read_text(encoding="utf-8"))
        return Kept(dict(told["versions"]), {check: Record(**record) for check, record in told["checks"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Kept()


def save(name: str, kept: Kept) -> None:
    """Keep it, in one step: whoever is interrupted leaves the file as it was before, or as it is after."""
    path = _file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(json.dumps(asdict(kept), indent=2) + "\n", encoding="utf-8")
    part.replace(path)

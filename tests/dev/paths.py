# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are: the repository, the cache, and the collection under its importable name."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPO = Path(__file__).resolve().parents[2]
COLLECTION = Path("ansible_collections", "ackops", "eci")


def say(text: str) -> None:
    """Tell the user what goes on, and when, at once, in order with what subprocesses print."""
    print(f"[dev {time.strftime('%H:%M:%S')}] {text}", flush=True)


def cache_root() -> Path:
    """Everything that is made and may be thrown away lives here, outside the repository."""
    named = os.environ.get("ACKOPS_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "ackops-eci"


def checkout_dir() -> Path:
    """The part of the cache that belongs to this checkout: two checkouts never share state."""
    key = hashlib.sha256(os.fsencode(REPO)).hexdigest()[:8]
    return cache_root() / f"tree-{key}"


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time do what `name` stands for; the lock dies with its holder."""
    path = cache_root() / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"waiting for another process that works on {name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def link_tree() -> Path:
    """Return a collections path in which ackops.eci is a link to this repository."""
    root = checkout_dir()
    link = root / COLLECTION
    if link.is_symlink() and link.resolve() == REPO:
        return root
    link.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and renamed into place, so that a process beside us never finds it missing.
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        fresh = Path(scratch, "eci")
        fresh.symlink_to(REPO, target_is_directory=True)
        fresh.replace(link)
    return root

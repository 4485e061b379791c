# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record on disk: one JSON line before and after every step, and the manifests that nothing else keeps.

Everything is written with mode 0600 in directories of mode 0700 and flushed to the disk before the next step begins.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import user
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Action

LEDGER = "ledger.jsonl"
MANIFESTS = "manifests"
LONGEST_NAME = 180
# The entries that end what ``removing`` began.
ENDS = ("created", "finished", "failed", "not_started")
Tell = Callable[[str, Mapping[str, Any]], None]


def default_directory(server: str, environ: Mapping[str, str]) -> str:
    """``$XDG_STATE_HOME/ackops-eci/<server>``; the server's name so that clusters do not share a ledger."""
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "ackops-eci", re.sub(r"[^0-9A-Za-z.-]+", "_", server.partition("://")[2] or server))


class Ledger:
    """The journal of one run, in a directory. Safe for threads; several runs may append to one ledger."""

    def __init__(self, directory: str, run: str, server: str, clock: Clock, tell: Tell | None = None) -> None:
        self.directory = os.path.expanduser(directory)
        self.path = os.path.join(self.directory, LEDGER)
        self._common = {"run": run, "server": server, "user": user()}
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._written = self._flushed = 0  # how many entries
        try:
            os.makedirs(os.path.join(self.directory, MANIFESTS), mode=0o700, exist_ok=True)
            with self._opened():  # found out now, not after the first deletion
                pass
        except OSError as error:
            raise EciError(
                f"record_dir: '{self.directory}' cannot be written: {error.strerror}.",
                "Give a directory that the user who runs the module can write; nothing was changed.",
            ) from error

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _flush(self, number: int) -> None:
        """Return when the entry of that number is on the disk: one flush serves all that were written before it."""
        with self._flushing:
            if self._flushed < number:
                written = self._written
                with self._opened() as descriptor:
                    os.fsync(descriptor)
                self._flushed = written

    def write(self, event: str, **details: Any) -> None:
        """Append one entry."""
        entry = {"time": self._clock.now(), "event": event, **self._common, **details}
        line = (json.dumps(entry, sort_keys=True) + "\n").encode("utf-8")
        with self._lock:
            with self._opened() as descriptor:
                os.write(descriptor, line)
            self._written += 1
            number = self._written
            if self._tell is not None:
                self._tell(event, details)
        self._flush(number)

    def save_manifest(self, uid: str, manifest: Mapping[str, Any]) -> str:
        """Keep a pod's manifest; the UID in the name makes it one file per pod, however often it is saved."""
        metadata = manifest.get("metadata") or {}
        # Names may be as long as a file's name may be; the UID alone makes it unique.
        shown = f"{metadata.get('namespace')}_{metadata.get('name')}"[:LONGEST_NAME]
        name = f"{shown}_{uid}.json"
        path = os.path.join(self.directory, MANIFESTS, re.sub(r"[^0-9A-Za-z_.-]+", "_", name))
        temporary = f"{path}.{os.getpid()}.part"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(manifest, stream, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        return path

    def unfinished(self) -> list[Unfinished]:
        """What a run that was killed (or could not create) left, from the lines of this server."""
        left: dict[str, Mapping[str, Any]] = {}
        with open(self.path, encoding="utf-8") as stream:
            for line in stream:
                entry = _parsed(line)
                if entry.get("server") != self._common["server"]:
                    continue
                uid, again = (
                    str(entry.get("uid")),
                    left.get(str(entry.get("uid")), {}).get("action") == Action.FROM_MANIFEST,
                )
                if entry.get("event") == "removing" and isinstance(entry.get("pod"), dict):
                    left[uid] = entry
                elif entry.get("event") in ENDS and not (again and entry["event"] == "failed"):
                    left.pop(uid, None)
        return [
            Unfinished(entry["pod"], self._kept(entry), str(entry.get("manifest") or "")) for entry in left.values()
        ]

    def _kept(self, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if entry.get("action") != Action.FROM_MANIFEST:
            return None
        try:
            with open(entry["manifest"], encoding="utf-8") as stream:
                return dict(json.load(stream))
        except (OSError, ValueError) as error:
            raise EciError(
                f"The ledger {self.path} says that a pod is to be made again from {entry['manifest']}, which cannot be"
                f" read: {error}.",
                "Create the pod by hand, then move the ledger away.",
            ) from error


def _parsed(line: str) -> dict[str, Any]:
    """A line of the ledger; the last one may have been cut off with the run that wrote it."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


class NoLedger:
    """The journal of a run that changes nothing. ``tell`` hears what it would do."""

    path = ""

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell

    def write(self, event: str, **details: Any) -> None:
        """Nothing is written down, for nothing is done."""
        if self._tell is not None:
            self._tell(event, details)

    def unfinished(self) -> list[Unfinished]:
        """Nothing: a run that changes nothing finishes nothing."""
        return []

    def save_manifest(self, uid: str, manifest: Mapping[str, Any]) -> str:
        """A run that changes nothing has nothing to keep."""
        raise AssertionError(f"a dry run saves no manifest: {uid} {manifest.get('metadata')}")


def open_ledger(directory: str | None, run: str, server: str, clock: Clock, tell: Tell | None = None) -> Ledger:
    """The ledger in that directory, or in the default one of the server. ``tell`` hears of every entry too."""
    return Ledger(directory or default_directory(server, os.environ), run, server, clock, tell)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record on disk: one JSON line before and after every step, and the manifests that nothing else keeps.

Everything is written with mode 0600 in directories of mode 0700 and flushed to the disk before the next step begins.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import RecordFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, Unfinished
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import user
from ansible_collections.ackops.eci.plugins.module_utils._recreate.unfinished import Cluster, Reading, remembered
from ansible_collections.ackops.eci.plugins.module_utils._text import plain

LEDGER = "ledger.jsonl"
MANIFESTS = "manifests"
LONGEST_NAME = 180
Tell = Callable[[str, Mapping[str, Any]], None]


def state_directory(environ: Mapping[str, str]) -> str:
    """``$XDG_STATE_HOME/ackops-eci``, in which every cluster has a directory."""
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "ackops-eci")


def default_directory(server: str, environ: Mapping[str, str]) -> str:
    """``$XDG_STATE_HOME/ackops-eci/<server>``: named by the address, so that a person finds it."""
    return os.path.join(state_directory(environ), re.sub(r"[^0-9A-Za-z.-]+", "_", server.partition("://")[2] or server))


def ledgers_of(directory: str | None, server: str, environ: Mapping[str, str]) -> list[str]:
    """The ledgers that may tell of a cluster: the one in ``directory``; without one, all in the default place.

    A cluster with two addresses has two of them there; what is another cluster's is told by its identity.
    """
    if directory:
        return [os.path.join(os.path.expanduser(directory), LEDGER)]
    own = os.path.join(default_directory(server, environ), LEDGER)
    others = glob.glob(os.path.join(glob.escape(state_directory(environ)), "*", LEDGER))
    return [own, *sorted(set(others) - {own})]


def make_private(directory: str) -> None:
    """Make a directory and those above it that are missing, all with mode 0700; those that are there stay as they are."""
    parent = os.path.dirname(os.path.abspath(directory))
    if not os.path.isdir(parent):
        make_private(parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(directory, 0o700)


class Ledger:
    """The journal of one run, in a directory. Safe for threads; several runs may append to one ledger.

    ``others`` are further ledgers in which work of the same cluster may be unfinished.
    """

    def __init__(
        self,
        directory: str,
        run: str,
        cluster: Cluster,
        clock: Clock,
        tell: Tell | None = None,
        others: Sequence[str] = (),
    ) -> None:
        self.directory = os.path.expanduser(directory)
        self.path = os.path.join(self.directory, LEDGER)
        self._cluster = cluster
        self._others = [path for path in others if path != self.path]
        self._common = {"run": run, "server": cluster.server, "cluster": cluster.uid, "user": user()}
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._written = self._flushed = 0  # how many entries
        self._waiting: list[bytes] = []  # what the disk has not taken yet
        self._trouble = ""
        try:
            make_private(os.path.join(self.directory, MANIFESTS))
            with self._opened() as descriptor:  # found out now, not after the first deletion
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(0, f"{LEDGER} in it is not a file")
            _flush_directory(self.directory)
        except OSError as error:
            raise RecordFailed(
                f"record_dir: '{self.directory}' cannot be written: {error.strerror}.",
                "Give a directory that the user who runs the module can write; nothing was changed.",
            ) from error

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def trouble(self) -> str:
        """Why the record is not whole; empty while it is. It stays, even where the disk has room again."""
        return self._trouble

    def _note_trouble(self, error: OSError) -> None:
        self._trouble = self._trouble or f"the ledger {self.path} cannot be written: {error.strerror or plain(error)}"

    def _append(self) -> None:
        """Write down all that waits. What the disk does not take waits for the next time."""
        try:
            with self._opened() as descriptor:
                while self._waiting:
                    line = _line_break(descriptor) + self._waiting[0]
                    while line:
                        line = line[os.write(descriptor, line) :]
                    del self._waiting[0]
        except OSError as error:
            self._note_trouble(error)

    def _flush(self, number: int) -> None:
        """Return when the entry of that number is on the disk: one flush serves all that were written before it."""
        with self._flushing:
            if self._flushed < number:
                written = self._written
                try:
                    with self._opened() as descriptor:
                        os.fsync(descriptor)
                except OSError as error:
                    self._note_trouble(error)
                self._flushed = written

    def write(self, event: str, **details: Any) -> None:
        """Append one entry. Never raises; see :meth:`trouble`."""
        kept = {**details, "pod": remembered(details["pod"])} if "pod" in details else details
        entry = {"time": self._clock.now(), "event": event, **self._common, **kept}
        line = (json.dumps(entry, sort_keys=True) + "\n").encode("ascii")
        with self._lock:
            self._waiting.append(line)
            self._append()
            self._written += 1
            number = self._written
            if self._tell is not None:
                self._tell(event, details)
        self._flush(number)

    def tell(self, event: str, **details: Any) -> None:
        """Tell it, and write nothing."""
        if self._tell is not None:
            with self._lock:
                self._tell(event, details)

    def save_manifest(self, uid: str, manifest: Mapping[str, Any]) -> str:
        """Keep a pod's manifest; the UID in the name makes it one file per pod, however often it is saved."""
        metadata = manifest.get("metadata") or {}
        # Names may be as long as a file's name may be; the UID alone makes it unique.
        shown = f"{metadata.get('namespace')}_{metadata.get('name')}"[:LONGEST_NAME]
        name = f"{shown}_{uid}.json"
        path = os.path.join(self.directory, MANIFESTS, re.sub(r"[^0-9A-Za-z_.-]+", "_", name))
        temporary = f"{path}.{os.getpid()}.part"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(manifest, stream, indent=1, sort_keys=True)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
            _flush_directory(os.path.dirname(path))
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise RecordFailed(
                f"The manifest of a pod cannot be kept in {path}: {error.strerror}.",
                "The pod was not touched. Make room, or give another record_dir.",
            ) from error
        return path

    def _reading(self) -> Reading:
        return Reading([self.path, *self._others], self._cluster)

    def doubts(self) -> list[str]:
        """What of the ledgers cannot be read, in sentences."""
        return self._reading().doubts

    def unfinished(self) -> list[Unfinished]:
        """What a run that was killed (or could not create) left, from the entries of this cluster."""
        return self._reading().unfinished()

    def forget(self, wanted: Sequence[str]) -> list[str]:
        """End the unfinished work on these pods (``namespace/name``, or UIDs): the user does not want them back.

        Returns those of which nothing was unfinished.
        """
        found = set()
        for pod in self._reading().pods():
            keys = {f"{pod['namespace']}/{pod['name']}", pod["uid"]} & set(wanted)
            if keys:
                found |= keys
                identity = {key: pod[key] for key in ("namespace", "name", "uid")}
                self.write("forgotten", reason="not wanted any more, by choice (forget)", **identity)
        return [name for name in wanted if name not in found]


def _line_break(descriptor: int) -> bytes:
    """What a new line must begin with where the last one was cut off: with the run that wrote it, or by a full disk."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _flush_directory(path: str) -> None:
    """Make sure that the name of a new file is on the disk, too."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class NoLedger:
    """The journal of a run that changes nothing. ``tell`` hears what it would do."""

    path = ""

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell

    def write(self, event: str, **details: Any) -> None:
        """Nothing is written down, for nothing is done."""
        self.tell(event, **details)

    def tell(self, event: str, **details: Any) -> None:
        """Tell it."""
        if self._tell is not None:
            self._tell(event, details)

    def trouble(self) -> str:
        """There can be none."""
        return ""

    def forget(self, wanted: Sequence[str]) -> list[str]:
        """Nothing is known, so nothing is forgotten."""
        return list(wanted)

    def unfinished(self) -> list[Unfinished]:
        """Nothing: a run that changes nothing finishes nothing."""
        return []

    def save_manifest(self, uid: str, manifest: Mapping[str, Any]) -> str:
        """A run that changes nothing has nothing to keep."""
        raise AssertionError(f"a dry run saves no manifest: {uid} {manifest.get('metadata')}")


def open_ledger(directory: str | None, run: str, cluster: Cluster, clock: Clock, tell: Tell | None = None) -> Ledger:
    """The ledger in that directory, or in the default one of the server. ``tell`` hears of every entry too."""
    own = directory or default_directory(cluster.server, os.environ)
    return Ledger(own, run, cluster, clock, tell, ledgers_of(directory, cluster.server, os.environ)[1:])

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time works on a cluster: a Lease, as the components of Kubernetes elect their leaders with.

The pods that the run has taken away and not brought back are noted on it (``missing``).

Two runs at once would each keep to their own ``serial``, and take two pods of one workload together.
The times in the lease are for people; whether a holder is alive is seen by its renewals, so that clocks need not agree.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed, EciError
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock, ClusterApi
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import (
    LEASE,
    LEASES,
    NAME,
    NAMESPACE,
    Entry,
    entries_of,
    with_entries,
)
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

# After so long without a renewal the holder is taken for dead; a renewal comes three times as often.
DURATION_SECONDS = 30.0
RENEW_SECONDS = 10.0
LOOK_SECONDS = 1.0
# So often a note is written anew where somebody else wrote on the lease at the same time.
MOST_CONFLICTS = 5


class ClusterBusy(EciError):
    """Another run is at work on the cluster; nothing was touched."""


def _micro(now: str) -> str:
    """The API's MicroTime wants its six digits."""
    return now[:-1] + ".000000Z" if now.endswith("Z") and "." not in now else now


class Lease:
    """The lease of one run. :meth:`take` it, :meth:`renew` it every RENEW_SECONDS, :meth:`release` it."""

    def __init__(self, api: ClusterApi, clock: Clock, holder: Holder) -> None:
        self._api = api
        self._clock = clock
        self._holder = holder
        self._renewed = 0.0
        self._taken = False
        self._taken_away = ""
        self._missing: dict[str, Entry] = {}
        self._lock = threading.RLock()  # the heartbeat renews what the run writes on

    def take(self, stop: Callable[[], str] = str, tell: Callable[[str], object] = str) -> None:
        """Take it, from a dead holder too, once that is certain. Raises ClusterBusy, and what the API raises.

        ``stop`` says why not to wait for that any longer, ``tell`` is told once that there is a wait.
        """
        seen: tuple[str, str] | None = None
        since = self._clock.monotonic()
        while True:
            lease = self._api.get(LEASE)
            spec = (lease or {}).get("spec") or {}
            text = str(spec.get("holderIdentity") or "")
            other = Holder.parse(text) if text else None
            lives = other.lives() if other is not None else None
            stamp = (text, str(spec.get("renewTime") or ""))
            if lives or (seen is not None and text and stamp != seen):
                raise self._busy(text, spec)
            expired = seen is not None and self._clock.monotonic() - since >= DURATION_SECONDS
            if not text or lives is False or expired:
                self._missing = {entry.uid: entry for entry in entries_of(lease)}
                if self._write(lease, str(self._holder)):
                    self._taken = True
                    return
            if stop():
                raise ClusterBusy(f"The run stopped before it began: {stop()}. Nothing was touched.")
            if seen is None and text:
                seen = stamp
                tell(f"the Lease {NAMESPACE}/{NAME} is held by {quoted(text, 200)}; waiting for a sign of life from it,"
                     f" up to {DURATION_SECONDS:.0f} s")  # fmt: skip
            self._clock.sleep(LOOK_SECONDS)

    def renew(self) -> None:
        """Say that this run is still at work. Never raises: without an answer the next time is tried."""
        with self._lock:
            try:
                self._update()
            except (ApiError, ConnectionFailed):
                return

    def _update(self) -> bool:
        """Write the lease anew, unless it was taken away; False where somebody was quicker."""
        lease = self._api.get(LEASE)
        text = str(((lease or {}).get("spec") or {}).get("holderIdentity") or "")
        if text not in (str(self._holder), ""):
            self._taken_away = text
            return True
        # Nobody has it: it was let go for us, or deleted. It is this run's again.
        return self._write(lease, str(self._holder))

    def add(self, entry: Entry) -> None:
        """Note that a pod is missing, and be sure that it is noted. Raises ApiError and ConnectionFailed."""
        with self._lock:
            self._missing[entry.uid] = entry
            self._note()

    def drop(self, uids: Collection[str]) -> None:
        """Take out pods that are back, or not wanted any more. Raises ApiError and ConnectionFailed."""
        with self._lock:
            noted = [uid for uid in uids if self._missing.pop(uid, None) is not None]
            if noted:
                self._note()

    def forget(self, names: Collection[str]) -> set[str]:
        """Note that nobody wants these pods (``namespace/name``) back. Returns those that were noted as missing."""
        with self._lock:
            found = [entry for entry in self._missing.values() if entry.key in names]
            self._missing.update((entry.uid, replace(entry, forgotten=True)) for entry in found)
            if found:
                self._note()
            return {entry.key for entry in found}

    def missing(self, *, forgotten: bool = False) -> list[Entry]:
        """The pods that are noted as missing; or those of them that nobody wants back."""
        with self._lock:
            return [entry for entry in self._missing.values() if entry.forgotten == forgotten]

    def _note(self) -> None:
        for _attempt in range(MOST_CONFLICTS):
            if self._update():
                break
        if self._taken_away:
            raise self._busy(self._taken_away, {})

    def hold(self) -> str:
        """Why this run may remove nothing for the moment; empty while its lease is fresh."""
        if not self._taken or self._clock.monotonic() - self._renewed <= DURATION_SECONDS:
            return ""
        return f"the lease {NAMESPACE}/{NAME} could not be renewed for {DURATION_SECONDS:.0f} s"

    def lost(self) -> str:
        """Why this run may not go on; empty while nobody else has its lease."""
        if not self._taken or not self._taken_away:
            return ""
        return f"the lease {NAMESPACE}/{NAME} was taken by {quoted(self._taken_away, 200)}"

    def release(self) -> None:
        """Let the next run have it at once. Never raises: it expires by itself."""
        if not self._taken or self._taken_away:
            return
        self._taken = False
        try:
            lease = self._api.get(LEASE)
            if lease is not None and (lease.get("spec") or {}).get("holderIdentity") == str(self._holder):
                with self._lock:
                    self._write(lease, "")
        except (ApiError, ConnectionFailed):
            return

    def _write(self, lease: Mapping[str, Any] | None, holder: str) -> bool:
        """Write it over the one that was read; False where somebody was quicker."""
        now = _micro(self._clock.now())
        before = (lease or {}).get("spec") or {}
        acquired = before.get("acquireTime") if before.get("holderIdentity") == holder else now
        spec = {
            "holderIdentity": holder,
            "leaseDurationSeconds": int(DURATION_SECONDS),
            "acquireTime": acquired,
            "renewTime": now,
        }
        began = self._clock.monotonic()
        try:
            if lease is None:
                metadata = {"name": NAME, "namespace": NAMESPACE}
                body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
                self._api.create(LEASES, with_entries(body, list(self._missing.values())))
            else:
                self._api.put(LEASE, with_entries({**lease, "spec": spec}, list(self._missing.values())))
        except ApiError as error:
            if error.status == 409:
                return False
            raise
        self._renewed = began
        return True

    def _busy(self, text: str, spec: Mapping[str, Any]) -> ClusterBusy:
        return ClusterBusy(
            f"Another run is at work on this cluster since {quoted(spec.get('acquireTime'))}: {quoted(text, 200)}"
            f" holds the Lease {NAMESPACE}/{NAME}. Nothing was touched.",
            "Wait for it to end, or stop it; then run again.",
        )


class Heartbeat:
    """Renews a lease from a thread of its own, in a ``with``: a request that hangs must not cost the lease."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def _beat(self) -> None:
        while not self._over.wait(RENEW_SECONDS):
            self._lease.renew()

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(RENEW_SECONDS)
        self._lease.release()

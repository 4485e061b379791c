# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP proxy before the API server: what a network does, which no server can be made to do: cut, and hold back."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

CHUNK = 4096


class Proxy:
    """Passes bytes on, both ways, TLS and all. Use it in a ``with``; ``server`` is the URL to connect to."""

    def __init__(self, server: str) -> None:
        self._target = int(server.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.server = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._flow = threading.Event()
        self._flow.set()
        self._left: int | None = None
        self.held = threading.Event()  # something of the server's has been held back

    def hold(self, after: int = 0) -> None:
        """Pass on that many more bytes of what the server says, and hold back the rest."""
        with self._lock:
            self.held.clear()
            self._left = after

    def release(self) -> None:
        """Let everything through that was held back, and all that follows."""
        with self._lock:
            self._left = None
            self._flow.set()

    def cut(self) -> int:
        """Close every connection that is open, both ends; how many there were."""
        with self._lock:
            ends, self._sockets = self._sockets, []
        for end in ends:
            _close(end)
        return len(ends) // 2

    # -- threads -------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue  # the server is away: the client is told so by the end of its connection
            with self._lock:
                self._sockets += [client, server]
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if answers:
                    self._wait_for_leave(len(data))
                sink.sendall(data)
        _close(source)
        _close(sink)

    def _wait_for_leave(self, size: int) -> None:
        with self._lock:
            if self._left is not None:
                self._left -= size
                if self._left < 0:
                    self._flow.clear()
        if not self._flow.is_set():
            self.held.set()
            self._flow.wait()

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _close(self._listener)
        self.release()
        self.cut()


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

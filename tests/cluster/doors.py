# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""More addresses for a cluster: ports of the loopback address that lead to its API server.

A simulated fleet is made of them. To whoever comes in, each door is an API server of its own; TLS goes through, so that
certificates and credentials are the cluster's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from types import TracebackType

PIECE = 65536


class Doors:
    """``servers`` has an address for each of the API servers that were named (one may be named many times)."""

    def __init__(self, targets: Sequence[str]) -> None:
        self._targets = [int(target.rpartition(":")[2]) for target in targets]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listeners: list[asyncio.Server] = []
        self.servers: list[str] = []

    def __enter__(self) -> Doors:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        for target in self._targets:

            async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int = target) -> None:
                await _lead(reader, writer, target)

            listener = await asyncio.start_server(enter, "127.0.0.1", 0)
            self._listeners.append(listener)
            self.servers.append(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}")

    async def _close(self) -> None:
        for listener in self._listeners:
            listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Carry bytes both ways until both sides have said all; without an API server, hang up."""
    with contextlib.suppress(OSError, asyncio.CancelledError):
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_carry(reader, ours), _carry(theirs, writer))
    writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()

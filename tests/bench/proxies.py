# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two things that stand before an API server: one that counts what passes, and one that makes many addresses of one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import urllib3
import yaml

from tests.bench.setting import Access
from tests.cluster import ControlPlane

HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "keep-alive")
LOOPBACK = "127.0.0.1"


def _kubeconfig(path: Path, servers: list[str], ca_file: Path | None) -> Path:
    """A context for each server; the first is the current one."""
    names = [f"c{number:02}" for number in range(len(servers))]
    login = {"client-certificate": str(path.parent / "admin.crt"), "client-key": str(path.parent / "admin.key")}
    authority = {"certificate-authority": str(ca_file)} if ca_file else {}
    clusters = [
        {"name": name, "cluster": {"server": server, **authority}} for name, server in zip(names, servers, strict=True)
    ]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": names[0],
        "clusters": clusters,
        "users": [{"name": "admin", "user": login if ca_file else {"token": "unused"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "admin"}} for name in names],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


class Counting(ThreadingHTTPServer):
    """Plain HTTP in, the API server's TLS out; requests, bytes of answers and watch events are counted."""

    daemon_threads = True

    def __init__(self, cluster: ControlPlane) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.target = cluster.server
        self.pool = Access.of(cluster).pool(64)
        self.kubeconfig = _kubeconfig(
            cluster.directory / "counted.kubeconfig", [f"http://{LOOPBACK}:{self.server_address[1]}"], None
        )

    def count(self, **what: int) -> None:
        """Add to the counts."""
        with self.lock:
            self.counts.update(what)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Counting]:
        """While the block runs."""
        thread = threading.Thread(target=self.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


# The names by which http.server looks for methods.
METHODS = ("GET", "POST", "DELETE", "PATCH", "PUT")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counting

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() in ("accept", "content-type")}
        answer = self.server.pool.request(
            self.command, self.server.target + self.path, body=body or None, headers=headers,
            preload_content=False, retries=False, timeout=urllib3.Timeout(connect=10, read=None),
        )  # fmt: skip
        watch = "watch=1" in self.path
        self.server.count(requests=1, watches=int(watch))
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, text)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        # Either side may end a watch.
        with contextlib.suppress(OSError, urllib3.exceptions.HTTPError):
            for chunk in answer.stream(65536):
                self.server.count(bytes=len(chunk), events=chunk.count(b"\n") if watch else 0)
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")
        answer.close()

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.removeprefix("do_") not in METHODS:
            raise AttributeError(name)
        return self._forward


@contextlib.contextmanager
def many_addresses(cluster: ControlPlane, count: int) -> Iterator[Path]:
    """A kubeconfig with so many contexts, each with an address of its own, that all lead to one API server."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = int(cluster.server.rpartition(":")[2])

    async def relay(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(262144):
                target.write(data)
                await target.drain()
        target.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(LOOPBACK, port)
        await asyncio.gather(relay(reader, back), relay(there, writer))

    async def listen() -> list[asyncio.Server]:
        return [await asyncio.start_server(accept, LOOPBACK, 0) for _number in range(count)]

    servers = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    addresses = [f"https://{LOOPBACK}:{server.sockets[0].getsockname()[1]}" for server in servers]
    try:
        yield _kubeconfig(cluster.directory / "fleet.kubeconfig", addresses, cluster.ca_file)
    finally:
        for server in servers:
            loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of the cluster: started with a log, asked whether it is well, paused, restarted and stopped by its own pid."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.cluster.errors import StartError
from tests.cluster.reaper import start_time

# The scheduler does not heed SIGTERM, the API server waits for its watches: all of them bear being killed.
STOP_SECONDS = 2.0
# Below those that the kernel gives to outgoing connections (from 32768 on), which could take one at any moment.
PORT_BLOCKS = range(20000, 32000, 8)
# A process waits here until the reaper knows of it; if its owner dies before, it reads the end of the pipe, and ends.
GATE = ["/bin/sh", "-c", 'read -r _go && exec "$@" </dev/null', "sh"]


def claim_ports(count: int) -> tuple[socket.socket, list[int]]:
    """Ports of the loopback address that nobody listens on; no other cluster gets them while the claim is open."""
    blocks = list(PORT_BLOCKS)
    secrets.SystemRandom().shuffle(blocks)
    for first in blocks:
        ports = list(range(first, first + count))
        claim = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            # A name without a file (Linux): it is gone with its owner, however that ends.
            claim.bind(f"\0ackops-eci-ports-{first}")
            for port in ports:
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return claim, ports
        claim.close()
    message = f"no {count} ports in a row are free between {PORT_BLOCKS.start} and {PORT_BLOCKS.stop}"
    raise StartError(message)


class Reaper:
    """The owner's end of the pipe to the process that clears up after it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("reaper.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def tell(self, line: str) -> None:
        """Say what is to be cleared away one day."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def finish(self) -> None:
        """Let it clear away, now, and wait for it."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(timeout=60)


class Process:
    """One component. ``healthy`` says whether it serves; until it does, starting waits. ``prepare`` goes before each start."""

    def __init__(self, name: str, command: list[str], directory: Path, reaper: Reaper) -> None:
        self.name = name
        self.command = command
        self.log = directory / f"{name}.log"
        self.healthy: Callable[[], bool] = lambda: True
        self.prepare: Callable[[], object] = lambda: None
        self._reaper = reaper
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        if self._process is None:
            message = f"{self.name} is not running"
            raise StartError(message)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Start it and go on at once."""
        self.prepare()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*GATE, *self.command], stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
            )
        self._reaper.tell(f"pid {self.pid} {start_time(self.pid)}")
        with contextlib.suppress(BrokenPipeError):
            assert self._process.stdin is not None
            with self._process.stdin as gate:
                gate.write(b"go\n")

    def wait_healthy(self, seconds: float = 60.0) -> None:
        """Wait until it serves. Raises StartError with the end of its log."""
        deadline = time.monotonic() + seconds
        while not self.healthy():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
                how = "ended" if ended else f"did not become healthy in {seconds:.0f} s"
                message = f"{self.name} {how}; the end of its log:\n{tail}"
                raise StartError(message)
            time.sleep(0.05)

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.launch()
        self.wait_healthy()

    def stop(self) -> None:
        """Ask it to end, and kill it where it does not."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
            self.resume()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def collect(self) -> None:
        """Take note that it has ended, after the reaper has ended it."""
        if self._process is not None:
            self._process.wait(timeout=STOP_SECONDS)
            self._process = None

    def restart(self) -> None:
        """Stop it (if it still runs) and start it again with the same command."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: from the return on it holds its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        # Its threads compute on for some milliseconds, more on a busy machine: enough to answer what its caller does next.
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

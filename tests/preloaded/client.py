# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a server for programs, and follow them: the part of subprocess that the tests use."""

from __future__ import annotations

import _socket
import atexit
import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.preloaded import interpreter

REPO = Path(__file__).resolve().parents[2]
# Python and Ansible read these when they start, so that a server serves one value of them.
READ_AT_START = ("ANSIBLE_", *interpreter.READ_AT_START)


def read_at_start(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a program must share with its server."""
    return interpreter.read_at_start(dict(environ), READ_AT_START)


class Forked:
    """A program that a server started."""

    def __init__(self, connection: _socket.socket) -> None:
        self._connection = connection
        self.pid = int(self._connection.recv(32))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or None while it runs; negative: the signal that ended it."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def kill(self) -> None:
        """SIGKILL."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], timeout)[0]:
            # A server that ends takes its programs with it, and says nothing more.
            self.returncode = int(self._connection.recv(32) or -signal.SIGKILL)
            self._connection.close()
        return self.returncode


class Server:
    """A process that forks programs of one kind (see programs.py), until this one ends."""

    def __init__(self, kind: str, environ: Mapping[str, str], *arguments: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="ackops-preloaded-"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(self.directory / interpreter.SOCKET))
            listener.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.preloaded.server", kind, str(listener.fileno()), *arguments],
                cwd=REPO, env={**os.environ, **environ}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                pass_fds=[listener.fileno()], start_new_session=True,
            )  # fmt: skip
        atexit.register(self.stop)

    def start(
        self, command: Sequence[str], environ: Mapping[str, str], cwd: Path, stdin: int, stdout: int, stderr: int
    ) -> Forked:
        """Start a program."""
        standard = (stdin, stdout, stderr)
        return Forked(interpreter.ask(str(self.directory), list(command), str(cwd), dict(environ), standard))

    def stop(self) -> None:
        """End it and all that it started."""
        atexit.unregister(self.stop)
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

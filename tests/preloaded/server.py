# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: import what its programs need, then fork for each request until standard input ends."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import marshal
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from tests.preloaded import programs

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD = 3  # standard input, output and error


class _Server:
    def __init__(self, listener: socket.socket, program: Callable[[list[str]], int]) -> None:
        self._listener = listener
        self._program = program
        self._running: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Fork until nobody is left to ask."""
        ended, wake = os.pipe()
        for end in (ended, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_arguments: None)
        signal.set_wakeup_fd(wake)
        self._selector.register(self._listener, selectors.EVENT_READ, self._fork)
        self._selector.register(ended, selectors.EVENT_READ, lambda: self._collect(ended))
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._stop)
        while True:
            for key, _events in self._selector.select():
                key.data()

    def _stop(self) -> None:
        for pid in self._running:
            os.killpg(pid, signal.SIGKILL)
        raise SystemExit

    def _fork(self) -> None:
        connection, _address = self._listener.accept()
        request, standard, _flags, _address = socket.recv_fds(connection, 1 << 20, STANDARD)
        pid = os.fork()
        if not pid:
            self._become(request, standard)
        for descriptor in standard:
            os.close(descriptor)
        # Both do it, so that it is done before either goes on.
        with contextlib.suppress(PermissionError):
            os.setpgid(pid, pid)
        self._running[pid] = connection
        connection.send(str(pid).encode())
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._hang_up(pid))

    def _collect(self, ended: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(ended, 4096)
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = found
                if connection := self._forget(pid):
                    with contextlib.suppress(BrokenPipeError), connection:
                        connection.send(str(os.waitstatus_to_exitcode(status)).encode())

    def _hang_up(self, pid: int) -> None:
        """Who asked is gone; so is the program, then."""
        if connection := self._forget(pid):
            connection.close()
            os.killpg(pid, signal.SIGKILL)

    def _forget(self, pid: int) -> socket.socket | None:
        connection = self._running.pop(pid, None)
        if connection is not None:
            self._selector.unregister(connection)
        return connection

    def _become(self, request: bytes, standard: list[int]) -> None:
        """Be the program, in the child."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for held in (self._listener, *self._running.values()):
                held.close()
            atexit._clear()
            command, directory, environ = marshal.loads(request)  # noqa: S302  from the tests themselves
            _take_over(standard, directory, environ)
            code = _exit_code(self._program, command)
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        except Exception:  # noqa: BLE001  whatever it is, the child must not go on as a server
            traceback.print_exc()
        finally:
            os._exit(code)


def _take_over(standard: list[int], directory: str, environ: dict[str, str]) -> None:
    os.setpgid(0, 0)
    for descriptor, wanted in zip(standard, range(STANDARD), strict=True):
        os.dup2(descriptor, wanted)
        os.close(descriptor)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environ)


def _exit_code(program: Callable[[list[str]], int], command: list[str]) -> int:
    try:
        return program(command)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
    except (Exception, KeyboardInterrupt):  # noqa: BLE001  as Python itself does where nobody catches it
        sys.excepthook(*sys.exc_info())
    return 1


def main(kind: str, descriptor: str, *arguments: str) -> None:
    """Serve programs of one kind at the socket with that descriptor."""
    with socket.socket(fileno=int(descriptor)) as listener:
        program = programs.KINDS[kind](*arguments)
        # What is there is there for good: nothing of it is to be looked through, and so copied, in a child.
        gc.collect()
        gc.freeze()
        _Server(listener, program).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])

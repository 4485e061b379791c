# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interpreter that Ansible is given for modules: have the server run the script, and end as it ends.

Usage: python -I -S interpreter.py DIRECTORY_OF_THE_SERVER [ARGUMENT...]. It starts for each module, so it imports what is built in.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # signal itself takes longer to import than all else here
import _socket
import array
import marshal
import os
import select
import sys

SOCKET = "socket"
ENVIRONMENT = "environment"
READ_AT_START = ("LANG", "LC_", "PYTHON")
STANDARD = (0, 1, 2)
PASSED_ON = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM)
# As a shell tells of a program that a signal ended.
BY_SIGNAL = 128


def main(directory: str, arguments: list[str]) -> int:
    """Ask for the script, pass on signals, and return its exit code."""
    environ = dict(os.environ)
    with open(f"{directory}/{ENVIRONMENT}", "rb") as file:
        served = marshal.load(file)  # noqa: S302  written by the tests themselves
    if (arguments and arguments[0].startswith("-")) or served != read_at_start(environ):
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606  a shell is not wanted
    came, wake = os.pipe()
    os.set_blocking(wake, False)
    # One that comes just before a call that waits has no handler run until that call returns; a byte in a pipe is not overlooked.
    _signal.set_wakeup_fd(wake)
    for number in PASSED_ON:
        _signal.signal(number, lambda _number, _frame: None)
    connection = ask(directory, arguments, os.getcwd(), environ, STANDARD)
    pid = int(connection.recv(32))
    while connection.fileno() not in select.select([came, connection.fileno()], [], [])[0]:
        _pass_on(os.read(came, 64), pid)
    code = int(connection.recv(32))
    return code if code >= 0 else BY_SIGNAL - code


def _pass_on(numbers: bytes, pid: int) -> None:
    try:
        for number in numbers:
            os.kill(pid, number)
    except ProcessLookupError:  # it has just ended
        pass


def ask(
    directory: str, command: list[str], place: str, environ: dict[str, str], standard: tuple[int, ...]
) -> _socket.socket:
    """Ask the server for a program: it answers with the process id, and then with the exit code, minus the signal that ended it."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    connection.connect(f"{directory}/{SOCKET}")
    descriptors = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", standard))
    connection.sendmsg([marshal.dumps((command, place, environ))], [descriptors])
    return connection


def read_at_start(environ: dict[str, str], names: tuple[str, ...] = READ_AT_START) -> dict[str, str]:
    """The variables whose names begin so; by default those that Python reads when it starts."""
    return {name: value for name, value in environ.items() if name.startswith(names)}


if __name__ == "__main__":
    os._exit(main(sys.argv[1], sys.argv[2:]))

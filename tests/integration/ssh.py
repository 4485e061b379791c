# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another machine, as far as Ansible can tell: OpenSSH's server on this one, for the user who runs the tests."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.dev.sshd import sshd

CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {place}/host
AuthorizedKeysFile {place}/user.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
LogLevel VERBOSE
SetEnv HOME={place}/home
"""


class Machine:
    """Where the server listens, and what a host of an inventory needs to log in."""

    def __init__(self, port: int, place: Path, sockets: str) -> None:
        self.port = port
        self.place = place
        self.sockets = sockets
        # Ansible's own files on that machine.
        self.tmp = place / "remote-tmp"
        self.log = place / "log"

    @property
    def variables(self) -> dict[str, object]:
        """Host variables."""
        unknown = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        return {
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.place / "user"),
            "ansible_ssh_common_args": unknown,
            "ansible_python_interpreter": sys.executable,
            "ansible_remote_tmp": str(self.tmp),
            "ansible_control_path_dir": self.sockets,
        }

    def logins(self) -> int:
        """How often somebody has logged in."""
        return self.log.read_text(encoding="utf-8").count("Accepted publickey")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def machine(place: Path) -> Iterator[Machine]:
    """A server that listens while this lasts."""
    # The path of a socket has at most 108 characters, and pytest's directories are deep.
    with tempfile.TemporaryDirectory(prefix="eci-ssh-", ignore_cleanup_errors=True) as sockets:
        yield from _served(place, sockets)


def _served(place: Path, sockets: str) -> Iterator[Machine]:
    place.mkdir(parents=True)
    program = sshd()
    keygen = shutil.which("ssh-keygen") or "ssh-keygen"
    for name in ("host", "user"):
        command = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    there = Machine(_free_port(), place, sockets)
    # A home of its own: the user's shell would read what the user has set up, with each command.
    (place / "home").mkdir()
    (place / "config").write_text(CONFIG.format(port=there.port, place=place), encoding="utf-8")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where its unprivileged half lives
    with there.log.open("wb") as log:
        command = [program, "-D", "-e", "-f", str(place / "config")]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_for(there, server)
        yield there
    finally:
        # Ansible leaves its connections open for a minute, for the next task.
        for connection in Path(sockets).iterdir():
            command = ["ssh", "-O", "exit", "-o", f"ControlPath={connection}", "127.0.0.1"]
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server.terminate()
        server.wait()


def _wait_for(there: Machine, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", there.port), timeout=1).close()
        except OSError:
            assert server.poll() is None, there.log.read_text(encoding="utf-8")
            assert time.monotonic() < end, "sshd does not listen"
            time.sleep(0.05)
        else:
            return

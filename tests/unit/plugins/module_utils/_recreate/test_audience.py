# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run whose controller is gone finds that out: from real pipes, terminals, locks and processes."""

from __future__ import annotations

import fcntl
import os
import pty
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._recreate.audience import Audience
from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress


def pipe() -> tuple[int, int]:
    """As a local controller and most SSH servers read the output: the reader's end, and the module's."""
    return os.pipe()


def socket_pair() -> tuple[int, int]:
    """As other SSH servers do."""
    ends = socket.socketpair()
    return ends[0].detach(), ends[1].detach()


@pytest.mark.parametrize("channel", [pipe, socket_pair, pty.openpty])
def test_an_output_that_nobody_reads(channel: Callable[[], tuple[int, int]]) -> None:
    """As long as somebody may read, all is well, read or not; once nobody can, it is said, and stays so."""
    reader, writer = channel()
    audience = Audience(output=writer)
    assert audience.said() == ""
    os.write(writer, b"x")
    assert audience.said() == ""
    os.close(reader)
    assert audience.said() == "nobody waits for it any more: its output is closed"
    os.close(writer)
    assert audience.said()


def test_an_output_that_is_a_file_always_has_a_reader(tmp_path: Path) -> None:
    """As is one that is thrown away."""
    for path in (str(tmp_path / "out"), os.devnull):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        assert Audience(output=descriptor).said() == ""
        os.close(descriptor)


def locked(path: Path) -> int:
    """A file with a lock on it, as the action plugin makes it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def test_a_progress_file_is_gone_with_those_who_have_it_open(tmp_path: Path) -> None:
    """However they end: the module takes its name away at once."""
    path = tmp_path / "eci-progress-x"
    holder = locked(path)
    progress = Progress(str(path))
    audience = Audience(progress)
    assert not path.exists()
    progress.tell("stopped", {"reason": "one"})
    assert (audience.said(), os.read(holder, 100)) == ("", b"trouble one\n")
    os.close(holder)
    assert "the controller is gone" in audience.said()
    progress.tell("stopped", {"reason": "two"})
    assert not path.exists()


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_progress_file_of_the_users_own_stays(tmp_path: Path, is_locked: bool) -> None:
    """It is made where there is none, and nobody has to hold it."""
    path = tmp_path / "progress"
    holder = locked(path) if is_locked else -1
    progress = Progress(str(path))
    progress.tell("stopped", {"reason": "one\ud800"})
    assert Audience(progress).said() == ""
    assert path.read_text(encoding="utf-8") == "one\\ud800\n"
    if is_locked:
        os.close(holder)


def test_a_progress_file_of_the_users_own_may_be_a_link(tmp_path: Path) -> None:
    """To wherever they like; nobody could put one in the place of a file that the action plugin names."""
    (tmp_path / "link").symlink_to(tmp_path / "progress")
    (tmp_path / "eci-progress-x").symlink_to(tmp_path / "theirs")
    for name in ("link", "eci-progress-x"):
        Progress(str(tmp_path / name)).tell("stopped", {"reason": "one"})
    assert (tmp_path / "progress").read_text(encoding="utf-8") == "one\n"
    assert not (tmp_path / "theirs").exists()


def test_a_progress_file_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """Nor tells it anything."""
    progress = Progress(str(tmp_path / "none" / "progress"))
    progress.tell("stopped", {"reason": "one"})
    assert Audience(progress).said() == ""


CHILD = """
import os, sys, time
from ansible_collections.ackops.eci.plugins.module_utils._recreate.audience import Audience
audience = Audience()
os.write(1, b"begun\\n")
while not audience.said():
    time.sleep(0.02)
with open(sys.argv[1], "w") as stream:
    stream.write(audience.said())
"""


def test_a_parent_that_is_killed(tmp_path: Path) -> None:
    """The output is still read, by another process; the one that started it is not there any more."""
    told = tmp_path / "told"
    script = f"{sys.executable} -c '{CHILD}' {told}; true"
    shell = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE)
    assert shell.stdout is not None
    assert shell.stdout.readline() == b"begun\n"
    shell.kill()
    shell.wait()
    assert shell.stdout.read() == b""  # the end of the child
    shell.stdout.close()
    assert told.read_text(encoding="utf-8") == "nobody waits for it any more: the process that started it is gone"

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of another machine: every line once and in order, whatever the shell says besides, and no file stays behind."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ansible.constants
import pytest

from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress
from ansible_collections.ackops.eci.plugins.plugin_utils import _progress
from ansible_collections.ackops.eci.plugins.plugin_utils._progress import Execute, RemoteFile, Screen, SharedFile


class Heard(Screen):
    """A screen that keeps what it is to display."""

    def __init__(self) -> None:
        super().__init__("ack-prod")
        self.lines: list[str] = []
        self.warnings: list[str] = []

    def show(self, line: str) -> None:
        """Keep a line."""
        self.lines.append(line)

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)


def shell(command: str) -> tuple[int, str, str]:
    """A shell, as over any connection."""
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def terminal(command: str) -> tuple[int, str, str]:
    """One that greets people, and ends lines as a terminal does, as without pipelining."""
    code, said, errors = shell(command)
    return code, f"Welcome to bastion\neci\n{said}".replace("\n", "\r\n"), errors


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask often, and be held back by nobody."""
    monkeypatch.setattr(_progress, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(_progress, "TROUBLE_SECONDS", 0.01)
    monkeypatch.setattr(_progress, "HELD_SECONDS", 0)


def wait_for(holds: Callable[[], Any]) -> None:
    """Wait for another thread."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("execute", [shell, terminal])
def test_every_line_is_shown_once(execute: Execute, tmp_path: Path) -> None:
    """While the module writes, and what is left when it has ended; the file is private, and gone in the end."""
    screen = Heard()
    remote = RemoteFile(screen, f'{tmp_path}/it\'s "mine"/', lambda: execute, execute)
    remote.start()
    module = Progress(remote.path)
    assert Path(remote.path).stat().st_mode & 0o777 == 0o600
    assert Path(remote.path).parent.stat().st_mode & 0o777 == 0o700
    for number in range(20):
        module.tell("stopped", {"reason": f"reason {number} über eci-progress-ends"})
        if number == 5:
            wait_for(lambda: screen.lines)
    remote.end()
    assert screen.lines == [f"trouble reason {number} über eci-progress-ends" for number in range(20)]
    assert screen.warnings == []
    assert not Path(remote.path).exists()
    assert not module.lost_its_follower()


def test_a_line_is_shown_when_it_is_whole(tmp_path: Path) -> None:
    """Half of it is asked for again."""
    screen = Heard()
    remote = RemoteFile(screen, str(tmp_path), lambda: shell, shell)
    Path(remote.path).write_text("- one\n- tw", encoding="utf-8")
    remote._ask(shell, 0)
    assert screen.lines == ["- one"]
    Path(remote.path).write_text("- one\n- two\n", encoding="utf-8")
    remote._ask(shell, 0)
    assert screen.lines == ["- one", "- two"]


def test_a_connection_that_cannot_be_had_is_said_once(tmp_path: Path) -> None:
    """And what was written meanwhile is shown when it can, or at the end."""
    screen, tries = Heard(), list[int]()

    def connect() -> Execute:
        tries.append(1)
        raise OSError("no second connection")

    remote = RemoteFile(screen, str(tmp_path), connect, shell)
    remote.start()
    Progress(remote.path).tell("stopped", {"reason": "it ends"})
    wait_for(lambda: len(tries) > 3)
    remote.end()
    assert screen.warnings == ["The progress of the module is not shown for the moment: no second connection"]
    assert screen.lines == ["trouble it ends"]


def test_a_shell_that_knows_nothing_of_the_question_is_said_once(tmp_path: Path) -> None:
    """With what it said."""
    screen = Heard()
    remote = RemoteFile(screen, str(tmp_path), lambda: lambda _command: (127, "", "sh: not for you"), shell)
    remote.start()
    wait_for(lambda: screen.warnings)
    remote.end()
    assert len(screen.warnings) == 1
    assert screen.warnings[0].endswith("the other machine said (127): sh: not for you")


def test_a_file_that_never_comes_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of the module cannot write there."""
    monkeypatch.setattr(_progress, "MISSING_SECONDS", 0.05)
    screen = Heard()
    remote = RemoteFile(screen, str(tmp_path), lambda: shell, shell)
    remote.start()
    wait_for(lambda: screen.warnings)
    time.sleep(0.2)
    remote.end()
    assert screen.warnings == [f"The progress of the module is not shown: it has written no file {remote.path}."]


def test_the_end_does_not_wait_for_a_question_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What that one would have shown is shown, once."""
    monkeypatch.setattr(_progress, "END_SECONDS", 0.05)
    screen, go, asked = Heard(), threading.Event(), threading.Event()

    def slow(command: str) -> tuple[int, str, str]:
        done = shell(command)
        asked.set()
        go.wait(20)
        return done

    remote = RemoteFile(screen, str(tmp_path), lambda: slow, shell)
    Progress(remote.path).tell("stopped", {"reason": "it ends"})
    remote.start()
    assert asked.wait(20)
    remote.end()
    assert screen.lines == ["trouble it ends"]
    go.set()
    remote._thread.join(20)
    assert screen.lines == ["trouble it ends"]


def test_a_home_directory_is_the_one_of_the_user_of_the_module() -> None:
    """The shell finds it; the rest of the path is quoted."""
    remote = RemoteFile(Heard(), "~/.ansible/my tmp", lambda: shell, shell)
    assert remote._quoted.startswith("~/'.ansible/my tmp/eci-progress-")


@pytest.mark.parametrize(
    ("line", "text", "colour"),
    [
        ("done 1/2 shop/web-1: recreated", "1/2 shop/web-1: recreated", "COLOR_OK"),
        ("waits 1/2 shop/web-1: waiting", "1/2 shop/web-1: waiting", "COLOR_WARN"),
        ("trouble 1/2 shop/web-1: failed", "1/2 shop/web-1: failed", "COLOR_ERROR"),
        ("- 2 pod(s) to recreate", "2 pod(s) to recreate", ""),
    ],
)
def test_a_line_has_the_host_and_a_colour(line: str, text: str, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The colour is left to Display, which gives none to a file."""
    shown = list[tuple[str, str | None]]()

    class Display:
        def display(self, message: str, color: str | None = None) -> None:
            shown.append((message, color))

    monkeypatch.setattr(_progress, "Display", Display)
    Screen("ack-prod").show(line)
    Screen("ack-prod", "ackops.eci.eci_preflight").show("- a longer pod_timeout")
    assert shown.pop()[0] == "eci: [ack-prod] a longer eci_preflight_pod_timeout"
    assert shown == [(f"eci: [ack-prod] {text}", getattr(ansible.constants, colour) if colour else None)]


def test_without_a_screen_the_file_still_says_that_somebody_is_there() -> None:
    """The module holds on to the lock of a quiet run, too."""
    shared = SharedFile(None)
    module = Progress(shared.path)
    module.tell("stopped", {"reason": "one"})
    shared.show()
    assert not module.lost_its_follower()
    shared.close()
    assert module.lost_its_follower()

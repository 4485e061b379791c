# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the progress of a module while it runs: from a file that both have open, or, of another machine, over a second connection."""

from __future__ import annotations

import contextlib
import contextvars
import copy
import fcntl
import os
import shlex
import signal
import tempfile
import threading
import uuid
from collections.abc import Callable, Collection
from typing import Any

import ansible.constants
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader
from ansible.utils.display import Display

from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import (
    DONE,
    END,
    TEMPORARY,
    TROUBLE,
    WAITS,
)
from ansible_collections.ackops.eci.plugins.plugin_utils._farewell import Note
from ansible_collections.ackops.eci.plugins.plugin_utils._role_names import line_for

# Between two questions to the other machine, and how long it holds one back until there is something to tell.
PAUSE_SECONDS = 1.0
HELD_SECONDS = 10
# After a question that failed.
TROUBLE_SECONDS = 15.0
# So long the file may be missing: the module has to get there and to start.
MISSING_SECONDS = 60.0
# At the end, for the question that is on its way.
END_SECONDS = 3.0
_BEGIN, _END = "eci-progress-begins", "eci-progress-ends"
_COLOURS = {DONE: "COLOR_OK", TROUBLE: "COLOR_ERROR", WAITS: "COLOR_WARN"}

# Runs a shell command where the module runs, as the user of the module; returns its exit code, its output and its errors.
Execute = Callable[[str], tuple[int, str, str]]


class Screen:
    """Displays the lines of one host: in colour on a terminal, never in a log file (which Display sees to).

    ``role`` is the one whose task runs the module, in whose terms they are.
    """

    def __init__(self, host: str, role: str = "") -> None:
        self._host = host
        self._role = role
        self._note: Note | None = None

    def keep_note(self, progress: str = "") -> None:
        """Keep a note for an interrupt; ``progress`` is the file of the progress if that is on this machine."""
        self._note = Note(self._host, progress, self._role)

    def close(self) -> None:
        """Nobody needs the note any more."""
        if self._note is not None:
            self._note.close()

    def show(self, line: str) -> None:
        """Display a line, whose first word says what it is about."""
        kind, _space, text = line.partition(" ")
        if self._note is not None:
            self._note.saw(line)
        if kind == END:  # the task has its own way to tell it
            return
        colour = getattr(ansible.constants, _COLOURS[kind], None) if kind in _COLOURS else None
        Display().display(f"eci: [{self._host}] {line_for(self._role, text)}", color=colour)

    def warn(self, text: str) -> None:
        """Say why nothing is displayed."""
        Display().warning(f"[{self._host}] {text}")


class SharedFile:
    """A file whose lines are displayed as they come. ``path`` is the file; the lock on it says that somebody follows it.

    The module takes the name away once it has the file open. Without a screen nothing is displayed.
    """

    def __init__(self, screen: Screen | None) -> None:
        # Ansible removes this directory when it ends, and what is in it.
        descriptor, self.path = tempfile.mkstemp(prefix=TEMPORARY, dir=ansible.constants.DEFAULT_LOCAL_TMP)
        if screen is not None:
            screen.keep_note(self.path)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._stream = os.fdopen(descriptor, encoding="utf-8", errors="replace")
        self._screen = screen
        self._rest = ""

    def show(self) -> None:
        """Display what has come."""
        *lines, self._rest = (self._rest + self._stream.read()).split("\n")
        if self._screen is not None:
            for line in lines:
                self._screen.show(line)

    def close(self) -> None:
        """Remove the file, and give the lock back."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._stream.close()


def _command(path: str, offset: int, seconds: int) -> str:
    """Print what is in the file behind so many bytes, as soon as there is something, or after so many seconds."""
    held = f'[ $n -lt {seconds} ] && [ -f "$f" ] && [ $(wc -c < "$f") -le {offset} ]'
    return (
        f"f={path}; n=0; while {held}; do sleep 1; n=$((n+1)); done; "
        f'echo {_BEGIN}; tail -c +{offset + 1} "$f" 2>/dev/null && echo {_END}'
    )


def start_without_signals(thread: threading.Thread, signals: Collection[int] = ()) -> None:
    """Start a thread that gets none of these signals; no signal at all by default.

    Python acts on signals in the first thread alone. In the process of a task that one waits for the module, and wakes only if the
    signal came to itself: a time limit or an interrupt that came to another thread has no effect until the module ends.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals or signal.valid_signals())
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class RemoteFile:
    """A file on another machine whose lines are displayed as they come. Whatever goes wrong, the module goes on.

    ``path`` is for the module, which makes the file. ``follow`` runs a command over a connection of its own; ``finish`` over the
    one of the module, when that has ended.
    """

    def __init__(self, screen: Screen, directory: str, follow: Callable[[], Execute], finish: Execute) -> None:
        self.path = f"{directory.rstrip('/')}/{TEMPORARY}{uuid.uuid4()}"
        self._screen = screen
        self._follow = follow
        self._finish = finish
        self._offset = 0
        self._warned = False
        self._lock = threading.Lock()
        self._over = threading.Event()
        # What Ansible knows of the task is bound to the context of the thread.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=lambda: context.run(self._run), name="progress", daemon=True)

    @property
    def _quoted(self) -> str:
        """The path for a shell, which knows whose home directory is meant."""
        home, path = ("~/", self.path[2:]) if self.path.startswith("~/") else ("", self.path)
        return home + shlex.quote(path)

    def start(self) -> None:
        """Begin to follow."""
        # What it starts (ssh) has to heed the signals that end things, so it cannot be without those.
        start_without_signals(self._thread, [signal.SIGALRM])

    def _run(self) -> None:
        execute, pause, missing = None, PAUSE_SECONDS, 0.0
        while not self._over.wait(pause):
            try:
                execute = execute or self._follow()
                found = self._ask(execute, HELD_SECONDS if self._offset else 0)
            except Exception as error:  # noqa: BLE001 (nothing that goes wrong here may cost the run)
                self._warn(f"The progress of the module is not shown for the moment: {error}")
                execute, pause = None, TROUBLE_SECONDS
                continue
            pause, missing = PAUSE_SECONDS, 0.0 if found else missing + pause
            if missing >= MISSING_SECONDS:
                self._warn(f"The progress of the module is not shown: it has written no file {self.path}.")
                pause, missing = TROUBLE_SECONDS, 0.0

    def _warn(self, text: str) -> None:
        """Say it once."""
        if not self._warned and not self._over.is_set():
            self._warned = True
            self._screen.warn(text)

    def _ask(self, execute: Execute, seconds: int, then: str = "") -> bool:
        """Display what is new; whether the file was there. Raises what the connection raises, and OSError."""
        offset = self._offset
        code, said, errors = execute(_command(self._quoted, offset, seconds) + then)
        _before, begun, rest = said.replace("\r\n", "\n").partition(f"{_BEGIN}\n")
        if not begun:
            raise OSError(f"the other machine said ({code}): {(errors or said).strip()[-200:]}")
        text, ended, _after = rest.rpartition(_END)
        lines = text[: text.rfind("\n") + 1]
        with self._lock:
            if offset == self._offset:  # else the end was faster
                self._offset += len(lines.encode("utf-8", "surrogateescape"))
                for line in lines.splitlines():
                    self._screen.show(line)
        return bool(ended)

    def end(self) -> None:
        """The module has ended: display the rest, and remove the file."""
        self._over.set()
        with contextlib.suppress(Exception):
            self._ask(self._finish, 0, f"; rm -f {self._quoted}")
        self._thread.join(END_SECONDS)

    def abandon(self) -> None:
        """Nobody waits for the module any more, which then removes the file."""
        self._over.set()


def second_connection(action: ActionBase) -> ActionBase:
    """A copy of an action plugin that has a connection of its own, of the same kind with the same options.

    Raises what the connection raises.
    """
    first = action._connection  # noqa: SLF001 (no public name)
    second = connection_loader.get(
        first.ansible_name,
        action._play_context,  # noqa: SLF001 (no public name)
        new_stdin=None,
        shell=copy.copy(first._shell),  # noqa: SLF001 (no public name)
        task_uuid=action._task._uuid,  # noqa: SLF001 (no public name)
        ansible_playbook_pid=str(os.getppid()),
    )
    second.set_options(direct=first.get_options())
    if first.become is not None:
        second.set_become_plugin(copy.copy(first.become))
    other = copy.copy(action)
    other._connection = second  # noqa: SLF001 (no public name)
    return other


def execute_with(action: ActionBase) -> Execute:
    """Run shell commands over the connection of an action plugin, as the user of the task."""

    def execute(command: str) -> tuple[int, str, str]:
        done: dict[str, Any] = action._low_level_execute_command(command)  # noqa: SLF001 (no public name)
        return int(done["rc"]), str(done["stdout"]), str(done["stderr"])

    return execute


def directory_for(action: ActionBase) -> str:
    """Where on the other machine the user of the task can make a file; empty where no shell could be asked for it."""
    shell = action._connection._shell  # noqa: SLF001 (no public name)
    if getattr(shell, "SHELL_FAMILY", "") != "sh":
        return ""
    own = str(action.get_shell_option("remote_tmp", "~/.ansible/tmp"))
    # Another user than the one who logs in, or a name that only a shell could resolve.
    if action._is_become_unprivileged() or "$" in own or (own.startswith("~") and not own.startswith("~/")):  # noqa: SLF001 (no public name)
        listed = action.get_shell_option("system_tmpdirs", ["/var/tmp"])  # noqa: S108 (a name that cannot be guessed, mode 0600)
        return str(listed[0])
    return own

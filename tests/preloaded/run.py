# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook or a script of Python, as a fork of a server where that is worth it, and as a program of its own where not."""

from __future__ import annotations

import collections
import marshal
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO

from tests.preloaded import interpreter
from tests.preloaded.client import REPO, Forked, Server, read_at_start

IN_USE = "PRELOADED"
MODULE_PROCESS = "tests.integration.scenarios.module_process"
# Making a server costs what two or three runs cost.
WORTH_IT = 2
_asked: collections.Counter[tuple[str, frozenset[tuple[str, str]]]] = collections.Counter()


def playbook(
    command: Sequence[str], environ: Mapping[str, str], cwd: Path, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ansible-playbook with what follows in the command to its end, without any input. Raises subprocess.TimeoutExpired."""
    server = _worth_it("playbook", environ)
    if server is None:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=environ, cwd=cwd, timeout=timeout,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, open(os.devnull, "rb") as nothing:
        streams = [stream.fileno() for stream in (nothing, output, errors)]
        code = _to_its_end(server.start(command, environ, cwd, *streams), timeout)
        for stream in (output, errors):
            stream.seek(0)
        return subprocess.CompletedProcess(list(command), code, output.read().decode(), errors.read().decode())


def module(
    arguments: Sequence[str], environ: Mapping[str, str], output: BinaryIO, errors: BinaryIO
) -> Forked | subprocess.Popen[bytes]:
    """Start a module of the collection: its name, and the file of its arguments."""
    server = _worth_it("module", environ)
    if server is None:
        command = [sys.executable, "-m", MODULE_PROCESS, *arguments]
        return subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environ)
    with open(os.devnull, "rb") as nothing:
        return server.start(arguments, environ, REPO, nothing.fileno(), output.fileno(), errors.fileno())


def _to_its_end(program: Forked, timeout: float | None) -> int:
    try:
        return program.wait(timeout)
    finally:
        program.kill()
        program.wait()


def _worth_it(kind: str, environ: Mapping[str, str]) -> Server | None:
    """The server for such programs with these variables, from the second program on."""
    if not os.environ.get(IN_USE):
        return None
    key = kind, frozenset(read_at_start(environ).items())
    _asked[key] += 1
    return _server(*key) if _asked[key] >= WORTH_IT else None


@cache
def _server(kind: str, variables: frozenset[tuple[str, str]]) -> Server:
    arguments = [str(_interpreter(variables))] if kind == "playbook" else []
    return Server(kind, dict(variables), *arguments)


@cache
def _interpreter(variables: frozenset[tuple[str, str]]) -> Path:
    """A program that runs modules, with its server."""
    server = Server("script", dict(variables))
    with (server.directory / interpreter.ENVIRONMENT).open("wb") as file:
        marshal.dump(interpreter.read_at_start(dict(variables)), file)
    program = server.directory / "python"
    command = shlex.join([sys.executable, "-I", "-S", str(interpreter.__file__), str(server.directory)])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that outlive the command that starts them: each has a detached process, its keeper, that owns it until told.

What is known of a cluster is in ``clusters/NAME.json`` in the cache, for as long as its keeper lives.
A keeper is asked to stop by SIGTERM, and to upgrade by a file ``request.json`` in the cluster's directory.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import urllib3

from tests.cluster import binaries
from tests.cluster.api import Api, ApiError
from tests.cluster.control_plane import ControlPlane
from tests.cluster.errors import ClusterError, KeptError, StartError
from tests.cluster.reaper import start_time
from tests.cluster.workloads import wait_for
from tests.dev.paths import REPO, cache_root

ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
REQUEST, REPLY = "request.json", "reply.json"
# The line by which a keeper tells the command that started it how it went; all else is for the user to read.
OUTCOME = "keeper: "
LOOK_SECONDS = 0.2
STOP_SECONDS = 30.0
UPGRADE_SECONDS = 180.0


@dataclass(frozen=True)
class Kept:
    """A cluster that is kept; while it starts, only its keeper is known."""

    name: str
    version: str
    keeper: int
    keeper_started: str
    server: str = ""
    directory: str = ""
    kubeconfig: str = ""
    pids: dict[str, int] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Whether its keeper lives."""
        return start_time(self.keeper) == self.keeper_started

    def api(self) -> Api:
        """The API server, as an administrator."""
        home = Path(self.directory)
        return Api(self.server, home / "pki" / "ca.crt", home / "admin.crt", home / "admin.key")


def _file(name: str) -> Path:
    return cache_root() / "clusters" / f"{name}.json"


def _write(path: Path, content: dict[str, Any], *, claim: bool = False) -> None:
    """Write a file whole; as a claim, only where there is none (FileExistsError)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    fresh.write_text(json.dumps(content), encoding="utf-8")
    if not claim:
        fresh.replace(path)
        return
    try:
        path.hardlink_to(fresh)
    finally:
        fresh.unlink()


def kept() -> list[Kept]:
    """Every cluster that has a keeper; what dead keepers have left is removed."""
    found = []
    for path in sorted(_file("x").parent.glob("[!.]*.json")):
        with contextlib.suppress(FileNotFoundError):
            one = Kept(**json.loads(path.read_text(encoding="utf-8")))
            if one.alive:
                found.append(one)
            else:
                path.unlink()
    return found


def find(name: str, *, started: bool = True) -> Kept:
    """The cluster of that name. Raises KeptError."""
    clusters = {one.name: one for one in kept()}
    if name not in clusters:
        message = f"there is no cluster {name!r}; there are: {', '.join(clusters) or 'none'}"
        raise KeptError(message)
    if started and not clusters[name].server:
        message = f"the cluster {name!r} is still starting"
        raise KeptError(message)
    return clusters[name]


def up(name: str, version: str) -> Kept:
    """Start a keeper, and return when its cluster is ready. An interrupt ends the keeper."""
    if name in {one.name for one in kept()}:
        message = f"the cluster {name!r} is up already"
        raise KeptError(message)
    binaries.build_all([version])
    command = [sys.executable, "-m", "tests.cluster.keeper", name, version]
    process = subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, text=True)  # fmt: skip
    assert process.stdout is not None
    outcome = "it ended"
    try:
        for line in process.stdout:
            if line.startswith(OUTCOME):
                outcome = json.loads(line.removeprefix(OUTCOME))
                break
            print(line, end="", file=sys.stderr, flush=True)
    except BaseException:
        process.terminate()
        process.wait(STOP_SECONDS)
        raise
    if outcome:
        message = f"the cluster {name!r} did not start: {outcome}"
        raise StartError(message)
    return find(name)


def down(name: str) -> None:
    """Stop a cluster, and return when nothing of it is left."""
    one = find(name, started=False)
    with contextlib.suppress(ProcessLookupError):
        os.kill(one.keeper, signal.SIGTERM)
    wait_for(lambda: not one.alive, f"the end of {name}'s keeper (process {one.keeper})", STOP_SECONDS)
    _file(name).unlink(missing_ok=True)


def upgrade(name: str, version: str) -> Kept:
    """Let the keeper put another version in the place of its cluster's, and return when it has."""
    binaries.build_all([version])
    one = find(name)
    reply = Path(one.directory, REPLY)
    try:
        _write(Path(one.directory, REQUEST), {"upgrade": version}, claim=True)
    except FileExistsError:
        message = f"an upgrade of {name!r} is under way"
        raise KeptError(message) from None
    wait_for(lambda: reply.exists() or not one.alive, f"the upgrade of {name}", UPGRADE_SECONDS)
    one = find(name)
    error = json.loads(reply.read_text(encoding="utf-8"))["error"]
    reply.unlink()
    if error:
        message = f"the upgrade of {name!r} failed: {error}"
        raise StartError(message)
    return one


# -- the keeper itself ---------------------------------------------------------------------------------------------


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    for each in ENDINGS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _tell(outcome: str) -> None:
    """Tell the command that waits, and let go of its output."""
    with contextlib.suppress(BrokenPipeError):
        print(f"{OUTCOME}{json.dumps(outcome)}", flush=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _keep(cluster: ControlPlane, known: Kept) -> NoReturn:
    """Serve requests until a signal comes."""
    while True:
        time.sleep(LOOK_SECONDS)
        request = cluster.directory / REQUEST
        if not request.exists():
            continue
        error = ""
        try:
            cluster.upgrade(json.loads(request.read_text(encoding="utf-8"))["upgrade"])
            cluster.wait_ready_nodes()
        except (ClusterError, ApiError, OSError, urllib3.exceptions.HTTPError) as problem:
            error = str(problem)
        _write(_file(cluster.name), asdict(_described(cluster, known)))
        _write(cluster.directory / REPLY, {"error": error})
        request.unlink()


def _described(cluster: ControlPlane, known: Kept) -> Kept:
    return Kept(name=known.name, version=cluster.version, keeper=known.keeper, keeper_started=known.keeper_started,
                server=cluster.server, directory=str(cluster.directory), kubeconfig=str(cluster.kubeconfig),
                pids=cluster.pids)  # fmt: skip


def main(name: str, version: str) -> None:
    """Be the keeper of a new cluster."""
    for each in ENDINGS:
        signal.signal(each, _end)
    known = Kept(name, version, os.getpid(), start_time(os.getpid()))
    try:
        _write(_file(name), asdict(known), claim=True)
    except FileExistsError:
        _tell("another command starts it at this moment")
        return
    try:
        with ControlPlane.start(version, name=name) as cluster:
            _write(_file(name), asdict(_described(cluster, known)))
            _tell("")
            _keep(cluster, known)
    except (ClusterError, ApiError, OSError, urllib3.exceptions.HTTPError) as problem:
        _tell(str(problem))
    finally:
        _file(name).unlink(missing_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

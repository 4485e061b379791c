# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the test cluster, built from pinned Go modules and kept in the cache, keyed by what went into them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.cluster import go_toolchain
from tests.cluster.errors import BuildError
from tests.dev.paths import cache_root, locked

GO = Path(__file__).resolve().parent / "go"
TAGS = "providerless"
# Minor version -> the patch release whose modules are all in the registry.
KUBERNETES = {"1.24": "1.24.17", "1.26": "1.26.3", "1.31": "1.31.4", "1.37": "1.37.2"}
DEFAULT = "1.24"
# Where RELEASES asks for the oldest releases alone (make test), the control planes that tests of an upgrade need.
OLDEST = ["1.24", "1.26"]
ETCD = "3.5.21"
KWOK = "0.8.0"
ACTIONLINT = "1.7.12"
PROGRESS_SECONDS = 20
# About how long a build takes on two cores with empty caches, for the message that asks for patience.
MINUTES = {"kubernetes": 15, "etcd": 1, "kwok": 3, "actionlint": 1}


def _flags(component: str, version: str) -> str:
    """Linker flags; the API server is to answer /version as ACK's does."""
    flags = ["-s", "-w"]
    if component == "kubernetes":
        major, minor, _patch = version.split(".")
        said = {"gitVersion": f"v{version}-aliyun.1", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            flags += [f"-X {package}.{name}={text}" for name, text in said.items()]
    return " ".join(flags)


def _sources(component: str, version: str) -> list[Path]:
    pinned = GO / component / version
    if not pinned.is_dir():
        known = ", ".join(sorted(path.name for path in (GO / component).iterdir() if path.is_dir()))
        message = f"{component} {version} is not pinned; there are: {known}"
        raise BuildError(message)
    return [GO / component / "main.go", pinned / "go.mod", pinned / "go.sum"]


def binary(component: str, version: str) -> Path:
    """The program, built first where it is not in the cache yet. Safe when several processes ask at once."""
    sources = _sources(component, version)
    digest = hashlib.sha256(_flags(component, version).encode() + TAGS.encode())
    for source in sources:
        digest.update(source.read_bytes())
    program = cache_root() / "bin" / f"{component}-{version}-{digest.hexdigest()[:12]}" / component
    if not program.exists():
        with locked(f"build-{component}-{version}"):
            if not program.exists():
                _build(component, version, sources, program)
    return program


def _build(component: str, version: str, sources: list[Path], program: Path) -> None:
    chain = go_toolchain.find()
    program.parent.mkdir(parents=True, exist_ok=True)
    log = program.with_suffix(".log")
    with tempfile.TemporaryDirectory(prefix="ackops-build-") as scratch:
        for source in sources:
            shutil.copy(source, scratch)
        fresh = Path(scratch) / "program"
        command = [str(chain.go), "build", "-trimpath", f"-tags={TAGS}", f"-ldflags={_flags(component, version)}",
                   "-o", str(fresh), "."]  # fmt: skip
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(command, cwd=scratch, env=chain.environment(), stdout=output, stderr=output)
            try:
                code = _wait(process, f"{component} {version}", MINUTES[component], log)
            finally:
                process.kill()
        if code:
            tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-15:])
            message = f"building {component} {version} failed; the end of {log}:\n{tail}"
            raise BuildError(message)
        part = program.with_suffix(".part")
        shutil.copy(fresh, part)
        part.rename(program)


def _wait(process: subprocess.Popen[bytes], what: str, minutes: int, log: Path) -> int:
    started = time.monotonic()
    print(f"building {what} (once; up to {minutes} min on two cores; log: {log})", file=sys.stderr, flush=True)
    while True:
        try:
            code = process.wait(timeout=PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"  building {what}: {time.monotonic() - started:.0f} s so far", file=sys.stderr, flush=True)
        else:
            print(f"  built {what} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
            return code


def kubernetes(version: str) -> tuple[Path, str]:
    """The control plane's program for a minor (``1.24``) or a full version, and the full version."""
    full = KUBERNETES.get(version, version)
    return binary("kubernetes", full), full


def versions_under_test() -> list[str]:
    """The minor versions that the tests of this run start."""
    return OLDEST if os.environ.get("RELEASES") == "oldest" else list(KUBERNETES)


def build_all(versions: list[str]) -> None:
    """Build what a cluster of these versions needs."""
    binary("etcd", ETCD)
    binary("kwok", KWOK)
    for version in versions:
        kubernetes(version)

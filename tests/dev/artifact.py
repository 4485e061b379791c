# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building the collection's artifact, so that anybody who builds it of the same files gets the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.dev import copies, run
from tests.dev.paths import REPO, link_tree, locked, say

if TYPE_CHECKING:
    from collections.abc import Iterator

# The time of every file in it, where SOURCE_DATE_EPOCH names none: 1980, the earliest that every archive format can say.
DEFAULT_TIME = 315532800
FILES, MANIFEST = "FILES.json", "MANIFEST.json"


def build(target: Path, env: str = "main") -> Path | None:
    """Build the artifact into a directory, from a copy without caches, with the Ansible of an environment."""
    with locked(f"{link_tree().name}-artifact-{env}"):
        copy = copies.refresh(env)
        command = ("ansible-galaxy", "collection", "build", "--force", "--output-path", str(target))
        if run.run(env, *command, cwd=copy):
            return None
    artifact = next(target.glob("ackops-eci-*.tar.gz"))
    settle(artifact)
    return artifact


def settle(artifact: Path) -> None:
    """Write an artifact anew, without what differs from build to build: times, and the order in which a disk lists files."""
    with tarfile.open(artifact) as archive:
        members = {member.name: member for member in archive.getmembers()}
        contents = {name: _content(archive, member) for name, member in members.items()}
    listed: dict[str, Any] = json.loads(contents[FILES])
    listed["files"].sort(key=lambda entry: entry["name"])
    contents[FILES] = json.dumps(listed, indent=True).encode()
    manifest: dict[str, Any] = json.loads(contents[MANIFEST])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(contents[FILES]).hexdigest()
    contents[MANIFEST] = json.dumps(manifest, indent=True).encode()
    moment = int(os.environ.get("SOURCE_DATE_EPOCH") or DEFAULT_TIME)
    part = artifact.with_suffix(".part")
    with (
        part.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in _in_order(members):
            member = members[name]
            member.mtime, member.size, member.pax_headers = moment, len(contents[name]), {}
            archive.addfile(member, io.BytesIO(contents[name]))
    part.replace(artifact)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    handle = archive.extractfile(member) if member.isfile() else None
    return handle.read() if handle else b""


def _in_order(names: dict[str, Any]) -> Iterator[str]:
    """Galaxy wants the manifest first."""
    yield from (MANIFEST, FILES)
    yield from sorted(set(names) - {MANIFEST, FILES})


def here() -> int:
    """Build the artifact into the checkout, and say its checksum."""
    artifact = build(REPO)
    if artifact is None:
        return 1
    say(f"{artifact.name}: sha256 {hashlib.sha256(artifact.read_bytes()).hexdigest()}")
    return 0

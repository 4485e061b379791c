# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artifact: the same files make the same bytes, and what was built installs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.dev import artifact, copies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def built_by_hand(path: Path, names: Sequence[str], moment: int) -> Path:
    """An artifact as ansible-galaxy writes it, with its files in some order, at some time."""
    listed = {"files": [{"name": name, "ftype": "file"} for name in names], "format": 1}
    files = json.dumps(listed, indent=True).encode()
    manifest = {"file_manifest_file": {"chksum_sha256": hashlib.sha256(files).hexdigest()}, "format": 1}
    contents = {"MANIFEST.json": json.dumps(manifest).encode(), "FILES.json": files}
    contents |= {name: name.encode() for name in names}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(content), moment, 0o644
            archive.addfile(member, io.BytesIO(content))
    return path


def read(path: Path) -> dict[str, tuple[bytes, int]]:
    """The files of an artifact in order, with content and time."""
    with tarfile.open(path) as archive:
        pairs = [(member, archive.extractfile(member)) for member in archive.getmembers()]
        return {member.name: (handle.read() if handle else b"", int(member.mtime)) for member, handle in pairs}


def clean_environment() -> dict[str, str]:
    """That of a user who has no other collections."""
    ours = {"ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH"}
    return {key: value for key, value in os.environ.items() if key not in ours}


def install(place: Path, *what: str) -> None:
    """Install the collection there, as a user does, without the network."""
    command = ["ansible-galaxy", "collection", "install", "--no-deps", "-p", str(place), *what]
    subprocess.run(command, check=True, capture_output=True, env=clean_environment())


def test_neither_time_nor_the_disk_s_order_is_left(tmp_path: Path) -> None:
    """Two builds on two machines; what is in them stays."""
    one = built_by_hand(tmp_path / "one.tar.gz", ["galaxy/b", "a"], 1_700_000_000)
    two = built_by_hand(tmp_path / "two.tar.gz", ["a", "galaxy/b"], 1_800_000_001)
    assert one.read_bytes() != two.read_bytes()
    for path in (one, two):
        artifact.settle(path)
    assert one.read_bytes() == two.read_bytes()
    found = read(one)
    assert list(found) == ["MANIFEST.json", "FILES.json", "a", "galaxy/b"]
    assert found["galaxy/b"] == (b"galaxy/b", artifact.DEFAULT_TIME)
    manifest: dict[str, Any] = json.loads(found["MANIFEST.json"][0])
    assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(found["FILES.json"][0]).hexdigest()


def test_the_time_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As reproducible-builds.org asks."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = built_by_hand(tmp_path / "one.tar.gz", ["a"], 1)
    artifact.settle(path)
    assert {moment for _content, moment in read(path).values()} == {1_700_000_000}


def test_two_builds_are_the_same_bytes_and_install(tmp_path: Path) -> None:
    """For real; ansible-galaxy checks every file against the manifest."""
    builds = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        built = artifact.build(tmp_path / name)
        assert built is not None
        builds.append(built)
    assert builds[0].read_bytes() == builds[1].read_bytes()
    place = tmp_path / "collections"
    install(place, "--offline", str(builds[0]))
    assert (place / "ansible_collections" / "ackops" / "eci" / "plugins" / "modules" / "eci_compat_check.py").is_file()


def test_it_installs_from_the_repository(tmp_path: Path) -> None:
    """As from GitHub: what git has is enough, and only what git has is there."""
    repository, place = tmp_path / "repository", tmp_path / "collections"
    shutil.copytree(copies.refresh("main"), repository)
    git = ["git", "-C", str(repository), "-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["commit", "--quiet", "--no-verify", "--message", "all of it"],
    ):
        subprocess.run([*git, *command], check=True, capture_output=True)
    install(place, f"git+{repository.as_uri()}")
    installed = place / "ansible_collections" / "ackops" / "eci"
    described = ["ansible-doc", "--metadata-dump", "--no-fail-on-errors", "ackops.eci"]
    told = subprocess.run(
        described,
        check=True,
        capture_output=True,
        text=True,
        env={**clean_environment(), "ANSIBLE_COLLECTIONS_PATH": str(place)},
    )
    assert '"ackops.eci.eci_compat_check"' in told.stdout
    assert not (installed / "tests" / "__pycache__").exists()

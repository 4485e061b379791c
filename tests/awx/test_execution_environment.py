# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment as far as it can be built without a container engine: by ansible-builder, stage by stage."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dev import artifact, envs
from tests.dev.paths import REPO

DEFINITION = "execution-environment.yml"
NAME = re.compile(r"^[A-Za-z0-9_.-]+")


def command(*arguments: str, cwd: Path) -> str:
    """Run a command, and return what it printed."""
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lines(path: Path) -> list[str]:
    """The requirements in a file, without comments and hashes."""
    found = (line.partition("#")[0].strip(" \\") for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in found if line and not line.startswith("--hash=")]


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    """The definition."""
    loaded: dict[str, Any] = yaml.safe_load((REPO / DEFINITION).read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context, made of the definition and the artifact."""
    folder = tmp_path_factory.mktemp("image")
    assert artifact.build(folder, "awx") is not None
    shutil.copy(REPO / DEFINITION, folder)
    create = ("ansible-builder", "create", "--output-filename", "Containerfile", "--context", "context")
    assert "Complete!" in command(*create, cwd=folder)
    return folder / "context"


@pytest.fixture(scope="module")
def collections(context: Path) -> Path:
    """The collections of the image, installed as its Galaxy stage does."""
    place = context / "collections"
    install = ("ansible-galaxy", "collection", "install", "--offline", "--force", "-r", "requirements.yml")
    command(*install, "--collections-path", str(place), cwd=context / "_build")
    return place


def test_the_context_is_pinned(context: Path, definition: dict[str, Any]) -> None:
    """The base image by its tag, everything else by its release."""
    text = (context / "Containerfile").read_text(encoding="utf-8")
    base = definition["images"]["base_image"]["name"]
    assert re.search(r":\d[\w.-]*$|@sha256:\w{64}$", base)
    assert f'ARG EE_BASE_IMAGE="{base}"' in text
    assert re.search(r'ARG ANSIBLE_INSTALL_REFS="ansible-core==[\d.]+ ansible-runner==[\d.]+"', text)
    assert all("==" in line for line in lines(context / "_build" / "requirements.txt"))


def test_what_the_collection_lists_is_what_is_pinned(
    collections: Path, definition: dict[str, Any], tmp_path: Path
) -> None:
    """Introspected as the builder stage does: nothing is missing, nothing is superfluous, no system packages."""
    command(
        "ansible-builder", "introspect", str(collections), "--write-pip", "pip", "--write-bindep", "deb", cwd=tmp_path
    )
    listed = lines(tmp_path / "pip")
    assert listed == ["kubernetes>=24.2.0", "jmespath>=0.9.4"]
    pinned = {NAME.findall(line)[0] for line in definition["dependencies"]["python"]}
    assert {NAME.findall(line)[0] for line in listed} <= pinned
    assert not (tmp_path / "deb").exists() or lines(tmp_path / "deb") == []


def test_the_image_can_go_over_ssh(context: Path) -> None:
    """To a bastion, as the README shows."""
    assert lines(context / "_build" / "bindep.txt") == ["openssh-clients [platform:rpm]"]


def test_the_environment_of_the_tests_is_the_image_s(definition: dict[str, Any]) -> None:
    """The integration test runs the main job with these releases and nothing else; every package is pinned."""
    needed = definition["dependencies"]
    pinned = {needed["ansible_core"]["package_pip"], needed["ansible_runner"]["package_pip"], *needed["python"]}
    [requirements] = envs.SPECS["ee"].requirements
    compiled = {line.partition(";")[0].strip() for line in lines(requirements)}
    assert pinned == compiled
    assert set(lines(requirements.with_suffix(".in"))) <= pinned


def test_the_image_s_python_is_one_that_its_releases_support(definition: dict[str, Any]) -> None:
    """And one that we test with."""
    found = re.fullmatch(r"python(\d+)\.(\d+)", definition["dependencies"]["python_interpreter"]["package_system"])
    assert found
    assert envs.SPECS["ee"].lowest <= (int(found[1]), int(found[2])) <= envs.SPECS["ee"].highest


def test_what_awx_needs_ships(collections: Path) -> None:
    """Users apply awx/ from the installed collection."""
    installed = collections / "ansible_collections" / "ackops" / "eci"
    assert (installed / "playbooks" / "awx" / "objects" / "templates.yml").is_file()
    assert (installed / "playbooks" / "awx" / "project" / "clusters.yml").is_file()


def test_awx_is_applied_from_playbooks_and_plugins_alone(tmp_path: Path, collections: Path) -> None:
    """Whoever packs the collection anew takes the directories that Ansible knows."""
    installed = collections / "ansible_collections" / "ackops" / "eci"
    place = tmp_path / "ansible_collections" / "ackops" / "eci"
    for part in ("meta", "playbooks", "plugins", "roles"):
        shutil.copytree(installed / part, place / part)
    for name in ("MANIFEST.json", "FILES.json"):
        shutil.copy(installed / name, place)
    for playbook in ("awx_apply", "awx_remove"):
        arguments = ("ansible-playbook", f"ackops.eci.{playbook}", "--list-tasks")
        done = subprocess.run(
            arguments, cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Make sure that the settings are complete" in done.stdout or "Remove the workflow" in done.stdout

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inclusion checklist claims, and the README: folders, private names, and nothing that a reader of the artifact lacks."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest
import yaml

from tests.dev.paths import REPO
from tests.unit.architecture.test_pages import NAMED_PATH

# What ansible-core loads, as far as the collection has it, and the folder that collections may have besides.
KNOWN = {"action", "doc_fragments", "filter", "inventory", "module_utils", "modules", "plugin_utils", "test"}
PAGES = (
    "docs/docsite/rst/inclusion_checklist.rst",
    "docs/docsite/rst/dependencies.rst",
    "SECURITY.md",
    "MAINTAINERS.md",
)
BASES = ("", "plugins/module_utils")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    """The text of a file of the repository."""
    return (REPO / name).read_text(encoding="utf-8")


def left_out(name: str) -> bool:
    """Whether the artifact leaves a file out."""
    patterns = yaml.safe_load(read("galaxy.yml"))["build_ignore"]
    heads = [name, *map(str, Path(name).parents)]
    return any(fnmatch.fnmatch(head, pattern) for head in heads for pattern in patterns)


def test_plugins_has_known_folders_only() -> None:
    """The core team has committed itself not to use others, so that others may get a meaning."""
    assert {path.name for path in (REPO / "plugins").iterdir() if path.is_dir() and path.name != "__pycache__"} == KNOWN


@pytest.mark.parametrize("folder", ["module_utils", "plugin_utils"])
def test_utilities_are_private_by_their_names(folder: str) -> None:
    """Whoever imports one of these from elsewhere can see that it may change."""
    found = [
        path.name for path in (REPO / "plugins" / folder).iterdir() if path.suffix == ".py" or any(path.glob("*.py"))
    ]
    assert found
    assert [name for name in found if not name.startswith("_")] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_are_named_exist(page: str) -> None:
    """A claim that names no file that is there is none."""
    named = set(NAMED_PATH.findall(read(page)))
    assert [path for path in sorted(named) if not any((REPO / base / path).exists() for base in BASES)] == []


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "MAINTAINERS.md", "CODE_OF_CONDUCT.md"]
)
def test_links_lead_to_what_the_artifact_holds(page: str) -> None:
    """Galaxy shows these pages beside the artifact."""
    linked = set(LINK.findall(read(page)))
    assert [path for path in sorted(linked) if not (REPO / path).exists() or left_out(path)] == []


def test_readers_of_the_artifact_can_do_what_the_readme_says() -> None:
    """`make` is for a clone: where the README has it, the clone comes first, in the same block."""
    blocks = [block.splitlines() for block in BLOCK.findall(read("README.md"))]
    assert len(blocks) > 3
    makes = [block for block in blocks if any(line.strip().startswith("$ make") for line in block)]
    assert [block for block in makes if "git clone" not in block[0]] == []


def test_the_readme_lists_everything_that_is_included() -> None:
    """Modules, roles, playbooks and plugins that people call."""
    table = read("README.md").partition("## Included content")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", table))
    kinds = (
        "plugins/modules/*.py",
        "plugins/inventory/*.py",
        "plugins/test/*.yml",
        "plugins/filter/*.yml",
        "playbooks/*.yml",
    )
    there = {path.stem for kind in kinds for path in REPO.glob(kind)} | {path.name for path in REPO.glob("roles/*")}
    assert named == there

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command, variable and YAML block on the pages that people read: the programs take it, and what it names exists."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml

from ansible_collections.ackops.eci.plugins.plugin_utils._role_variables import MORE_VARIABLES
from tests.dev.paths import REPO
from tests.unit.architecture import ansible_options
from tests.unit.architecture.blocks import PAGES, blocks, commands, read, simple

# Programs of others. That their commands work is shown where they are run: the quickstart, the README and the guide for AWX
# are followed in tests/integration and tests/awx, dumps of kubectl are read in tests/integration/test_offline.py.
OTHERS = {
    "ansible-builder", "ansible-runner", "cd", "export", "git", "jq", "kubectl", "mkdir", "podman", "python", "ssh", "tests/dev/start.sh",
}  # fmt: skip
VARIABLE = re.compile(r"\beci_(?:preflight|fleet_upgrade|audit|report|awx)_[a-z_]*[a-z]\b(?![a-z_]*[<.*(])")
# Files that no page has to show: the artifacts of AWX's jobs.
FROM_ELSEWHERE = {"artifacts.json"}
# Facts and filters that look like variables.
FACTS = {"eci_preflight_server_version", "eci_fleet_upgrade_result", "eci_preflight_result"}


def simple_commands() -> list[list[str]]:
    """The words of every command of every page."""
    return [found for page in PAGES for line in commands(page) for found in simple(line)]


def named_blocks() -> dict[str, str]:
    """The YAML files that the pages show, by the name in their first line."""
    found = {}
    for page in PAGES:
        for block in blocks(page):
            if block.kind == "yaml" and (name := re.match(r"# ([\w.-]+\.yml)\b", block.text)):
                found[name[1]] = block.text
    return found


@functools.lru_cache(maxsize=1)
def known_variables() -> set[str]:
    """Variables of the roles and of the playbooks."""
    found = {prefix + name for prefix, names in MORE_VARIABLES.items() for name in names}
    for path in REPO.glob("roles/*/meta/argument_specs.yml"):
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        found |= {name for entry in specs.values() for name in entry["options"]}
    for path in (REPO / "playbooks").rglob("*.yml"):
        found |= set(re.findall(r"\beci_(?:report|awx)_[a-z_]+", path.read_text(encoding="utf-8")))
    return found


def names_in(given: str) -> list[str]:
    """The variables that an argument of -e sets: JSON, or name=value."""
    return list(json.loads(given)) if given.startswith("{") else [given.partition("=")[0]]


@pytest.fixture(scope="module")
def parsed() -> list[tuple[list[str], dict[str, Any]]]:
    """Every command of one of Ansible's programs, and how that program reads it."""
    asked = [found for found in simple_commands() if found[0] in ansible_options.PROGRAMS]
    done = subprocess.run(
        [sys.executable, "-m", ansible_options.__name__], input=json.dumps(asked), capture_output=True, text=True,
        check=True, cwd=REPO,
    )  # fmt: skip
    return list(zip(asked, json.loads(done.stdout), strict=True))


def test_every_program_is_known() -> None:
    """A program that nobody looks after would not be noticed when it goes wrong."""
    programs = {found[0] for found in simple_commands()}
    assert programs - OTHERS - set(ansible_options.PROGRAMS) == {"make"}
    assert sorted(OTHERS - programs) == []


def test_ansible_takes_every_command(parsed: list[tuple[list[str], dict[str, Any]]]) -> None:
    """Options exist and have their arguments."""
    assert len(parsed) > 20
    assert [(command, options["error"]) for command, options in parsed if "error" in options] == []


def test_playbooks_and_modules_exist(parsed: list[tuple[list[str], dict[str, Any]]]) -> None:
    """Those of the collection, by their full names."""
    playbooks = [name for command, options in parsed if command[0] == "ansible-playbook" for name in options["args"]]
    assert {name.rpartition(".")[2] for name in playbooks} <= {path.stem for path in REPO.glob("playbooks/*.yml")}
    assert all(name.startswith("ackops.eci.") for name in playbooks)
    modules = [options["module_name"] for command, options in parsed if command[0] == "ansible"]
    modules += [name for command, options in parsed if command[0] == "ansible-doc" for name in options["args"]]
    assert modules
    assert [
        name for name in modules if not (REPO / "plugins/modules" / f"{name.removeprefix('ackops.eci.')}.py").exists()
    ] == []


def test_what_is_set_and_read_exists(parsed: list[tuple[list[str], dict[str, Any]]]) -> None:
    """Variables of -e are ones of roles and playbooks; files of -e and -i are shown on a page."""
    files, known = {*named_blocks(), *FROM_ELSEWHERE}, known_variables()
    unknown = []
    for _command, options in parsed:
        given = options.get("extra_vars") or []
        sources = [*(one for one in given if one.startswith("@")), *(options.get("inventory") or [])]
        unknown += [name for name in (Path(one.lstrip("@")).name for one in sources) if name not in files]
        named = [name for one in given if not one.startswith("@") for name in names_in(one)]
        unknown += [name for name in named if name not in known]
    assert unknown == []


def test_targets_of_make_exist() -> None:
    """And nothing is passed on that the Makefile does not know."""
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    asked = [word for found in simple_commands() if found[0] == "make" for word in found[1:]]
    assert len(asked) > 10
    assert [word for word in asked if "=" not in word and word not in targets] == []
    assert {word.partition("=")[0] for word in asked if "=" in word} <= {"ARGS", "PYTHON", "ACKOPS_CACHE"}


def test_programs_of_jq_are_such() -> None:
    """As jq itself reads them."""
    programs = [
        next(word for word in found[1:] if word[0] not in "-/") for found in simple_commands() if found[0] == "jq"
    ]
    assert programs
    for program in programs:
        jq.compile(program)


@pytest.mark.parametrize("page", PAGES)
def test_every_yaml_block_is_yaml(page: str) -> None:
    """A block with a tag of Ansible's is read with it."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)
    for block in blocks(page):
        if block.kind == "yaml":
            assert yaml.load(block.text, Loader), block.text  # noqa: S506 (a safe loader)
        elif block.kind == "json":
            assert json.loads(block.text), block.text


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_that_a_page_names_exists(page: str) -> None:
    """In its text, its commands and its examples."""
    named = set(VARIABLE.findall(read(page)))
    assert sorted(named - known_variables() - FACTS) == []

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers: which folder may import what, how long things may be, and what must not be in the repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.dev.copies import source_files
from tests.dev.paths import REPO

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGINS = "ansible_collections.ackops.eci.plugins"
# Each folder of plugins/module_utils and what it may import from the others; "" is the files at the top.
LAYERS: dict[str, set[str]] = {
    "_text": set(),
    "_errors": {"_text"},
    "_rules": {"_errors", "_text"},
    "_kube": {"_rules", "_errors", "_text"},
    "_check": {"_kube", "_rules", "_errors", "_text"},
    "_recreate": {"_kube", "_rules", "_errors", "_text"},
    "_argspec": {"_rules"},
    "_module": {"_kube", "_rules", "_errors", "_text"},
}
PURE_LIBRARY = {
    "__future__", "base64", "collections", "contextlib", "copy", "dataclasses", "datetime", "enum", "fnmatch", "functools", "heapq",
    "json", "math", "re", "statistics", "typing",
}  # fmt: skip
# Files outside of _rules that are pure, too.
PURE_FILES = (
    "module_utils/_errors.py", "module_utils/_text.py", "module_utils/_kube/ports.py", "module_utils/_kube/connection.py",
    "module_utils/_kube/paths.py", "module_utils/_kube/rights.py",
    "module_utils/_kube/protobuf.py", "plugin_utils/_contexts.py", "plugin_utils/_fleet.py",
    "plugin_utils/_report.py", "plugin_utils/_report_document.py", "plugin_utils/_role_names.py",
)  # fmt: skip
# traceback only words the message for a missing jmespath; urllib.parse quotes.
PURE_EXTRA = {"conditions.py": {"difflib", "jmespath", "traceback"}, "paths.py": {"urllib"}}
# Pure files are told the time, and see no files.
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input"}
# Source: bad-names in ansible-test's configuration of pylint for collections; no linter that runs before it knows them.
FORBIDDEN_NAMES = {"_", "bar", "baz", "foo", "tata", "toto", "tutu"}
LONGEST_FUNCTION = 60
LONGEST_ENTRY = 60
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|farm|root)/")
DOCS = {"DOCUMENTATION", "EXAMPLES", "RETURN"}

PLUGIN_FILES = sorted((REPO / "plugins").rglob("*.py"))
PYTHON_FILES = sorted([*PLUGIN_FILES, *(REPO / "tests").rglob("*.py")])
UTIL_FILES = sorted((REPO / "plugins" / "module_utils").rglob("*.py"))
PURE = sorted(
    [*(REPO / "plugins" / "module_utils" / "_rules").glob("*.py"), *(REPO / "plugins" / name for name in PURE_FILES)]
)


def name_of(path: Path) -> str:
    """Name a file in a test's id."""
    return path.relative_to(REPO).as_posix()


def tree_of(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports_of(path: Path) -> Iterator[str]:
    """List the modules a file imports, wherever in it: absolute names, `from x import y` as x.y."""
    package = f"ansible_collections.ackops.eci.{'.'.join(path.relative_to(REPO).parent.parts)}"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def layer_of(name: str) -> str:
    """The folder, or the file at the top, of module_utils that a dotted name lies in; empty where it lies elsewhere."""
    utils = f"{PLUGINS}.module_utils"
    return name.removeprefix(utils).strip(".").split(".")[0] if is_within(name, utils) else ""


def imported_files(path: Path) -> set[Path]:
    """The files of the collection that a file imports."""
    found = set()
    for name in imports_of(path):
        if is_within(name, PLUGINS):
            place = REPO.joinpath("plugins", *name.removeprefix(PLUGINS).strip(".").split("."))
            found |= {one for one in (place.with_suffix(".py"), place.parent.with_suffix(".py")) if one.is_file()}
    return found


@pytest.mark.parametrize("path", UTIL_FILES, ids=name_of)
def test_imports_run_downward(path: Path) -> None:
    """The layers are the folders: modules -> _recreate, _check -> _kube -> _rules -> _errors, _text."""
    own = path.relative_to(REPO / "plugins" / "module_utils").parts[0].removesuffix(".py")
    used = {layer for name in imports_of(path) if (layer := layer_of(name))} - {own}
    assert used <= LAYERS[own]


def test_nothing_below_imports_the_face() -> None:
    """What modules share knows nothing of modules, plugins and the controller."""
    upward = [
        f"{name_of(path)}: {name}"
        for path in UTIL_FILES
        for name in imports_of(path)
        if is_within(name, PLUGINS) and not layer_of(name)
    ]
    assert upward == []


def test_modules_take_nothing_from_the_controllers_folder() -> None:
    """plugin_utils is not sent to the machine that runs a module."""
    modules = (REPO / "plugins" / "modules").glob("*.py")
    wrong = [
        name_of(path) for path in modules for name in imports_of(path) if is_within(name, f"{PLUGINS}.plugin_utils")
    ]
    assert wrong == []


def test_no_file_imports_itself_by_way_of_others() -> None:
    """No import cycle, in any folder."""
    below = {path: imported_files(path) - {path} for path in PLUGIN_FILES}

    def reached(path: Path, seen: set[Path]) -> set[Path]:
        for one in below[path] - seen:
            seen = reached(one, seen | {one})
        return seen

    assert [name_of(path) for path in PLUGIN_FILES if path in reached(path, set())] == []


def may_import(path: Path, name: str) -> bool:
    """Whether a pure file may import that name."""
    if is_within(name, PLUGINS):
        return imported_files(path) <= set(PURE)
    return name.split(".", maxsplit=1)[0] in PURE_LIBRARY | PURE_EXTRA.get(path.name, set())


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_files_import_only_what_is_pure(path: Path) -> None:
    """No I/O, no Ansible, no Kubernetes: not even by way of another file."""
    assert [name for name in imports_of(path) if not may_import(path, name)] == []


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_files_ask_nobody_for_the_time_and_open_nothing(path: Path) -> None:
    """Time comes in as an argument."""
    calls = [node.func for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    names = [call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls]
    assert [name for name in names if name in IMPURE_CALLS] == []


def importers_of(package: str) -> set[str]:
    """Name the files of plugins/ that import a package."""
    return {name_of(path) for path in PLUGIN_FILES if any(is_within(name, package) for name in imports_of(path))}


def test_one_file_alone_knows_the_client() -> None:
    """What changes between releases of the Kubernetes client is in one file."""
    assert importers_of("kubernetes") == {"plugins/module_utils/_kube/config.py"}


def test_one_file_alone_makes_ansible_modules() -> None:
    """Entry modules may import AnsibleModule, which ansible-test looks for in them; only one file calls it, or makes a class of it."""
    entries = {name_of(path) for path in PLUGIN_FILES if path.parent.name == "modules"}
    assert importers_of("ansible.module_utils.basic") - entries == {"plugins/module_utils/_module.py"}
    uses = [
        (path, name)
        for path in PLUGIN_FILES
        for node in ast.walk(tree_of(path))
        for name in (
            [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else ()
        )
    ]
    makers = {name_of(path) for path, name in uses if ast.unparse(name).rpartition(".")[2] == "AnsibleModule"}
    assert makers == {"plugins/module_utils/_module.py"}


def code_after_docs(path: Path) -> int:
    """Count the lines of an entry module after its documentation, without blank lines and comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    ends = [
        node.end_lineno or 0
        for node in tree_of(path).body
        if isinstance(node, ast.Assign) and any(isinstance(goal, ast.Name) and goal.id in DOCS for goal in node.targets)
    ]
    rest = (line.strip() for line in lines[max(ends, default=0) :])
    return sum(bool(line) and not line.startswith("#") for line in rest)


@pytest.mark.parametrize("path", sorted((REPO / "plugins" / "modules").glob("*.py")), ids=name_of)
def test_entry_modules_only_wire(path: Path) -> None:
    """An entry module that grows holds logic that belongs in module_utils."""
    assert code_after_docs(path) <= LONGEST_ENTRY


def long_functions(path: Path) -> list[str]:
    """Name the functions of a file that are too long."""
    return [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]


def test_functions_are_short() -> None:
    """A newcomer sees what each does."""
    assert [where for path in PYTHON_FILES for where in long_functions(path)] == []


def forbidden_names(path: Path) -> list[str]:
    """Find the variables whose names pylint does not want."""
    return [
        f"{name_of(path)}:{node.lineno}: {node.id}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in FORBIDDEN_NAMES
    ]


def test_no_name_is_one_that_the_sanity_tests_refuse() -> None:
    """They would tell at the end of `make test`, a quarter of an hour later."""
    assert [where for path in PYTHON_FILES for where in forbidden_names(path)] == []


# This file's own, so that the license is not stated twice in it (`make gates` holds it to REUSE).
HEADER = "".join(Path(__file__).read_text(encoding="utf-8").splitlines(keepends=True)[:3])


def test_every_python_file_states_its_license() -> None:
    """Only empty files go without."""
    texts = {name_of(path): path.read_text(encoding="utf-8") for path in PYTHON_FILES}
    unmarked = [name for name, text in texts.items() if text and HEADER not in text[: len(HEADER) + 100]]
    assert unmarked == []


def machine_paths(path: Path) -> list[str]:
    """Find the paths of one machine in a file; binary files have no say."""
    try:
        text = (REPO / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    return [f"{path}:{number}" for number, line in enumerate(text.splitlines(), 1) if MACHINE_PATH.search(line)]


def test_no_file_names_paths_of_one_machine() -> None:
    """What works here must work elsewhere. Checksums may hold any letters."""
    files = [path for path in source_files() if path.suffix != ".sum" and (REPO / path).is_file()]
    assert [where for path in files for where in machine_paths(path)] == []


def test_no_sanity_failure_is_ignored() -> None:
    """Ignore files stay empty: what ansible-test finds is repaired."""
    ignores = (REPO / "tests" / "sanity").glob("ignore*")
    assert [name_of(path) for path in ignores if path.read_text(encoding="utf-8").strip()] == []

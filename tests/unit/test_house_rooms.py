# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The architecture: which file may know what, how long things may be, and what must not be in the repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.house.copies import source_files
from tests.house.paths import REPO

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "ansible_collections.ackops.eci.plugins.module_utils"
UTILS = REPO / "plugins" / "module_utils"
PURE_ROOMS = (
    "_connection", "_contexts", "_errors", "_fleet", "_matrix", "_model", "_plan", "_pod_api", "_predicates", "_selection", "_wire",
)  # fmt: skip
PURE_LIBRARY = {
    "__future__", "collections", "dataclasses", "datetime", "enum", "fnmatch", "functools", "json", "math", "re", "typing",
}  # fmt: skip
# traceback only words the message for a missing jmespath.
PURE_EXTRA = {"_selection": {"jmespath", "traceback"}}
# Pure rooms are told the time, and see no files.
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input"}
LONGEST_FUNCTION = 60
LONGEST_ENTRY = 60
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|farm|root)/")
DOCS = {"DOCUMENTATION", "EXAMPLES", "RETURN"}

PLUGIN_FILES = sorted((REPO / "plugins").rglob("*.py"))
PYTHON_FILES = sorted([*PLUGIN_FILES, *(REPO / "tests").rglob("*.py"), REPO / "noxfile.py"])


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


def may_import(room: str, name: str) -> bool:
    """Whether a pure room may import that name."""
    if is_within(name, OURS):
        own = name.removeprefix(OURS).strip(".").split(".")[0]
        return own in PURE_ROOMS
    return name.split(".", maxsplit=1)[0] in PURE_LIBRARY | PURE_EXTRA.get(room, set())


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_rooms_import_only_what_is_pure(room: str) -> None:
    """No I/O, no Ansible, no Kubernetes: not even by way of another room."""
    refused = [name for name in imports_of(UTILS / f"{room}.py") if not may_import(room, name)]
    assert refused == []


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_rooms_ask_nobody_for_the_time_and_open_nothing(room: str) -> None:
    """Time comes in as an argument."""
    calls = [node.func for node in ast.walk(tree_of(UTILS / f"{room}.py")) if isinstance(node, ast.Call)]
    names = [call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls]
    assert [name for name in names if name in IMPURE_CALLS] == []


def importers_of(package: str) -> set[str]:
    """Name the files of plugins/ that import a package."""
    return {name_of(path) for path in PLUGIN_FILES if any(is_within(name, package) for name in imports_of(path))}


def test_one_file_alone_knows_the_client() -> None:
    """What changes between releases of the Kubernetes client is behind one door."""
    assert importers_of("kubernetes") == {"plugins/module_utils/_kube_api.py"}


def test_one_file_alone_makes_ansible_modules() -> None:
    """Entry modules may import AnsibleModule, which ansible-test looks for in them; only one file calls it."""
    entries = {name_of(path) for path in PLUGIN_FILES if path.parent.name == "modules"}
    assert importers_of("ansible.module_utils.basic") - entries == {"plugins/module_utils/_module.py"}
    calls = [
        (path, node.func) for path in PLUGIN_FILES for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)
    ]
    makers = {name_of(path) for path, call in calls if ast.unparse(call).rpartition(".")[2] == "AnsibleModule"}
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
    """An entry module that grows holds logic that belongs in a room."""
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


HEADER = (
    "# Copyright: (c) 2026, ackops.eci contributors\n"
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
    "# SPDX-License-Identifier: GPL-3.0-or-later\n"
)


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

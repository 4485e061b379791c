# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No option is written down twice with two meanings: argument specs, documentation, role specs, role defaults."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.dev.paths import REPO

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = {
    "eci_pod_facts": "facts_argument_spec",
    "eci_compat_check": "check_argument_spec",
    "eci_pod_recreate": "recreate_argument_spec",
    "eci_report": "report_argument_spec",
    "eci_upgrade_wait": "upgrade_argument_spec",
}
ROLE = REPO / "roles" / "eci_preflight"
PREFIX = "eci_preflight_"
# What both sides must agree on, and what leaving it out means.
FACETS: dict[str, Any] = {
    "type": "str",
    "elements": None,
    "choices": None,
    "default": None,
    "required": False,
    "aliases": [],
}
SHARED_WITH_ROLE = ("type", "elements", "choices", "default")
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "path": (str,), "int": (int,), "float": (float, int), "bool": (bool,), "list": (list,),
    "dict": (dict,), "raw": (object,),
}  # fmt: skip


def argument_spec(module: str) -> dict[str, Any]:
    """Return the options of a module as AnsibleModule gets them."""
    argspec = importlib.import_module("ansible_collections.ackops.eci.plugins.module_utils._argspec")
    spec: dict[str, Any] = getattr(argspec, MODULES[module])()
    inner = spec.get("argument_spec")
    # Either the options themselves or all that AnsibleModule is called with.
    return inner if isinstance(inner, dict) and "type" not in inner else spec


def strings_of(path: Path) -> dict[str, str]:
    """Read the string constants that a file assigns, at the top or in a class, without importing it."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({goal.id: node.value.value for goal in node.targets if isinstance(goal, ast.Name)})
    return found


def fragment(name: str) -> dict[str, Any]:
    """Read a documentation fragment, ours or Ansible's own."""
    parts = name.split(".")
    section = parts[3] if len(parts) > 3 else (parts[1] if len(parts) == 2 else "documentation")
    if parts[:2] == ["ackops", "eci"]:
        path = REPO / "plugins" / "doc_fragments" / f"{parts[2]}.py"
    else:
        builtin = parts[2] if parts[:2] == ["ansible", "builtin"] else parts[0]
        module = importlib.import_module(f"ansible.plugins.doc_fragments.{builtin}")
        path = Path(str(module.__file__))
    loaded: dict[str, Any] = yaml.safe_load(strings_of(path)[section.upper()]) or {}
    return loaded


def documented(module: str) -> dict[str, Any]:
    """Return the documented options of a module, those of its fragments included; its own words win."""
    path = REPO / "plugins" / "modules" / f"{module}.py"
    documentation = yaml.safe_load(strings_of(path)["DOCUMENTATION"])
    names = documentation.get("extends_documentation_fragment", [])
    options: dict[str, Any] = {}
    for name in [names] if isinstance(names, str) else names:
        for option, description in (fragment(name).get("options") or {}).items():
            options[option] = {**description, **options.get(option, {})}
    for option, description in (documentation.get("options") or {}).items():
        options[option] = {**options.get(option, {}), **description}
    return options


def facets(option: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce an option to what must agree, wherever it was written down."""
    result = {name: option.get(name, absent) for name, absent in FACETS.items()}
    # Choices may be documented one by one, as a mapping; the order of aliases means nothing.
    result["choices"] = list(result["choices"]) if result["choices"] else None
    result["aliases"] = sorted(result["aliases"])
    result["required"] = bool(result["required"])
    inner = option.get("options") or option.get("suboptions")
    result["inner"] = {name: facets(sub) for name, sub in inner.items()} if inner else None
    return result


@pytest.mark.parametrize("module", MODULES)
def test_documentation_says_what_the_argument_spec_does(module: str) -> None:
    """Types, defaults, choices, elements, aliases, and what is required."""
    spec = {name: facets(option) for name, option in argument_spec(module).items()}
    docs = {name: facets(option) for name, option in documented(module).items()}
    assert docs == spec


def load(path: Path) -> Any:
    """Read a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def role_options() -> dict[str, dict[str, Any]]:
    """Return the options of each entry point of the role."""
    specs = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]
    return {entry: spec.get("options") or {} for entry, spec in specs.items()}


def differences(role_option: Mapping[str, Any], module_option: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a role's variable and a module's option disagree on: facet to (role, module)."""
    ours, theirs = facets(role_option), facets(module_option)
    wrong = {name: (ours[name], theirs[name]) for name in SHARED_WITH_ROLE if ours[name] != theirs[name]}
    if ours["inner"] is not None and ours["inner"] != theirs["inner"]:
        wrong["options"] = (ours["inner"], theirs["inner"])
    return wrong


@pytest.mark.parametrize("module", MODULES)
def test_role_variables_are_the_modules_options(module: str) -> None:
    """`eci_preflight_<option>` is `<option>` of every module that has one by that name."""
    spec = argument_spec(module)
    wrong = {
        f"{entry}: {name}": found
        for entry, options in role_options().items()
        for name, option in options.items()
        if name.removeprefix(PREFIX) in spec and (found := differences(option, spec[name.removeprefix(PREFIX)]))
    }
    assert wrong == {}


def test_role_variables_bear_the_roles_name() -> None:
    """Roles share one namespace of variables."""
    names = {name for options in role_options().values() for name in options}
    assert {name for name in names if not name.startswith(PREFIX)} == set()


def test_role_defaults_are_those_of_the_argument_specs() -> None:
    """Each default stands in defaults/main.yml and in the main entry point's spec, and is the same."""
    declared = {name: option["default"] for name, option in role_options()["main"].items() if "default" in option}
    assert load(ROLE / "defaults" / "main.yml") == declared


def test_entry_points_of_the_role_agree() -> None:
    """A variable means the same wherever the role is entered; only what is required may differ."""
    entries = role_options()
    main = {name: facets(option) for name, option in entries["main"].items()}
    wrong = {
        f"{entry}: {name}"
        for entry, options in entries.items()
        for name, option in options.items()
        if name in main and {**facets(option), "required": None} != {**main[name], "required": None}
    }
    assert wrong == set()


def fits(value: Any, option: Mapping[str, Any]) -> bool:
    """Whether a default is of the declared type; for Python, a boolean would pass as a number."""
    kind = option.get("type", "str")
    if isinstance(value, bool) and kind in {"int", "float"}:
        return False
    return value is None or isinstance(value, TYPES[kind])


@pytest.mark.parametrize("entry", ["main"])
def test_role_defaults_have_their_types(entry: str) -> None:
    """A default that must be converted first is a trap on ansible-core 2.19."""
    options = role_options()[entry]
    assert {name for name, option in options.items() if not fits(option.get("default"), option)} == set()


def test_the_role_states_every_connection_option_once() -> None:
    """Its dictionary has the options of the fragment `auth`, each from the variable of its name; aliases are known."""
    role_variables = importlib.import_module("ansible_collections.ackops.eci.plugins.plugin_utils._role_variables")
    auth = fragment("ackops.eci.auth")["options"]
    stated = load(ROLE / "vars" / "main.yml")["__eci_preflight_connection_options"]
    assert stated == {option: f"{{{{ {PREFIX}{option} | default('') }}}}" for option in auth}
    assert set(auth) == {*role_variables.CLUSTER_AND_USER, *role_variables.PROXY, "persist_config"}
    assert {option: [alias] for option, alias in role_variables.ALIASES.items()} == {
        option: entry["aliases"] for option, entry in auth.items() if "aliases" in entry
    }
    connecting = {f"ackops.eci.{module}" for module in MODULES if "kubeconfig" in argument_spec(module)}
    tasks = [task for path in (ROLE / "tasks").iterdir() for task in load(path)]
    taken = [(task, module) for task in tasks for module in connecting & set(task)]
    assert len(taken) >= 3
    for task, module in taken:
        assert task["module_defaults"] == {module: "{{ __eci_preflight_connection }}"}
        assert set(task[module]) & set(auth) == set()

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of awx.awx's modules as its documentation gives them, and strict checks of arguments against them.

The modules themselves check less: nothing inside workflow_nodes, and a string passes for most other types.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.awx.recorder import MODULES

Options = Mapping[str, Mapping[str, Any]]
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "path": (str,), "int": (int,), "float": (float, int), "bool": (bool,), "list": (list,),
    "dict": (dict,),
}  # fmt: skip


@functools.cache
def _all() -> Mapping[str, Options]:
    """Read the options of the modules of awx.awx, by ansible-doc."""
    # The checks' own stand-in for awx.awx must not be read.
    nothing = {"ANSIBLE_COLLECTIONS_PATH": os.devnull}
    modules = [f"awx.awx.{name}" for name in MODULES]
    listed = subprocess.run(
        ["ansible-doc", "-j", *modules], capture_output=True, text=True, check=True, env={**os.environ, **nothing}
    )
    return {name: found["doc"]["options"] for name, found in json.loads(listed.stdout).items()}


def documented(module: str) -> Options:
    """The options of a module of awx.awx that we use."""
    return _all()[module]


def complaints(arguments: Mapping[str, Any], options: Options, where: str = "") -> Iterator[str]:
    """What is wrong with a mapping of arguments: keys that are unknown or missing, types, choices."""
    for key, value in arguments.items():
        if key not in options:
            yield f"{where}{key} is no option; there are {', '.join(sorted(options))}"
        elif value is not None:
            yield from _value(value, options[key], f"{where}{key}")
    for key, option in options.items():
        if option.get("required") and arguments.get(key) is None:
            yield f"{where}{key} is missing"


def _value(value: Any, option: Mapping[str, Any], where: str) -> Iterator[str]:
    kind = option.get("type", "str")
    right = isinstance(value, PYTHON_TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))
    if not right:
        yield f"{where} is {value!r} and not of type {kind}"
        return
    choices = option.get("choices")
    if choices and value not in choices:
        yield f"{where} is {value!r} and not one of {', '.join(map(str, choices))}"
    if kind == "list":
        yield from _elements(value, option, where)
    elif kind == "dict" and option.get("suboptions"):
        yield from complaints(value, option["suboptions"], f"{where}.")


def _elements(values: Sequence[Any], option: Mapping[str, Any], where: str) -> Iterator[str]:
    inner = {"type": option.get("elements", "str"), "suboptions": option.get("suboptions")}
    for number, value in enumerate(values):
        yield from _value(value, inner, f"{where}[{number}]")

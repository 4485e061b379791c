# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of programs: what a server imports for each, and what its children do."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import shutil
import sys
import tempfile
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.preloaded import code_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Packed with each module: what is the collection's comes from there, so that a module that does not pack what it needs fails here, too.
PACKED = ("ansible", "ansible_collections")
# Of what is packed, that which takes longest to import, and is no code of ours.
ANSIBLE_MODULE_UTILS = ("ansible.module_utils.basic", "ansible.module_utils.urls")
# What a module of the collection, of awx.awx and of ansible.builtin needs besides.
MODULES = (
    *ANSIBLE_MODULE_UTILS, "ansible.modules.stat", "ansible.modules.uri",
    "ansible_collections.ackops.eci.plugins.modules.eci_pod_facts",
    "ansible_collections.ackops.eci.plugins.modules.eci_pod_recreate",
    "ansible_collections.ackops.eci.plugins.module_utils._kube.client", "kubernetes.config.kube_config",
    "ansible_collections.awx.awx.plugins.module_utils.controller_api",
    "runpy", "zipfile", "zipimport",
)  # fmt: skip
ANSIBLE = (
    "ansible.cli.playbook", "ansible.executor.module_common", "ansible.plugins.cache.memory", "multiprocessing.popen_fork",
    "multiprocessing.synchronize", "xml.dom.minidom",
)  # fmt: skip
# What Ansible loads by name, and looks for among what is imported.
ANSIBLE_PLUGINS = ("action", "become", "connection", "inventory", "shell", "strategy", "test")
# Plugins with options that most runs load, by kind; Ansible loads all there are of some kinds.
CONFIGURED: dict[str, tuple[str, ...]] = {
    "become": ("su", "sudo"), "callback": (), "connection": ("local", "ssh"),
    "inventory": ("auto", "host_list", "ini", "script", "toml", "yaml"), "shell": ("sh",), "strategy": ("linear",), "vars": (),
}  # fmt: skip
FINDER = "ansible.utils.collection_loader._collection_finder"
COLLECTION = "ansible_collections.ackops.eci.plugins"
# What the process of each task imports anew for the filters of the collection. Its action plugins are left to the run: one of them
# registers what the run does at its end.
COLLECTION_PLUGINS = ("filter", "plugin_utils", "test")


def playbook(interpreter: str) -> Callable[[list[str]], int]:
    """ansible-playbook, whose modules on the implicit localhost are run by that interpreter."""
    _import([*ANSIBLE, *(name for kind in ANSIBLE_PLUGINS for name in _below(f"ansible.plugins.{kind}"))])
    _import_collections()
    main = importlib.import_module("ansible.cli.playbook").main
    constants: Any = importlib.import_module("ansible.constants")
    temporary = Path(constants.DEFAULT_LOCAL_TMP)
    packed = temporary / "ansiballz_cache"
    packed.mkdir()

    def run(command: list[str]) -> int:
        if any((Path(argument).parent / "collections").is_dir() for argument in command[1:]):
            _forget_collections()  # beside a playbook there may be others of the same names
        # What Ansible has packed is for all; its other temporary files are for one run, which the run removes.
        own = Path(tempfile.mkdtemp(dir=temporary))
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        (own / packed.name).symlink_to(packed, target_is_directory=True)
        constants.DEFAULT_LOCAL_TMP = str(own)
        sys.argv = command
        sys.executable = interpreter
        main()
        return 0

    return run


def script() -> Callable[[list[str]], int]:
    """A script of Python with its arguments, as Ansible starts modules."""
    _import(_not_packed())
    _import(ANSIBLE_MODULE_UTILS)
    # All else is looked for in what was packed: modules, and the module_utils that are beside a playbook.
    del sys.modules["ansible"]
    module_utils: Any = sys.modules["ansible.module_utils"]
    module_utils.__path__ = _Packed("ansible/module_utils", module_utils.__path__)
    compiled = tempfile.mkdtemp(prefix="ackops-compiled-")
    atexit.register(shutil.rmtree, compiled)
    code_cache.install(Path(compiled))

    def run(command: list[str]) -> int:
        # Without a file, as with pipelining, the script is standard input.
        file = command[0] if command else "<stdin>"
        source = Path(file).read_bytes() if command else sys.stdin.buffer.read()
        sys.argv = command or [""]
        sys.path[0] = str(Path(file).parent) if command else ""
        main = types.ModuleType("__main__")
        main.__dict__.update(__builtins__=__builtins__, **({"__file__": file} if command else {}))
        sys.modules["__main__"] = main
        exec(compile(source, file, "exec"), main.__dict__)  # noqa: S102  as Python itself does
        return 0

    return run


class _Packed:
    """The search path of a package: what Ansible has packed it into, where it has."""

    def __init__(self, inside: str, otherwise: Iterable[str]) -> None:
        self._inside = inside
        self._otherwise = list(otherwise)

    def __iter__(self) -> Iterator[str]:
        packed = [place for place in sys.path if place.endswith("_payload.zip")]
        return iter([f"{place}/{self._inside}" for place in packed] or self._otherwise)


def module() -> Callable[[list[str]], int]:
    """A module of the collection and the file of its arguments, without Ansible around it, and so without packing."""
    _import(MODULES)
    main = importlib.import_module("tests.integration.scenarios.module_process").main

    def run(command: list[str]) -> int:
        main(*command)
        return 0

    return run


KINDS: dict[str, Callable[..., Callable[[list[str]], int]]] = {"module": module, "playbook": playbook, "script": script}


def _import(names: Iterable[str]) -> None:
    for name in names:
        # What this release of Ansible, or this environment, has not got is not needed either.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _import_collections() -> None:
    """Import what runs read of collections, from where Ansible finds them with these settings; nothing where it does not.

    That is what the tasks need of this one, the redirections of ansible.builtin, and the documentation of common plugins, which
    names their options: to read all this YAML is a third of a short run.
    """
    finder_class: Any = importlib.import_module(FINDER)._AnsibleCollectionFinder
    constants: Any = importlib.import_module("ansible.constants")
    finder = finder_class(list(constants.COLLECTIONS_PATHS), constants.COLLECTIONS_SCAN_SYS_PATH)
    finder._install()
    with contextlib.suppress(ImportError):
        _import([name for kind in COLLECTION_PLUGINS for name in _below(f"{COLLECTION}.{kind}")])
    _import(["ansible_collections.ansible.builtin"])
    loaders = importlib.import_module("ansible.plugins.loader")
    for kind, names in CONFIGURED.items():
        loader = getattr(loaders, f"{kind}_loader")
        for name in names:
            loader.get(name, class_only=True)
        if not names:
            list(loader.all(class_only=True))  # imports them, too
    finder._remove()  # each run has its own


def _forget_collections() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]:
        del sys.modules[name]


def _below(package: str) -> Iterator[str]:
    path = importlib.import_module(package).__path__
    return (f"{package}.{found.name}" for found in pkgutil.iter_modules(path))


def _not_packed() -> list[str]:
    """The names of all that modules import and Ansible does not pack: found out in a child, which may import what it packs."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            before = set(sys.modules)
            _import(MODULES)
            found = [name for name in sys.modules if name not in before and name.partition(".")[0] not in PACKED]
            os.write(writer, json.dumps(found).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as stream:
        found = json.load(stream)
    os.waitpid(pid, 0)
    return list(found)

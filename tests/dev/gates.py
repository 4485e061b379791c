# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small checks that look at every file: licenses, YAML, shell, spelling, workflows, and the Pythons that code needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.dev import copies, envs, run
from tests.dev.paths import REPO, link_tree, locked, say

if TYPE_CHECKING:
    from collections.abc import Callable

# What runs where modules run, and what runs on the controller; ruff.toml and tests/config.yml say the same.
ON_TARGETS = ("plugins/modules", "plugins/module_utils", "plugins/doc_fragments")
OLDEST_TARGET = "3.9"
OLDEST_CONTROLLER = "3.10"
# Text that is not prose: checksums, pins, and the names of operators that read like misspelled words.
NOT_PROSE = "LICENSE,LICENSES,*.sum,*/requirements/*.txt,*.svg,*.png"


def licenses() -> int:
    """Hold every file to the REUSE specification."""
    # A copy holds what is somebody's work and nothing else, wherever the checkout lies.
    with locked(f"{link_tree().name}-licenses"):
        return run.run("lint", "reuse", "--root", str(copies.refresh("licenses")), "lint", "--lines")


def yaml() -> int:
    """Check the form of YAML files."""
    return run.run("lint", "yamllint", "--strict", ".")


def shell_scripts() -> list[str]:
    """The repository's shell scripts, by their first line."""
    texts = [path for path in copies.source_files() if path.suffix in {"", ".sh"} and (REPO / path).is_file()]
    return [str(path) for path in texts if _first_line(path).startswith("#!") and "sh" in _first_line(path)]


def _first_line(path: Path) -> str:
    with (REPO / path).open("rb") as handle:
        return handle.readline(200).decode(errors="replace")


def shell() -> int:
    """Check shell scripts."""
    return run.run("lint", "shellcheck", "--severity", "style", *shell_scripts())


def spelling() -> int:
    """Look for common misspellings."""
    files = [str(path) for path in copies.source_files()]
    return run.run("lint", "codespell", "--skip", NOT_PROSE, "--ignore-words", "tests/dev/words.txt", *files)


def workflows() -> int:
    """Check the workflows of GitHub, and the shell in them."""
    # Through the environment that can build it: PyPI's actionlint downloads a program that the registries do not have.
    program = "from tests.cluster import binaries as b; print(b.binary('actionlint', b.ACTIONLINT))"
    built = run.output("main", "python", "-c", program).strip()
    return run.run("lint", built, "-no-color", *sorted(map(str, (REPO / ".github" / "workflows").glob("*.yml"))))


def _needs(python: str, *paths: str) -> int:
    return run.run("lint", "vermin", "--quiet", "--no-tips", "--violations", f"--target={python}-", *paths)


def pythons() -> int:
    """Find what the oldest Pythons do not have: in their library too, which neither ruff nor mypy knows."""
    kinds = sorted(str(path.relative_to(REPO)) for path in (REPO / "plugins").iterdir() if any(path.glob("*.py")))
    controller = [kind for kind in kinds if kind not in ON_TARGETS]
    return _needs(OLDEST_TARGET, *ON_TARGETS) or _needs(OLDEST_CONTROLLER, *controller, "tests")


GATES: dict[str, Callable[[], int]] = {
    "REUSE: every file states copyright and license": licenses,
    "yamllint: the form of YAML files": yaml,
    "shellcheck: shell scripts": shell,
    "codespell: spelling": spelling,
    "actionlint: workflows": workflows,
    f"vermin: Python {OLDEST_TARGET} where modules run, {OLDEST_CONTROLLER} on the controller": pythons,
}


def check() -> int:
    """Run them all, and name those that failed."""
    envs.ensure("lint")
    failed = []
    for purpose, gate in GATES.items():
        say(purpose)
        if gate():
            failed.append(purpose.partition(":")[0])
    say(f"failed: {', '.join(failed)}" if failed else f"{len(GATES)} gates passed")
    return int(bool(failed))

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The static checks: each returns an exit status and tells what it does."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.dev import awx, copies, envs, run
from tests.dev.paths import REPO, link_tree, locked, say

if TYPE_CHECKING:
    from pathlib import Path

# Where the reference that antsibull-docs writes leads to pages of Ansible itself.
ANSIBLES_LABELS = ("action_plugins", "ansible_configuration_settings", "common_return_values")
# Below this width the theme keeps each cell of a table on one line. Figures (many columns) still scroll.
NARROW = """\
@media screen and (max-width: 766px) {
  .wy-table-responsive table.docutils td { white-space: normal; overflow-wrap: anywhere; }
  .wy-table-responsive table.docutils code { white-space: normal; }
  .wy-table-responsive table.docutils .line-block { margin-bottom: 0; }
  .wy-table-responsive table.docutils:not(:has(td:nth-child(5))) :is(colgroup, thead) { display: none; }
  .wy-table-responsive table.docutils:not(:has(td:nth-child(5))) { display: block; }
  .wy-table-responsive table.docutils:not(:has(td:nth-child(5))) :is(tbody, tr, td) { display: block; border-left: 0; }
  .wy-table-responsive table.docutils:not(:has(td:nth-child(5))) tr { border-bottom: 2px solid #e1e4e5; }
}
"""


def ruff() -> int:
    """Check style and likely bugs, then the formatting."""
    say("ruff: style and likely bugs")
    return run.run("lint", "ruff", "check", ".") or run.run("lint", "ruff", "format", "--check", ".")


def format_code() -> int:
    """Repair what ruff can repair."""
    return run.run("lint", "ruff", "check", "--fix", ".") or run.run("lint", "ruff", "format", ".")


def types() -> int:
    """Check types. The packages that the code imports are those of the main environment."""
    say("mypy: types of plugins/ and tests/")
    tree = link_tree()
    python = envs.ensure("main") / "bin" / "python"
    environment = run.environment(envs.ensure("lint")) | {"MYPYPATH": f"{tree}:{REPO}"}
    mypy = str(envs.ensure("lint") / "bin" / "mypy")
    packages = [f"ansible_collections.ackops.eci.plugins.{name}" for name in _plugin_packages()]
    arguments = [item for name in [*packages, "tests"] for item in ("--package", name)]
    outcome = subprocess.run(
        [mypy, "--config-file", str(REPO / "mypy.ini"), "--python-executable", str(python), *arguments],
        check=False,
        cwd=REPO,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    # Name files as the reader knows them, not as the link tree does.
    print(outcome.stdout.replace(f"{tree}/ansible_collections/ackops/eci/", ""), end="", flush=True)
    return outcome.returncode


def _plugin_packages() -> list[str]:
    """The kinds of plugins that there are."""
    return sorted(path.name for path in (REPO / "plugins").glob("*") if any(path.glob("*.py")))


def ansible_lint() -> int:
    """Lint playbooks, roles and metadata with the strictest profile."""
    say("ansible-lint: profile production, offline")
    with locked(f"{link_tree().name}-ansible-lint"):
        copy = copies.refresh("ansible-lint")
        collections = _only(copy)
        # The modules that apply awx/ are checked too, where they can be had.
        if modules := awx.collections():
            collections["ANSIBLE_COLLECTIONS_PATH"] += f"{os.pathsep}{modules}"
        return run.run("lint", "ansible-lint", "--offline", "--nocolor", cwd=copy, extra=collections)


def docs_lint() -> int:
    """Check the documentation of plugins and roles, the extra docs and the changelog."""
    say("antsibull: documentation and changelog")
    with locked(f"{link_tree().name}-docs"):
        copy = copies.refresh("docs")
        collections = _only(copy)
        lint = ("lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self")
        return run.run("lint", "antsibull-docs", *lint, ".", cwd=copy, extra=collections) or run.run(
            "lint", "antsibull-changelog", "lint", cwd=copy, extra=collections
        )


def release() -> int:
    """Turn the fragments into the release notes of the version in galaxy.yml; new modules, roles and plugins are listed by themselves."""
    # It asks git which files are the collection's, so that a copy does not do.
    return run.run("lint", "antsibull-changelog", "release", "--verbose")


def docs_site() -> int:
    """Build the documentation as HTML; whatever Sphinx warns of is an error."""
    with locked(f"{link_tree().name}-docs"):
        copy = copies.refresh("docs")
        collections = _only(copy)
        site = _collections_path(copy).parent / "site"
        generate = ("antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error")
        init = ("antsibull-docs", "sphinx-init", "--use-current", "--squash-hierarchy", "--dest-dir", str(site))
        steps = (
            (*generate, "--dest-dir", str(site / "rst"), "ackops.eci"),
            *_picture_steps(copy, site / "rst"),
            (
                "sphinx-build", "-M", "html", str(site / "rst"), str(site / "build"), "-c", str(site),
                "-q", "-W", "--keep-going",
            ),
        )  # fmt: skip
        shutil.rmtree(site, ignore_errors=True)
        (site / "rst").mkdir(parents=True)
        status = run.run("lint", *init, "ackops.eci", cwd=copy, extra=collections)
        if not status:
            _settle(site)
        for step in steps:
            status = status or run.run("lint", *step, cwd=copy, extra=collections)
        if not status:
            say(f"the documentation is at {site / 'build' / 'html' / 'index.html'}")
        return status


def _settle(site: Path) -> None:
    """Have the site need no internet, and its tables fit on a phone: a cell below the other."""
    labels = "".join(f".. _{label}:\n\n" for label in ANSIBLES_LABELS)
    page = f":orphan:\n\n{labels}In Ansible's own documentation\n==============================\n"
    (site / "rst" / "ansible.rst").write_text(page, encoding="utf-8")
    (site / "static").mkdir()
    (site / "static" / "narrow.css").write_text(NARROW, encoding="utf-8")
    with (site / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write("\nintersphinx_mapping = {}\nhtml_static_path = ['static']\nhtml_css_files = ['narrow.css']\n")


def _picture_steps(copy: Path, target: Path) -> list[tuple[str, ...]]:
    """Take pictures along: antsibull-docs copies pages only."""
    pages = copy / "docs" / "docsite" / "rst"
    pictures = sorted(str(path) for ending in ("png", "svg") for path in pages.glob(f"*.{ending}"))
    return [("cp", *pictures, str(target / "docsite"))] if pictures else []


def _only(copy: Path) -> dict[str, str]:
    """Let a tool see this copy of the collection and no other, and write its logs beside it, not at home."""
    root = _collections_path(copy)
    return {"ANSIBLE_COLLECTIONS_PATH": str(root), "PYTHONPATH": "", "HOME": str(root)}


def _collections_path(copy: Path) -> Path:
    return copy.parents[2]

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting it through Galaxy's import check."""

from __future__ import annotations

import re
import subprocess
import tarfile
from pathlib import Path

from tests.dev import envs, run
from tests.dev.artifact import build
from tests.dev.paths import REPO, link_tree, locked, say

# The top of the artifact: whatever else turns up there was forgotten in galaxy.yml's build_ignore.
EXPECTED = {
    "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "FILES.json", "LICENSE", "LICENSES", "MAINTAINERS.md",
    "MANIFEST.json", "README.md", "REUSE.toml", "SECURITY.md", "changelogs", "docs", "meta", "playbooks", "plugins", "roles",
}  # fmt: skip
# The importer only warns where Galaxy would accept; we do not.
COMPLAINT = re.compile(r"^(WARNING|ERROR|CRITICAL):", re.MULTILINE)
# The importer tells ansible-lint a collections path that is one directory too deep, so that it finds no playbook by its full name.
LOST = re.compile(r"^WARNING: ERROR +Failed to find ackops\.eci\.(\w+) playbook\.$")
# Whoever applies the objects of AWX has its collection; it is no dependency of ours, and Galaxy's linter does not have it.
OF_AWX = re.compile(
    r"^WARNING: playbooks/awx/\S+ syntax-check\[unknown-module\]: couldn't resolve module/action 'awx\.awx\."
)
CONFIG = Path(__file__).with_name("galaxy-importer.cfg")


def strangers(artifact: Path) -> set[str]:
    """What lies at the top of the artifact and does not belong there."""
    with tarfile.open(artifact) as archive:
        return {Path(name).parts[0] for name in archive.getnames()} - EXPECTED


def check() -> int:
    """Build the artifact and import it as Galaxy would; a warning counts as a failure."""
    say("galaxy-importer: the built artifact")
    with locked(f"{link_tree().name}-importer"):
        scratch = link_tree() / "importer"
        scratch.mkdir(exist_ok=True)
        for old in scratch.glob("*.tar.gz"):
            old.unlink()
        artifact = build(scratch, "importer")
        if artifact is None:
            return 1
        unexpected = strangers(artifact)
        if unexpected:
            say(f"the artifact holds what users do not need: {', '.join(sorted(unexpected))}; see galaxy.yml")
            return 1
        return _import(artifact, scratch)


def _import(artifact: Path, scratch: Path) -> int:
    environment = run.environment(envs.ensure("importer")) | {
        "GALAXY_IMPORTER_CONFIG": str(CONFIG),
        "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(scratch / "tmp"),
        # It must see the artifact's own files, not those of the repository.
        "PYTHONPATH": "",
    }
    environment.pop("ANSIBLE_COLLECTIONS_PATH")
    outcome = subprocess.run(
        [str(envs.ensure("importer") / "bin" / "python"), "-m", "galaxy_importer.main", str(artifact)],
        check=False, cwd=scratch, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    print(outcome.stdout, end="", flush=True)
    return outcome.returncode or int(bool(complaints(outcome.stdout)))


def complaints(output: str) -> list[str]:
    """What the importer complains of; not of playbooks that are there, nor of modules of AWX's own collection."""
    lost = {line: found[1] for line in output.splitlines() if (found := LOST.match(line))}
    there = {line for line, name in lost.items() if (REPO / "playbooks" / f"{name}.yml").is_file()}
    told = [line for line in output.splitlines() if COMPLAINT.match(line) and not OF_AWX.match(line)]
    return [line for line in told if line not in there]

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the go.mod and go.sum of a component's version: python -m tests.cluster.go.pin kubernetes 1.31.4."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.cluster import go_toolchain

HERE = Path(__file__).resolve().parent
MODULES = {
    "actionlint": "github.com/rhysd/actionlint",
    "etcd": "go.etcd.io/etcd/server/v3",
    "kubernetes": "k8s.io/kubernetes",
    "kwok": "sigs.k8s.io/kwok",
}
TAGS = "providerless"
PLATFORMS = (("linux", "amd64"), ("linux", "arm64"), ("darwin", "arm64"))
HEADER = """\
// Copyright: (c) 2026, ackops.eci contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Written by tests/cluster/go/pin.py.
"""


def main() -> int:
    """Pin what the command line names."""
    if len(sys.argv) != 3 or sys.argv[1] not in MODULES:
        print(f"usage: python -m tests.cluster.go.pin {{{','.join(MODULES)}}} VERSION", file=sys.stderr)
        return 2
    component, version = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        pin(component, version, Path(scratch))
    return 0


def pin(component: str, version: str, scratch: Path) -> None:
    """Resolve the modules in a scratch directory and copy the two files that record the outcome."""
    shutil.copy(HERE / component / "main.go", scratch)
    module = MODULES[component]
    text = f"{HEADER}module ackops.invalid/{component}\n\ngo 1.26\n\nrequire {module} v{version}\n"
    (scratch / "go.mod").write_text(text)
    replaced = replacements(go_json(scratch, "mod", "download", "-json", f"{module}@v{version}"), version)
    (scratch / "go.mod").write_text(text + replaced)
    for system, machine in PLATFORMS:
        go(scratch, "list", "-mod=mod", "-deps", f"-tags={TAGS}", ".", GOOS=system, GOARCH=machine)
    target = HERE / component / version
    target.mkdir(exist_ok=True)
    for name in ("go.mod", "go.sum"):
        shutil.copy(scratch / name, target)


def replacements(downloaded: dict[str, Any], version: str) -> str:
    """Return replace directives for the modules that live inside the Kubernetes repository."""
    own = Path(downloaded["GoMod"]).read_text()
    staging = sorted(set(re.findall(r"^\s*(?:replace )?(k8s\.io/\S+) => \./staging", own, re.MULTILINE)))
    if not staging:
        return ""
    release = "v0." + version.split(".", 1)[1]
    return "\nreplace (\n" + "".join(f"\t{name} => {name} {release}\n" for name in staging) + ")\n"


def go_json(directory: Path, *arguments: str) -> dict[str, Any]:
    """Run go and parse what it prints."""
    answer: dict[str, Any] = json.loads(go(directory, *arguments))
    return answer


def go(directory: Path, *arguments: str, **environment: str) -> str:
    """Run go; its complaints go to the terminal."""
    chain = go_toolchain.find()
    settings = chain.environment() | {"GOSUMDB": "off", "GOFLAGS": "-modcacherw", "GOWORK": "off"} | environment
    command = [str(chain.go), *arguments]
    return subprocess.run(command, cwd=directory, env=settings, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())

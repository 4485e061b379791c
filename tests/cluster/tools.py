# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubectl and jq for the tests, wherever they come from, and the two pipelines of the procedure that we automate."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.errors import BuildError
from tests.dev.paths import cache_root

# The seed's filters, to the letter: the first finds what must be recreated, the second lists all that is on ECI.
AFFECTED = (
    '.items[] | select(.metadata.annotations["k8s.aliyun.com/eci-platform-version"] == "1.0.0"'
    ' or .metadata.annotations["k8s.aliyun.com/eci-platform-version"] == null'
    ' or .metadata.annotations["k8s.aliyun.com/eci-platform-version"] == "")'
    ' | select(.spec.nodeName | startswith("virtual-kubelet"))'
    r' | "\(.metadata.namespace),\(.metadata.name)'
    r',\(.metadata.annotations["k8s.aliyun.com/eci-platform-version"] // "")'
    r',\(.metadata.annotations["k8s.aliyun.com/eci-instance-id"])"'
)
ALL = (
    '.items[] | select(.spec.nodeName | startswith("virtual-kubelet"))'
    r' | "\(.metadata.namespace),\(.metadata.name)'
    r',\(.metadata.annotations["k8s.aliyun.com/eci-platform-version"] // "")'
    r',\(.metadata.annotations["k8s.aliyun.com/eci-instance-id"] // "")"'
)
_JQ = Path(__file__).with_name("jq_program.py")


def kubectl(version: str) -> Path:
    """The kubectl on PATH, otherwise the one in the control plane's program, which goes by the name it is called by."""
    found = shutil.which("kubectl")
    if found:
        return Path(found)
    program, _full = binaries.kubernetes(version)
    wrapper = f'#!/bin/sh\nexec {shlex.quote(str(program))} kubectl "$@"\n'
    return _wrapper("kubectl", wrapper)


def jq() -> Path:
    """The jq on PATH, otherwise one around PyPI's bindings in this environment."""
    found = shutil.which("jq")
    if found:
        return Path(found)
    if importlib.util.find_spec("jq") is None:
        message = f"there is no jq on PATH, and {sys.executable} has no jq package"
        raise BuildError(message)
    # -I: in isolation, so that no other file of ours is taken for the jq package.
    wrapper = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I {shlex.quote(str(_JQ))} "$@"\n'
    return _wrapper("jq", wrapper)


def _wrapper(name: str, text: str) -> Path:
    """An executable script of that name, in a directory named after what it says: it never changes."""
    target = cache_root() / "bin" / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}" / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as fresh:
            fresh.write(text)
        Path(fresh.name).chmod(0o755)
        Path(fresh.name).rename(target)
    return target


def seed_commands() -> tuple[str, str]:
    """The seed's two pipelines: those that are affected, and all of them."""
    affected, everything = (f"kubectl get pods -A -o json | jq -r '{text}'" for text in (AFFECTED, ALL))
    return affected, everything


def repaired(command: str) -> str:
    """The pipeline, not stopping at a pod that has no node yet."""
    return command.replace("(.spec.nodeName |", '((.spec.nodeName // "") |')


def environment(kubeconfig: Path, version: str) -> dict[str, str]:
    """An environment in which kubectl and jq are found, and in which kubectl reaches the cluster and no other."""
    named = {"kubectl": kubectl(version), "jq": jq()}
    ours = [str(path.parent) for name, path in named.items() if not shutil.which(name)]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("KUBE")}
    places = os.pathsep.join([*ours, os.environ.get("PATH", os.defpath)])
    # kubectl remembers what a server serves; that belongs with the cluster, whose port another will have one day.
    cache = str(kubeconfig.parent / "kubectl-cache")
    return {**kept, "PATH": places, "KUBECONFIG": str(kubeconfig), "KUBECACHEDIR": cache}


def run_pipeline(command: str, kubeconfig: Path, version: str) -> subprocess.CompletedProcess[str]:
    """Run a pipeline in a shell; with bash any part's failure is its own, with sh the last one's (jq's) is."""
    bash = shutil.which("bash")
    shell = [bash, "-o", "pipefail", "-c"] if bash else ["/bin/sh", "-c"]
    # kubectl 1.24 keeps its memory at home, whatever KUBECACHEDIR says.
    env = environment(kubeconfig, version) | {"HOME": str(kubeconfig.parent)}
    return subprocess.run([*shell, command], capture_output=True, text=True, check=False, env=env)

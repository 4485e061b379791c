# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who has Ansible, kubectl, a kubeconfig and an empty home directory, and types what a page shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cluster import ControlPlane, tools, workloads as w
from tests.integration.support import OLD, REPO

# Long enough for an estimate in check mode, as on ECI.
START = {"test.ackops/ready-delay": "2s"}
_OURS = ("ANSIBLE_", "K8S_AUTH_", "KUBE", "PYTHONPATH", "XDG_")


def old_pods(cluster: ControlPlane, namespace: str) -> None:
    """Three old pods of two workloads, for somebody to find."""
    w.ensure_namespace(cluster.api, namespace)
    w.apply(
        cluster.api,
        w.workload("Deployment", namespace, "web", replicas=2, annotations=START),
        w.workload("StatefulSet", namespace, "db", annotations=START),
    )
    pods = [*w.wait_ready(cluster.api, namespace, "web", 2), *w.wait_ready(cluster.api, namespace, "db", 1)]
    w.age(cluster.api, pods, OLD)


def typed(command: str, kubeconfig: Path, home: Path) -> str:
    """What a command prints. It must succeed; no setting of the tests, and no other copy of the collection, has a part in it."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith(_OURS)}
    environ |= {
        "ANSIBLE_CONFIG": str(REPO / "tests" / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
        "PATH": f"{Path(sys.executable).parent}:{tools.kubectl('1.24').parent}:{environ['PATH']}",
        "PIP_NO_INDEX": "1",
    }
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=False, env=environ, cwd=home, timeout=300
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout

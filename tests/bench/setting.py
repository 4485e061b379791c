# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every part of the benchmark is given, and the rows that it hands back."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import urllib3
import yaml

from tests.cluster import ControlPlane, tools
from tests.dev.paths import REPO

TARGETS = {"1.24": "1.26", "1.26": "1.28", "1.31": "1.32"}
# The built-in matrix ends at 1.31; an upgrade from there needs the user's word.
MATRIX = {"1.1.0": ">=1.12"}


@dataclass
class Row:
    """One thing measured: what did it, on how much, and what each run took."""

    part: str
    version: str
    who: str
    pods: int = 0
    share: int = 0
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # processor seconds of the run's own processes
    server_cpu: list[float] = field(default_factory=list)  # and of API server and etcd meanwhile
    peak_mb: float = 0.0
    more: dict[str, float] = field(default_factory=dict)
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 1))  # of the machine, as it began


@dataclass(frozen=True)
class Access:
    """Where an API server is, and the files that an administrator needs."""

    server: str
    ca_file: Path
    cert: Path
    key: Path

    @classmethod
    def of(cls, cluster: ControlPlane) -> Access:
        """A cluster's."""
        return cls(cluster.server, cluster.ca_file, cluster.directory / "admin.crt", cluster.directory / "admin.key")

    def pool(self, size: int = 8) -> urllib3.PoolManager:
        """Connections to it, so many at once."""
        return urllib3.PoolManager(
            ca_certs=str(self.ca_file), cert_file=str(self.cert), key_file=str(self.key), maxsize=size, block=True
        )


@dataclass(frozen=True)
class Setting:
    """How much is measured.

    ``patience``: who has taken so many seconds is not run again; ``heaviest`` is the largest cluster on which the k8s_info
    playbook is run at all.
    """

    output: Path
    versions: tuple[str, ...]
    sizes: tuple[int, ...]
    shares: tuple[int, ...]
    times: int
    patience: float
    heaviest: int
    recreated: int
    wide: tuple[int, int]
    rolled: int
    load_sizes: tuple[int, ...]
    contexts: int

    def elsewhere(self, name: str) -> Setting:
        """The same, with the output in a directory below."""
        return replace(self, output=self.output / name)

    def save(self, part: str, version: str, rows: Sequence[Row]) -> None:
        """Write the rows of a part as JSON, so that what was measured is kept even if the next part fails."""
        path = self.output / f"{part}-{version}.json"
        path.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")


def environment(cluster: ControlPlane, kubeconfig: Path | None = None) -> dict[str, str]:
    """The environment of a user whose current cluster this is; kubectl, jq and ansible-playbook are found in it."""
    ours = {
        "ANSIBLE_CONFIG": str(REPO / "tests" / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(cluster.directory),
        "KUBECONFIG": str(kubeconfig or cluster.kubeconfig),
        "K8S_AUTH_KUBECONFIG": str(kubeconfig or cluster.kubeconfig),
        "PYTHONWARNINGS": "ignore",
        "XDG_STATE_HOME": str(cluster.directory / "state"),
    }
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("K8S_AUTH_", "ANSIBLE_CALL"))}
    found = tools.environment(cluster.kubeconfig, cluster.version)
    return {**kept, **found, "PATH": f"{Path(sys.executable).parent}:{found['PATH']}", **ours}


def role_play(cluster: ControlPlane, entry: str, **variables: object) -> dict[str, Any]:
    """A play that enters the role, on the cluster of the environment."""
    role = {"ansible.builtin.include_role": {"name": "ackops.eci.eci_preflight", "tasks_from": entry}}
    ours = {"target_version": TARGETS[cluster.minor], "matrix": MATRIX, **variables}
    return {
        "hosts": "localhost",
        "vars": {f"eci_preflight_{name}": text for name, text in ours.items()},
        "tasks": [role],
    }


def write_playbook(directory: Path, name: str, plays: Sequence[Mapping[str, Any]]) -> list[str]:
    """The command that runs these plays."""
    path = directory / f"{name}.yml"
    path.write_text(yaml.safe_dump([{"gather_facts": False, **play} for play in plays]), encoding="utf-8")
    return ["ansible-playbook", str(path)]


def say(text: str) -> None:
    """Tell what goes on."""
    print(f"[bench] {text}", flush=True)

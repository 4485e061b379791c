# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a mesh of execution nodes: a job goes out as a stream, runs where only Python and the stream are, and comes back."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ControlPlane
from tests.cluster.doors import Doors
from tests.integration.fleets import fleet_kubeconfig, source_of
from tests.integration.runner import IDENT, artifacts, data_dir
from tests.integration.support import PREFLIGHT, REPO, environment

COLLECTIONS = Path("project", "collections")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as it is published."""
    place = tmp_path_factory.mktemp("artifact")
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(place), str(REPO)]
    subprocess.run(command, check=True, capture_output=True, env=environment(None, place), cwd=place)
    (built,) = place.glob("*.tar.gz")
    return built


def over_the_mesh(job: Path, node: Path, control: Path, home: Path) -> None:
    """``transmit | worker | process``; the node has no collection but what the stream brings (AWX mounts it the same way)."""
    env = {**environment(None, home), "ANSIBLE_COLLECTIONS_PATH": str(node / COLLECTIONS), "PYTHONPATH": ""}
    stream, back = home / "stream", home / "back"
    steps = (
        (["transmit", str(job), "-p", "play.yml", "--ident", IDENT], None, stream),
        (["worker", "--private-data-dir", str(node)], stream, back),
        (["process", str(control), "--ident", IDENT], back, home / "end"),
    )
    for arguments, source, goal in steps:
        with (source or Path("/dev/null")).open("rb") as stdin, goal.open("wb") as stdout:
            command = ["ansible-runner", *arguments]
            done = subprocess.run(
                command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=env, cwd=home, check=False
            )
        assert done.returncode == 0, (arguments, done.stderr.decode(), goal.read_text(errors="replace")[-3000:])


def slice_of(number: int, of: int, kubeconfig: Path, job: Path, artifact: Path) -> Path:
    """The job of one slice: its share of the hosts, the kubeconfig and the collection, all in its directory."""
    (job / COLLECTIONS).mkdir()
    install = [
        "ansible-galaxy",
        "collection",
        "install",
        "--force",
        "--offline",
        "--no-deps",
        "-p",
        str(job / COLLECTIONS),
    ]
    subprocess.run([*install, str(artifact)], check=True, capture_output=True, env=environment(None, job), cwd=job)
    (job / "project" / kubeconfig.name).write_bytes(kubeconfig.read_bytes())
    # AWX gives slice number n of m every m-th host.
    mine = [f"c{host}" for host in range(2) if host % of == number]
    source_of(job / "inventory" / kubeconfig.name, kubeconfigs=[f"../project/{kubeconfig.name}"], include=mine)
    return job


def test_slices_of_a_job_on_nodes_of_a_mesh(cluster: ControlPlane, artifact: Path, home: Path, tmp_path: Path) -> None:
    """Two slices run on two nodes from the stream alone, and what they hand back merges into one result for the fleet."""
    home.mkdir()
    merged: dict[str, Any] = {}
    # Addresses of one cluster, one in each slice: two of them in a job would be found out.
    with Doors([cluster.server] * 2) as doors:
        servers = {f"c{number}": (cluster, server) for number, server in enumerate(doors.servers)}
        kubeconfig = fleet_kubeconfig(tmp_path / "fleet.conf", servers)
        for number in range(2):
            variables = {"eci_preflight_target_version": "1.26"}
            job = data_dir(tmp_path / f"job-{number}", PREFLIGHT, variables, envvars={"ANSIBLE_NOCOLOR": "1"})
            slice_of(number, 2, kubeconfig, job, artifact)
            control = tmp_path / f"control-{number}"
            over_the_mesh(job, tmp_path / f"node-{number}", control, home)
            found = artifacts(control)
            assert len(found) == 1, found
            # As AWX does it: the artifacts of one job over those of the other.
            merged.update(found)
        assert set(merged) == {f"eci_preflight_result_c{number}" for number in range(2)}
        assert [merged[f"eci_preflight_result_c{number}"]["server"] for number in range(2)] == doors.servers
        assert all(result["ready"] for result in merged.values())

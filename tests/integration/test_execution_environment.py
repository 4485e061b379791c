# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job by ansible-runner, with what the execution environment has and nothing else, laid out as AWX lays it out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import ControlPlane, workloads as w
from tests.dev import artifact, envs
from tests.dev.paths import REPO
from tests.integration.support import NEW, OLD

# What these tests share is made once, for one worker.
pytestmark = pytest.mark.xdist_group("execution_environment")


@pytest.fixture(scope="module")
def image() -> Path:
    """An environment of the packages that execution-environment.yml pins."""
    try:
        return envs.ensure("ee")
    except envs.MissingPythonError as missing:
        pytest.skip(str(missing))


def collections(image: Path, folder: Path) -> Path:
    """The collection, from its artifact."""
    built = artifact.build(folder, "ee")
    place = folder / "collections"
    install = [str(image / "bin" / "ansible-galaxy"), "collection", "install", "--offline", "--force", str(built)]
    environment = {**os.environ, "PATH": f"{image / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": ""}
    subprocess.run([*install, "-p", str(place)], check=True, capture_output=True, env=environment)
    return place


def private_data(folder: Path, cluster: ControlPlane) -> Path:
    """What AWX gives to ansible-runner: the project, the inventory, the survey's answers, the credential's variables."""
    data = folder / "private"
    shutil.copytree(REPO / "playbooks" / "awx" / "project", data / "project")
    kubeconfig = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    kubeconfig["contexts"] = [{**kubeconfig["contexts"][0], "name": "shop-hangzhou"}]
    kubeconfig.pop("current-context")
    # What the inventory plugin left with kubeconfig_variable: false when the inventory was updated.
    found = {"eci_preflight_context": "shop-hangzhou"}
    files = {
        "inventory/found.yml": {"all": {"hosts": {"shop-hangzhou": found}}},
        "env/extravars": {
            "eci_preflight_target_version": "v1.26",
            "eci_preflight_record_root": f"{folder}/records",
            "eci_preflight_require_named_cluster": True,
        },
        "env/envvars": {"K8S_AUTH_KUBECONFIG": str(data / "kubeconfig")},
        "env/cmdline": "--limit shop-hangzhou",
        "kubeconfig": kubeconfig,
    }
    for name, content in files.items():
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    shutil.copy(REPO / "playbooks" / "awx" / "project" / "clusters.yml", data / "inventory")
    return data


def events(data: Path) -> list[dict[str, Any]]:
    """What AWX would store."""
    found = data.glob("artifacts/job/job_events/*.json")
    return sorted(
        (json.loads(path.read_text(encoding="utf-8")) for path in found), key=lambda event: int(event["counter"])
    )


def test_the_main_job(cluster: ControlPlane, namespace: str, image: Path, tmp_path: Path) -> None:
    """Old pods before, new ones after; the artifact says so; no event shows the kubeconfig."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "web", replicas=2))
    w.age(cluster.api, w.wait_ready(cluster.api, namespace, "web", 2), OLD)
    data = private_data(tmp_path, cluster)
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(collections(image, tmp_path)),
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{image / 'bin'}:/usr/bin:/bin",
    }
    done = subprocess.run(
        [str(image / "bin" / "ansible-runner"), "run", str(data), "--ident", "job", "-p", "preflight.yml"],
        capture_output=True, text=True, check=False, env=environment, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    pods = w.pods_of(cluster.api, namespace, "web")
    assert {pod["metadata"]["annotations"]["k8s.aliyun.com/eci-platform-version"] for pod in pods} == {NEW}
    last = events(data)[-1]
    assert last["event"] == "playbook_on_stats"
    result = last["event_data"]["artifact_data"]["eci_preflight_result_shop_hangzhou"]
    assert (result["ready"], len(result["recreated"])) == (True, 2)
    assert Path(result["ledger"]).is_relative_to(tmp_path / "records" / "shop-hangzhou")
    secret = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]
    shown = json.dumps(events(data)) + done.stdout
    assert [value for value in secret.values() if str(value) in shown] == []

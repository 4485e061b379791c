# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test cluster itself: that it behaves as ACK does where it matters, and that nothing of it stays behind."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import REAL_NODE, VIRTUAL_NODES, ControlPlane, binaries, tools, workloads as w
from tests.cluster.api import Api, ApiError
from tests.cluster.commands import troubles
from tests.cluster.nodes import TAINT
from tests.cluster.reaper import start_time
from tests.dev.paths import REPO, cache_root
from tests.integration.support import hearing_ctrl_c

CLI = (sys.executable, "-m", "tests.cluster")
# Prints where its cluster is and what runs for it, and never stops it.
OWNER = """
import json, time
from tests.cluster import ControlPlane
cluster = ControlPlane.start("1.24", name="orphan")
print(json.dumps([str(cluster.directory), cluster.pids]), flush=True)
time.sleep(600)
"""


def nothing_left(directory: str | Path, pids: dict[str, int]) -> bool:
    """Whether the directory and every process are gone."""
    return not Path(directory).exists() and not [pid for pid in pids.values() if start_time(pid)]


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of tests.cluster."""
    return subprocess.run([*CLI, *arguments], cwd=REPO, capture_output=True, text=True, check=False, timeout=120)


def evict(cluster: ControlPlane, pod: w.Manifest) -> None:
    """Evict a pod by the API."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"namespace": namespace, "name": name}}
    cluster.api.request("POST", w.path_of("Pod", namespace, name) + "/eviction", body)


def uids(pods: list[w.Manifest]) -> dict[str, str]:
    """UIDs by name."""
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods}


def test_it_gives_its_version_as_ack_does(cluster: ControlPlane) -> None:
    """With Alibaba Cloud's suffix."""
    told = cluster.api.request("GET", "/version")
    assert (told["gitVersion"], told["major"], told["minor"]) == ("v1.24.17-aliyun.1", "1", "24")


def test_its_nodes_are_ready_and_the_virtual_ones_marked(cluster: ControlPlane) -> None:
    """Label and taint as on ACK."""
    nodes = {node["metadata"]["name"]: node for node in cluster.api.list("/api/v1/nodes")}
    assert {*VIRTUAL_NODES, REAL_NODE} <= set(nodes)
    assert all(w.is_ready(node) for node in nodes.values())
    for name in VIRTUAL_NODES:
        assert nodes[name]["metadata"]["labels"]["type"] == "virtual-kubelet"
        assert nodes[name]["spec"]["taints"] == [TAINT]
    assert "taints" not in nodes[REAL_NODE]["spec"]


def test_pods_on_virtual_nodes_become_eci_pods(cluster: ControlPlane, namespace: str) -> None:
    """They get the two annotations, and become Ready; those on a real node get none."""
    w.apply(
        cluster.api, w.workload("Deployment", namespace, "eci", replicas=2), w.bare_pod(namespace, "real", node="real")
    )
    for pod in w.wait_ready(cluster.api, namespace, "eci", 2):
        assert pod["spec"]["nodeName"] in VIRTUAL_NODES
        assert pod["metadata"]["annotations"][w.INSTANCE_ID].startswith("eci-")
        assert pod["metadata"]["annotations"][w.PLATFORM_VERSION] == "1.1.0"
    (real,) = w.wait_ready(cluster.api, namespace, "real", 1)
    assert real["spec"]["nodeName"] == REAL_NODE
    assert "annotations" not in real["metadata"]


def test_acs_pods_are_no_eci_pods(cluster: ControlPlane, namespace: str) -> None:
    """They sit on the same nodes and have an acs id alone."""
    w.apply(cluster.api, w.bare_pod(namespace, "acs", labels={"alibabacloud.com/acs": "true"}))
    (pod,) = w.wait_ready(cluster.api, namespace, "acs", 1)
    assert pod["spec"]["nodeName"] in VIRTUAL_NODES
    assert list(pod["metadata"]["annotations"]) == ["alibabacloud.com/instance-id"]
    assert pod["metadata"]["annotations"]["alibabacloud.com/instance-id"].startswith("acs-")


def test_becoming_ready_keeps_the_conditions_of_others(cluster: ControlPlane, namespace: str) -> None:
    """DisruptionTarget, which the API server sets, is not wiped out by the kubelet."""
    w.apply(cluster.api, w.bare_pod(namespace, "pod", annotations={"test.ackops/ready-delay": "1s"}))
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    path, body = w.path_of("Pod", namespace, "pod") + "/status", {"status": {"conditions": [condition]}}
    cluster.api.request("PATCH", path, body, content_type="application/strategic-merge-patch+json")
    (pod,) = w.wait_ready(cluster.api, namespace, "pod", 1)
    conditions = {entry["type"]: entry["status"] for entry in pod["status"]["conditions"]}
    assert conditions["DisruptionTarget"] == conditions["ContainerInstanceCreated"] == conditions["Ready"] == "True"


def test_a_namesake_that_comes_at_once_stays(cluster: ControlPlane, namespace: str) -> None:
    """Kwok deletes by name, where a kubelet names the UID: it must not delete what was made again under the name meanwhile."""
    again = {f"pod-{number}": w.bare_pod(namespace, f"pod-{number}") for number in range(20)}
    w.apply(cluster.api, *again.values())
    w.wait_for(lambda: all(map(w.is_ready, w.pods_of(cluster.api, namespace))), "the first ones")
    made = {}
    for pod in w.pods_of(cluster.api, namespace):
        evict(cluster, pod)
        name = pod["metadata"]["name"]
        made[name] = cluster.api.request("POST", w.path_of("Pod", namespace), again[name])["metadata"]["uid"]
    w.wait_for(lambda: all(map(w.is_ready, w.pods_of(cluster.api, namespace))), "the second ones")
    assert uids(w.pods_of(cluster.api, namespace)) == made


def test_evictions_respect_budgets(cluster: ControlPlane, namespace: str) -> None:
    """429 while the budget has no room; without a budget the pod is replaced."""
    w.apply(cluster.api, w.workload("Deployment", namespace, "app", replicas=2))
    before = w.wait_ready(cluster.api, namespace, "app", 2)
    w.apply(cluster.api, w.budget(namespace, "all", "app", min_available=2))
    budget = w.path_of("PodDisruptionBudget", namespace, "all")
    w.wait_for(lambda: cluster.api.request("GET", budget)["status"].get("currentHealthy") == 2, "the budget's count")
    with pytest.raises(ApiError, match="disruption budget") as refused:
        evict(cluster, before[0])
    assert refused.value.status == 429
    assert uids(w.pods_of(cluster.api, namespace, "app")) == uids(before)
    cluster.api.request("DELETE", budget)
    evict(cluster, before[0])
    gone = before[0]["metadata"]["name"]
    w.wait_for(lambda: gone not in uids(w.pods_of(cluster.api, namespace, "app")), f"the end of {gone}")
    assert before[1]["metadata"]["uid"] in uids(w.wait_ready(cluster.api, namespace, "app", 2)).values()


def test_tokens_expire_and_give_no_rights_of_themselves(cluster: ControlPlane, namespace: str) -> None:
    """401 and 403 are different things, and real."""

    def status(seconds: float) -> int:
        token = cluster.token(namespace, "nobody", seconds)
        with pytest.raises(ApiError) as refused:
            Api(cluster.server, cluster.ca_file, token=token).list("/api/v1/pods")
        return refused.value.status

    assert (status(-600), status(600)) == (401, 403)


@pytest.fixture(params=["tools on PATH", "tools of our own"])
def _tools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With kubectl and jq wherever they are, and with a PATH that has neither."""
    if request.param == "tools of our own":
        for shell in ("sh", "bash"):
            if found := shutil.which(shell):
                (tmp_path / shell).symlink_to(found)
        monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("_tools")
def test_the_seed_stops_at_an_unscheduled_pod(cluster: ControlPlane, namespace: str) -> None:
    """It prints what comes before that pod and fails; repaired, it lists them all."""
    for name in ("a", "z"):
        w.apply(cluster.api, w.bare_pod(namespace, name))
        w.age(cluster.api, w.wait_ready(cluster.api, namespace, name, 1), "1.0.0")
    first, second = tools.seed_commands()
    assert listed(first, cluster, namespace) == (0, ["a,1.0.0", "z,1.0.0"], "")
    w.apply(cluster.api, w.bare_pod(namespace, "m", node="nowhere"))
    for command in (first, second):
        code, lines, errors = listed(command, cluster, namespace)
        assert (code, lines) == (5, ["a,1.0.0"])
        assert "startswith() requires string inputs" in errors
        assert listed(tools.repaired(command), cluster, namespace) == (0, ["a,1.0.0", "z,1.0.0"], "")


def listed(command: str, cluster: ControlPlane, namespace: str) -> tuple[int, list[str], str]:
    """Run a pipeline: its exit status, name and version of the pods that it lists in the namespace, and what it complains of."""
    done = tools.run_pipeline(command, cluster.kubeconfig, cluster.version)
    rows = [line.split(",") for line in done.stdout.splitlines()]
    return done.returncode, [f"{row[1]},{row[2]}" for row in rows if row[0] == namespace], done.stderr


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize(
    ("program", "text", "code", "output", "complaint"),
    [
        (".[]", '["ä", 1, {"b": []}]', 0, 'ä\n1\n{\n  "b": []\n}\n', ""),
        ('.[] | select(startswith("a"))', '["ab", "b", null, "ac"]', 5, "ab\n", "jq: error"),
        (".[", "[]", 3, "", "compile error"),
    ],
)
def test_our_jq_is_like_the_real_one(program: str, text: str, code: int, output: str, complaint: str) -> None:
    """Outputs before a failure, and the exit status."""
    done = subprocess.run([str(tools.jq()), "-r", program], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, output)
    assert complaint in done.stderr


def test_a_second_cluster_lives_beside_the_first_is_upgraded_and_leaves_nothing(
    cluster: ControlPlane, namespace: str
) -> None:
    """Both have their own pods; the upgrade is a real one, and the pods live through it."""
    with ControlPlane.start("1.24", name="second") as second:
        w.apply(cluster.api, w.bare_pod(namespace, "first"))
        w.apply(
            second.api,
            w.workload("StatefulSet", namespace, "app", replicas=2),
            w.workload("Deployment", namespace, "web"),
        )
        w.wait_ready(second.api, namespace, "app", 2)
        w.wait_ready(second.api, namespace, "web", 1)
        assert list(uids(w.pods_of(cluster.api, namespace))) == ["first"]
        before, old = uids(w.pods_of(second.api, namespace)), second.pids
        assert len(before) == 3

        second.upgrade("1.26")
        assert second.api.request("GET", "/version")["gitVersion"] == "v1.26.3-aliyun.1"
        assert [name for name, pid in second.pids.items() if old[name] == pid] == ["etcd", "reaper"]
        second.wait_ready_nodes()
        assert uids(w.pods_of(second.api, namespace)) == before
        # Everything works on: the controllers, the scheduler and the kubelets.
        w.apply(second.api, w.workload("Deployment", namespace, "late"))
        w.wait_ready(second.api, namespace, "late", 1)
        assert uids(w.pods_of(second.api, namespace)).items() >= before.items()
        pids = second.pids
    assert len(pids) == 6
    assert nothing_left(second.directory, {**pids, **{f"old {name}": pid for name, pid in old.items()}})
    assert cluster.api.request("GET", "/readyz")["text"] == "ok"


def test_nothing_is_left_of_a_cluster_whose_owner_is_killed() -> None:
    """Nobody can clear up after SIGKILL but the reaper."""
    with subprocess.Popen([sys.executable, "-c", OWNER], cwd=REPO, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        directory, pids = json.loads(owner.stdout.readline())
        assert all(start_time(pid) for pid in pids.values())
        owner.kill()
    w.wait_for(lambda: nothing_left(directory, pids), f"the end of {directory} and {pids}", 15)


@pytest.fixture
def kept() -> Iterator[str]:
    """The name of a cluster that the command line may start; stopped afterwards if the test has not."""
    name = f"test-{os.getpid()}"
    yield name
    cli("down", "--name", name)


def test_the_command_line_keeps_a_cluster(kept: str) -> None:
    """From up to down, which leaves nothing."""
    up = cli("up", "--name", kept)
    assert (up.returncode, up.stderr) == (0, "")
    state = cache_root() / "clusters" / f"{kept}.json"
    known = json.loads(state.read_text(encoding="utf-8"))
    assert cli("kubeconfig", "--name", kept).stdout == known["kubeconfig"] + "\n"
    assert f"{kept}  1.24.17  {known['server']}" in cli("list").stdout
    again = cli("up", "--name", kept)
    assert (again.returncode, again.stderr) == (1, f"tests.cluster: the cluster '{kept}' is up already\n")

    there = ("--name", kept, "--namespace", "shop")
    assert cli("workload", "deployment", "web", *there, "--replicas", "2").returncode == 0
    assert cli("workload", "Pod", "stuck", *there, "--trouble", "no-stock").returncode == 0
    aged = cli("age", *there, "--version", "1.0.0", "--app", "web", "--count", "1").stdout.split()
    assert cli("age", *there, "--version", "missing", "--app", "stuck").returncode == 1
    path = Path(known["directory"])
    api = Api(known["server"], path / "pki" / "ca.crt", path / "admin.crt", path / "admin.key")
    pods = w.wait_ready(api, "shop", "web", 2)
    versions = [pod["metadata"]["annotations"][w.PLATFORM_VERSION] for pod in pods]
    assert (aged, versions) == ([f"shop/{pods[0]['metadata']['name']}"], ["1.0.0", "1.1.0"])

    assert cli("down", "--name", kept).returncode == 0
    assert kept not in cli("list").stdout
    assert not state.exists()
    assert nothing_left(path, {**known["pids"], "keeper": known["keeper"]})
    down = cli("down", "--name", kept)
    assert (down.returncode, down.stderr.count("\n")) == (1, 1)


def test_the_command_line_clears_up_when_it_is_interrupted() -> None:
    """Ctrl-C ends the command and its cluster."""
    show = "import os, time; print(os.environ['KUBECONFIG'], flush=True); time.sleep(600)"
    command = [*CLI, "run", "--version", "1.24", "--", sys.executable, "-c", show]
    with hearing_ctrl_c():
        process = subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True, start_new_session=True)
    with process as run:
        assert run.stdout is not None
        kubeconfig = Path(run.stdout.readline().strip())
        assert kubeconfig.exists()
        # As the terminal does: to the whole foreground.
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(30) == 130
    assert not kubeconfig.parent.exists()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("up --version 1.2", f"'1.2' is not one of {', '.join(binaries.KUBERNETES)}"),
        ("up --name ../x", "'../x' is not a name"),
        ("kubeconfig --name nobody", "there is no cluster 'nobody'"),
        ("run --version 1.24", "takes a command to run after --"),
        ("age --version 1.0.0 --count many", "'many' is not a number"),
        ("workload Deployment x --trouble none", f"choose from {', '.join(map(repr, troubles()))}"),
    ],
)
def test_the_command_line_says_in_one_line_what_is_wrong(line: str, complaint: str) -> None:
    """No traceback, no usage."""
    done = cli(*shlex.split(line))
    assert done.returncode in (1, 2)
    assert done.stderr.count("\n") == 1
    assert complaint in done.stderr
    assert done.stdout == ""

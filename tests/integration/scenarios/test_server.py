# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server and the network."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import workloads as w
from tests.cluster.api import Api, ApiError
from tests.cluster.proxy import Proxy
from tests.cluster.webhook import Webhook
from tests.integration.access import EVERYTHING, RBAC, Right, bind, kubeconfig_of, made_anew, shipped, without
from tests.integration.scenarios.module_run import run_module
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import OLD

FLOW = "/apis/flowcontrol.apiserver.k8s.io/v1beta2"


# The server allows for clocks that differ by a minute, and remembers a token for 10 s: this one is refused after 10 s.
SOON = -54.0


def test_the_api_server_restarts(scenario: Scenario) -> None:
    """kube-apiserver restarts during a run: the run continues."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=3, annotations={"test.ackops/ready-delay": "1s"}), 3)
    before = {pod["metadata"]["uid"] for pod in pods}

    def restart() -> None:
        scenario.wait_ledger("removed")
        scenario.cluster.apiserver.restart()

    scenario.happens("kube-apiserver is restarted after the first eviction.")
    with scenario.meanwhile(restart):
        run = scenario.recreate(pods, pod_timeout=120)
    assert run.code == 0, run.told
    assert scenario.uids("web").isdisjoint(before)
    assert len(w.wait_ready(scenario.api, scenario.namespace, "web", 3)) == 3


def test_etcd_stands_still(scenario: Scenario) -> None:
    """Etcd does not answer for 10 seconds during a run: the run waits."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations={"test.ackops/ready-delay": "1s"}), 2)

    def pause() -> None:
        scenario.wait_ledger("removed")
        scenario.cluster.etcd.pause()
        try:
            time.sleep(10)
        finally:
            scenario.cluster.etcd.resume()

    scenario.happens("etcd is stopped (SIGSTOP) for 10 seconds after the first eviction.")
    with scenario.meanwhile(pause):
        run = scenario.recreate(pods, pod_timeout=120)
    assert run.code == 0, run.told
    assert run.seconds > 10
    w.wait_for(lambda: scenario.api.request("GET", "/readyz").get("text") == "ok", "the server")
    assert len(w.wait_ready(scenario.api, scenario.namespace, "web", 2)) == 2


def test_the_connection_is_cut(scenario: Scenario) -> None:
    """All connections are cut while the run watches replacements, as by a load balancer: it starts new watches."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations={"test.ackops/ready-delay": "2s"}), 2)
    with Proxy(scenario.cluster.server) as proxy:
        path = scenario.home / "proxy.kubeconfig"
        scenario.home.mkdir(parents=True, exist_ok=True)
        scenario.cluster.write_kubeconfig(path, user="admin", groups=["system:masters"], server=proxy.server)
        running = scenario.start(pods, kubeconfig=path, pod_timeout=60)
        cuts = 0
        for count in (1, 2):
            scenario.wait_ledger("removed", count)
            time.sleep(0.5)
            cuts += proxy.cut()
        scenario.happens("The network closes all connections, twice.")
        run = scenario.note(running.wait())
    assert cuts >= 2
    assert run.code == 0, run.told
    assert set(run.outcomes.values()) == {"recreated"}


def test_the_network_swallows_everything(scenario: Scenario) -> None:
    """A watch goes silent without being closed, as behind some firewalls: the run gives it up in time and starts another."""
    pods = scenario.aged(scenario.workload("Deployment", annotations={"test.ackops/ready-delay": "2s"}))
    with Proxy(scenario.cluster.server) as proxy:
        path = scenario.home / "proxy.kubeconfig"
        scenario.home.mkdir(parents=True, exist_ok=True)
        scenario.cluster.write_kubeconfig(path, user="admin", groups=["system:masters"], server=proxy.server)
        running = scenario.start(pods, kubeconfig=path, pod_timeout=90)
        scenario.wait_ledger("removed")
        proxy.hold()
        time.sleep(6)
        proxy.cut()
        proxy.release()
        scenario.happens("For 6 seconds nothing of what the server says arrives; then the connections are gone.")
        run = scenario.note(running.wait())
    assert run.code == 0, run.told


@contextlib.contextmanager
def crowded(scenario: Scenario, account: str) -> Iterator[Callable[[], None]]:
    """Priority-and-fairness has no seat left for that account; calling what is yielded sets it free."""
    level = {
        "metadata": {"name": f"test-{account}"},
        "spec": {"type": "Limited", "limited": {"assuredConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}},
    }
    subject = {"kind": "ServiceAccount", "serviceAccount": {"namespace": "default", "name": account}}
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"], "namespaces": ["*"], "clusterScope": True}
    schema = {
        "metadata": {"name": f"test-{account}"},
        "spec": {
            "matchingPrecedence": 50,
            "distinguisherMethod": {"type": "ByUser"},
            "priorityLevelConfiguration": {"name": f"test-{account}"},
            "rules": [{"subjects": [subject], "resourceRules": [rule]}],
        },
    }
    made_anew(scenario.api, f"{FLOW}/prioritylevelconfigurations", level)
    made_anew(scenario.api, f"{FLOW}/flowschemas", schema)
    leave = threading.Event()

    def think(_request: dict[str, Any]) -> str:
        leave.wait(25)
        return ""

    token = scenario.cluster.token("default", account)
    path = f"/api/v1/namespaces/{scenario.namespace}/configmaps"

    def occupy(number: int) -> None:
        client = Api(scenario.cluster.server, scenario.cluster.ca_file, token=token)
        with contextlib.suppress(ApiError):
            client.request("POST", path, {"metadata": {"name": f"seat-{number}"}}, query={"dryRun": "All"})

    with Webhook(scenario.cluster, scenario.namespace, [], think):
        try:
            threads = [threading.Thread(target=occupy, args=(number,)) for number in range(24)]
            for thread in threads:
                thread.start()
            client = Api(scenario.cluster.server, scenario.cluster.ca_file, token=token)
            w.wait_for(lambda: _is_throttled(client), "the end of the seats", 20)
            yield leave.set
        finally:
            leave.set()
            for thread in threads:
                thread.join()
            scenario.api.request("DELETE", f"{FLOW}/flowschemas/test-{account}")
            scenario.api.request("DELETE", f"{FLOW}/prioritylevelconfigurations/test-{account}")


def _is_throttled(client: Api) -> bool:
    try:
        client.list("/api/v1/nodes")
    except ApiError as error:
        return error.status == 429
    return False


def test_the_server_throttles(scenario: Scenario) -> None:
    """API Priority and Fairness answers 429: that is not a budget; the run respects Retry-After and continues."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations={"test.ackops/ready-delay": "2s"}), 2)
    path = kubeconfig_of(scenario.cluster, "crowd", EVERYTHING, scenario.home)
    running = scenario.start(pods, kubeconfig=path, pod_timeout=60)
    scenario.wait_ledger("removed")
    scenario.happens("After the first eviction the server has no seat left for this user, for 4 seconds.")
    with crowded(scenario, "crowd") as free:
        time.sleep(4)
        assert running.running
        free()
    run = scenario.note(running.wait())
    assert run.code == 0, run.told
    assert set(run.outcomes.values()) == {"recreated"}


def test_the_list_expires_while_it_is_read(scenario: Scenario) -> None:
    """The snapshot of a scan expires between two pages (410): the list is read again from the start, never cut short."""
    # So large that the answer to the first request, which holds one pod, can be told from those before it.
    noise = secrets.token_hex(100_000)
    for number in range(3):
        scenario.apply(w.bare_pod(scenario.namespace, f"p-{number}", node="nowhere", annotations={"noise": noise}))
    scenario.aged(scenario.workload("Deployment"))
    with Proxy(scenario.cluster.server) as proxy:
        path = scenario.home / "proxy.kubeconfig"
        scenario.home.mkdir(parents=True, exist_ok=True)
        scenario.cluster.write_kubeconfig(path, user="admin", groups=["system:masters"], server=proxy.server)
        proxy.hold(after=60_000)

        def compact() -> None:
            assert proxy.held.wait(30), "no answer was as large as that"
            # Something must have been written after the first request.
            scenario.apply(w.bare_pod(scenario.namespace, "late", node="nowhere"))
            scenario.cluster.compact()
            proxy.release()

        scenario.happens("A pod is created and etcd compacted between the first request of a scan and the second.")
        with scenario.meanwhile(compact):
            facts = run_module("eci_pod_facts", {}, path, scenario.home)
    assert facts.code == 0, facts.result
    counts = facts.result["ansible_facts"]["eci_cluster"]["counts"]
    scenario.shows("The scan is whole.", f"{counts['eci']} ECI pod, {counts['unscheduled']} without a node")
    assert (counts["eci"], counts["unscheduled"]) == (1, 4)


PLUGIN = """\
#!/bin/sh
cd "$(dirname "$0")" || exit
echo asked >> asked
asked=$(wc -l < asked)
[ "$asked" -lt {last} ] || asked={last}
until [ -e "token-$asked" ]; do sleep 0.05; done
cat "token-$asked"
"""
EXEC = "client.authentication.k8s.io/v1"


@contextlib.contextmanager
def exec_kubeconfig(scenario: Scenario, account: str, lives: list[float]) -> Iterator[Path]:
    """A kubeconfig whose exec plugin gives tokens that live so long, each from when it is asked for, and the last one again and again.

    All of them must have been asked for in the end.
    """
    directory = scenario.home / "plugin"
    directory.mkdir(parents=True)
    asked, program = directory / "asked", directory / "plugin.sh"
    program.write_text(PLUGIN.format(last=len(lives)), encoding="utf-8")
    program.chmod(0o700)
    path = scenario.cluster.write_kubeconfig(directory / "kubeconfig", token="x")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    plugin = {"apiVersion": EXEC, "command": str(program), "interactiveMode": "Never"}
    document["users"][0]["user"] = {"exec": plugin}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")

    def times_asked() -> int:
        return len(asked.read_text(encoding="utf-8").splitlines()) if asked.exists() else 0

    def issue() -> None:
        for number, seconds in enumerate(lives, 1):
            w.wait_for(lambda: times_asked() >= number, f"the request for token {number}", 60)  # noqa: B023  called at once
            status = {"token": scenario.cluster.token("default", account, seconds)}
            written = directory / "written"
            written.write_text(
                json.dumps({"apiVersion": EXEC, "kind": "ExecCredential", "status": status}), encoding="utf-8"
            )
            written.rename(directory / f"token-{number}")

    with scenario.meanwhile(issue):
        yield path


@pytest.mark.compat
def test_a_token_expires(scenario: Scenario) -> None:
    """The token expires during a run, and the exec plugin provides a new one: the run continues."""
    bind(scenario.cluster, "short", EVERYTHING)
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations={"test.ackops/ready-delay": "9s"}), 2)
    scenario.happens("The first token expires after some seconds, the second one lives an hour.")
    with exec_kubeconfig(scenario, "short", [SOON, 3600]) as path:
        run = scenario.recreate(pods, kubeconfig=path, pod_timeout=60)
    assert run.code == 0, run.told
    assert set(run.outcomes.values()) == {"recreated"}


def test_a_token_expires_for_good(scenario: Scenario) -> None:
    """The token expires during a run, and there is no other: the message says so, and how to continue."""
    bind(scenario.cluster, "short", EVERYTHING)
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations={"test.ackops/ready-delay": "14s"}), 2)
    with exec_kubeconfig(scenario, "short", [SOON]) as path:
        run = scenario.recreate(pods, kubeconfig=path, pod_timeout=60)
    assert run.code == 1
    assert "401" in run.message
    assert "renew the token" in run.message
    assert sorted(run.outcomes.values()) == ["failed", "not_started"]
    assert scenario.events().count("removed") == 1


def test_no_right_to_evict(scenario: Scenario) -> None:
    """A user who may do everything but evict (ACK's preset role cs:ops): nothing is touched, and the message names the right."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    rules = without(shipped(), Right("", "pods/eviction", "create"))
    path = kubeconfig_of(scenario.cluster, "ops", rules, scenario.home)
    check = scenario.recreate(pods, check=True, kubeconfig=path)
    run = scenario.recreate(pods, kubeconfig=path)
    for done in (check, run):
        assert done.code == 1
        assert set(done.outcomes.values()) == {"set_aside"}, done.told
        assert 'cannot create resource "pods/eviction"' in done.message
        assert "docs/rbac" in done.message
    assert "removing" not in scenario.events()
    assert scenario.uids("web") == {pod["metadata"]["uid"] for pod in pods}


def test_no_right_to_watch(scenario: Scenario) -> None:
    """A user without the right to watch pods, or to write the Lease: named before the first removal, and in check mode."""
    pods = scenario.aged(scenario.workload("Deployment"))
    for right in (Right("", "pods", "watch"), Right("coordination.k8s.io", "leases", "update")):
        scenario.happens(f"Without the right to {right}")
        path = kubeconfig_of(scenario.cluster, "less", without(shipped(), right), scenario.home)
        for check in (True, False):
            run = scenario.recreate(pods, check=check, kubeconfig=path)
            assert run.code == 1, run.told
            assert f'cannot {right.verb} resource "{right.resource}"' in run.message
    assert scenario.uids("web") == {pods[0]["metadata"]["uid"]}
    assert "removing" not in scenario.events()


def test_no_right_in_one_namespace(scenario: Scenario) -> None:
    """A user who may evict in one namespace only: its pods are recreated, those of the other are set aside with the right."""
    other = f"{scenario.namespace}-other"
    kept = w.workload("Deployment", other, "web")
    scenario.apply(kept)
    pods = scenario.aged(scenario.workload("Deployment")) + w.wait_ready(scenario.api, other, "web", 1)
    w.age(scenario.api, pods, OLD)
    evict = Right("", "pods/eviction", "create")
    path = kubeconfig_of(scenario.cluster, "tenant", without(shipped(), evict), scenario.home)
    rule = {"apiGroups": [evict.group], "resources": [evict.resource], "verbs": [evict.verb]}
    rbac = f"{RBAC}/namespaces/{scenario.namespace}"
    made_anew(scenario.api, f"{rbac}/roles", {"metadata": {"name": "tenant"}, "rules": [rule]})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"}
    subject = {"kind": "ServiceAccount", "namespace": "default", "name": "tenant"}
    binding = {"metadata": {"name": "tenant"}, "roleRef": reference, "subjects": [subject]}
    made_anew(scenario.api, f"{rbac}/rolebindings", binding)
    time.sleep(1)  # the server's own copy of the bindings is a moment behind
    run = scenario.recreate(pods, kubeconfig=path, pod_timeout=30)
    w.clear(scenario.api, other)
    assert run.code == 1
    outcomes = {pod["namespace"]: pod["outcome"] for pod in run.result["pods"]}
    assert outcomes == {scenario.namespace: "recreated", other: "set_aside"}, run.told
    assert 'cannot create resource "pods/eviction"' in run.message


def test_the_server_is_away(scenario: Scenario) -> None:
    """The server cannot be reached at all: nothing is started, and the message names the address."""
    pods = scenario.aged(scenario.workload("Deployment"))
    path = scenario.home / "nowhere.kubeconfig"
    scenario.home.mkdir(parents=True, exist_ok=True)
    scenario.cluster.write_kubeconfig(path, token="t", server="https://127.0.0.1:9")
    run = scenario.recreate(pods, kubeconfig=path)
    assert run.code == 1
    assert "https://127.0.0.1:9" in run.message
    assert "bastion" in run.message

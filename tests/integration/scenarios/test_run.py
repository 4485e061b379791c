# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster import workloads as w
from tests.cluster.proxy import Proxy
from tests.cluster.webhook import Webhook
from tests.integration.scenarios.module_run import StartedModule
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import NEW, OLD, PREFLIGHT, REPO, environment

SLOW = {"test.ackops/ready-delay": "3s"}


def uid_of(pod: w.Manifest) -> str:
    """A pod's UID."""
    return str(pod["metadata"]["uid"])


def most_in_flight(events: list[dict[str, Any]]) -> int:
    """How many pods were between their removal and their end at once."""
    flying = most = 0
    for entry in events:
        flying += (entry["event"] == "removing") - (entry["event"] in ("finished", "failed"))
        most = max(most, flying)
    return most


def kill(scenario: Scenario, running: StartedModule, when: str) -> None:
    """SIGKILL to the process that the ledger names as the run's."""
    pids = [entry["pid"] for entry in scenario.ledger() if entry["event"] == "started"]
    assert pids[-1:] == [running.pid], scenario.ledger()
    os.kill(running.pid, signal.SIGKILL)
    running.process.wait()
    scenario.happens(f"The run is killed (SIGKILL) {when}.")


# -- killed, and run again -----------------------------------------------------------------------------------------


def test_killed_before_an_eviction(scenario: Scenario) -> None:
    """Killed before the server accepted an eviction: the pod lives on, and the next run does the whole job."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    scenario.budget("keep-both", "web", 2)
    running = scenario.start(pods)
    scenario.wait_ledger("removing")
    kill(scenario, running, "while a budget makes it wait")
    assert scenario.uids("web") == {uid_of(pod) for pod in pods}
    scenario.patch("PodDisruptionBudget", "keep-both", {"spec": {"minAvailable": 1}})
    scenario.budget_counted("keep-both")
    run = scenario.recreate(pods)
    assert set(run.outcomes.values()) == {"recreated"}, run.told
    assert len(scenario.pods("web")) == 2


def test_killed_while_the_server_decides(scenario: Scenario) -> None:
    """Killed while the server decides on an eviction: after the next run no pod is missing and none is old."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    leave = threading.Event()

    def decide(_request: dict[str, Any]) -> str:
        leave.wait(20)
        return ""

    with Webhook(scenario.cluster, scenario.namespace, ["pods/eviction"], decide) as hook:
        running = scenario.start(pods)
        assert hook.asked.wait(20)
        kill(scenario, running, "while a webhook thinks about the eviction")
        leave.set()
        run = scenario.recreate(pods)
    assert run.code == 0, run.told
    assert len(w.wait_ready(scenario.api, scenario.namespace, "web", 2)) == 2
    assert scenario.uids("web").isdisjoint({uid_of(pod) for pod in pods})


@contextmanager
def evicted_without_an_answer(scenario: Scenario, pods: list[w.Manifest], **options: Any) -> Iterator[StartedModule]:
    """A run whose first eviction is carried out by the server, the answer to which is lost on its way."""
    with Proxy(scenario.cluster.server) as proxy:

        def decide(_request: dict[str, Any]) -> str:
            proxy.hold()
            return ""

        kubeconfig = scenario.home / "proxy.kubeconfig"
        scenario.home.mkdir(parents=True, exist_ok=True)
        scenario.cluster.write_kubeconfig(kubeconfig, user="admin", groups=["system:masters"], server=proxy.server)
        record_dir = str(scenario.home / "state" / "ackops-eci" / "one")
        with Webhook(scenario.cluster, scenario.namespace, ["pods/eviction"], decide):
            running = scenario.start(pods, kubeconfig=kubeconfig, record_dir=record_dir, **options)
            assert proxy.held.wait(30)
            left = {uid_of(pod) for pod in pods}
            w.wait_for(lambda: not left <= scenario.uids(), "the eviction")
        yield running


def test_killed_during_an_eviction(scenario: Scenario) -> None:
    """Killed after the server evicted the pod, before its answer arrived: the next run knows, and evicts none twice."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    with evicted_without_an_answer(scenario, pods) as running:
        kill(scenario, running, "before the server's answer to the first eviction arrives")
    assert [entry["event"] for entry in scenario.ledger() if entry.get("name")] == ["removing"]
    run = scenario.recreate(pods)
    assert sorted(run.outcomes.values()) == ["already_gone", "recreated"], run.told
    assert len(w.wait_ready(scenario.api, scenario.namespace, "web", 2)) == 2
    assert scenario.uids("web").isdisjoint({uid_of(pod) for pod in pods})


def test_killed_after_an_eviction(scenario: Scenario) -> None:
    """Killed while a replacement starts: the next run waits for that replacement and continues from there."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2, annotations=SLOW), 2)
    running = scenario.start(pods)
    scenario.wait_ledger("removed")
    kill(scenario, running, "while the first replacement starts")
    run = scenario.preflight()
    assert run.code == 0, run.text
    assert len(run.preflight["recreated"]) == 1
    assert len(w.wait_ready(scenario.api, scenario.namespace, "web", 2)) == 2
    assert scenario.uids("web").isdisjoint({uid_of(pod) for pod in pods})
    removed = [entry["uid"] for entry in scenario.ledger() if entry["event"] == "removed"]
    assert sorted(removed) == sorted(uid_of(pod) for pod in pods)


def test_killed_before_a_bare_pod_is_deleted(scenario: Scenario) -> None:
    """A bare pod (unmanaged: recreate), killed before its eviction: it lives on, and the next run recreates it."""
    pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely"))
    scenario.budget("keep", "lonely", 1)
    running = scenario.start(pods, unmanaged="recreate")
    scenario.wait_ledger("removing")
    kill(scenario, running, "while a budget makes it wait")
    assert scenario.uids("lonely") == {uid_of(pods[0])}
    scenario.delete("PodDisruptionBudget", "keep")
    run = scenario.recreate(pods, unmanaged="recreate")
    assert run.code == 0, run.told
    assert scenario.uids("lonely") == {run.result["pods"][-1]["new_uid"]}


def test_killed_while_a_bare_pod_is_deleted(scenario: Scenario) -> None:
    """A bare pod, killed after its eviction and before the answer arrived: it is gone, and the next run creates it again."""
    pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely", labels={"tier": "one"}))
    with evicted_without_an_answer(scenario, pods, unmanaged="recreate") as running:
        kill(scenario, running, "before the server's answer arrives")
    assert scenario.pods("lonely") == []
    directory = scenario.home / "state" / "ackops-eci" / "one"
    # The ledger belongs to the server, which the run above reached by another address.
    ledger = directory / "ledger.jsonl"
    text = ledger.read_text(encoding="utf-8")
    address = next(entry["server"] for entry in scenario.ledger() if "server" in entry)
    ledger.write_text(text.replace(address, scenario.cluster.server), encoding="utf-8")
    run = scenario.recreate(pods, unmanaged="recreate", record_dir=str(directory))
    assert run.code == 0, run.told
    assert w.wait_ready(scenario.api, scenario.namespace, "lonely", 1)[0]["metadata"]["labels"]["tier"] == "one"


def test_killed_while_a_bare_pod_ends(scenario: Scenario) -> None:
    """A bare pod, killed while the old one terminates: the next run waits until it is gone and creates it again."""
    manifest = w.bare_pod(
        scenario.namespace,
        "lonely",
        annotations={"test.ackops/delete-delay": "5s"},
        labels={"tier": "one"},
        terminationGracePeriodSeconds=60,
    )
    pods = scenario.aged(manifest)
    running = scenario.start(pods, unmanaged="recreate")
    scenario.wait_ledger("removed")
    kill(scenario, running, "while the old pod ends")
    assert "deletionTimestamp" in scenario.pods("lonely")[0]["metadata"]
    run = scenario.recreate(pods, unmanaged="recreate", pod_timeout=60)
    assert run.code == 0, run.told
    (new,) = w.wait_ready(scenario.api, scenario.namespace, "lonely", 1)
    assert uid_of(new) != uid_of(pods[0])
    assert new["metadata"]["labels"]["tier"] == "one"


def test_killed_after_a_bare_pod_is_gone(scenario: Scenario) -> None:
    """A bare pod, killed after it was gone and before it could be created (a quota): the next run creates it."""
    pods = scenario.aged(w.bare_pod(scenario.namespace, "lonely"))
    leave = threading.Event()

    def decide(_request: dict[str, Any]) -> str:
        leave.wait(20)
        return "not any more"

    with Webhook(scenario.cluster, scenario.namespace, ["pods"], decide) as hook:
        running = scenario.start(pods, unmanaged="recreate")
        assert hook.asked.wait(30)
        kill(scenario, running, "when the old pod is gone and the new one not yet created")
        leave.set()
    assert scenario.pods("lonely") == []
    run = scenario.recreate(pods, unmanaged="recreate")
    assert run.code == 0, run.told
    assert len(w.wait_ready(scenario.api, scenario.namespace, "lonely", 1)) == 1


# -- two at once, and interrupted ----------------------------------------------------------------------------------


def test_two_runs_at_once(scenario: Scenario) -> None:
    """Two runs on one cluster: the second fails at once, names the first and touches nothing."""
    pods = scenario.aged(scenario.workload("Deployment"))
    others = scenario.aged(scenario.workload("Deployment", "other"))
    scenario.budget("keep", "web", 1)
    first = scenario.start(pods, pod_timeout=120)
    started = scenario.wait_ledger("removing")
    scenario.happens("Another run is at work on the same cluster.")
    second = scenario.recreate(others)
    assert second.code == 1
    assert started["run"] in second.message, second.message
    assert "ackops-eci-preflight" in second.message
    assert scenario.uids("other") == {uid_of(others[0])}
    scenario.delete("PodDisruptionBudget", "keep")
    assert first.wait().code == 0
    scenario.happens("The first run has ended.")
    third = scenario.recreate(others)
    assert third.code == 0, third.told


def test_check_mode_beside_a_run(scenario: Scenario) -> None:
    """Check mode during a run: it takes no lease, and works."""
    pods = scenario.aged(scenario.workload("Deployment"))
    scenario.budget("keep", "web", 1)
    first = scenario.start(pods, pod_timeout=120)
    scenario.wait_ledger("removing")
    scenario.happens("Another run is at work on the same cluster.")
    check = scenario.recreate(pods, check=True)
    assert list(check.outcomes.values()) == ["blocked"]
    scenario.delete("PodDisruptionBudget", "keep")
    assert first.wait().code == 0


def stopped_in_the_middle(scenario: Scenario, old: list[w.Manifest], other: list[w.Manifest]) -> None:
    """One pod was taken, and no other; nothing is left behind that would hinder the next run."""
    assert scenario.events().count("removed") == 1
    assert len(scenario.uids("web") & {uid_of(pod) for pod in old}) == 2
    assert scenario.events()[-1] == "ended"
    again = scenario.recreate(other)
    assert again.code == 0, again.told


def test_told_to_stop(scenario: Scenario) -> None:
    """SIGTERM, as from a cancelled AWX job: no further pod is started, and the message says what was done."""
    other = scenario.aged(scenario.workload("Deployment", "other"))
    pods = scenario.aged(scenario.workload("StatefulSet", "web", replicas=3, updateStrategy={"type": "OnDelete"}), 3)
    scenario.next_pods_meet("web", ready_delay="10s")
    running = scenario.start(pods)
    scenario.wait_ledger("removed")
    scenario.happens("The module is told to stop (SIGTERM) while the first replacement starts.")
    asked = time.monotonic()
    os.kill(running.pid, signal.SIGTERM)
    run = scenario.note(running.wait(30))
    assert time.monotonic() - asked < 8
    assert run.code == 1, run.told
    assert [run.outcomes[name] for name in ("web-1", "web-0")] == ["not_started", "not_started"], run.told
    assert "again" in run.message
    stopped_in_the_middle(scenario, pods, other)


def test_interrupted_by_the_user(scenario: Scenario) -> None:
    """Ctrl-C on ansible-playbook: the module ends within seconds, starts no further pod, and the next run can begin."""
    pods = scenario.aged(scenario.workload("StatefulSet", "web", replicas=3, updateStrategy={"type": "OnDelete"}), 3)
    other = scenario.aged(scenario.workload("Deployment", "other"))
    w.age(scenario.api, other, NEW)
    scenario.next_pods_meet("web", ready_delay="10s")
    scenario.home.mkdir(parents=True, exist_ok=True)
    command = ["ansible-playbook", PREFLIGHT, "-e", "eci_preflight_target_version=1.26"]
    env = {**environment(scenario.kubeconfig, scenario.home), "ECI_RECORD": str(scenario.home / "record.jsonl")}
    # A job that a script starts in the background ignores SIGINT, and so would all that it starts; a terminal's does not.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    with (scenario.home / "output").open("w", encoding="utf-8") as stream:
        playbook = subprocess.Popen(
            command, stdout=stream, stderr=stream, env=env, cwd=REPO, start_new_session=True, stdin=subprocess.DEVNULL
        )
    signal.signal(signal.SIGINT, ours)
    pid = int(scenario.wait_ledger("started", seconds=60)["pid"])
    scenario.wait_ledger("removed")
    scenario.happens("The user presses Ctrl-C while the first replacement starts.")
    os.killpg(playbook.pid, signal.SIGINT)
    assert playbook.wait(30) != 0
    said = (scenario.home / "output").read_text(encoding="utf-8").strip().splitlines()
    scenario.shows("ansible-playbook ends.", said[-1])
    w.wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of the module", 10)
    w.age(scenario.api, other, OLD)
    stopped_in_the_middle(scenario, pods, other)


# -- budgets of failures and of time, and waves --------------------------------------------------------------------


def three_of_which_the_first_fails(scenario: Scenario) -> list[w.Manifest]:
    """Three workloads of one pod; the image of the first one's next pod cannot be pulled."""
    pods = []
    for name in ("a", "b", "c"):
        pods += scenario.aged(scenario.workload("StatefulSet", name, updateStrategy={"type": "OnDelete"}))
    scenario.next_pods_meet("a", trouble="image-pull")
    return pods


def test_the_first_failure_stops_the_run(scenario: Scenario) -> None:
    """One pod fails: no further pod is started."""
    run = scenario.recreate(three_of_which_the_first_fails(scenario), pod_timeout=3)
    assert run.outcomes == {"a-0": "failed", "b-0": "not_started", "c-0": "not_started"}, run.told
    assert "2 pod(s) were not touched" in run.message


def test_a_failure_budget(scenario: Scenario) -> None:
    """With max_failures: 1 one pod may fail and the others are still recreated; the task fails all the same."""
    run = scenario.recreate(three_of_which_the_first_fails(scenario), pod_timeout=3, max_failures=1)
    assert run.code == 1
    assert run.outcomes == {"a-0": "failed", "b-0": "recreated", "c-0": "recreated"}, run.told


def test_growing_waves(scenario: Scenario) -> None:
    """serial: [1, 5, "25%"] with eight workloads: first one, then five at the same time, then two."""
    annotations = {"test.ackops/ready-delay": "1500ms"}
    for number in range(8):
        scenario.apply(scenario.workload("ReplicaSet", f"web-{number}", annotations=annotations))
    pods = [w.wait_ready(scenario.api, scenario.namespace, f"web-{n}", 1)[0] for n in range(8)]
    w.age(scenario.api, pods, "1.0.0")
    run = scenario.recreate(pods, serial=[1, 5, "25%"])
    assert run.code == 0, run.told
    told = [entry for entry in scenario.ledger() if entry.get("name")]
    ends = [number for number, entry in enumerate(told) if entry["event"] == "finished"]
    waves = told[: ends[0] + 1], told[ends[0] + 1 : ends[5] + 1], told[ends[5] + 1 :]
    assert [most_in_flight(wave) for wave in waves] == [1, 5, 2]


def test_one_pod_of_a_workload_at_a_time(scenario: Scenario) -> None:
    """A wave as wide as the cluster: two workloads at the same time, but never two pods of one."""
    names = ("one", "two")
    for name in names:
        scenario.apply(scenario.workload("Deployment", name, replicas=3))
    pods = [pod for name in names for pod in w.wait_ready(scenario.api, scenario.namespace, name, 3)]
    w.age(scenario.api, pods, "1.0.0")
    run = scenario.recreate(pods, serial=["100%"])
    assert run.code == 0, run.told
    told = [entry for entry in scenario.ledger() if entry.get("name")]
    assert most_in_flight(told) == 2
    for name in names:
        assert most_in_flight([entry for entry in told if entry["name"].startswith(name)]) == 1


def test_the_deadline_of_the_run(scenario: Scenario) -> None:
    """run_timeout ends the run before AWX would: it stops in order and says what is left."""
    slow = {"test.ackops/ready-delay": "6s"}
    pods = scenario.aged(scenario.workload("Deployment", replicas=3, annotations=slow), 3)
    run = scenario.recreate(pods, run_timeout=3)
    assert sorted(run.outcomes.values()) == ["failed", "not_started", "not_started"], run.told
    assert run.seconds < 12
    assert scenario.events().count("removed") == 1


def test_the_ledger_tells_every_deletion(scenario: Scenario) -> None:
    """The ledger alone says who deleted which pod (by UID), when and why, and what replaced it."""
    pods = scenario.aged(scenario.workload("Deployment", replicas=2), 2)
    run = scenario.recreate(pods)
    entries = scenario.ledger()
    assert [entry["event"] for entry in entries if not entry.get("name")] == ["started", "ended"]
    assert {entry["run"] for entry in entries} == {run.result["run"]}
    for pod in run.result["pods"]:
        (removing,) = (e for e in entries if e["event"] == "removing" and e["uid"] == pod["uid"])
        assert {"time", "user", "server", "namespace", "name", "reason", "method"} <= set(removing)
        (finished,) = (e for e in entries if e["event"] == "finished" and e["uid"] == pod["uid"])
        assert finished["new_uid"] == pod["new_uid"]
        assert finished["new_uid"] in scenario.uids("web")
    scenario.happens(f"The ledger's entries: {json.dumps([entry['event'] for entry in entries])}")

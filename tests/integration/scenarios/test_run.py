# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster import workloads as w
from tests.cluster.proxy import Proxy
from tests.cluster.webhook import Webhook
from tests.integration.scenarios.module_run import StartedModule
from tests.integration.scenarios.scenario import Scenario
from tests.integration.support import NEW, OLD, PREFLIGHT, environment, run_tasks

SLOW = {"test.ackops/ready-delay": "3s"}


def uid_of(pod: w.Manifest) -> str:
    """A pod's UID."""
    return str(pod["metadata"]["uid"])


def kill(scenario: Scenario, running: StartedModule, when: str) -> None:
    """SIGKILL to the process that the ledger names as the run's."""
    pids = [entry["pid"] for entry in scenario.ledger() if entry["event"] == "started"]
    assert pids[-1:] == [running.pid], scenario.ledger()
    running.kill()
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
    # The run above reached the cluster by another address: it is known by the UID of kube-system.
    scenario.happens("The next run reaches the cluster by another address.")
    run = scenario.recreate(pods, unmanaged="recreate")
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

    with Webhook(scenario.cluster, scenario.namespace, ["pods"], decide, dry_runs=False) as hook:
        running = scenario.start(pods, unmanaged="recreate")
        assert hook.asked.wait(60)
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
    os.kill(running.pid, signal.SIGTERM)
    run = scenario.note(running.wait(30))
    assert run.code == 1, run.told
    assert [run.outcomes[name] for name in ("web-1", "web-0")] == ["not_started", "not_started"], run.told
    assert "again" in run.message
    stopped_in_the_middle(scenario, pods, other)


def interrupted(scenario: Scenario, what: str, end: Callable[[subprocess.Popen[str]], None]) -> None:
    """End ansible-playbook in that way in the middle of a run, and see that the module ends in order."""
    pods = scenario.aged(scenario.workload("StatefulSet", "web", replicas=3, updateStrategy={"type": "OnDelete"}), 3)
    other = scenario.aged(scenario.workload("Deployment", "other"))
    w.age(scenario.api, other, NEW)
    scenario.next_pods_meet("web", ready_delay="10s")
    scenario.home.mkdir(parents=True, exist_ok=True)
    command = ["ansible-playbook", PREFLIGHT, "-e", "eci_preflight_target_version=1.26"]
    env = {**environment(scenario.kubeconfig, scenario.home), "ECI_RECORD": str(scenario.home / "record.jsonl")}
    playbook = scenario.start_program(command, env)
    pid = int(scenario.wait_ledger("started", seconds=60)["pid"])
    scenario.wait_ledger("removed")
    scenario.happens(f"{what} while the first replacement starts.")
    end(playbook)
    said, _none = playbook.communicate(timeout=30)
    assert playbook.returncode != 0
    scenario.shows("ansible-playbook ends.", said.strip().splitlines()[-1])
    w.wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of the module", 10)
    w.age(scenario.api, other, OLD)
    stopped_in_the_middle(scenario, pods, other)


def test_interrupted_by_the_user(scenario: Scenario) -> None:
    """Ctrl-C on ansible-playbook: the module ends within seconds, starts no further pod, and the next run can begin."""
    what = "The user presses Ctrl-C"
    interrupted(scenario, what, lambda playbook: os.killpg(playbook.pid, signal.SIGINT))


def test_ansible_is_killed(scenario: Scenario) -> None:
    """SIGKILL to ansible-playbook, as ansible-runner and AWX cancel a job: the module notices that nobody waits, and ends in order."""
    interrupted(scenario, "ansible-playbook is killed (SIGKILL)", lambda playbook: playbook.kill())


def test_the_terminal_is_closed(scenario: Scenario) -> None:
    """The terminal is closed (SIGHUP): the module ends in order, as with Ctrl-C."""
    what = "The terminal is closed"
    interrupted(scenario, what, lambda playbook: os.killpg(playbook.pid, signal.SIGHUP))


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
    run = scenario.recreate(three_of_which_the_first_fails(scenario), pod_timeout=5)
    assert run.outcomes == {"a-0": "failed", "b-0": "not_started", "c-0": "not_started"}, run.told
    assert (
        "2 ECI pods were not touched: the run stopped because a pod that was removed did not come back" in run.message
    )


def test_a_failure_budget(scenario: Scenario) -> None:
    """With max_failures: 1 one pod may fail and the others are still recreated; the task fails all the same."""
    run = scenario.recreate(three_of_which_the_first_fails(scenario), pod_timeout=15, max_failures=1)
    assert run.code == 1
    assert run.outcomes == {"a-0": "failed", "b-0": "recreated", "c-0": "recreated"}, run.told


def test_growing_waves(scenario: Scenario) -> None:
    """serial: [1, 3, "25%"] with eight workloads: first one; when it is back, three at a time; after four, two at a time."""
    annotations = {"test.ackops/ready-delay": "1500ms"}
    for number in range(8):
        scenario.apply(scenario.workload("ReplicaSet", f"web-{number}", annotations=annotations))
    pods = [w.wait_ready(scenario.api, scenario.namespace, f"web-{n}", 1)[0] for n in range(8)]
    w.age(scenario.api, pods, "1.0.0")
    run = scenario.recreate(pods, serial=[1, 3, "25%"])
    assert run.code == 0, run.told
    told = [entry for entry in scenario.ledger() if entry.get("name")]
    ends = [number for number, entry in enumerate(told) if entry["event"] == "finished"]
    flying = scenario.in_flight()
    waves = flying[: ends[0] + 1], flying[ends[0] + 1 : ends[3] + 1], flying[ends[3] + 1 :]
    assert [max(wave) for wave in waves] == [1, 3, 2]


def test_one_pod_of_a_workload_at_a_time(scenario: Scenario) -> None:
    """A wave as wide as the cluster: two workloads at the same time, but never two pods of one."""
    names = ("one", "two")
    for name in names:
        scenario.apply(scenario.workload("Deployment", name, replicas=3))
    pods = [pod for name in names for pod in w.wait_ready(scenario.api, scenario.namespace, name, 3)]
    w.age(scenario.api, pods, "1.0.0")
    run = scenario.recreate(pods, serial=["100%"])
    assert run.code == 0, run.told
    assert max(scenario.in_flight()) == 2
    for name in names:
        assert max(scenario.in_flight(name)) == 1


def test_the_deadline_of_the_run(scenario: Scenario) -> None:
    """run_timeout ends the run before AWX would: it stops in order and says what is left."""
    slow = {"test.ackops/ready-delay": "6s"}
    pods = scenario.aged(scenario.workload("Deployment", replicas=3, annotations=slow), 3)
    run = scenario.recreate(pods, run_timeout=3)
    assert sorted(run.outcomes.values()) == ["failed", "not_started", "not_started"], run.told
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


# -- the report ----------------------------------------------------------------------------------------------------


def test_the_report_of_a_run_that_stopped(scenario: Scenario) -> None:
    """A pod does not come back and stops the run: the report counts a fresh scan, and names what is missing."""
    scenario.aged(scenario.workload("StatefulSet", "a", replicas=2, updateStrategy={"type": "OnDelete"}), 2)
    scenario.aged(scenario.workload("StatefulSet", "b", updateStrategy={"type": "OnDelete"}))
    scenario.next_pods_meet("b", trouble="image-pull")
    run = scenario.preflight(pod_timeout=15)
    assert run.code == 2
    assert run.preflight["outcomes"] == {"failed": 1, "recreated": 2}
    assert run.preflight["counts"]["incompatible"] == 0, "it counts what was there before the run"
    assert run.preflight["ready"] is False
    assert [pod["name"] for pod in run.preflight["missing"]] == ["b-0"]
    assert "ImagePullBackOff" in run.message


def test_the_role_twice_on_one_host(scenario: Scenario) -> None:
    """The role runs twice on one host: the second report is of the second run alone, with nothing of the first one's problem."""
    scenario.aged(w.bare_pod(scenario.namespace, "lonely"))
    scenario.aged(scenario.workload("Deployment"))
    role: dict[str, Any] = {"ansible.builtin.include_role": {"name": "ackops.eci.eci_preflight"}}
    waiver = {"match": "name == 'lonely'", "reason": "moved on Friday", "expires": "2999-12-31"}
    shared = {"eci_preflight_target_version": "1.26", "eci_preflight_fail_when_not_ready": False}
    tasks = [role, {**role, "vars": {"eci_preflight_exempt": [waiver]}}]
    scenario.happens("One play includes the role twice, the second time with a waiver for the bare pod.")
    run = scenario.note_playbook(run_tasks(tasks, scenario.kubeconfig, scenario.home, variables=shared))
    assert run.code == 0, run.text
    first, second = (
        entry["result"]["ansible_facts"]["eci_preflight"] for entry in run.entries if "Sum up" in entry.get("task", "")
    )
    assert (first["ready"], second["ready"]) == (False, True)
    assert "lonely" in first["problem"]
    assert len(first["recreated"]) == 1
    assert (second["problem"], second["recreated"], second["set_aside"], second["planned"]) == ("", [], [], [])

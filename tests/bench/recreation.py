# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recreation: seconds for each pod against the control plane's own, and what it asks of the server."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from tests.bench import measure, pods
from tests.bench.proxies import Counting
from tests.bench.setting import Access, Row, Setting, environment, role_play, say, write_playbook
from tests.cluster import ControlPlane, workloads as w

SPACE = "recreated"
REPLICAS = 20
# The shell loop takes half a second for each pod: so many tell.
LOOP_PODS = 30
# A run with recreation scans at its beginning, for what to recreate, and at its end.
SCANS = 3
# The pods that only make the cluster large stay as they are.
NOT_OURS = [{"match": f"namespace != '{SPACE}'", "reason": "not part of what is measured", "expires": "2999-12-31"}]
LONGEST_SECONDS = 120.0


def make(
    cluster: ControlPlane, count: int, workloads: int, annotations: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """So many old pods in so many Deployments."""
    w.ensure_namespace(cluster.api, SPACE)
    w.clear(cluster.api, SPACE)
    replicas = count // workloads
    for number in range(workloads):
        w.apply(
            cluster.api, w.workload("Deployment", SPACE, f"web-{number}", replicas=replicas, annotations=annotations)
        )
    for number in range(workloads):
        w.wait_ready(cluster.api, SPACE, f"web-{number}", replicas)
    return age(cluster)


def age(cluster: ControlPlane) -> list[dict[str, Any]]:
    """Make every pod old, and return them."""
    found = w.pods_of(cluster.api, SPACE)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pod: w.age(cluster.api, [pod], pods.OLD), found))
    return found


def ours(cluster: ControlPlane, serial: object, **variables: object) -> tuple[float, dict[str, float]]:
    """The whole playbook; its seconds, and the CPU seconds of the API server meanwhile."""
    command = write_playbook(cluster.directory, "recreate", [role_play(cluster, "main", serial=[serial], **variables)])
    before = measure.cpu_of(cluster.apiserver.pid)
    outcome = measure.run(command, environment(cluster), cluster.directory)
    if outcome.code or " NOT READY" in outcome.output:
        raise RuntimeError(outcome.output[-3000:])
    return outcome.seconds, {"server_cpu": measure.cpu_of(cluster.apiserver.pid) - before}


class Replacements:
    """Ready pods by workload, from one watch: the least that anybody must know who replaces pods."""

    def __init__(self, cluster: ControlPlane) -> None:
        self._ready: dict[str, set[str]] = defaultdict(set)
        self._changed = threading.Condition()
        self._pool = Access.of(cluster).pool()
        path = cluster.server + w.path_of("Pod", SPACE)
        listed = self._pool.request("GET", path).json()
        for pod in listed["items"]:
            self._note("ADDED", pod)
        url = f"{path}?watch=1&resourceVersion={listed['metadata']['resourceVersion']}"
        self._watch = self._pool.request("GET", url, preload_content=False, timeout=None)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _note(self, kind: str, pod: dict[str, Any]) -> None:
        metadata = pod["metadata"]
        ready = kind != "DELETED" and w.is_ready(pod) and not metadata.get("deletionTimestamp")
        pods_ready = self._ready[metadata["labels"]["app"]]
        (pods_ready.add if ready else pods_ready.discard)(metadata["uid"])

    def _follow(self) -> None:
        rest = b""
        with contextlib.suppress(urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            for chunk in self._watch.stream(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                with self._changed:
                    for event in map(json.loads, lines):
                        self._note(event["type"], event["object"])
                    self._changed.notify_all()

    def wait(self, app: str, count: int, gone: str) -> None:
        """Until so many are Ready and that one is not among them."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: gone not in self._ready[app] and len(self._ready[app]) >= count, LONGEST_SECONDS
            ):
                message = f"no replacement in {app}"
                raise RuntimeError(message)

    def close(self) -> None:
        """Stop looking."""
        self._watch.shutdown() if hasattr(self._watch, "shutdown") else self._watch.close()


def _limit(cluster: ControlPlane, found: list[dict[str, Any]], at_once: int) -> float:
    """What the control plane itself takes: evict, wait for a Ready pod in its place; in workloads side by side."""
    by_app: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    for pod in found:
        by_app[pod["metadata"]["labels"]["app"]].append(pod["metadata"]["uid"])
        names[pod["metadata"]["uid"]] = pod["metadata"]["name"]
    watch, pool = Replacements(cluster), Access.of(cluster).pool(at_once)

    def replace(app: str) -> None:
        for uid in by_app[app]:
            path = w.path_of("Pod", SPACE, names[uid])
            body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": names[uid], "namespace": SPACE}}
            answer = pool.request("POST", f"{cluster.server}{path}/eviction", json=body)
            if answer.status >= 300:
                raise RuntimeError(answer.data)
            watch.wait(app, len(by_app[app]), uid)

    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as workers:
        list(workers.map(replace, by_app))
    seconds = time.perf_counter() - started
    watch.close()
    return seconds


def _shell_loop(cluster: ControlPlane, found: list[dict[str, Any]]) -> float:
    """``kubectl delete pod`` and ``kubectl rollout status``, one pod after another."""
    lines = [
        f"kubectl delete pod -n {SPACE} {pod['metadata']['name']} && "
        f"kubectl rollout status -n {SPACE} deployment/{pod['metadata']['labels']['app']}"
        for pod in found
    ]
    outcome = measure.run(["/bin/sh", "-ec", "\n".join(lines)], environment(cluster), cluster.directory)
    if outcome.code:
        raise RuntimeError(outcome.output)
    return outcome.seconds


def part(setting: Setting, version: str) -> None:
    """One at a time, then in wide waves."""
    rows: list[Row] = []
    with ControlPlane.start(version, name="bench") as cluster:
        count = setting.recreated
        say(f"recreation {version}: {count} pods, one at a time")
        found = make(cluster, count, max(1, count // REPLICAS))
        seconds, more = ours(cluster, 1)
        rows.append(Row("serial 1", cluster.minor, "ours", count, seconds=[seconds / count], more=more))
        found = age(cluster)
        rows.append(Row("serial 1", cluster.minor, "limit", count, seconds=[_limit(cluster, found, 1) / count]))
        loop = age(cluster)[: min(LOOP_PODS, count)]
        rows.append(
            Row("serial 1", cluster.minor, "shell loop", len(loop), seconds=[_shell_loop(cluster, loop) / len(loop)])
        )
        for row in rows:
            say(f"  {row.who}: {row.seconds[0]:.3f} s a pod")
        setting.save("recreation", version, rows)
        many, workloads = setting.wide
        say(f"recreation {version}: {many} pods of {workloads} workloads, a quarter at once")
        found = make(cluster, many, workloads)
        limit = many / _limit(cluster, found, workloads)
        age(cluster)
        pace = many / ours(cluster, "25%")[0]
        say(f"  {pace:.1f} pods/s, the control plane alone {limit:.1f}")
        rows += [
            Row("serial 25 %", cluster.minor, who, many, seconds=[1 / rate], more={"rate": rate})
            for who, rate in (("ours", pace), ("limit", limit))
        ]
        setting.save("recreation", version, rows)


def load(setting: Setting, version: str) -> None:
    """What a run asks of the server, for each recreated pod, in a small and in a large cluster."""
    rows: list[Row] = []
    with ControlPlane.start(version, name="bench") as cluster:
        pods.prepare(cluster, pause=False)
        count = setting.recreated
        make(cluster, count, max(1, count // REPLICAS))
        there = 0
        for others in setting.load_sizes:
            pods.create(cluster, there, others, 25, owned=False)
            there = max(there, others)
            counts = [_counted(cluster, entry) for entry in ("verify", "main")]
            # What the scans cost is in the table of the check.
            scan, whole = counts
            more = {what: (whole[what] - SCANS * scan[what]) / count for what in ("requests", "events", "bytes")}
            rows.append(Row("load", cluster.minor, "ours", others + count, 25, more=more))
            say(
                f"  load {version}, {others + count} pods: "
                + ", ".join(f"{n:.1f} {k}" for k, n in more.items())
                + " a pod"
            )
            setting.save("load", version, rows)


def _counted(cluster: ControlPlane, entry: str) -> Counter[str]:
    """Everything that one run sends and is sent."""
    if entry == "main":
        age(cluster)
    with Counting(cluster).serving() as proxy:
        play = role_play(cluster, entry, serial=[1], fail_when_not_ready=False, exempt=NOT_OURS)
        outcome = measure.run(
            write_playbook(cluster.directory, f"counted-{entry}", [play]),
            environment(cluster, proxy.kubeconfig),
            cluster.directory,
        )
        if outcome.code:
            raise RuntimeError(outcome.output[-3000:])
        return proxy.counts

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scenario: its pods, the runs of the collection against them, and the notes for the page."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.cluster import ControlPlane, workloads as w
from tests.integration.scenarios.masks import masked
from tests.integration.scenarios.module_run import ModuleRun, StartedModule, run_module
from tests.integration.support import OLD, Run, hearing_ctrl_c, run_preflight

MODULE = "eci_pod_recreate"
# Under this name the notes travel with a test's report.
PROPERTY = "scenario"
LONGEST_LINE = 420
# What to do where the result names no remedy of its own.
AS_TOLD = "Do what the message says, and run again."
FINALIZER = "example.org/stuck"


def record_of(pod: w.Manifest) -> dict[str, Any]:
    """A pod as the module wants it named."""
    return {key: pod["metadata"][key] for key in ("namespace", "name", "uid")}


class Scenario:
    """What a scenario's test works with; every run that it makes is noted, unless it says otherwise.

    As a context manager it ends what still runs: nothing that a failed test has started goes on beside the next one.
    """

    def __init__(self, cluster: ControlPlane, namespace: str, home: Path) -> None:
        self.cluster = cluster
        self.api = cluster.api
        self.namespace = namespace
        self.home = home
        self.kubeconfig = cluster.kubeconfig
        self.notes: list[tuple[str, list[str], list[str]]] = []
        self._at_end = ExitStack()

    def __enter__(self) -> Scenario:
        """Nothing runs yet."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End what was started and still runs."""
        self._at_end.close()

    # -- pods ----------------------------------------------------------------------------------------------------

    def workload(self, kind: str, name: str = "web", **options: Any) -> w.Manifest:
        """A workload of this namespace."""
        return w.workload(kind, self.namespace, name, **options)

    def apply(self, *manifests: w.Manifest) -> None:
        """Create objects."""
        w.apply(self.api, *manifests)

    def aged(self, manifest: w.Manifest, count: int = 1, version: str | None = OLD) -> list[w.Manifest]:
        """Create the workload, wait for its pods, and let them be of an older version."""
        self.apply(manifest)
        pods = w.wait_ready(self.api, self.namespace, manifest["metadata"]["name"], count)
        w.age(self.api, pods, version)
        return pods

    def pods(self, app: str = "") -> list[w.Manifest]:
        """The pods of an app, or all of them."""
        return w.pods_of(self.api, self.namespace, app)

    def uids(self, app: str = "") -> set[str]:
        """Their UIDs."""
        return {pod["metadata"]["uid"] for pod in self.pods(app)}

    def get(self, kind: str, name: str) -> w.Manifest:
        """An object of this namespace."""
        return self.api.request("GET", w.path_of(kind, self.namespace, name))

    def patch(self, kind: str, name: str, body: Mapping[str, Any]) -> None:
        """Change an object of this namespace."""
        self.api.patch(w.path_of(kind, self.namespace, name), body)

    def delete(self, kind: str, name: str, **options: Any) -> None:
        """Delete an object of this namespace."""
        self.api.request("DELETE", w.path_of(kind, self.namespace, name), options or None)

    def next_pods_meet(self, name: str, kind: str = "StatefulSet", **annotations: str) -> None:
        """Change what the next pods of an OnDelete workload meet; those that run are left alone."""
        told = {f"test.ackops/{key.replace('_', '-')}": text for key, text in annotations.items()}
        self.patch(kind, name, {"spec": {"template": {"metadata": {"annotations": told}}}})

    def budget(self, name: str, app: str, min_available: int | str) -> None:
        """A PodDisruptionBudget that its controller has counted."""
        self.apply(w.budget(self.namespace, name, app, min_available=min_available))
        self.budget_counted(name)

    def budget_counted(self, name: str) -> None:
        """Wait until a budget's controller has seen its last change."""

        def counted() -> bool:
            found = self.get("PodDisruptionBudget", name)
            return bool(found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"])

        w.wait_for(counted, f"the count of {name}")

    def not_ready(self, name: str) -> None:
        """A pod's readiness probe fails from now on."""
        ready = {
            "type": "Ready",
            "status": "False",
            "reason": "ContainersNotReady",
            "message": "readiness probe failed",
        }
        merge = "application/strategic-merge-patch+json"
        path = w.path_of("Pod", self.namespace, name) + "/status"
        self.api.request("PATCH", path, {"status": {"conditions": [ready]}}, content_type=merge)

    def hold_end_of(self, pod: w.Manifest) -> None:
        """A finalizer, so that the pod does not end before it is let."""
        self.patch("Pod", pod["metadata"]["name"], {"metadata": {"finalizers": [FINALIZER]}})

    def let_end(self, pod: w.Manifest, after: str) -> None:
        """Take the finalizer off, some seconds after the ledger has told of an event."""
        self.wait_ledger(after)
        time.sleep(3)
        self.patch("Pod", pod["metadata"]["name"], {"metadata": {"finalizers": None}})

    def no_more_pods(self, beyond: int = 0, namespace: str = "") -> None:
        """A quota that forbids every further pod of the namespace (this scenario's own by default) beyond so many."""
        where = namespace or self.namespace
        self.apply(
            {
                "kind": "ResourceQuota",
                "metadata": {"namespace": where, "name": "no-more-pods"},
                "spec": {"hard": {"pods": str(beyond)}},
            }
        )
        path = w.path_of("ResourceQuota", where, "no-more-pods")
        w.wait_for(lambda: "used" in self.api.request("GET", path).get("status", {}), "the quota's count")

    # -- runs ----------------------------------------------------------------------------------------------------

    def start(self, pods: Iterable[w.Manifest], *, check: bool = False, kubeconfig: Path | None = None,
              **options: Any) -> StartedModule:  # fmt: skip
        """Start the module on the given pods; who waits for it notes it."""
        options.setdefault("target_version", "1.26")
        # So that what hangs says why before the test's own patience ends.
        options.setdefault("pod_timeout", 60)
        records = [pod if "uid" in pod else record_of(pod) for pod in pods]
        arguments = {"pods": records, "_ansible_check_mode": check, "_ansible_diff": check, **options}
        started = StartedModule(MODULE, arguments, kubeconfig or self.kubeconfig, self.home)
        self._at_end.callback(started.kill)
        return started

    def start_program(self, command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start a program as a terminal does: in a session of its own, and it hears Ctrl-C. Its output comes as one stream."""
        with hearing_ctrl_c():
            process = subprocess.Popen(
                command, cwd=self.home, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
        self._at_end.push(process)
        self._at_end.callback(process.kill)
        return process

    def recreate(self, pods: Iterable[w.Manifest], *, check: bool = False, **options: Any) -> ModuleRun:
        """Run the module to its end, and note it."""
        return self.note(self.start(pods, check=check, **options).wait(), check=check)

    def preflight(self, *arguments: str, **options: Any) -> Run:
        """Run the whole role by its playbook, and note it."""
        return self.note_playbook(run_preflight(self.kubeconfig, self.home, *arguments, **options), *arguments)

    def judge(self, kubeconfig: Path | None = None) -> ModuleRun:
        """Ask the gate alone, from a machine that knows nothing of the runs so far, and note it."""
        found = kubeconfig or self.kubeconfig
        run = run_module("eci_compat_check", {"target_version": "1.26"}, found, self.home / "another-machine")
        if run.result.get("failed"):
            self._noted("Check: the cluster is not ready.", [run.message])
        else:
            self._noted("Check: the cluster is ready.", [])
        return run

    @contextmanager
    def meanwhile(self, work: Callable[[], object]) -> Iterator[None]:
        """Do something beside the run; what it raises is raised at the end."""
        raised: list[BaseException] = []

        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  (raised again below)
                raised.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if raised:
            raise raised[0]

    # -- the ledger ----------------------------------------------------------------------------------------------

    def ledger(self) -> list[dict[str, Any]]:
        """The entries so far; a last line that is being written is not one yet."""
        found = []
        for path in self.home.glob("state/ackops-eci/*/ledger.jsonl"):
            text = path.read_text(encoding="utf-8")
            found += [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line]
        return found

    def events(self, name: str = "") -> list[str]:
        """The ledger's events, of all or of one pod."""
        return [entry["event"] for entry in self.ledger() if not name or entry.get("name") == name]

    def in_flight(self, begins: str = "") -> list[int]:
        """How many pods (whose names begin so) were between their removal and their end, after each event of the ledger."""
        told = [entry for entry in self.ledger() if entry.get("name") and entry["name"].startswith(begins)]
        changes = [(entry["event"] == "removed") - (entry["event"] in ("finished", "failed")) for entry in told]
        return list(itertools.accumulate(changes))

    def wait_ledger(self, event: str, count: int = 1, seconds: float = 30) -> dict[str, Any]:
        """Wait until the ledger tells of so many events of a kind; the last of them."""
        found: list[dict[str, Any]] = []

        def told() -> bool:
            found[:] = [entry for entry in self.ledger() if entry["event"] == event]
            return len(found) >= count

        w.wait_for(told, f"{count} times '{event}' in the ledger", seconds)
        return found[-1]

    # -- notes ---------------------------------------------------------------------------------------------------

    def happens(self, text: str) -> None:
        """What the user or the cluster does."""
        self.notes.append((self._masked(text), [], []))

    def shows(self, what: str, *lines: str) -> None:
        """What happens, and what the user sees of it."""
        self._noted(self._masked(what), lines)

    def note(self, run: ModuleRun, *, check: bool = False) -> ModuleRun:
        """Note a run of the module."""
        counts = _counted(run.result.get("counts") or {})
        what = "Check mode" if check else "Run"
        if run.result.get("failed"):
            how, said = (f"fails: {counts}" if counts else "fails at once"), [run.message]
        else:
            how, said = counts or "nothing to do", [_line(pod) for pod in run.result["pods"]] or ["ok"]
        self._noted(f"{what}: {how}.", said, _to_do(run.result) or ([AS_TOLD] if run.result.get("failed") else []))
        return run

    def note_playbook(self, run: Run, *arguments: str) -> Run:
        """Note a run of the playbook."""
        what = "Playbook, check mode" if "--check" in arguments else "Playbook"
        if run.code:
            self._noted(f"{what}: the cluster is not ready.", [run.message], _to_do(run.summed_up) or [AS_TOLD])
        else:
            said = run.result("Show the result")["msg"]
            gate = "the cluster is ready" if run.preflight["ready"] else "it reports, and does not fail"
            self._noted(f"{what}: {gate}.", said if isinstance(said, list) else str(said).splitlines())
        return run

    def _noted(self, what: str, said: Sequence[str], to_do: Sequence[str] = ()) -> None:
        lines = dict.fromkeys(_cut(self._masked(line)) for text in said for line in text.splitlines() if line.strip())
        self.notes.append((what, list(lines), [self._masked(text) for text in dict.fromkeys(to_do)]))

    def _masked(self, text: str) -> str:
        return masked(text, [(str(self.home), "~"), (self.namespace, "shop")])


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 4]} ..."


def _to_do(result: Mapping[str, Any]) -> list[str]:
    """The remedies that a result names: of what was set aside, and of pods that did not come back."""
    pods = [pod for pod in result.get("pods", []) if pod["outcome"] == "failed"]
    return [str(entry["remedy"]) for entry in [*result.get("set_aside", []), *pods] if entry.get("remedy")]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(Counter(counts).items()))


def _line(pod: Mapping[str, Any]) -> str:
    new = f" -> {pod['new_name']} ({pod['new_version'] or pod['new_node']})" if pod["new_name"] else ""
    return f"{pod['namespace']}/{pod['name']}{new}: {pod['outcome']}, {pod['reason']}"

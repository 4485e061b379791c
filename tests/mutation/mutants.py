# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutants: for each safety rule (docs/docsite/rst/safety_rules.rst), the line that keeps it, and a line that does not.

The tests that fall are unit tests, most of them on a model of a cluster: quick enough to be run for every mutant.
"""

from __future__ import annotations

from typing import NamedTuple

UNIT = ("tests/unit/plugins",)
MODEL = ("tests/unit/plugins/module_utils/_recreate/test_run_on_model.py",)


class Mutant(NamedTuple):
    """``old``, which stands once in the file, becomes ``new``; one of the ``tests`` has to fall, in their environment.

    ``file`` is below ``root``, and that below the repository.
    """

    rule: str
    says: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = MODEL
    environment: str = "main"
    root: str = "plugins/module_utils"


_API = "_kube/client.py"
_CONTEXT = "_recreate/context.py"
_LEDGER = "_recreate/ledger.py"
_PATIENCE = "_recreate/patience.py"
_PLAN = "_rules/plan.py"
_POD = "_recreate/pod.py"
_PREDICATES = "_rules/predicates.py"
_REMOVAL = "_recreate/removal.py"
_REPLACEMENT = "_recreate/replacement.py"
_RUN = "_recreate/run.py"
_VIEW = "_recreate/pod_view.py"
_WAVES = "_recreate/waves.py"

MUTANTS = (
    # 1. Every removal carries the UID; after a conflict it is looked for by its UID, never by its name.
    Mutant("1", "a removal without the UID as precondition", _API,
           '{"preconditions": {"uid": uid}, **',
           "{**", UNIT),
    Mutant("1", "a pod of the same name is taken for the same pod", _REMOVAL,
           "if found is None or pod_from_manifest(found).uid != self._pod.uid:",
           "if False:", UNIT),
    Mutant("1", "a pod of the same name is planned for", _RUN,
           "if current is not None and current.uid == pod.uid:",
           "if current is not None:"),
    Mutant("1", "a list of another cluster is worked on", _RUN,
           "if strangers and not present:",
           "if False:"),
    # 2. Evictions by default, by the policy API of the server's version.
    Mutant("2", "deleted instead of evicted", _POD,
           "self._remove(self._context.method)\n",
           'self._remove("delete")\n'),
    Mutant("2", "policy/v1 for every server", _API,
           "self._minor() >= _POLICY_V1_SINCE",
           "True", UNIT),
    # 3. The answer is read.
    Mutant("3", "a server that answers 500 is not asked again", _PATIENCE,
           "(error.status >= 500 and",
           "(False and", UNIT),
    Mutant("3", "several budgets are waited for", _PATIENCE,
           '"PodDisruptionBudget" not in error.message)',
           "True)", UNIT),
    Mutant("3", "Retry-After is not honoured", _PATIENCE,
           "wanted = error.retry_after or 0.0",
           "wanted = 0.0", UNIT),
    Mutant("3", "the budget is not named", _REMOVAL,
           'for cause in error.causes) if is_budget(error) else ""',
           'for cause in error.causes) if False else ""'),
    Mutant("3", "a lost answer is a failure", _REMOVAL,
           "            if patience.used_up:\n                raise NotNow(error.message, error.remedy) from error\n"
           "            return False\n        patience.note(\"\")\n        return True",
           "            raise NotNow(error.message, error.remedy) from error\n        return True"),
    Mutant("3", "a budget without room stops the run", _REMOVAL,
           "            elif is_budget(error) or not is_transient(error):\n"
           "                raise self._refused(error) from error\n",
           "            elif is_budget(error) or not is_transient(error):\n                raise ValueError from error\n", UNIT),
    # 4. What a replacement is.
    Mutant("4", "a pod that was there before is a replacement", _REPLACEMENT,
           "uid in self._before or uid == self._step.pod.uid or self._context.in_flight.is_claimed(uid)",
           "uid == self._step.pod.uid"),
    Mutant("4", "a replacement counts twice", _CONTEXT,
           "            self._claimed.add(uid)\n",
           "            pass\n", UNIT),
    Mutant("4", "any pod with the labels is a replacement", _REPLACEMENT,
           "fits and (self._step.action == Action.FROM_MANIFEST or self._owns(pod))",
           "fits", UNIT),
    Mutant("4", "a StatefulSet's replacement may have any name", _REPLACEMENT,
           'return self._step.action == Action.FROM_MANIFEST or self._step.workload.controller_kind == "StatefulSet"',
           "return False", UNIT),
    # 5. What success is.
    Mutant("5", "Ready is not waited for", _REPLACEMENT,
           "ready = self._ready_long_enough(pod)",
           "ready = True"),
    Mutant("5", "minReadySeconds do not count", _REPLACEMENT,
           "return self._context.clock.monotonic() - since >= self._min_ready_seconds",
           "return True", UNIT),
    Mutant("5", "the old pod need not be gone", _REPLACEMENT,
           "if not self._context.is_good(version) or not self.gone:",
           "if not self._context.is_good(version):"),
    Mutant("5", "an old version again is waited for", _REPLACEMENT,
           "if version is not None and not self._context.is_good(version):",
           "if False:", UNIT),
    Mutant("5", "any version is good", _CONTEXT,
           "(version is not None and self.accepts(version))",
           "True", UNIT),
    Mutant("5", "a real node is not good", _CONTEXT,
           'return version == "" or',
           "return", UNIT),
    # 6. The owner is read again.
    Mutant("6", "scaled down is a failure", _REPLACEMENT,
           "if self.gone and len(self._living()) >= wanted:",
           "if False:"),
    Mutant("6", "a Rollout with a preview needs no more pods than it wants", _PREDICATES,
           'if workload.get("kind") != "Rollout" or not any(between) or between != _between(before):',
           "if True:", UNIT),
    Mutant("6", "an owner that was deleted is a failure", _REPLACEMENT,
           'return f"{workload.shown} was deleted meanwhile"',
           'return ""', UNIT),
    # 7. Settled first; one of a workload; the highest ordinal first.
    Mutant("7", "two pods of one workload in a wave", _PLAN,
           "and busy.get(step.group, 0) < step.parallel:",
           ":"),
    Mutant("7", "a rollout is not waited for", _PREDICATES,
           "why = rollout_in_progress(workload, len(ours))",
           'why = ""', UNIT),
    Mutant("7", "a sibling that is not Ready does not matter", _PREDICATES,
           "if serves and len(broken) > len(ours):",
           "if False:"),
    Mutant("7", "a sibling that is terminating does not matter", _PREDICATES,
           "if pod.deleting and pod.uid not in ours:",
           "if False:", UNIT),
    Mutant("7", "missing pods do not matter", _PREDICATES,
           "if wanted and odd > len(ours):",
           "if False:"),
    Mutant("7", "the lowest ordinal first", _PLAN,
           "rank = -int(found.group(1))",
           "rank = int(found.group(1))", UNIT),
    Mutant("7", "a watch that has long been silent is relied on", _VIEW,
           "feed.silent_seconds() > FRESH_SECONDS",
           "False", UNIT),
    Mutant("7", "what happened between two pods is not taken in", _VIEW,
           "            return self._take_in(feed)\n",
           "            return True\n", UNIT),
    Mutant("7", "a list takes back what the watch has told", _VIEW,
           "if not self.stale and _is_before(moment, self._moment):",
           "if False:", UNIT),
    Mutant("7", "the server's cache may be of any age", _API,
           '"resourceVersion": not_older_than,',
           '"resourceVersion": "0",', UNIT),
    Mutant("7", "nothing is looked at again", _WAVES,
           '            if outcome.outcome == "set_aside" and not ended.lasting and not outcome.removed:',
           "            if False:", UNIT),
    # 8. Jobs, bare pods, owners that are not known, DaemonSets, mirror pods.
    Mutant("8", "bare pods are not refused", _PLAN,
           "    return Action.REFUSE, what, remedy\n",
           "    return Action.DELETE, what, remedy\n"),
    Mutant("8", "DaemonSet pods are not refused", _PLAN,
           'if kind == "DaemonSet":',
           "if False:", UNIT),
    Mutant("8", "mirror pods are not refused", _PLAN,
           'if pod.mirror or kind == "Node":',
           "if False:", UNIT),
    Mutant("8", "a plan with a refusal is begun", _PLAN,
           "wanted = sorted((step for step in steps if step.action != Action.REFUSE), key=_order)",
           "wanted = sorted((replace(step, action=Action.BY_CONTROLLER) for step in steps), key=_order)"),
    Mutant("8", "a running Job is not waited for", _PLAN,
           'return Action.AWAIT_JOB, "its Job still runs and is waited for", remedy',
           'return Action.CLEAR, "its Job still runs", remedy', UNIT),
    Mutant("8", "a Job's last chance is taken", _PREDICATES,
           'return "" if may_fail_once_more(job) else "its Job may not fail once more (backoffLimit)"',
           'return ""', UNIT),
    Mutant("8", "no manifest is kept of a finished pod", _POD,
           "path = self._context.journal.save_manifest(self._pod.uid, manifest)",
           'path = ""', UNIT),
    Mutant("8", "a bare pod is not made again", _POD,
           "        self._create(wanted, path)\n        self._patience.must_finish = False\n",
           "        self._patience.must_finish = False\n"),
    Mutant("8", "a Job is not judged anew before an eviction", _POD,
           "if why or predicates.job_finished(manifest):",
           "if False:", UNIT),
    Mutant("8", "a podFailurePolicy that fails the Job does not matter", _PREDICATES,
           'if action == "FailJob" and (on_eviction or _may_match(rule.get("onExitCodes"))):',
           "if False:", UNIT),
    # 9. The first failure stops; nothing is forced.
    Mutant("9", "a failure stops nothing", _WAVES,
           "if failures > self._limits.max_failures:",
           "if False:"),
    Mutant("9", "failures of resumed pods do not count", _RUN,
           "max_failures=request.limits.max_failures - failed",
           "max_failures=request.limits.max_failures", UNIT),
    Mutant("9", "no grace period", _API,
           '"preconditions": {"uid": uid}',
           '"gracePeriodSeconds": 0, "preconditions": {"uid": uid}', UNIT),
    Mutant("9", "the time of the run does not matter", _WAVES,
           "if self._limits.run_seconds and self._elapsed >= self._limits.run_seconds:",
           "if False:", UNIT),
    Mutant("9", "what was set aside ends at once", _WAVES,
           "        if self._idle >= self._limits.pod_seconds:",
           "        if self._idle >= 0:", UNIT),
    # 10. serial.
    Mutant("10", "every wave is as wide as it can be", _WAVES,
           "min(slots(self._plan.limits, self._succeeded), MOST_IN_FLIGHT)",
           "MOST_IN_FLIGHT"),
    Mutant("10", "the last wave size does not hold on", "_rules/serial.py",
           "    return limits[-1]\n",
           "    return 1000\n", UNIT),
    # 11. Check mode.
    Mutant("11", "a prediction is carried out", _REMOVAL,
           "self._send(dry_run=True)",
           "self._send()"),
    Mutant("11", "a dry run is not asked for", _API,
           'return {"dryRun": "All"} if dry_run else {}',
           "return {}", UNIT),
    Mutant("11", "a blocked eviction is predicted to work", _REMOVAL,
           "            if error.status not in (404, 409):\n                raise self._refused(error) from error\n",
           "            return\n", UNIT),
    # 12. Killed and started again; written before and after.
    Mutant("12", "nothing is written before a removal", _POD,
           '            "removing",\n',
           '            "noticed",\n'),
    Mutant("12", "what a killed run has begun is not followed", _RUN,
           "followed = _follow_up(context, left, pool, request.limits.pod_seconds) if left else []",
           "followed: list[Recreation] = []"),
    Mutant("12", "a pod that still terminates was never removed", _POD,
           "if mine is not None and not mine.pod.deleting:",
           "if mine is not None:"),
    Mutant("12", "an interrupted removal is at its end", _POD,
           'self._context.journal.write("interrupted", **vars(done))',
           'self._context.journal.write("failed", **vars(done))'),
    Mutant("12", "an interrupt loses a bare pod", _POD,
           "self._patience.must_finish = True",
           "pass", UNIT),
    Mutant("12", "the ledger is not flushed to the disk", _LEDGER,
           "        self._flush(number)\n",
           "", UNIT),
    Mutant("12", "the ledger is open to others", _LEDGER,
           "os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600",
           "os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644", UNIT),
    Mutant("12", "what was only tried counts as removed", "_recreate/unfinished.py",
           'event == "removed" or',
           'event in ("removed", "removing", "failed") or', UNIT),
    Mutant("12", "a pod that was removed and failed is given up", "_recreate/unfinished.py",
           '(event == "failed" and not removal.removed)',
           'event == "failed"', UNIT),
    Mutant("12", "a full disk is not told", _LEDGER,
           "        except OSError as error:\n            self._note_trouble(error)\n\n    def _flush",
           "        except OSError:\n            pass\n\n    def _flush", UNIT),
    # 13. The gate.
    Mutant("13", "an expired list is a shorter one", "_check/scan.py",
           "        except ListExpired as error:\n            said = error.message\n",
           "        except ListExpired:\n            return Scan(scope, {})\n", UNIT),
    Mutant("13", "what a node reports makes it a machine", _PREDICATES,
           'return runs and _ECS_INSTANCE.fullmatch(str(spec.get("providerID") or "")) is not None',
           "return runs", UNIT),
    Mutant("13", "a pod that waits for stock is judged by what it bears", _PREDICATES,
           "    if pod.creating:\n        return None\n",
           "", UNIT),
    Mutant("13", "a waiver exempts in doubt", "_rules/waivers.py",
           "waiver.condition.surely_holds(pod)",
           "waiver.condition.holds(pod)", UNIT),
    Mutant("13", "a waiver that names nobody opens the gate for all", "_rules/waivers.py",
           "elif exempted and not condition.names_its_pods and",
           "elif False and", UNIT),
    Mutant("13", "a pod that is being created counts as compatible", _PREDICATES,
           "    if pod.instance_id or pod.finished or pod.ready:\n        return UNAVAILABLE\n    return None",
           '    if pod.instance_id or pod.finished or pod.ready:\n        return UNAVAILABLE\n    return "1.1.0"', UNIT),
    Mutant("13", "a pod that is missing does not shut the gate", "_recreate/missing.py",
           "        if why:\n            found.append(Missing(entry.",
           "        if False:\n            found.append(Missing(entry.", UNIT),
    Mutant("13", "a run that is not over does not shut the gate", "_recreate/missing.py",
           "    if holder:\n",
           "    if False:\n", UNIT),
    Mutant("13", "a bare pod is removed before it is noted", _POD,
           "        self._context.note_missing(self._step, path)\n",
           "", UNIT),
    # 14. Nothing is deleted before it is known that it can come back; nothing is created that was not removed.
    Mutant("14", "it is not tried whether a pod can be created", _POD,
           "        self._context.creation.check_pod(self._pod, wanted)\n",
           "", UNIT),
    Mutant("14", "it is not tried whether a template can be created", _POD,
           "        self._context.creation.check_template(self._workload, manifest)\n",
           "        pass\n", UNIT),
    Mutant("14", "409 is success", _POD,
           '            if found is None or found["metadata"]["uid"] == self._pod.uid or pod_from_manifest(found).deleting:',
           "            if False:", UNIT),
    Mutant("14", "a refusal leaves the pod unfinished", _POD,
           'self._context.journal.write("refused", reason=why.reason, **self._identity())',
           "pass", UNIT),
    # 15. A run that nobody waits for ends in order.
    Mutant("15", "a process that started the run and is gone does not matter", "_recreate/audience.py",
           "        if os.getppid() != self._parent:",
           "        if False:", UNIT),
    Mutant("15", "a controller that is gone does not matter", "_recreate/audience.py",
           "        if self._progress is not None and self._progress.lost_its_follower():",
           "        if False:", UNIT),
    Mutant("15", "an output that nobody reads does not matter", "_recreate/audience.py",
           "        if _has_no_reader(self._output):",
           "        if False:", UNIT),
    # 16. A cluster is known by the UID of its namespace kube-system.
    Mutant("16", "another cluster at the same address is taken for the same", "_recreate/unfinished.py",
           "theirs == self.uid if theirs and self.uid else ",
           "", UNIT),
    # 17. Every loop has a pause and an end.
    Mutant("17", "a conflict is asked about without an end", _REMOVAL,
           "(error.status != 429 and self._tries >= MOST_TRIES)",
           "False", UNIT),
    # 18. Where a workload would be without a Ready pod, its own rollout is the better way.
    Mutant("18", "a restart is no better for one replica", "_rules/restart.py",
           "if replicas == 1 and serving and max_unavailable(workload) == 0:",
           "if False:", UNIT),
    Mutant("18", "a paused workload is restarted", "_rules/restart.py",
           'if spec.get("paused"):',
           "if False:", UNIT),
    # The lease.
    Mutant("lease", "two runs at once", "_recreate/lease.py",
           "            if lives or (",
           "            if (", UNIT),
    Mutant("lease", "a lease that is lost does not matter", _RUN,
           " or lease.lost()",
           "", UNIT),
    Mutant("lease", "a lease that was taken is written over", "_recreate/lease.py",
           'if text not in (str(self._holder), ""):',
           "if False:", UNIT),
)  # fmt: skip

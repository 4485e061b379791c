# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutants: for each rule of DESIGN.md section 4 (and the lease), the line that keeps it, and a line that does not.

The tests that fall are unit tests, most of them on a model of a cluster: quick enough to be run for every mutant.
"""

from __future__ import annotations

from typing import NamedTuple

UNIT = ("tests/unit",)
MODEL = ("tests/unit/plugins/module_utils/_recreate/test_run_on_model.py",)


class Mutant(NamedTuple):
    """``old``, which stands once in the file, becomes ``new``; one of the ``tests`` has to fall."""

    rule: str
    says: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = MODEL


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
           "return found is None or pod_from_manifest(found).uid != self._pod.uid",
           "return False", UNIT),
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
    Mutant("3", "a budget without room is a failure at once", _PATIENCE,
           "return error.status == 429 or",
           "return"),
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
           "            if patience.used_up:\n                raise CannotRecreate(str(error)) from error\n"
           "            return False\n        return True",
           "            raise CannotRecreate(str(error)) from error\n        return True"),
    # 4. What a replacement is.
    Mutant("4", "a pod that was there before is a replacement", _REPLACEMENT,
           "uid in self._before or uid == self._step.pod.uid or uid in self._context.claimed",
           "uid == self._step.pod.uid"),
    Mutant("4", "a replacement counts twice", _REPLACEMENT,
           "self._context.claimed.add(pod.uid)",
           "pass", UNIT),
    Mutant("4", "any pod with the labels is a replacement", _REPLACEMENT,
           "fits and (self._step.action == Action.FROM_MANIFEST or self._owns(pod))",
           "fits", UNIT),
    Mutant("4", "a StatefulSet's replacement may have any name", _REPLACEMENT,
           'return self._step.action == Action.FROM_MANIFEST or self._step.workload.controller_kind == "StatefulSet"',
           "return False", UNIT),
    # 5. What success is.
    Mutant("5", "Ready is not waited for", _REPLACEMENT,
           "self.gone and self._ready_long_enough(pod)",
           "self.gone"),
    Mutant("5", "minReadySeconds do not count", _REPLACEMENT,
           "return self._context.clock.monotonic() - since >= self._min_ready_seconds",
           "return True", UNIT),
    Mutant("5", "the old pod need not be gone", _REPLACEMENT,
           "if self._context.is_good(version) and self.gone and",
           "if self._context.is_good(version) and"),
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
           "if self.gone and len(living) >= predicates.wanted_replicas(manifest):",
           "if False:"),
    Mutant("6", "an owner that was deleted is a failure", _REPLACEMENT,
           'return f"{workload.shown} was deleted meanwhile"',
           'return ""', UNIT),
    # 7. Settled first; one of a workload; the highest ordinal first.
    Mutant("7", "two pods of one workload in a wave", _PLAN,
           "            groups.add(step.group)\n",
           ""),
    Mutant("7", "a rollout is not waited for", _PREDICATES,
           "why = rollout_in_progress(workload)",
           'why = ""', UNIT),
    Mutant("7", "a sibling that is not Ready does not matter", _PREDICATES,
           "elif not why and not pod.ready and pod.uid not in may_be_broken:",
           "elif False:"),
    Mutant("7", "a sibling that is terminating does not matter", _PREDICATES,
           "if not why and pod.deleting:",
           "if False:", UNIT),
    Mutant("7", "missing pods do not matter", _PREDICATES,
           "if not why and wanted and count != wanted:",
           "if False:"),
    Mutant("7", "the lowest ordinal first", _PLAN,
           "rank = -int(found.group(1))",
           "rank = int(found.group(1))", UNIT),
    Mutant("7", "nothing is put off", _POD,
           "if self._may_put_off and not self._retry(self._settled):",
           "if False:"),
    Mutant("7", "a watch that has long been silent is relied on", _VIEW,
           "self._feed.silent_seconds() > FRESH_SECONDS",
           "False", UNIT),
    Mutant("7", "what happened between two pods is not taken in", _VIEW,
           "            self.follow(0.0, lambda: False)\n",
           "            pass\n", UNIT),
    Mutant("7", "the server's cache may be of any age", _API,
           '"resourceVersion": not_older_than,',
           '"resourceVersion": "0",', UNIT),
    # 8. Jobs, bare pods, owners that are not known, DaemonSets, mirror pods.
    Mutant("8", "bare pods are not refused", _PLAN,
           "    return Action.REFUSE, what\n",
           "    return Action.DELETE, what\n"),
    Mutant("8", "DaemonSet pods are not refused", _PLAN,
           'if kind == "DaemonSet":',
           "if False:", UNIT),
    Mutant("8", "mirror pods are not refused", _PLAN,
           'if pod.mirror or kind == "Node":',
           "if False:", UNIT),
    Mutant("8", "a plan with a refusal is begun", _RUN,
           "    if problem:\n        outcomes",
           "    if False:\n        outcomes"),
    Mutant("8", "a running Job is not waited for", _PLAN,
           'return Action.AWAIT_JOB, "its Job still runs and is waited for"',
           'return Action.CLEAR, "its Job still runs"', UNIT),
    Mutant("8", "a Job's last chance is taken", _PLAN,
           "if not may_fail_once_more(workload.manifest or {}):",
           "if False:", UNIT),
    Mutant("8", "no manifest is kept of a finished pod", _POD,
           "path = self._context.journal.save_manifest(self._pod.uid, manifest)",
           'path = ""', UNIT),
    Mutant("8", "a bare pod is not made again", _POD,
           "        self._create(wanted, path)\n        self._patience.must_finish = False\n",
           ""),
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
           "if self._limits.run_seconds and self._context.clock.monotonic()",
           "if False and self._context.clock.monotonic()", UNIT),
    # 10. serial.
    Mutant("10", "every wave is as wide as it can be", _WAVES,
           "size = limit_of(self._sizes, self._waves)",
           "size = 1000"),
    Mutant("10", "the last wave size does not hold on", _PLAN,
           "return limits[min(number, len(limits) - 1)]",
           "return limits[number] if number < len(limits) else 1000", UNIT),
    # 11. Check mode.
    Mutant("11", "a prediction is carried out", _REMOVAL,
           "self._send(dry_run=True)",
           "self._send()"),
    Mutant("11", "a dry run is not asked for", _API,
           'return {"dryRun": "All"} if dry_run else {}',
           "return {}", UNIT),
    Mutant("11", "a blocked eviction is predicted to work", _REMOVAL,
           'return "" if error.status in (404, 409) else self.explain(error)',
           'return ""', UNIT),
    # 12. Killed and started again; written before and after.
    Mutant("12", "nothing is written before a removal", _POD,
           '            "removing",\n',
           '            "noticed",\n'),
    Mutant("12", "what a killed run has begun is not followed", _RUN,
           "for each in journal.unfinished()]",
           "for each in ()]"),
    Mutant("12", "a pod that still terminates was never removed", _POD,
           "if not self._search.gone and not pod_from_manifest(self._seen[self._pod.uid]).deleting:",
           "if not self._search.gone:"),
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
           "os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600",
           "os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644", UNIT),
    # 13. The gate.
    Mutant("13", "an expired list is a shorter one", "_check/scan.py",
           "        except ListExpired as error:\n            said = error.message\n",
           "        except ListExpired:\n            return Scan(scope, {})\n", UNIT),
    Mutant("13", "a pod that is being created counts as compatible", _PREDICATES,
           "    if pod.instance_id or pod.finished:\n        return UNAVAILABLE\n    return None",
           '    if pod.instance_id or pod.finished:\n        return UNAVAILABLE\n    return "1.1.0"', UNIT),
    # The lease.
    Mutant("lease", "two runs at once", "_recreate/lease.py",
           "            if lives or (",
           "            if (", UNIT),
    Mutant("lease", "a lease that is lost does not matter", _RUN,
           " or lease.lost()",
           "", UNIT),
    Mutant("lease", "a lease that was taken is written over", "_recreate/lease.py",
           '                self._taken_away = text or "nobody"\n                return\n',
           "                pass\n", UNIT),
)  # fmt: skip

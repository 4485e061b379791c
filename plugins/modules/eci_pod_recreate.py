#!/usr/bin/python
# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the module eci_pod_recreate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_pod_recreate
short_description: Recreate ECI pods one by one without losing any
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Evicts (or deletes) the given pods by their UID, one by one. It waits until the replacement of each is Ready on a platform version that supports
    the target Kubernetes version, or on a real node.
  - A pod that cannot be removed now is set aside with the reason and a remedy, and the run continues with the others. The reason may be a budget, a
    rollout in progress, a sibling that is not Ready, a running Job, or that nothing would recreate the pod. Pods whose state may change are looked at
    again, and together at the end for at most one O(pod_timeout). A pod that was removed and does not come back stops further removals, see
    O(max_failures).
  - Nothing is removed unless the server's dry run shows that it can be created again. Nothing is forced. No grace period is set to 0 and no finalizer
    is removed.
  - Only one run at a time works on a cluster. It holds the Lease C(kube-system/ackops-eci-preflight). A second run fails at once and touches nothing.
    The lease of a killed run is taken over, at once if its process is known to be gone, otherwise 30 seconds after its last renewal.
  - A pod is touched only when its workload has settled. All of its pods exist, every other pod is Ready, none is terminating, and no rollout is in
    progress. A pod that is not Ready itself may be removed whatever the state of its siblings.
  - A pod that was removed and did not come back is recorded on the Lease until it is back. Until then M(ackops.eci.eci_compat_check) does not let the
    upgrade start.
  - An interrupt (SIGINT, SIGTERM, SIGHUP) ends the run in order. No further pod is started, and the ledger and the error say how far it got.
  - The run also ends in order, within seconds, when nobody waits for it any more. That is when the controller was killed (ansible-runner and AWX cancel
    jobs that way), its terminal was closed, or the C(timeout) of the task has passed. With C(async) nobody has to wait.
  - Pods that are gone, or that now run on a supported platform version, are skipped. You can stop a run and start it again at any time.
  - In check mode the module returns the plan in order and tries every removal with the server's dry run, so you learn about a blocking
    PodDisruptionBudget before anything is touched.
extends_documentation_fragment:
  - ackops.eci.auth
  - ackops.eci.common.nodes
  - ackops.eci.common.target
  - ackops.eci.common.waivers
  - ackops.eci.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the platform version of each pod before and after.
options:
  pods:
    description:
      - The pods to recreate, each with C(namespace), C(name) and C(uid). Records from M(ackops.eci.eci_pod_facts) and C(blockers) from
        M(ackops.eci.eci_compat_check) work as they are.
      - An empty list means no pods.
      - If not given, the module scans the cluster and recreates every ECI pod that does not support the target version and is not O(exempt). Pods whose
        version the matrix does not list, and pods that are being created, are not touched.
    type: list
    elements: dict
  method:
    description:
      - V(evict) evicts pods, which respects PodDisruptionBudgets.
      - V(delete) deletes pods, which ignores them.
      - V(restart) restarts each workload by its own strategy, as C(kubectl rollout restart) does. With the usual strategy of a Deployment the new pod is
        Ready before the old one is removed. Budgets are ignored; the workload's C(maxUnavailable) applies. The pods of a workload that cannot be
        restarted (paused, C(OnDelete), a partition, strategy C(Recreate), or a kind without rollouts) are evicted instead.
      - V(auto) restarts a workload if an eviction would leave it without a Ready pod, if its budget can never allow one, or if most of its pods are
        old. It evicts the pods of all others. The plan says which, and why.
      - Finished pods are always deleted; there is nothing left in them to protect.
    type: str
    choices: [evict, delete, restart, auto]
    default: evict
  serial:
    description:
      - How many pods to recreate at the same time, like C(serial) in a play. A number, a percentage of the pods, or a list of growing waves whose
        last entry is repeated.
      - When a pod is back, the next one starts. An entry of a list applies until that many pods have come back; then the next entry applies.
      - O(workload_serial) limits how many of them may belong to one workload.
    type: list
    elements: raw
    default: [1]
  workload_serial:
    description:
      - How many pods of one workload to recreate at the same time. A number, a percentage of its replicas, or V(strategy) for a Deployment's own
        C(maxUnavailable). For a StatefulSet it is always one, unless its C(podManagementPolicy) is C(Parallel).
      - Budgets apply all the same, because every eviction respects them.
    type: raw
    default: 1
  recreated_by:
    description:
      - Custom kinds whose controllers recreate a deleted pod, as C(GROUP/KIND), for example V(apps.example.com/GameServerSet).
      - V(apps.kruise.io/CloneSet), V(apps.kruise.io/StatefulSet) and V(argoproj.io/Rollout) are built in. The user needs permission to get objects of
        the kind, and their C(scale) if they have one.
    type: list
    elements: str
    default: []
  forget:
    description:
      - Pods (V(namespace/name)) that an earlier run removed and did not bring back, and that are no longer wanted. They no longer block the upgrade.
    type: list
    elements: str
    default: []
  unmanaged:
    description:
      - What to do with pods that have no controller, or whose controller is not known to recreate its pods.
      - V(refuse) leaves them alone and lists them with what you can do. All other pods are recreated, and the task fails.
      - V(recreate) saves the manifest, deletes the pod, and creates it again from the manifest.
      - V(delete) saves the manifest and deletes the pod permanently.
    type: str
    choices: [refuse, recreate, delete]
    default: refuse
  running_jobs:
    description:
      - What to do with a pod whose Job is still running.
      - V(wait) waits for the Job to finish, and then deletes the pod.
      - V(evict) evicts the pod, which the Job may count as a failure. If the eviction could end the Job, the module waits all the same.
    type: str
    choices: [wait, evict]
    default: wait
  pod_timeout:
    description:
      - How many seconds one pod may take, from the first look at it until its replacement is Ready.
    type: int
    default: 900
  run_timeout:
    description:
      - How many seconds the whole run may take. No pod is started after that. V(0) means no limit.
      - Set it below the time limit of the AWX job, so that the run ends by itself with a readable result.
    type: int
    default: 0
  max_failures:
    description:
      - How many removed pods may fail to come back before no further pod is removed. The task fails in any case.
    type: int
    default: 0
  record_dir:
    description:
      - Directory on the machine that runs the module. It holds the ledger (C(ledger.jsonl), a line of JSON before and after every removal) and the
        manifests of pods that nothing recreates (C(manifests/)). Files have mode 0600.
      - If not given, C($XDG_STATE_HOME/ackops-eci/<server>), where E(XDG_STATE_HOME) is C(~/.local/state) by default.
    type: path
  progress_file:
    description:
      - A file on the machine that runs the module. A line is appended for each step, so that you can follow the run.
      - Usually you do not need it, because each step is shown while the task runs. If you set it, nothing is shown.
    type: path
  quiet:
    description:
      - Show nothing while the task runs. By default a line is shown for each step, and for each pod that is waited for, with the reason, soon
        after the wait begins and at least every 30 seconds.
      - With a connection other than C(local) the lines are read over a second connection of the same kind. If it cannot be made, a warning says so
        and the run continues.
    type: bool
    default: false
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
  - jmespath >= 0.9.4, for O(exempt)
seealso:
  - module: ackops.eci.eci_compat_check
"""

EXAMPLES = r"""
- name: Check without failing
  ackops.eci.eci_compat_check:
    target_version: '1.26'
    fail_when_incompatible: false
  register: eci_check

- name: Recreate the pods that do not support the target, in growing waves
  ackops.eci.eci_pod_recreate:
    target_version: '1.26'
    pods: "{{ eci_check.blockers }}"
    serial: [1, 5, '25%']

- name: Recreate all pods that do not support the target, except in one namespace
  ackops.eci.eci_pod_recreate:
    target_version: '1.26'
    exempt:
      - match: namespace == 'batch'
        reason: ends before the upgrade, see change 4711
        expires: '2026-12-31'
"""

RETURN = r"""
pods:
  description: What happened to each pod, in order. The first 50 are listed, and fewer where their names are long; the counts are of all.
  returned: always
  type: list
  elements: dict
  contains:
    namespace:
      description: Namespace.
      type: str
      returned: always
    name:
      description: Name of the old pod.
      type: str
      returned: always
    uid:
      description: UID of the old pod.
      type: str
      returned: always
    outcome:
      description:
        - V(recreated), V(deleted), V(no_longer_needed) (its owner was deleted or scaled down meanwhile), V(already_gone),
          V(already_compatible), V(failed) (removed, and not come back), V(set_aside) (not touched) or V(not_started); in check mode V(predicted), or
          V(blocked) where something would keep it from going.
      type: str
      returned: always
    reason:
      description: Why it ended that way.
      type: str
      returned: always
    remedy:
      description: What helps, where the pod was set aside or is blocked.
      type: str
      returned: always
    started_at:
      description: When the pod was first looked at, RFC 3339, UTC.
      type: str
      returned: always
    old_version:
      description: Platform version of the old pod.
      type: str
      returned: always
    new_name:
      description: Name of the replacement.
      type: str
      returned: always
    new_uid:
      description: UID of the replacement.
      type: str
      returned: always
    new_node:
      description: Node of the replacement.
      type: str
      returned: always
    new_version:
      description: Platform version of the replacement; empty if it is on a real node.
      type: str
      returned: always
    seconds:
      description: Seconds from the first look at the pod to the end of the wait.
      type: float
      returned: always
    workload:
      description: Kind, namespace and name of the workload.
      type: str
      returned: always
    method:
      description:
        - V(evict) or V(delete) for a pod that its controller replaces, V(restart) for one whose workload is rolled, otherwise V(clear),
          V(await_job), V(from_manifest) or V(delete).
      type: str
      returned: always
    removed:
      description: Whether the server accepted the removal of the old pod.
      type: bool
      returned: always
counts:
  description: Number of pods by outcome.
  returned: always
  type: dict
  sample: {"recreated": 14}
set_aside:
  description:
    - Why pods were not touched, one entry for the pods of a workload that wait for the same. C(namespace), C(name) and C(uid) of the first of them,
      C(workload), C(pods) (how many), C(reason) and C(remedy). In check mode, what would keep them from going.
  returned: always
  type: list
  elements: dict
workloads:
  description: The workloads of all these pods, those with the most pods first, the first 50 of them, and how many pods each has.
  returned: always
  type: list
  elements: dict
  sample: [{"workload": "Deployment shop/web", "pods": 12}]
problem:
  description: What the message says, where the module told on purpose why it failed; not returned where it broke down.
  returned: failure
  type: str
estimate:
  description: How long the run would take, judged by the ECI pods of its workloads that are Ready now. It does not count the time that old pods take to end.
  returned: in check mode
  type: dict
  contains:
    total_seconds:
      description: Seconds for all pods that can go now; V(null) where no pod shows how long it took to start.
      type: float
      returned: in check mode
    start_seconds:
      description: Seconds from the creation of a pod to its being Ready, the median.
      type: float
      returned: in check mode
    measured_pods:
      description: How many pods that is the median of.
      type: int
      returned: in check mode
    without_ready:
      description: The workloads (or pods without one) that would have no Ready pod for some C(seconds), the longest first, the first 10 of them.
      type: list
      elements: dict
      returned: in check mode
    without_ready_count:
      description: How many there are of them in all.
      type: int
      returned: in check mode
  sample:
    total_seconds: 340.0
    start_seconds: 12.0
    measured_pods: 28
    without_ready: [{"workload": "Deployment shop/web", "seconds": 12.0}]
    without_ready_count: 1
ledger:
  description: Path of the ledger, on the machine that runs the module; empty in check mode.
  returned: always
  type: str
run:
  description: Identifier of this run in the ledger.
  returned: always
  type: str
"""

import uuid
from dataclasses import replace
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import recreate_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._check.cluster import pods_to_recreate
from ansible_collections.ackops.eci.plugins.module_utils._module import (
    MOST_LISTED,
    SystemClock,
    at_least,
    connect_from,
    run_module,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.audience import Audience
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.ledger import NoLedger, open_ledger
from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress
from ansible_collections.ackops.eci.plugins.module_utils._recreate.request import request_of
from ansible_collections.ackops.eci.plugins.module_utils._recreate.run import Environment, carry_out, run_alone
from ansible_collections.ackops.eci.plugins.module_utils._recreate.unfinished import Cluster
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import Limits


def recreate(module: AnsibleModule) -> dict[str, Any]:
    """Recreate the pods, or predict it."""
    params = module.params
    limits = Limits(
        pod_seconds=at_least(module, "pod_timeout", 1),
        run_seconds=at_least(module, "run_timeout", 0),
        max_failures=at_least(module, "max_failures", 0),
    )
    request = request_of(params, limits)
    progress = Progress(params["progress_file"]) if params["progress_file"] else None
    audience = Audience(progress)
    api, clock, run = connect_from(module), SystemClock(), str(uuid.uuid4())
    request = replace(request, pods=pods_to_recreate(params, api, clock), fresh=params["pods"] is None)
    tell = progress.tell if progress else None
    if module.check_mode:
        plan = carry_out(Environment(api, clock, NoLedger(tell)), request, dry_run=True, limit=MOST_LISTED)
        return {"run": run, "ledger": "", **plan}
    ledger = open_ledger(params["record_dir"], run, Cluster(api.server(), api.identity()), clock, tell)
    environment = Environment(api, clock, ledger, audience.said)
    try:
        result = run_alone(environment, request, Holder.of_this_process(run), MOST_LISTED)
    finally:
        if progress and audience.said():
            progress.abandon()
    return {"run": run, "ledger": ledger.path, **result}


def main() -> None:
    """Run the module."""
    run_module(recreate_argument_spec(), recreate)


if __name__ == "__main__":
    main()

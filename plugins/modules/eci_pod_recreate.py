#!/usr/bin/python
# Copyright: (c) 2026, ackops.eci contributors
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
  - If any of the pods would not come back, nothing is touched. That is a pod without a controller, a pod whose controller is not known to recreate
    its pods, a pod of a DaemonSet, or a mirror pod. For the first two O(unmanaged) lets you choose otherwise.
  - A failure stops the run, see O(max_failures). Nothing is forced. No grace period is set to 0 and no finalizer is removed.
  - Only one run at a time works on a cluster. It holds the Lease C(kube-system/ackops-eci-preflight). A second run fails at once and touches nothing.
    The lease of a killed run is taken over, at once if its process is known to be gone, otherwise 30 seconds after its last renewal.
  - A pod is touched only when its workload has settled. All of its pods exist, every other pod is Ready, none is terminating, and no rollout is in
    progress. A workload that has not settled is deferred to the end, where the run waits for it.
  - An interrupt (SIGINT, SIGTERM, SIGHUP) ends the run in order. No further pod is started, and the ledger and the error say how far it got.
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
      - Either this or O(whole_cluster) is needed.
    type: list
    elements: dict
  whole_cluster:
    description:
      - Recreate all ECI pods of the cluster that do not support the target version and are not O(exempt). The module scans the cluster for them
        by itself, so that no list of pods passes through Ansible.
      - A pod whose version the matrix does not name, or that is just being created, is not touched.
    type: bool
    default: false
  method:
    description:
      - V(evict) evicts pods, which respects PodDisruptionBudgets.
      - V(delete) deletes pods, which ignores them.
      - Finished pods are always deleted; there is nothing left in them to protect.
    type: str
    choices: [evict, delete]
    default: evict
  serial:
    description:
      - How many pods to recreate at the same time, like C(serial) in a play. A number, a percentage of the pods, or a list of growing waves whose
        last entry is repeated.
      - Two pods of one workload are never recreated at the same time.
    type: list
    elements: raw
    default: [1]
  unmanaged:
    description:
      - What to do with pods that have no controller, or whose controller is not known to recreate its pods.
      - V(refuse) fails before anything is touched.
      - V(recreate) saves the manifest, deletes the pod, and creates it again from the manifest.
      - V(delete) saves the manifest and deletes the pod permanently.
    type: str
    choices: [refuse, recreate, delete]
    default: refuse
  running_jobs:
    description:
      - What to do with a pod whose Job is still running.
      - V(wait) waits up to O(pod_timeout) for the Job to finish, and then deletes the pod.
      - V(evict) evicts the pod, which the Job counts as a failure.
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
      - How many pods may fail before no further pod is started. The task fails in any case.
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
      - With a local connection you need not set it; each step is shown while the task runs.
    type: path
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
  - jmespath, for O(exempt)
seealso:
  - module: ackops.eci.eci_compat_check
  - module: ackops.eci.eci_cluster_check
"""

EXAMPLES = r"""
- name: Check without failing
  ackops.eci.eci_compat_check:
    target_version: '1.26'
    pods: "{{ ansible_facts.eci_pods }}"
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
    whole_cluster: true
    exempt:
      - match: namespace == 'batch'
        reason: ends before the upgrade, see change 4711
        expires: '2026-12-31'
"""

RETURN = r"""
pods:
  description: What happened to each pod, in order. The first 1000 are listed.
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
        - V(recreated), V(deleted), V(no_longer_needed) (its owner was deleted or scaled down in the meantime), V(already_gone),
          V(already_compatible), V(failed) or V(not_started). In check mode V(predicted), or V(blocked) if the server's dry run refused the removal.
      type: str
      returned: always
    reason:
      description: Why it ended that way.
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
      description: V(evict) or V(delete) for a pod that its controller replaces, otherwise V(clear), V(await_job), V(from_manifest) or V(delete).
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
refused:
  description: The pods that would not come back, each with the reason. If there are any, nothing was touched.
  returned: always
  type: list
  elements: dict
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
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.ledger import NoLedger, open_ledger
from ansible_collections.ackops.eci.plugins.module_utils._recreate.progress import Progress
from ansible_collections.ackops.eci.plugins.module_utils._recreate.run import Environment, Request, carry_out, run_alone
from ansible_collections.ackops.eci.plugins.module_utils._recreate.unfinished import Cluster
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import Limits
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import build_matrix, parse_version
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import Policy, wave_limits


def recreate(module: AnsibleModule) -> dict[str, Any]:
    """Recreate the pods, or predict it."""
    params = module.params
    target = parse_version(params["target_version"], "target_version")
    matrix = build_matrix(params["matrix"])
    wave_limits(params["serial"], 1)
    request = Request(
        pods=[],
        policy=Policy(params["unmanaged"], params["running_jobs"]),
        serial=params["serial"],
        method=params["method"],
        prefixes=tuple(params["node_name_prefixes"]),
        accepts=lambda version: matrix.supports(version, target),
        limits=Limits(
            pod_seconds=at_least(module, "pod_timeout", 1),
            run_seconds=at_least(module, "run_timeout", 0),
            max_failures=at_least(module, "max_failures", 0),
        ),
    )
    api, clock, run = connect_from(module), SystemClock(), str(uuid.uuid4())
    request = replace(request, pods=pods_to_recreate(params, api, clock), fresh=params["whole_cluster"])
    if module.check_mode:
        plan = carry_out(Environment(api, clock, NoLedger()), request, dry_run=True, limit=MOST_LISTED)
        return {"run": run, "ledger": "", **plan}
    tell = Progress(params["progress_file"]).tell if params["progress_file"] else None
    ledger = open_ledger(params["record_dir"], run, Cluster(api.server(), api.identity()), clock, tell)
    result = run_alone(Environment(api, clock, ledger), request, Holder.of_this_process(run), MOST_LISTED)
    return {"run": run, "ledger": ledger.path, **result}


def main() -> None:
    """Run the module."""
    run_module(recreate_argument_spec(), recreate)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the module eci_pod_recreate: it only wires."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_pod_recreate
short_description: Recreate ECI pods one after another without losing any
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Evicts (or deletes) the given pods by their UID, one after another, and waits until the replacement of each is Ready on a platform version
    that supports the target Kubernetes version, or on a real node.
  - Nothing is touched if any of the pods would not come back. A pod without a controller, of a controller that is not known to recreate its pods, of a
    DaemonSet, or a mirror pod is refused; O(unmanaged) lets you choose otherwise for the first two.
  - The first failure stops the run, see O(max_failures). Nothing is forced, neither by a grace period of 0 nor by removing a finalizer.
  - One run at a time works on a cluster. It holds the Lease C(kube-system/ackops-eci-preflight); a second run fails at once, and touches nothing.
    The lease of a run that was killed is taken over, at once where its process is known to be gone, otherwise 30 seconds after its last renewal.
  - A pod is touched only when its workload has settled. All of its pods are there, every other one is Ready, none is terminating, no rollout is
    under way. A workload that has not settled is put off to the end, and waited for there.
  - An interrupt (SIGINT, SIGTERM, SIGHUP) ends the run in order. No further pod is begun, and the ledger and the error say how far it went.
  - A pod that is gone, or runs on a supported platform version by now, is passed over, so that a run can be stopped and started again at any time.
  - In check mode it returns the plan in order and tries every removal with the server's dry run, so that a blocking PodDisruptionBudget is
    known before anything is touched.
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
      - The pods to recreate; each needs C(namespace), C(name) and C(uid). Records of M(ackops.eci.eci_pod_facts) and C(blockers) of
        M(ackops.eci.eci_compat_check) can be given as they are.
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
      - V(evict) asks for an eviction, so that PodDisruptionBudgets hold.
      - V(delete) deletes, and no budget is asked.
      - Pods that have finished are always deleted; there is nothing in them that a budget could protect.
    type: str
    choices: [evict, delete]
    default: evict
  serial:
    description:
      - How many pods may be in flight at once, read like C(serial) of a play. A number, a percentage of the pods given, or a list of growing waves
        of which the last is repeated.
      - Two pods of one workload are never in flight together.
    type: list
    elements: raw
    default: [1]
  unmanaged:
    description:
      - What to do with pods that have no controller, or one that is not known to recreate its pods.
      - V(refuse) fails before anything is touched.
      - V(recreate) saves the manifest, deletes the pod and creates it again from the manifest.
      - V(delete) saves the manifest and deletes the pod for good.
    type: str
    choices: [refuse, recreate, delete]
    default: refuse
  running_jobs:
    description:
      - What to do with a pod of a Job that still runs.
      - V(wait) waits, up to O(pod_timeout), until the Job has finished, and then deletes the pod.
      - V(evict) evicts the pod, which counts as a failure of the Job.
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
      - How many seconds all pods together may take; no pod is begun after it. No limit if V(0).
      - Set it below the time limit of the job (AWX) so that the run ends by itself and can be read.
    type: int
    default: 0
  max_failures:
    description:
      - How many pods may fail before no further one is begun. The task fails in any case.
    type: int
    default: 0
  record_dir:
    description:
      - Directory, on the machine that runs the module, for the ledger (C(ledger.jsonl), a line of JSON before and after every removal) and for the
        manifests of pods that nothing recreates (C(manifests/)). Files have mode 0600.
      - If not given, C($XDG_STATE_HOME/ackops-eci/<server>), where E(XDG_STATE_HOME) is C(~/.local/state) by default.
    type: path
  progress_file:
    description:
      - A file, on the machine that runs the module, to which a line is appended for each step, for people who follow the run.
      - With a local connection the action plugin of this name gives one, and shows its lines while the task runs.
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

- name: Recreate what does not support the target, in growing waves
  ackops.eci.eci_pod_recreate:
    target_version: '1.26'
    pods: "{{ eci_check.blockers }}"
    serial: [1, 5, '25%']

- name: Recreate all that do not support the target, but for one namespace
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
  description: What became of each pod, in order, the first 50 of them.
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
          V(already_compatible), V(failed) or V(not_started); in check mode V(predicted), or V(blocked) where the server's dry run refused.
      type: str
      returned: always
    reason:
      description: Why.
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
workloads:
  description: The workloads of all these pods, those with the most pods first, the first 50 of them, and how many pods each has.
  returned: always
  type: list
  elements: dict
  sample: [{"workload": "Deployment shop/web", "pods": 12}]
refused:
  description: The pods that would not come back, with the reason. If there is one, nothing was touched.
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
    tell = Progress(params["progress_file"]).tell if params["progress_file"] else None
    if module.check_mode:
        plan = carry_out(Environment(api, clock, NoLedger(tell)), request, dry_run=True, limit=MOST_LISTED)
        return {"run": run, "ledger": "", **plan}
    ledger = open_ledger(params["record_dir"], run, api.server(), clock, tell)
    result = run_alone(Environment(api, clock, ledger), request, Holder.of_this_process(run), MOST_LISTED)
    return {"run": run, "ledger": ledger.path, **result}


def main() -> None:
    """Run the module."""
    run_module(recreate_argument_spec(), recreate)


if __name__ == "__main__":
    main()

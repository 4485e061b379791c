#!/usr/bin/python
# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the module eci_compat_check."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_compat_check
short_description: Check that ECI pods support the Kubernetes version of a planned upgrade
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Compares the platform version of every ECI pod with a compatibility matrix. Fails unless all of them support the target version.
  - Without O(pods), the module scans the whole cluster. The result stays small in a cluster of any size.
  - With O(pods), it does not connect to a cluster and ignores the connection options. Use the pods that M(ackops.eci.eci_pod_facts) found, for
    example those of one namespace.
  - With O(src), it reads a dump of the cluster instead, for an audit without access. The verdict is that of a scan at the moment of the dump. A dump
    that may not hold all pods is never compatible, and RV(not_proved) says why.
  - A verdict is V(compatible), V(incompatible), V(unknown) (the matrix does not list the version), V(undetermined) (the pod is being created) or
    V(exempt) (a waiver covers it). A cluster is ready only if no pod is incompatible, unknown or undetermined.
  - A target below the cluster's own version is an error. If the target is the cluster's own version, there is nothing to do.
extends_documentation_fragment:
  - ackops.eci.auth
  - ackops.eci.common.nodes
  - ackops.eci.common.settle
  - ackops.eci.common.target
  - ackops.eci.common.waivers
  - ackops.eci.attributes
  - ackops.eci.attributes.reads
options:
  pods:
    description:
      - The pods to check, with records like those in C(ansible_facts.eci_pods). An empty list means no pods.
      - If not given, the module scans the cluster for all ECI pods.
    type: list
    elements: dict
  cluster_version:
    description:
      - The version that the cluster of the given O(pods) runs now, as in C(ansible_facts.eci_cluster.version). Without it, downgrades are not detected.
      - Put it in quotes, like O(target_version).
      - Only with O(pods) or O(src); a scan asks the cluster. In a dump it is found if the output of C(kubectl version -o json) is in it.
    type: raw
  pods_are_complete:
    description:
      - Whether the given O(pods) are all ECI pods of the cluster, as C(ansible_facts.eci_cluster.whole_cluster) says. If not, a warning says so.
      - Only with O(pods); a scan always finds all.
    type: bool
    default: true
  src:
    description:
      - Files and directories to read instead of a cluster, as in O(ackops.eci.eci_pod_facts#module:src).
    type: list
    elements: path
  fail_when_incompatible:
    description:
      - Whether the task fails if the cluster is not ready.
    type: bool
    default: true
  list_file:
    description:
      - A file, on the machine that runs the module, to which RV(blockers) and RV(exempted) are written as a whole, as JSON. Its mode is 0600.
    type: path
  keep_lists:
    description:
      - Whether RV(blockers) and RV(exempted) are kept as a whole in a file on the controller, for M(ackops.eci.eci_report), until
        C(ansible-playbook) ends. Not together with O(list_file), and not in the background.
    type: bool
    default: false
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0, without O(pods) and O(src)
  - jmespath >= 0.9.4, for O(exempt)
  - PyYAML, for O(src) in YAML
seealso:
  - module: ackops.eci.eci_pod_facts
  - module: ackops.eci.eci_pod_recreate
"""

EXAMPLES = r"""
- name: Assert that the cluster of the current kubeconfig is ready for Kubernetes 1.26
  ackops.eci.eci_compat_check:
    target_version: '1.26'
    exempt:
      - match: namespace == 'batch' && labels.app == 'nightly'
        reason: ends before the upgrade, see change 4711
        expires: '2026-12-31'

- name: Look at another cluster without failing
  ackops.eci.eci_compat_check:
    context: prod-hangzhou
    target_version: '1.26'
    fail_when_incompatible: false
  register: eci_check

- name: Gather the ECI pods of one namespace
  ackops.eci.eci_pod_facts:
    namespaces: [shop]

- name: Check only these
  ackops.eci.eci_compat_check:
    target_version: '1.26'
    pods: "{{ ansible_facts.eci_pods }}"
    pods_are_complete: "{{ ansible_facts.eci_cluster.whole_cluster }}"
    cluster_version: "{{ ansible_facts.eci_cluster.version }}"
"""

RETURN = r"""
problem:
  description: What the message says, where the module told on purpose why it failed; not returned where it broke down.
  returned: failure
  type: str
cluster:
  description:
    - What was looked at, and what was found in numbers. The same dictionary as C(ansible_facts.eci_cluster) of M(ackops.eci.eci_pod_facts), with
      C(server), C(version), C(scanned_at), C(whole_cluster), C(virtual_nodes), C(pods_by_platform_version) and C(counts).
  returned: when the module scanned the cluster or a dump, that is without O(pods)
  type: dict
compatible:
  description: Whether the gate is open.
  returned: always
  type: bool
nothing_to_do:
  description: Whether the cluster runs the target version already.
  returned: always
  type: bool
target_version:
  description: Major and minor version of the target.
  returned: always
  type: str
  sample: "1.26"
cluster_version:
  description: Major and minor version of the cluster; empty if O(pods) or O(src) came without it.
  returned: always
  type: str
  sample: "1.24"
counts:
  description: Number of ECI pods by verdict; never cut.
  returned: always
  type: dict
  sample: {"compatible": 30, "incompatible": 14, "unknown": 0, "undetermined": 0, "exempt": 1}
not_proved:
  description: Why a dump (O(src)) may not hold all pods of the cluster; with any reason it is not compatible. Otherwise empty.
  returned: always
  type: list
  elements: str
not_offered:
  description:
    - Why ACK does not offer the upgrade from RV(cluster_version) to RV(target_version) in one step. Empty if it does, or if the cluster's version is not
      known. It does not shut the gate here; P(ackops.eci.eci_fleet_upgrade#role) skips such a cluster.
  returned: always
  type: str
message:
  description: Why the gate is shut, which pods shut it, and what to do; empty if it is open.
  returned: always
  type: str
blockers:
  description:
    - The pods that shut the gate, the first 50 of them (fewer where their names are long), with C(namespace), C(name), C(uid), C(platform_version), C(verdict),
      C(reason), C(instance_id) and C(owner) (kind and name of its controller).
    - To recreate all that are incompatible, however many, call M(ackops.eci.eci_pod_recreate) without pods.
  returned: always
  type: list
  elements: dict
missing:
  description:
    - Pods that an earlier run of M(ackops.eci.eci_pod_recreate) removed and that are not back, each with C(namespace), C(name), C(uid) and C(reason). While
      there is one, the cluster is not ready. An entry without a name stands for a run that is at work, or was cut off.
  returned: always
  type: list
  elements: dict
exempted:
  description: The pods that a waiver covers, the first 50 of them, in the same form; the reason is that of the waiver.
  returned: always
  type: list
  elements: dict
lists:
  description: The file of O(keep_lists), on the controller.
  returned: with O(keep_lists)
  type: str
matrix:
  description: C(source) and C(date) of the matrix, and the platform versions C(supporting) the target.
  returned: always
  type: dict
hints:
  description: What else a person should know; also given as warnings.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import check_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._check.cluster import (
    check_cluster,
    check_dump,
    check_pods,
    describe,
    question_of,
    refuse_options_without_pods,
)
from ansible_collections.ackops.eci.plugins.module_utils._module import (
    SystemClock,
    at_least,
    connect_from,
    cut_lists,
    run_module,
)
from ansible_collections.ackops.eci.plugins.module_utils._recreate.missing import missing_pods
from ansible_collections.ackops.eci.plugins.module_utils._recreate.workloads import Workloads
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import as_result

# The lists of the result that may be long.
LISTS = ("blockers", "exempted", "missing")


def judge(module: AnsibleModule) -> dict[str, Any]:
    """Check the given pods, or scan the cluster for them, and return the verdict and what it rests on."""
    params, clock = module.params, SystemClock()
    question = question_of(params, at_least(module, "settle_timeout", 0))
    refuse_options_without_pods(params)
    seen: dict[str, Any] = {}
    if params["pods"] is not None:
        report = check_pods(params, clock, question)
    elif params["src"]:
        scan, report = check_dump(params, clock, question)
        seen = {"cluster": describe(scan, clock)}
        report.warnings.extend(scan.hints)
    else:
        api = connect_from(module)
        scan, report = check_cluster(api, clock, question, lambda: missing_pods(api, Workloads(api)))
        seen = {"cluster": describe(scan, clock, api)}
    for warning in report.warnings:
        module.warn(warning)
    result = cut_lists(module, as_result(report, question.matrix), LISTS)
    return {
        "changed": False,
        "problem": result["message"] if params["fail_when_incompatible"] else "",
        "hints": report.warnings,
        **seen,
        **result,
    }


def main() -> None:
    """Run the module."""
    run_module(check_argument_spec(), judge)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the module eci_cluster_check: it only wires."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_cluster_check
short_description: Check that all ECI pods of a cluster support the Kubernetes version it is to be upgraded to
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Scans the whole cluster and judges every ECI pod, as M(ackops.eci.eci_pod_facts) and M(ackops.eci.eci_compat_check) do one after the other, but
    in one task and without handing the pods to Ansible. Its result stays small in a cluster of any size.
  - Fails unless all ECI pods support the target version.
  - A verdict is V(compatible), V(incompatible), V(unknown) (a version that the matrix does not name), V(undetermined) (the pod is being created)
    or V(exempt) (a waiver covers it). The gate is open only when nothing is incompatible, unknown or undetermined.
  - A target below the cluster's own version is an error. With the cluster's own version as the target there is nothing to do.
extends_documentation_fragment:
  - ackops.eci.auth
  - ackops.eci.common.nodes
  - ackops.eci.common.settle
  - ackops.eci.common.target
  - ackops.eci.common.waivers
  - ackops.eci.attributes
  - ackops.eci.attributes.reads
options:
  fail_when_incompatible:
    description:
      - Whether the task fails when the gate is shut.
    type: bool
    default: true
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
  - jmespath, for O(exempt)
seealso:
  - module: ackops.eci.eci_compat_check
  - module: ackops.eci.eci_pod_facts
  - module: ackops.eci.eci_pod_recreate
"""

EXAMPLES = r"""
- name: Assert that the cluster of the current kubeconfig is ready for Kubernetes 1.26
  ackops.eci.eci_cluster_check:
    target_version: '1.26'

- name: Look at another cluster without failing
  ackops.eci.eci_cluster_check:
    context: prod-hangzhou
    target_version: '1.26'
    fail_when_incompatible: false
  register: eci_check
"""

RETURN = r"""
ansible_facts:
  description: The facts; C(eci_cluster) alone, the pods are not among them.
  returned: success
  type: dict
  contains:
    eci_cluster:
      description:
        - What was looked at, and what was found in numbers, as M(ackops.eci.eci_pod_facts) returns it. C(server), C(version),
          C(whole_cluster), C(scanned_at), C(virtual_nodes), C(pods_by_platform_version) and C(counts).
      type: dict
      returned: success
compatible:
  description: Whether the gate is open.
  returned: success
  type: bool
nothing_to_do:
  description: Whether the cluster runs the target version already.
  returned: success
  type: bool
target_version:
  description: Major and minor version of the target.
  returned: success
  type: str
  sample: "1.26"
cluster_version:
  description: Major and minor version of the cluster.
  returned: success
  type: str
  sample: "1.24"
counts:
  description: Number of ECI pods by verdict; never cut.
  returned: success
  type: dict
  sample: {"compatible": 30, "incompatible": 14, "unknown": 0, "undetermined": 0, "exempt": 1}
message:
  description: Why the gate is shut, which pods shut it, and what to do; empty if it is open.
  returned: success
  type: str
blockers:
  description:
    - The pods that shut the gate, the first 50 of them, with C(namespace), C(name), C(uid), C(platform_version), C(verdict) and C(reason).
    - To recreate all of them, however many, use O(ackops.eci.eci_pod_recreate#module:whole_cluster).
  returned: success
  type: list
  elements: dict
exempted:
  description: The pods that a waiver covers, the first 50 of them, in the same form; the reason is that of the waiver.
  returned: success
  type: list
  elements: dict
matrix:
  description: C(source) and C(date) of the matrix, and the platform versions C(supporting) the target.
  returned: success
  type: dict
hints:
  description: What else a person should know; also given as warnings.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import cluster_check_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._check.cluster import check_cluster, question_of
from ansible_collections.ackops.eci.plugins.module_utils._module import (
    MOST_LISTED,
    SystemClock,
    at_least,
    connect_from,
    run_module,
)
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import as_result


def judge(module: AnsibleModule) -> dict[str, Any]:
    """Scan the cluster, and return the verdict and what it rests on."""
    question = question_of(module.params, at_least(module, "settle_timeout", 0))
    api, clock = connect_from(module), SystemClock()
    scan, report = check_cluster(api, clock, question)
    for warning in report.warnings:
        module.warn(warning)
    result = as_result(report, question.matrix, MOST_LISTED)
    seen = {"server": api.server(), "version": api.server_version(), "scanned_at": clock.now(), **scan.facts()}
    return {
        "changed": False,
        "problem": result["message"] if module.params["fail_when_incompatible"] else "",
        "ansible_facts": {"eci_cluster": seen},
        "hints": report.warnings,
        **result,
    }


def main() -> None:
    """Run the module."""
    run_module(cluster_check_argument_spec(), judge)


if __name__ == "__main__":
    main()

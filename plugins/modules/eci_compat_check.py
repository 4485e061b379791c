#!/usr/bin/python
# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the module eci_compat_check: it only wires."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_compat_check
short_description: Check that ECI pods support the Kubernetes version a cluster is to be upgraded to
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Compares the platform version of every given ECI pod with a compatibility matrix and fails unless all support the target version.
  - It talks to no cluster; give it the pods that M(ackops.eci.eci_pod_facts) found.
  - A verdict is V(compatible), V(incompatible), V(unknown) (a version that the matrix does not name), V(undetermined) (the pod is being created)
    or V(exempt) (a waiver covers it). The gate is open only when nothing is incompatible, unknown or undetermined.
  - A target below the cluster's own version is an error. With the cluster's own version as the target there is nothing to do.
extends_documentation_fragment:
  - ackops.eci.common.target
  - ackops.eci.common.waivers
  - ackops.eci.attributes
  - ackops.eci.attributes.reads
options:
  pods:
    description:
      - Pod records as in C(ansible_facts.eci_pods).
    type: list
    elements: dict
    required: true
  cluster_version:
    description:
      - The version that the cluster runs now, as in C(ansible_facts.eci_cluster.version). Without it a downgrade is not noticed.
    type: str
  whole_cluster:
    description:
      - Whether O(pods) are all ECI pods of the cluster, as in C(ansible_facts.eci_cluster.whole_cluster). If not, a warning says so.
    type: bool
    default: true
  fail_when_incompatible:
    description:
      - Whether the task fails when the gate is shut.
    type: bool
    default: true
requirements:
  - python >= 3.9
  - jmespath, for O(exempt)
seealso:
  - module: ackops.eci.eci_cluster_check
  - module: ackops.eci.eci_pod_facts
  - module: ackops.eci.eci_pod_recreate
"""

EXAMPLES = r"""
- name: Gather the ECI pods
  ackops.eci.eci_pod_facts:

- name: Assert that they support Kubernetes 1.26
  ackops.eci.eci_compat_check:
    target_version: '1.26'
    cluster_version: "{{ ansible_facts.eci_cluster.version }}"
    pods: "{{ ansible_facts.eci_pods }}"
    exempt:
      - match: namespace == 'batch' && labels.app == 'nightly'
        reason: ends before the upgrade, see change 4711
        expires: '2026-12-31'
"""

RETURN = r"""
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
  description: Major and minor version of the cluster; empty if not given.
  returned: always
  type: str
  sample: "1.24"
counts:
  description: Number of pods by verdict.
  returned: always
  type: dict
  sample: {"compatible": 30, "incompatible": 14, "unknown": 0, "undetermined": 0, "exempt": 1}
message:
  description: Why the gate is shut, which pods shut it, and what to do; empty if it is open.
  returned: always
  type: str
blockers:
  description:
    - The pods that shut the gate, the first 50 of them, with C(namespace), C(name), C(uid), C(platform_version), C(verdict) and C(reason).
  returned: always
  type: list
  elements: dict
exempted:
  description: The pods that a waiver covers, in the same form; the reason is that of the waiver.
  returned: always
  type: list
  elements: dict
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

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import check_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._module import MOST_LISTED, run_module
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import build_matrix
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import pods_from_records
from ansible_collections.ackops.eci.plugins.module_utils._rules.verdicts import as_result, check, shut_gate_message
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import parse_waivers


def judge(module: AnsibleModule) -> dict[str, Any]:
    """Check the pods, and return the report."""
    params = module.params
    matrix = build_matrix(params["matrix"])
    report = check(
        pods_from_records(params["pods"], "pods"),
        params["target_version"],
        cluster_version=params["cluster_version"] or "",
        matrix=matrix,
        waivers=parse_waivers(params["exempt"]),
        today=datetime.now(timezone.utc).date(),
        whole_cluster=params["whole_cluster"],
    )
    for warning in report.warnings:
        module.warn(warning)
    shut = params["fail_when_incompatible"] and not report.compatible
    return {
        "changed": False,
        "problem": shut_gate_message(report) if shut else "",
        "hints": report.warnings,
        **as_result(report, matrix, MOST_LISTED),
    }


def main() -> None:
    """Run the module."""
    run_module(check_argument_spec(), judge)


if __name__ == "__main__":
    main()

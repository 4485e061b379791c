#!/usr/bin/python
# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the module eci_pod_facts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_pod_facts
short_description: Gather the ECI pods of an ACK cluster and their platform versions
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Finds the pods that run on Elastic Container Instance (ECI) and returns them as facts, with their platform versions.
  - An ECI pod is a pod that has an ECI instance ID or runs on a virtual node of Alibaba Cloud. ACS pods, pods on other nodes and unscheduled pods are
    counted but not returned, and so are Pending pods of a DaemonSet on a virtual node, which the virtual-kubelet ignores.
  - A virtual node belongs to another provider if its taint C(virtual-kubelet.io/provider) names another one. Pods there are ECI pods only if they have an
    ECI instance ID.
  - A pod on a real node is never an ECI pod, whatever its annotations say. A node is real if it is an ECS instance (C(spec.providerID) ends with
    C(.i-<id>)), its kubelet reports a kernel and a container runtime, and nothing marks it as virtual. The server counts the pods on real nodes;
    the module does not read them. It examines each pod on a node that is gone, or that cannot be told to be virtual or real.
  - The facts are one consistent snapshot of the cluster, taken when the task runs. If the list cannot be read to its end, the task fails; it never
    returns a shorter list.
extends_documentation_fragment:
  - ackops.eci.auth
  - ackops.eci.common.nodes
  - ackops.eci.common.settle
  - ackops.eci.attributes
  - ackops.eci.attributes.reads
options:
  namespaces:
    description:
      - Namespaces to scan. All namespaces if empty.
      - If given, the facts say C(whole_cluster=false). They cannot prove that a cluster is ready.
    type: list
    elements: str
    default: []
  query:
    description:
      - A JMESPath expression. It is evaluated on the record of each ECI pod (see RV(ansible_facts.eci_pods)); only pods for which it is true are returned.
      - Put text in single quotes. A name that a pod record does not have is refused. A value that a pod does not have equals nothing, so that
        C(labels.app != 'web') is true of a pod without that label.
      - When you negate something, put it in parentheses, as in C(!(labels.app)). JMESPath reads C(!labels.app) as C((!labels).app).
      - If given, the facts say C(whole_cluster=false).
    type: str
  src:
    description:
      - Files and directories, on the machine that runs the module, to be read instead of a cluster. For an audit without access.
      - Best made with C(kubectl get nodes,pods -A -o json); the nodes in it tell virtual nodes by their labels. JSON and YAML are read, gzipped or
        not, in UTF-8 or UTF-16, as a list, an array, single objects or several documents. Of a directory every file that ends in C(.json),
        C(.yaml) or C(.yml) (and C(.gz) after it) is read, at any depth; what is no pod and no node is passed by.
      - A dump that may not hold all pods of the cluster is read, and RV(ansible_facts.eci_cluster.not_proved) says why it may not.
      - Connection options are ignored.
    type: list
    elements: path
requirements:
  - jmespath >= 0.9.4, for O(query)
  - PyYAML, for O(src) in YAML
seealso:
  - module: ackops.eci.eci_compat_check
"""

EXAMPLES = r"""
- name: Gather the ECI pods of the cluster of the current kubeconfig
  ackops.eci.eci_pod_facts:

- name: Gather those of one application, in a named context
  ackops.eci.eci_pod_facts:
    context: prod-hangzhou
    namespaces: [shop]
    query: labels.app == 'portal' && platform_version != '1.1.0'

- name: Audit a saved list
  ackops.eci.eci_pod_facts:
    src: /tmp/cluster.json
"""

RETURN = r"""
ansible_facts:
  description: C(eci_cluster) describes the cluster, C(eci_pods) has a record for each ECI pod.
  returned: success
  type: dict
  contains:
    eci_cluster:
      description: What was scanned, and what was found, in numbers.
      type: dict
      returned: success
      contains:
        server:
          description: URL of the API server; empty with O(src).
          type: str
          returned: success
          sample: https://10.0.0.1:6443
        version:
          description: Version of the API server; with O(src) only where the dump holds the output of C(kubectl version -o json).
          type: str
          returned: success
          sample: v1.24.6-aliyun.1
        cluster_uid:
          description:
            - What the cluster is known by, whatever its address, that is the UID of its namespace C(kube-system).
            - Empty with O(src), and where the user may not read that namespace.
          type: str
          returned: success
          sample: 3f0a4b3e-5a0c-4d1b-9d55-0f6a3c9a9a10
        whole_cluster:
          description: Whether neither namespaces nor query narrowed the scan, and a dump is not in doubt.
          type: bool
          returned: success
        not_proved:
          description: Why a dump (O(src)) may not hold all pods of the cluster. Empty for a cluster.
          type: list
          elements: str
          returned: success
        scanned_at:
          description: When the scan finished, UTC.
          type: str
          returned: success
          sample: "2026-03-26T02:00:00Z"
        virtual_nodes:
          description: Name and zone of each virtual node.
          type: list
          elements: dict
          returned: success
        pods_by_platform_version:
          description:
            - Number of ECI pods by platform version, including V(unavailable) and V(undetermined). Those of more than 30 versions are together
              under V(others).
          type: dict
          returned: success
          sample: {"1.0.0": 12, "1.1.0": 30, "unavailable": 2}
        counts:
          description:
            - Number of pods. C(eci) are the ECI pods returned, C(finished) those of them that have finished, C(not_selected) the ECI pods that
              the query left out. C(acs), C(unscheduled) and C(other) are the pods that are not ECI pods; C(other) includes those on real nodes.
          type: dict
          returned: success
          sample: {"eci": 44, "finished": 1, "acs": 2, "unscheduled": 1, "other": 80, "not_selected": 0}
    eci_pods:
      description: The ECI pods, ordered by namespace and name.
      type: list
      elements: dict
      returned: success
      contains:
        namespace:
          description: Namespace.
          type: str
          returned: success
        name:
          description: Name.
          type: str
          returned: success
        uid:
          description: UID.
          type: str
          returned: success
        node:
          description: Name of the node.
          type: str
          returned: success
        phase:
          description: Phase.
          type: str
          returned: success
        platform_version:
          description: Value of the annotation C(k8s.aliyun.com/eci-platform-version); null if there is none.
          type: str
          returned: success
        instance_id:
          description: Value of the annotation C(k8s.aliyun.com/eci-instance-id); null if there is none.
          type: str
          returned: success
        owner:
          description: C(api_version), C(kind), C(name) and C(uid) of the controller; null if there is none.
          type: dict
          returned: success
        labels:
          description: Labels.
          type: dict
          returned: success
        annotations:
          description: Annotations in the domains C(k8s.aliyun.com) and C(alibabacloud.com).
          type: dict
          returned: success
        created:
          description: When it was created.
          type: str
          returned: success
        ready:
          description: Whether the pod is Ready.
          type: bool
          returned: success
        ready_since:
          description: Since when it has been Ready, or not Ready.
          type: str
          returned: success
        deleting:
          description: Whether the pod is being deleted.
          type: bool
          returned: success
        mirror:
          description: Whether it is a mirror pod.
          type: bool
          returned: success
        creating:
          description: Whether ECI has not created its instance yet, for lack of stock for example (condition C(ContainerInstanceCreated)).
          type: bool
          returned: success
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import facts_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._check.cluster import describe
from ansible_collections.ackops.eci.plugins.module_utils._check.dump import scan_dump
from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scope, scan_settled
from ansible_collections.ackops.eci.plugins.module_utils._module import SystemClock, at_least, connect_from, run_module
from ansible_collections.ackops.eci.plugins.module_utils._rules.conditions import compile_condition
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import pod_to_record


def gather(module: AnsibleModule) -> dict[str, Any]:
    """Scan the cluster or the file, and return the facts."""
    params = module.params
    clock = SystemClock()
    scope = Scope(
        prefixes=tuple(params["node_name_prefixes"]),
        namespaces=tuple(params["namespaces"]),
        query=compile_condition(params["query"], "query") if params["query"] else None,
    )
    seconds = at_least(module, "settle_timeout", 0)
    if params["src"]:
        scan = scan_dump(params["src"], scope)
        cluster = describe(scan, clock)
        for warning in scan.warnings:
            module.warn(warning)
    else:
        api = connect_from(module)
        scan = scan_settled(api, scope, clock, seconds)
        cluster = describe(scan, clock, api)
    return {
        "changed": False,
        "ansible_facts": {"eci_cluster": cluster, "eci_pods": [pod_to_record(pod) for pod in scan.pods]},
    }


def main() -> None:
    """Run the module."""
    run_module(facts_argument_spec(), gather)


if __name__ == "__main__":
    main()

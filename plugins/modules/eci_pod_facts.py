#!/usr/bin/python
# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the module eci_pod_facts: it only wires."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_pod_facts
short_description: Gather the ECI pods of an ACK cluster and their platform versions
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Finds the pods that run on Elastic Container Instance (ECI) and returns them as facts, with the platform version of each.
  - A pod is an ECI pod by its ECI instance id, or because it sits on a virtual node. ACS pods, other pods and pods that are not scheduled are
    counted and left out.
  - A pod on a machine is never an ECI pod, whatever annotations it bears. A node is a machine if its kubelet reports a kernel and a container
    runtime (C(status.nodeInfo)) and nothing says that it is virtual. Pods on machines are counted by the server and not read. Pods on nodes that
    are neither virtual nor machines for certain, or that are gone, are looked at one by one.
  - All of it is one consistent snapshot, of the moment at which the task asks for it. It is read in pages, as protobuf where the server offers
    that. A list that could not be read to its end is an error, never a shorter answer.
extends_documentation_fragment:
  - ackops.eci.auth
  - ackops.eci.common.nodes
  - ackops.eci.common.settle
  - ackops.eci.attributes
  - ackops.eci.attributes.reads
options:
  namespaces:
    description:
      - Look only at pods of these namespaces; at all if empty.
      - The facts then say C(whole_cluster=false), and a check of them does not open the gate of the role.
    type: list
    elements: str
    default: []
  query:
    description:
      - A JMESPath expression that is evaluated on each ECI pod (a record as in RV(ansible_facts.eci_pods)); pods of which it is true are returned.
      - Text stands in single quotes; a name that a pod record does not have is refused. A value that a pod does not have equals nothing, so that
        C(labels.app != 'web') is true of a pod without that label.
      - Put what you negate in parentheses, C(!(labels.app)); without them JMESPath reads C((!labels).app).
      - The facts then say C(whole_cluster=false).
    type: str
  src:
    description:
      - A file on the machine that runs the module, made by C(kubectl get pods -A -o json), to be read instead of a cluster. For an audit
        without access. A list made by C(kubectl get nodes,pods -A -o json) also tells virtual nodes by label.
      - Connection options are not looked at.
    type: path
requirements:
  - jmespath, for O(query)
seealso:
  - module: ackops.eci.eci_cluster_check
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
    src: /tmp/pods.json
"""

RETURN = r"""
ansible_facts:
  description: The facts; C(eci_cluster) about the cluster, C(eci_pods) with a record for every ECI pod.
  returned: success
  type: dict
  contains:
    eci_cluster:
      description: What was looked at, and what was found in numbers.
      type: dict
      returned: success
      contains:
        server:
          description: URL of the API server; empty with O(src).
          type: str
          returned: success
          sample: https://10.0.0.1:6443
        version:
          description: Version of the API server; empty with O(src).
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
          description: Whether neither namespaces nor query narrowed the scan.
          type: bool
          returned: success
        scanned_at:
          description: When the scan was finished, UTC.
          type: str
          returned: success
          sample: "2026-03-26T02:00:00Z"
        virtual_nodes:
          description: Name and zone of each virtual node.
          type: list
          elements: dict
          returned: success
        pods_by_platform_version:
          description: Number of ECI pods by platform version, V(unavailable) and V(undetermined) among them.
          type: dict
          returned: success
          sample: {"1.0.0": 12, "1.1.0": 30, "unavailable": 2}
        counts:
          description:
            - Pods by kind. C(eci) the ECI pods returned, C(finished) those of them that have ended, C(acs), C(unscheduled) and C(other) (those on
              machines among them) what was left out, C(not_selected) ECI pods that the query left out.
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
          description: The annotations of the domains C(k8s.aliyun.com) and C(alibabacloud.com).
          type: dict
          returned: success
        created:
          description: Time of creation.
          type: str
          returned: success
        ready:
          description: Whether the pod is Ready.
          type: bool
          returned: success
        ready_since:
          description: Since when it is, or is not.
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
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import facts_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scope, scan_file, scan_settled
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
    server = version = ""
    if params["src"]:
        scan = scan_file(params["src"], scope)
    else:
        api = connect_from(module)
        server, version = api.server(), api.server_version()
        scan = scan_settled(api, scope, clock, seconds)
    cluster = {"server": server, "version": version, "scanned_at": clock.now(), **scan.facts()}
    return {
        "changed": False,
        "ansible_facts": {"eci_cluster": cluster, "eci_pods": [pod_to_record(pod) for pod in scan.pods]},
    }


def main() -> None:
    """Run the module."""
    run_module(facts_argument_spec(), gather)


if __name__ == "__main__":
    main()

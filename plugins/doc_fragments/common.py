# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules have."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of several modules."""

    # ackops.eci.common.nodes
    NODES = r"""
options:
  node_name_prefixes:
    description:
      - Prefixes of the names of virtual nodes.
      - Needed only for virtual nodes that have neither the label C(type=virtual-kubelet) nor the taint C(virtual-kubelet.io/provider).
    type: list
    elements: str
    default: [virtual-kubelet, virtual-node-eci-]
"""

    # ackops.eci.common.target
    TARGET = r"""
options:
  target_version:
    description:
      - The Kubernetes version to upgrade to, for example V(1.26), V(v1.26.3) or V(1.26.3-aliyun.1).
      - Put it in quotes. YAML reads an unquoted C(1.30) as the number 1.3, which is rejected; an unquoted C(1.26) is taken for what it is.
    type: raw
    required: true
  matrix:
    description:
      - Rows to add to the built-in compatibility matrix, or to replace in it. The key is an ECI platform version, or V(unavailable) for pods
        without one.
      - The value is a list of Kubernetes versions, a range such as V(>=1.12), or a dictionary with C(versions) and C(canary).
      - The built-in matrix is the one in the Alibaba Cloud documentation of 26 March 2026. A version that the matrix does not list is V(unknown), and
        the cluster is not ready.
    type: dict
"""

    # ackops.eci.common.waivers
    WAIVERS = r"""
options:
  exempt:
    description:
      - Waivers for pods that would otherwise block the upgrade. An expired waiver is ignored, with a warning.
    type: list
    elements: dict
    default: []
    suboptions:
      match:
        description:
          - A JMESPath expression. It is evaluated on the record of each pod; the waiver covers the pods for which it is true.
          - Put text in single quotes. In C(namespace != "prod") JMESPath takes C("prod") for the name of a field. A name that a pod record does not have is
            refused.
          - A comparison with a value that a pod does not have exempts nothing. C(labels.app != 'web') does not cover a pod without that label;
            C(!(labels.app) || labels.app != 'web') does.
          - A waiver that covers every ECI pod of a cluster must name them, as C(namespace == 'batch') does. One that only says which pods are not meant is
            refused; if all of them are meant, write V(`true`), in backticks. A waiver that covers no pod gives a warning.
          - When you negate something, put it in parentheses, as in C(!(labels.app)). JMESPath reads C(!labels.app) as C((!labels).app).
        type: str
        required: true
      reason:
        description:
          - Why these pods may stay as they are. Every report shows it.
        type: str
        required: true
      expires:
        description:
          - The last day on which the waiver is valid, as V(YYYY-MM-DD), in UTC.
        type: str
        required: true
"""

    # ackops.eci.common.settle
    SETTLE = r"""
options:
  settle_timeout:
    description:
      - How many seconds to wait for pods that are being created to get their platform version. With V(0) the module does not wait.
      - Pods that have none by then are V(undetermined), and the cluster is not ready.
    type: int
    default: 60
"""

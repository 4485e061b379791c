#!/usr/bin/python
# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of eci_report, which the action plugin of this name carries out on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_report
short_description: Write a report on the ECI pods of one cluster or of a fleet, as HTML, JSON, CSV, JUnit XML or Markdown
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Writes files on the controller with what the role P(ackops.eci.eci_preflight#role) found and did, and what happened to each cluster in
    P(ackops.eci.eci_fleet_upgrade#role). It connects to no host.
  - The HTML page is a single file that needs no network. It lists the clusters by verdict, and every pod that is not compatible with what to do
    about it, and shows the recreation as a timeline. It can be sorted, filtered and printed.
  - Text from a cluster is escaped in every format. No format contains credentials.
extends_documentation_fragment:
  - ackops.eci.attributes
attributes:
  check_mode:
    support: full
    details:
      - Files are written in check mode, too, so that you get a report of what check mode found. No host is changed.
  diff_mode:
    support: none
options:
  dest:
    description:
      - The files to write on the controller. The extension determines the format, which is V(.html), V(.json), V(.csv), V(.xml) (JUnit) or V(.md).
      - Relative paths start at the directory in which C(ansible-playbook) runs. Missing directories are created with mode 0700.
    type: list
    elements: path
    required: true
  results:
    description:
      - The results of the preflight (the role's fact C(eci_preflight)) by the name of the cluster. An empty one means that a cluster has none.
      - If neither this nor O(src) is given, the module takes the facts of all hosts of the play.
    type: dict
  upgrades:
    description:
      - What happened to each cluster in an upgrade (the role's fact C(eci_fleet_upgrade)), by the name of the cluster. Only with O(results).
    type: dict
  src:
    description:
      - Reports in JSON that were written earlier, to convert them to other formats or to merge them. If several contain a cluster, the last one wins.
    type: list
    elements: path
  title:
    description:
      - A line above the verdict, for example the number of the change.
    type: str
    default: ''
  mode:
    description:
      - The mode of the files, as an octal number in quotes. The report names servers, namespaces and pods.
    type: str
    default: '0600'
requirements:
  - Jinja2, which Ansible brings
seealso:
  - module: ackops.eci.eci_compat_check
  - module: ackops.eci.eci_pod_recreate
"""

EXAMPLES = r"""
- name: Report on all clusters of the play
  ackops.eci.eci_report:
    dest: [report.html, report.csv]
    title: Change 4711
  run_once: true

- name: Join the reports of two runs, for a ticket
  ackops.eci.eci_report:
    src: [monday.json, tuesday.json]
    dest: [week.md]
"""

RETURN = r"""
paths:
  description: The files that were written.
  type: list
  elements: str
  returned: success
headline:
  description: The verdict in one line.
  type: str
  returned: success
  sample: 2 of 5 clusters are ready for Kubernetes 1.26.
states:
  description: Number of clusters by state.
  type: dict
  returned: success
  sample: {"failed": 0, "not_ready": 1, "no_result": 1, "not_proved": 1, "planned": 0, "ready": 2, "upgraded": 0}
counts:
  description: Number of ECI pods by verdict, over all clusters.
  type: dict
  returned: success
  sample: {"incompatible": 14, "unknown": 0, "undetermined": 0, "exempt": 1, "compatible": 30}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import report_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._module import run_module


def refuse(_module: AnsibleModule) -> dict[str, Any]:
    """Only the controller has the facts of all hosts."""
    raise EciError(
        "eci_report runs on the controller.", "Call it as ackops.eci.eci_report, so that its action plugin is found."
    )


def main() -> None:
    """Run the module."""
    run_module(report_argument_spec(), refuse)


if __name__ == "__main__":
    main()

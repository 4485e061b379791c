#!/usr/bin/python
# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the module eci_upgrade_wait."""

from __future__ import annotations

DOCUMENTATION = r"""
module: eci_upgrade_wait
short_description: Wait until an API server runs the target version
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Asks the API server for its version until several answers in a row are the target version (major and minor). A control plane has several
    API servers, which are upgraded one after another.
  - An API server that does not answer is asked again until O(upgrade_timeout) has passed. The credentials are loaded anew each time.
  - In check mode it asks once, and a different version is not a failure.
extends_documentation_fragment:
  - ackops.eci.auth
  - ackops.eci.attributes
  - ackops.eci.attributes.reads
options:
  target_version:
    description:
      - The Kubernetes version that the cluster is being upgraded to, for example V(1.26). Put it in quotes.
    type: raw
    required: true
  upgrade_timeout:
    description:
      - How many seconds to wait. With V(0) the module asks once, and a different version is not a failure.
    type: int
    default: 900
"""

EXAMPLES = r"""
- name: Wait until the cluster is upgraded
  ackops.eci.eci_upgrade_wait:
    context: prod-hangzhou
    target_version: '1.26'
    upgrade_timeout: 1800
"""

RETURN = r"""
server:
  description: URL of the API server.
  type: str
  returned: success
  sample: https://10.0.0.1:6443
version:
  description: Its version.
  type: str
  returned: success
  sample: v1.26.3-aliyun.1
upgraded:
  description: Whether that is the target version.
  type: bool
  returned: success
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ackops.eci.plugins.module_utils._argspec import upgrade_argument_spec
from ansible_collections.ackops.eci.plugins.module_utils._check.upgrade import wait_for_upgrade
from ansible_collections.ackops.eci.plugins.module_utils._module import SystemClock, at_least, connect_from, run_module


def wait(module: AnsibleModule) -> dict[str, Any]:
    """Wait, and return what the API server says."""
    seconds = at_least(module, "upgrade_timeout", 0)

    def ask() -> tuple[str, str]:
        api = connect_from(module)
        return api.server(), api.server_version()

    return wait_for_upgrade(ask, module.params["target_version"], SystemClock(), 0 if module.check_mode else seconds)


def main() -> None:
    """Run the module."""
    run_module(upgrade_argument_spec(), wait)


if __name__ == "__main__":
    main()

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs eci_pod_facts; a relative path of a dump counts from where ansible-playbook was started."""

from __future__ import annotations

from ansible_collections.ackops.eci.plugins.module_utils._argspec import facts_argument_spec
from ansible_collections.ackops.eci.plugins.plugin_utils._action import RoleAwareAction


class ActionModule(RoleAwareAction):
    """Runs the module."""

    options = staticmethod(facts_argument_spec)
    _paths = ("src",)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs eci_upgrade_wait; in the role eci_preflight its messages name the role's variables."""

from __future__ import annotations

from ansible_collections.ackops.eci.plugins.module_utils._argspec import upgrade_argument_spec
from ansible_collections.ackops.eci.plugins.plugin_utils._action import RoleAwareAction


class ActionModule(RoleAwareAction):
    """Runs the module."""

    options = staticmethod(upgrade_argument_spec)

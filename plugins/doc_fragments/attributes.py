# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the modules, as Ansible documents them."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and report what it would do, without changing anything.
  diff_mode:
    description: Shows what has changed, or would change, in diff mode.
"""

    # Use with extends_documentation_fragment ackops.eci.attributes.reads.
    READS = r"""
attributes:
  check_mode:
    support: full
    details:
      - It only reads, so it does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
"""

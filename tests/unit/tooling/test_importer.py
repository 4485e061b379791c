# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a complaint of Galaxy's import check."""

from __future__ import annotations

from tests.dev.importer import complaints

UNKNOWN = "syntax-check[unknown-module]: couldn't resolve module/action"
PASSED_BY = (
    f"WARNING: playbooks/awx/tasks/base.yml:6:3: {UNKNOWN} 'awx.awx.organization'. This often indicates a misspelling.",
    "WARNING: ERROR    Failed to find ackops.eci.eci_audit playbook.",
    "Collection loading complete",
)
COMPLAINTS = (
    f"WARNING: playbooks/awx/tasks/base.yml:6:3: {UNKNOWN} 'awx.misspelt.organization'. This often indicates a misspelling.",
    f"WARNING: roles/eci_preflight/tasks/main.yml:6:3: {UNKNOWN} 'awx.awx.organization'. This often indicates a misspelling.",
    "WARNING: ERROR    Failed to find ackops.eci.eci_nothing playbook.",
)


def test_what_galaxy_cannot_know_is_no_complaint() -> None:
    """Our own playbooks, and the modules of AWX's collection in the tasks that need it; everything else is."""
    assert complaints("\n".join([*PASSED_BY, *COMPLAINTS])) == list(COMPLAINTS)

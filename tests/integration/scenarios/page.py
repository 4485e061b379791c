# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of scenarios, as reStructuredText, from what the tests noted while they ran."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from tests.dev.paths import REPO
from tests.integration.scenarios.catalogue import GROUPS, Listed, group_title

PAGE = REPO / "docs" / "docsite" / "rst" / "scenarios.rst"
HEAD = """\
..
  Copyright (c) 2026, ackops.eci contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

..
  Written by "make scenarios" from a run of tests/integration/scenarios; changes by hand are lost.

.. _ansible_collections.ackops.eci.docsite.scenarios:

What happens when something goes wrong
======================================

Each line of these tables is a test that runs against a real Kubernetes control plane: the name below its title is the test's. What it
prints is what that run printed, with what differs from run to run (names' endings, addresses, times) masked.

"Run" is the module :ansplugin:`ackops.eci.eci_pod_recreate#module`, "Playbook" the whole of
:ansplugin:`ackops.eci.eci_preflight#role`, with its gate.
"""
# A scenario's notes: pairs of what happens and what the user sees of it.
Notes = Sequence[tuple[str, Sequence[str]]]
WIDTHS = "30 28 42"


def escaped(text: str) -> str:
    """Text that reStructuredText takes as it is."""
    return re.sub(r"([\\`*_|<>:\[\]{}])", r"\\\1", text)


def _block(lines: Sequence[str]) -> list[str]:
    """A line block: lines stay lines, and nothing at their beginning means anything."""
    return [f"| {escaped(line)}" for line in lines] or ["|"]


def _cell(lines: Sequence[str], marker: str) -> list[str]:
    first, *rest = lines
    return [f"{marker}{first}", *(f"      {line}" for line in rest)]


def row(listed: Listed, notes: Notes) -> list[str]:
    """One scenario."""
    title = ["| " + escaped(listed.title), f"| ``{listed.test}``"]
    happens = [line for line, _same in itertools.groupby(line for line, _seen in notes if line)]
    sees = [line for _line, seen in notes for line in seen]
    return [
        *_cell(title, "  * - "),
        *_cell(_block(happens), "    - "),
        *_cell(_block(list(dict.fromkeys(sees))), "    - "),
    ]


def page(listed: Sequence[Listed], notes: Mapping[str, Notes]) -> str:
    """The whole page."""
    lines = [HEAD]
    for group in GROUPS:
        title = group_title(group)
        lines += [title, "-" * len(title), "", ".. list-table::", "  :header-rows: 1", f"  :widths: {WIDTHS}", ""]
        lines += ["  * - Scenario", "    - What happens", "    - What the user sees"]
        for entry in listed:
            if entry.group == group:
                lines += row(entry, notes[entry.test])
        lines.append("")
    return "\n".join(lines)


def scenarios_on(text: str) -> list[str]:
    """The names of the tests that a page shows, in order."""
    return re.findall(r"^ +\| ``(test_\w+)``$", text, re.MULTILINE)

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action group: `module_defaults: group/ackops.eci.eci` reaches every module that takes connection options."""

from __future__ import annotations

import yaml

from tests.dev.paths import REPO
from tests.unit.architecture.test_options import strings_of


def test_the_group_is_the_modules_that_connect() -> None:
    """A module left out would silently talk to another cluster than the rest of its play."""
    runtime = yaml.safe_load((REPO / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem: strings_of(path)["DOCUMENTATION"] for path in (REPO / "plugins" / "modules").glob("*.py")}
    connecting = {
        name
        for name, text in modules.items()
        if "ackops.eci.auth" in yaml.safe_load(text).get("extends_documentation_fragment", [])
    }
    assert set(runtime["action_groups"]["eci"]) == connecting

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Be a module's process, as Ansible starts it on a target: NAME, and the file that holds its arguments as JSON."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from ansible.module_utils import basic


def main(name: str, arguments: str) -> None:
    """Hand the arguments over as Ansible's wrapper does, and run the module."""
    basic._ANSIBLE_ARGS = Path(arguments).read_bytes()
    if hasattr(basic, "_ANSIBLE_PROFILE"):  # from 2.19 on
        basic._ANSIBLE_PROFILE = "legacy"
    importlib.import_module(f"ansible_collections.ackops.eci.plugins.modules.{name}").main()


if __name__ == "__main__":
    main(*sys.argv[1:])

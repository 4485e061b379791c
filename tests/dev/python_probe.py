# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says of the Python that runs it: its version, whether it was built to be fast, and where it is.

It fails where it cannot make virtual environments. start.sh and pythons.py run it, on whatever is found. pyenv builds without
optimizations unless it is told to, and such a Python takes half as long again:
https://github.com/pyenv/pyenv/blob/master/plugins/python-build/README.md#building-for-maximum-performance
"""

from __future__ import annotations

import importlib
import sys
import sysconfig

# Debian has the second in a package of its own.
for name in ("venv", "ensurepip"):
    importlib.import_module(name)
# Distributions optimize with rules of their own, of which this variable does not tell.
OPTIMIZED = sys.base_prefix == "/usr" or "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
print(*sys.version_info[:2], "fast" if OPTIMIZED else "slow", sys.version.split()[0], sys.executable)

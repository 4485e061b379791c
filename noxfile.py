# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sessions of antsibull-nox. What this repository requires of a change is `make test`."""

from __future__ import annotations

import sys

import nox

try:
    import antsibull_nox
except ImportError:
    print("Install antsibull-nox beside nox: pip install -r tests/requirements/lint.txt")
    sys.exit(1)

antsibull_nox.load_antsibull_nox_toml()


if __name__ == "__main__":
    nox.main()

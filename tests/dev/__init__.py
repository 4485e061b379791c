# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tooling behind the Makefile: environments, copies of the collection, and the checks.

It runs before anything is installed, so it needs the standard library only.
"""

from __future__ import annotations

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ansible-test would fetch from the internet.

ansible-test runs it inside a new, empty virtual environment. The pip that comes with Python does as well
as the one it asks for.
"""

from __future__ import annotations

import ensurepip

ensurepip.bootstrap()

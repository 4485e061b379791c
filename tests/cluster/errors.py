# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the test cluster, as exceptions whose text is fit for the user."""

from __future__ import annotations


class ClusterError(Exception):
    """The base of all: one line that says what is wrong."""


class BuildError(ClusterError):
    """A program of the test cluster could not be built or installed."""


class StartError(ClusterError):
    """A process of the test cluster did not start, or died."""


class WaitError(ClusterError, TimeoutError):
    """Something did not come about in time."""


class KeptError(ClusterError):
    """No cluster is kept by that name, or one is already."""

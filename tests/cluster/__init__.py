# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kubernetes control plane for tests, with kwok in the place of the kubelets."""

from __future__ import annotations

from tests.cluster.control_plane import REAL_NODE, VIRTUAL_NODES, ControlPlane

__all__ = ["REAL_NODE", "VIRTUAL_NODES", "ControlPlane"]

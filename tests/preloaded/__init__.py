# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that start as a fork of a process which has imported everything: a run of Ansible in half of the CPU time.

Most of what a run of Ansible computes is the same each time: a program imports Ansible, packs modules, and each module, a new
Python, compiles what was packed. Here a server has imported it and forks for each program, and keeps what was packed and compiled.
What runs is the same code with the same arguments, environment and files; only its beginning is shared.

In use where PRELOADED is set, which `make test` does. All other targets start each program anew, as users do.
"""

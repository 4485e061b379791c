# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same run, killed again and again in the middle of its work, and at last let through."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.integration.support import PREFLIGHT, environment

LOOK_SECONDS = 0.02
BEGIN_SECONDS = 120.0


def _entries(home: Path) -> list[dict[str, Any]]:
    """All whole lines of all ledgers: the last one may be cut off."""
    lines = [
        line for path in sorted(home.rglob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines(True)
    ]
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _begun(home: Path, event: str) -> list[dict[str, Any]]:
    return [entry for entry in _entries(home) if entry.get("event") == event]


def killed(kubeconfig: Path, home: Path, variables: dict[str, object], chance: random.Random) -> bool:
    """Start a run, and send SIGKILL to its module at some moment after its first removal; False where it had ended before."""
    runs, removals = len(_begun(home, "started")), len(_begun(home, "removing"))
    playbook = subprocess.Popen(
        ["ansible-playbook", PREFLIGHT, "-e", json.dumps(variables)],
        cwd=home,
        env=environment(kubeconfig, home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + BEGIN_SECONDS
        while time.monotonic() < end and playbook.poll() is None:
            if len(_begun(home, "removing")) > removals:
                break
            time.sleep(LOOK_SECONDS)
        time.sleep(chance.uniform(0.0, 1.2))
        started = _begun(home, "started")[runs:]
        if playbook.poll() is not None or not started:
            return False
        os.kill(int(started[-1]["pid"]), signal.SIGKILL)
        return True
    finally:
        playbook.wait()

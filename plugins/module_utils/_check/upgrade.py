# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until an upgrade has arrived: the use case of ``eci_upgrade_wait``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import Clock
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import parse_version, show_minor

POLL_SECONDS = 3.0
# A control plane has several API servers, which are upgraded one after another and answer in turn.
ANSWERS_IN_A_ROW = 3

# Asks an API server, over a connection of its own, for its URL and its version.
Ask = Callable[[], "tuple[str, str]"]


def wait_for_upgrade(ask: Ask, target_version: object, clock: Clock, seconds: float) -> dict[str, Any]:
    """Ask until several answers in a row are the target; with 0 seconds ask once.

    An API server that is away for a while is part of an upgrade. Raises EciError when the time is over.
    """
    target = parse_version(target_version, "target_version")
    deadline = clock.monotonic() + seconds
    while True:
        trouble: EciError
        try:
            result = _looked(ask, target, ANSWERS_IN_A_ROW if seconds else 1)
        except EciError as error:
            trouble = error
        else:
            if result["upgraded"] or not seconds:
                return result
            trouble = _not_yet(result, target, seconds)
        left = deadline - clock.monotonic()
        if left <= 0:
            raise trouble
        clock.sleep(min(POLL_SECONDS, left))


def _looked(ask: Ask, target: tuple[int, int], answers: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for _answer in range(answers):
        server, version = ask()
        upgraded = parse_version(version, "cluster_version") == target
        result = {"changed": False, "server": server, "version": version, "upgraded": upgraded}
        if not upgraded:
            break
    return result


def _not_yet(result: dict[str, Any], target: tuple[int, int], seconds: float) -> EciError:
    return EciError(
        f"The API server {result['server']} is Kubernetes {result['version']}, and not {show_minor(target)} after"
        f" {seconds:.0f} s.",
        "See in the ACK console how far the upgrade is; a longer upgrade_timeout waits longer.",
    )

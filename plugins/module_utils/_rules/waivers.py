# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers: the pods that a user takes out of the gate, why, and until when."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._rules.conditions import Condition, compile_condition
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)


@dataclass(frozen=True)
class Waiver:
    """A condition, the reason for it, and the last day (UTC) on which it counts."""

    condition: Condition
    reason: str
    expires: datetime.date

    def expired(self, today: datetime.date) -> bool:
        """A waiver counts up to and including its day of expiry."""
        return today > self.expires


def parse_waivers(entries: Sequence[Mapping[str, Any]], option: str = "exempt") -> list[Waiver]:
    """The waivers of the ``exempt`` option; each must have a condition, a reason and a date."""
    waivers = []
    for position, entry in enumerate(entries):
        where = f"{option}[{position}]"
        for key in ("match", "reason", "expires"):
            if not str(entry.get(key) or "").strip():
                raise InvalidInput(
                    where,
                    dict(entry),
                    f"has no '{key}'",
                    "A waiver needs match (JMESPath), reason, and expires (YYYY-MM-DD).",
                )
        text = str(entry["expires"]).strip()
        try:
            if not _DAY.match(text):
                raise ValueError(text)
            expires = datetime.date(*(int(part) for part in text.split("-")))
        except ValueError as error:
            raise InvalidInput(f"{where}.expires", text, "is not a date", "Give it as 'YYYY-MM-DD'.") from error
        waivers.append(Waiver(compile_condition(str(entry["match"]), f"{where}.match"), str(entry["reason"]), expires))
    return waivers


def waiver_for(pod: Pod, waivers: Sequence[Waiver], today: datetime.date) -> Waiver | None:
    """The first waiver in force that covers the pod."""
    for waiver in waivers:
        if not waiver.expired(today) and waiver.condition.surely_holds(pod):
            return waiver
    return None


def coverage_warnings(waivers: Sequence[Waiver], pods: Sequence[Pod], exempted: int, today: datetime.date) -> list[str]:
    """What to say of waivers that cover none of a cluster's ECI pods; ``exempted`` is how many pods they took out of the gate.

    Raises InvalidInput where one covers all of them and names none: a condition that says only which pods are not meant is
    true of every pod as soon as a name in it is misspelt, and must not open the gate without a word.
    """
    warnings = []
    for waiver in waivers if pods else ():
        if waiver.expired(today):
            continue
        condition = waiver.condition
        if not any(condition.surely_holds(pod) for pod in pods):
            warnings.append(
                f"{condition.option}: the waiver {quoted(waiver.reason)} covers no ECI pod of this cluster."
            )
        elif exempted and not condition.names_its_pods and all(condition.surely_holds(pod) for pod in pods):
            raise InvalidInput(
                condition.option,
                condition.expression,
                f"covers all {len(pods)} ECI pod(s) of the cluster, and names none of them",
                "Say which are meant, for example: namespace == 'batch'. If all of them are, write `true`, in backticks.",
                200,
            )
    return warnings

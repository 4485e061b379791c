# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath conditions on pods, and waivers: the pods that a user takes out of the gate, why, and until when."""

from __future__ import annotations

import datetime
import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput, MissingLibrary
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Pod, pod_to_record
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

try:
    import jmespath
    import jmespath.exceptions
except ImportError:
    JMESPATH_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    JMESPATH_IMPORT_ERROR = None

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)


def _is_true(found: object) -> bool:
    """JMESPath's own rule: null, false and what is empty are false; every number, 0 too, is true."""
    if isinstance(found, (str, list, dict)):
        return bool(found)
    return found is not None and found is not False


@dataclass(frozen=True)
class Condition:
    """A JMESPath expression that is true or false of one pod record (JMESPath's own rule of truth)."""

    option: str
    expression: str
    _compiled: Any

    def holds(self, pod: Pod) -> bool:
        """Whether the expression is true of the pod; an expression that cannot be evaluated is an error, not a no."""
        try:
            return _is_true(self._compiled.search(pod_to_record(pod)))
        except (jmespath.exceptions.JMESPathError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise InvalidInput(
                self.option,
                self.expression,
                f"cannot be evaluated for pod {quoted(pod.key)}: {quoted(str(error), 200)}",
                "Guard a function against a missing key, for example: labels.app && starts_with(labels.app, 'web').",
            ) from error


def compile_condition(expression: str, option: str) -> Condition:
    """Compile an expression once; a wrong one is refused before any request is made."""
    if JMESPATH_IMPORT_ERROR is not None:
        raise MissingLibrary("jmespath", f"to evaluate '{option}'", JMESPATH_IMPORT_ERROR)
    try:
        return Condition(option, expression, jmespath.compile(expression))
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        first_line = str(error).splitlines()[0] if str(error) else "the expression is empty"
        raise InvalidInput(
            option,
            expression,
            f"is not a JMESPath expression: {first_line}",
            "Write a condition on one pod, for example: namespace == 'web' && labels.tier == 'front'.",
        ) from error


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
        if not waiver.expired(today) and waiver.condition.holds(pod):
            return waiver
    return None

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the collection. Each says what is wrong and what to do about it.

They are raised anywhere inside and turned into ``fail_json`` in one place (``_module.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.ackops.eci.plugins.module_utils._text import quoted


class EciError(Exception):
    """Anything that stops the collection: ``message`` says what, ``remedy`` says what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InvalidInput(EciError):
    """An invalid option or entry of an option: names the option, the value and the remedy.

    ``longest``: how many characters of the value are shown.
    """

    def __init__(self, option: str, value: object, problem: str, remedy: str, longest: int = 80) -> None:
        super().__init__(f"{option}: {quoted(value, longest)} {problem}.", remedy)
        self.option = option


class ConnectionFailed(EciError):
    """The cluster could not be reached or refused the credentials; nothing was changed."""


class MissingLibrary(EciError):
    """A Python package is missing on the machine that runs the module."""

    def __init__(self, package: str, purpose: str, trace: str | None = None) -> None:
        super().__init__(
            f"The Python package '{package}' is needed {purpose}, but could not be imported.",
            f"Install it for the interpreter that runs the module: python -m pip install {package}",
        )
        self.package = package
        self.trace = trace


class ApiError(EciError):
    """The API server answered with an error.

    ``status`` is the HTTP code, ``reason`` the machine-readable reason of the Status object, ``causes`` its
    details.causes, ``retry_after`` the Retry-After header in seconds (None where the server sent none).
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        causes: Sequence[Mapping[str, str]] = (),
        retry_after: float | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy)
        self.status = status
        self.reason = reason
        self.causes = tuple(causes)
        self.retry_after = retry_after


class ListExpired(ApiError):
    """410 Gone: the snapshot behind a list or a watch has expired; list again from the start."""


class IncompleteScan(EciError):
    """A scan that was cut short. It never becomes a shorter answer."""


class RecordFailed(EciError):
    """The ledger, or a manifest that it keeps, cannot be written or read."""


class WatchBroken(EciError):
    """A watch broke off; list again, then watch again."""

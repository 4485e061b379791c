# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report: which format an ending means, reading one that was written before, and writing each as a whole."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput
from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import clusters_of
from ansible_collections.ackops.eci.plugins.plugin_utils._report_formats import (
    render_csv,
    render_json,
    render_junit,
    render_markdown,
)
from ansible_collections.ackops.eci.plugins.plugin_utils._report_html import render_html

FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    ".html": render_html,
    ".json": render_json,
    ".csv": render_csv,
    ".xml": render_junit,
    ".md": render_markdown,
}
_MODE = re.compile(r"0?[0-7]{3}")
_LONGEST_PATH = 300


def renderer_of(path: str) -> Callable[[Mapping[str, Any]], str]:
    """What renders the file of that name. Raises InvalidInput where its ending is none of a format."""
    ending = os.path.splitext(path)[1].lower()
    if ending not in FORMATS:
        raise InvalidInput(
            "dest",
            path,
            "has an ending that is no format of a report",
            f"End it in {', '.join(FORMATS)}.",
            _LONGEST_PATH,
        )
    return FORMATS[ending]


def mode_of(text: str) -> int:
    """The mode of the files. Raises InvalidInput where it is no octal number."""
    if not _MODE.fullmatch(text):
        raise InvalidInput("mode", text, "is not an octal mode", "Put it in quotes: mode: '0640'.")
    return int(text, 8)


def read_reports(paths: Sequence[str]) -> list[dict[str, Any]]:
    """The clusters of reports in JSON; of one that is in several, the last counts. Raises EciError, naming the file."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        try:
            with open(path, encoding="utf-8-sig") as stream:
                document = json.load(stream)
        except OSError as error:
            raise InvalidInput(
                "src", path, f"cannot be read: {error.strerror}", "Give reports in JSON.", _LONGEST_PATH
            ) from error
        except (ValueError, RecursionError) as error:
            raise InvalidInput("src", path, "is not JSON", "Give reports in JSON.", _LONGEST_PATH) from error
        found.update((cluster["cluster"], cluster) for cluster in clusters_of(document, path))
    return list(found.values())


def with_whole_lists(result: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The fact ``eci_preflight`` with its lists as eci_compat_check kept them whole, where it did (``keep_lists``)."""
    path = str((result or {}).get("lists") or "")
    if not result or not path:
        return result
    try:
        with open(path, encoding="utf-8") as stream:
            kept = json.load(stream)
    except (OSError, ValueError):
        # Another run of ansible-playbook made it, and has ended: the lists of the fact are what there is.
        return result
    return {**result, **kept} if isinstance(kept, dict) else result


def write_report(path: str, content: str, mode: int) -> None:
    """Write a file as a whole: whoever opens it sees the old one or the new one. Raises EciError."""
    directory = os.path.dirname(os.path.abspath(path))
    temporary = ""
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".eci-report-", dir=directory)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise EciError(
            f"dest: {path!r} cannot be written on the controller: {error.strerror}.",
            "Name a file in a directory of yours.",
        ) from error

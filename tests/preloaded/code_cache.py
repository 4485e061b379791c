# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep what Python compiles out of zip files, as it keeps what it compiles out of folders: Ansible packs modules as source."""

from __future__ import annotations

import hashlib
import marshal
import os
import zipimport
from pathlib import Path
from types import CodeType


def install(folder: Path) -> None:
    """Keep it in that folder, by its content."""
    # Private, and without a public counterpart: zipimport has no hook, and looks for compiled code in the zip file alone.
    compiled = zipimport._compile_source  # type: ignore[attr-defined]

    def kept(path: str, source: bytes) -> CodeType:
        # The zip file has another name each time; the file in it says what a traceback names.
        name = hashlib.sha256(Path(path).name.encode() + b"\0" + source).hexdigest()
        file = folder / name
        code: CodeType
        if file.exists():
            code = marshal.loads(file.read_bytes())  # noqa: S302  written below
            return code
        code = compiled(path, source)
        part = file.with_name(f"{name}.{os.getpid()}")
        part.write_bytes(marshal.dumps(code))
        part.rename(file)
        return code

    zipimport._compile_source = kept  # type: ignore[attr-defined]

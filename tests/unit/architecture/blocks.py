# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code blocks of the pages that people read, in reStructuredText and Markdown, and the commands in them."""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import dataclass

from tests.dev.paths import REPO

PAGES = sorted(
    path.relative_to(REPO).as_posix()
    for pattern in ("*.md", "docs/docsite/rst/*.rst", "roles/*/README.md")
    for path in REPO.glob(pattern)
)
_RST = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<kind>\w+)\n(?: +:.*\n)*\n(?P<text>(?:(?P=indent) +.*\n|\s*\n)+)",
    re.MULTILINE,
)
_MARKDOWN = re.compile(r"^ *```(?P<kind>\w+)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block: its kind (console, yaml, text, ...) and its text without indentation."""

    kind: str
    text: str

    @property
    def commands(self) -> list[str]:
        """What stands after the prompts: continued lines joined, a comment at the end taken off."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [_without_comment(line[2:]) for line in joined.splitlines() if line.startswith("$ ")]


def blocks(page: str) -> list[Block]:
    """The blocks of a page (its path in the repository), in order."""
    text = read(page)
    found = (_MARKDOWN if page.endswith(".md") else _RST).finditer(text)
    return [Block(one["kind"], textwrap.dedent(one["text"]).strip("\n") + "\n") for one in found]


def commands(page: str) -> list[str]:
    """Every command of a page, in order."""
    return [command for block in blocks(page) if block.kind == "console" for command in block.commands]


def words(command: str) -> list[str]:
    """A command as a shell would split it."""
    return shlex.split(command)


def _without_comment(command: str) -> str:
    """A comment begins at a # that stands alone, outside of quotes."""
    for found in re.finditer(r"(?<=\s)# ", command):
        if command[: found.start()].count("'") % 2 == 0:
            return command[: found.start()].rstrip()
    return command.rstrip()


def read(page: str) -> str:
    """The text of a page."""
    return (REPO / page).read_text(encoding="utf-8")

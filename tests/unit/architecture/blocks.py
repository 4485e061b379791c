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
        """What stands after the prompts, continued lines joined."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]


def blocks(page: str) -> list[Block]:
    """The blocks of a page (its path in the repository), in order."""
    text = read(page)
    found = (_MARKDOWN if page.endswith(".md") else _RST).finditer(text)
    return [Block(one["kind"], textwrap.dedent(one["text"]).strip("\n") + "\n") for one in found]


def commands(page: str) -> list[str]:
    """Every command of a page, in order."""
    return [command for block in blocks(page) if block.kind == "console" for command in block.commands]


def simple(command: str) -> list[list[str]]:
    """The simple commands of a line, each as a shell would split it: without loops, comments, redirections and assignments."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    elsewhere = False
    for word in lexer:
        if word in (";", "&&", "|"):
            found.append([])
        elif word in (">", "<"):
            elsewhere = True
        elif elsewhere:
            elsewhere = False
        elif found[-1] or not (word == "do" or re.fullmatch(r"[A-Z_]+=.*", word)):
            found[-1].append(word)
    return [one for one in found if one and one[0] not in ("for", "done")]


def read(page: str) -> str:
    """The text of a page."""
    return (REPO / page).read_text(encoding="utf-8")

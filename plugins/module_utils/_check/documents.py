# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents in a saved output of kubectl: JSON or YAML, several in one file, in the encodings of any shell. Pure."""

from __future__ import annotations

import codecs
import json
import re
import zlib

from ansible_collections.ackops.eci.plugins.module_utils._check.yaml_documents import NotYaml, yaml_documents
from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._text import plain

_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP = b"\x1f\x8b"
_ARCHIVES = ((0, b"PK\x03\x04", "a zip archive"), (257, b"ustar", "a tar archive"))
# What kubectl says on its standard error lands in the file where both streams were redirected.
_TROUBLE = re.compile(r"(?:Error |[Ee]rror: |E\d{4} \d\d:|Unable to connect)")
_REMARK = re.compile(r"(?:Warning: |[IWF]\d{4} \d\d:|No resources found)")
_YAML_BEGINS = re.compile(
    r"""(?:---|\#|%YAML|-[ ]|["']?(?:apiVersion|items|kind|metadata|serverVersion|clientVersion|gitVersion|major)["']?:)"""
)
_SPACE = re.compile(r"\s*")
# So many lines of a shell's own may stand before the first document.
_MOST_LINES_BEFORE = 50


class NoDocuments(EciError):
    """Bytes that are neither JSON nor YAML, or are cut off; the message says so without naming the file."""


def _unpacked(data: bytes) -> bytes:
    """The content of a gzip file, or the bytes themselves."""
    while data.startswith(_GZIP):
        content, rest = [], data
        try:
            while rest.startswith(_GZIP):
                unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                content.append(unpack.decompress(rest) + unpack.flush())
                if not unpack.eof:
                    raise NoDocuments("is a gzip file that is cut off")
                rest = unpack.unused_data
        except zlib.error as error:
            raise NoDocuments(f"is a damaged gzip file ({error})") from error
        data = b"".join(content)
    return data


def text_of(data: bytes) -> str:
    """The text of a file: unpacked where it is gzip, and decoded by its mark (none: UTF-8). Raises NoDocuments."""
    data = _unpacked(data)
    for offset, mark, name in _ARCHIVES:
        if data[offset : offset + len(mark)] == mark:
            raise NoDocuments(f"is {name}: unpack it, and give the directory")
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "") or json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NoDocuments(f"is not text in {encoding.upper()} (byte {error.start})") from error
    return text.replace("\r\n", "\n")


def _begins(line: str) -> bool:
    """Whether a document can begin with this line."""
    return line[:1] in ("{", "[") or _YAML_BEGINS.match(line) is not None


def _without_lines_before(text: str, said: list[str]) -> str:
    """The text from its first document on; what reads as an error in the lines before is added to ``said``."""
    rest = text
    for _line in range(_MOST_LINES_BEFORE):
        line, _end, after = rest.partition("\n")
        if _begins(line.lstrip(" ")):
            return rest
        if _TROUBLE.match(line):
            said.append(plain(line, 200))
        rest = after
    return text


def _parsed_json(text: str, said: list[str]) -> list[object]:
    """One JSON document after another, as ``kubectl ... >> file`` leaves them."""
    decoder, found, position = json.JSONDecoder(), [], _end_of_space(text, 0)
    while position < len(text):
        if text[position] in "{[":
            document, end = _decoded(decoder, text, position)
            found.append(document)
        else:
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            line = text[position:end]
            if _TROUBLE.match(line):
                said.append(plain(line, 200))
            elif not _REMARK.match(line):
                raise NoDocuments(f"has something else after the JSON: {plain(line, 80)}")
        position = _end_of_space(text, end)
    return found


def _end_of_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _decoded(decoder: json.JSONDecoder, text: str, position: int) -> tuple[object, int]:
    """The document at that position, and where it ends."""
    try:
        return decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated"):
            raise NoDocuments("is cut off: it ends in the middle of the JSON") from error
        raise NoDocuments(f"is not JSON ({plain(error, 120)})") from error
    except RecursionError as error:
        raise NoDocuments("is nested too deeply") from error


def _parsed_yaml(text: str, said: list[str]) -> list[object]:
    """Every document of a YAML stream. A line of kubectl's own would be read as a key: it is taken out first."""
    lines = []
    for line in text.split("\n"):
        if _TROUBLE.match(line):
            said.append(plain(line, 200))
        elif not _REMARK.match(line):
            lines.append(line)
    try:
        return yaml_documents("\n".join(lines))
    except NotYaml as error:
        raise NoDocuments(f"is neither JSON nor YAML ({plain(error, 200)})") from error


def documents_of(data: bytes) -> tuple[list[object], list[str]]:
    """The documents in the content of a file, and the errors of kubectl that stand between them.

    Raises NoDocuments where it holds none or is cut off, MissingLibrary where YAML cannot be read.
    """
    said: list[str] = []
    text = _without_lines_before(text_of(data), said).strip("\ufeff")
    if not text.strip():
        return [], said
    parsed = _parsed_json if text.lstrip()[0] in "{[" else _parsed_yaml
    return parsed(text, said), list(dict.fromkeys(said))

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report: formats by ending, modes, files that are whole, and reports that are joined."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput
from ansible_collections.ackops.eci.plugins.plugin_utils._report_document import cluster_entry, report_document
from ansible_collections.ackops.eci.plugins.plugin_utils._report_files import (
    FORMATS,
    mode_of,
    read_reports,
    renderer_of,
    with_whole_lists,
    write_report,
)
from ansible_collections.ackops.eci.plugins.plugin_utils._report_formats import render_json
from tests.unit.support.reports import NOW, fleet, preflight


@pytest.mark.parametrize("ending", FORMATS)
def test_the_ending_is_the_format(tmp_path: Path, ending: str) -> None:
    """In any case of letters; whatever is written can be read as text."""
    path = tmp_path / "new" / f"report{ending.upper()}"
    write_report(str(path), renderer_of(str(path))(fleet()), 0o640)
    assert path.stat().st_mode & 0o777 == 0o640
    assert "prod-beijing" in path.read_text(encoding="utf-8")
    assert os.listdir(path.parent) == [path.name]
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("path", ["report", "report.pdf", "report.html.gz", ".html"])
def test_other_endings_are_refused(path: str) -> None:
    """With the formats there are."""
    with pytest.raises(InvalidInput, match=r"dest: .* has an ending that is no format") as caught:
        renderer_of(path)
    assert caught.value.remedy == "End it in .html, .json, .csv, .xml, .md."


@pytest.mark.parametrize("mode", ["", "rw", "0888", "420x", "08", "1777"])
def test_modes_are_octal(mode: str) -> None:
    """A number that YAML has read as decimal is not taken for a mode."""
    assert mode_of("0640") == mode_of("640") == 0o640
    with pytest.raises(InvalidInput, match="is not an octal mode"):
        mode_of(mode)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With the reason of the system, and nothing is left behind."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(EciError, match="taken' cannot be written on the controller"):
        write_report(str(tmp_path / "taken"), "x", 0o600)
    assert os.listdir(tmp_path) == ["taken"]
    (tmp_path / "file").touch()
    with pytest.raises(EciError, match="cannot be written"):
        write_report(str(tmp_path / "file" / "report.md"), "x", 0o600)


def test_reports_are_joined(tmp_path: Path) -> None:
    """Of a cluster that is in both, the last counts."""
    first = report_document([cluster_entry("a", preflight(False)), cluster_entry("b", None)], NOW)
    second = report_document([cluster_entry("a", preflight(True))], NOW)
    paths = []
    for number, document in enumerate((first, second)):
        paths.append(str(tmp_path / f"{number}.json"))
        write_report(paths[-1], render_json(document), 0o600)
    joined = {one["cluster"]: one["state"] for one in read_reports(paths)}
    assert joined == {"a": "ready", "b": "no_result"}
    assert read_reports([]) == []


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    """Missing, not JSON, or something else in JSON."""
    path = tmp_path / "old.json"
    with pytest.raises(InvalidInput, match=r"old\.json' cannot be read: No such file"):
        read_reports([str(path)])
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"old\.json' is not JSON"):
        read_reports([str(path)])
    path.write_text(json.dumps({"kind": "List", "items": []}), encoding="utf-8")
    with pytest.raises(EciError, match=r"old\.json' is not a report in JSON"):
        read_reports([str(path)])


def test_whole_lists_take_the_place_of_cut_ones(tmp_path: Path) -> None:
    """Where they are still there; a fact of another run is taken as it is."""
    path = tmp_path / "lists.json"
    path.write_text(json.dumps({"blockers": [{"name": "a"}, {"name": "b"}], "exempted": []}), encoding="utf-8")
    fact = preflight(False, blockers=[{"name": "a"}], lists=str(path))
    whole = with_whole_lists(fact)
    assert whole is not None
    assert [entry["name"] for entry in whole["blockers"]] == ["a", "b"]
    for content in ("{", "[]"):
        path.write_text(content, encoding="utf-8")
        assert with_whole_lists(fact) == fact
    path.unlink()
    assert with_whole_lists(fact) == fact
    assert with_whole_lists(None) is None
    assert with_whole_lists({}) == {}

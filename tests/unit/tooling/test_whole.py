# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test` runs what it names, stops at what fails, and leaves nothing running."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dev import whole
from tests.dev.paths import REPO


def test_every_part_is_a_target() -> None:
    """What is misspelt here would fail at the end of an hour."""
    targets = re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for row in whole.ROWS for name in row.names]
    assert {*named, whole.MADE_MEANWHILE} <= set(targets)
    assert len(named) == len(set(named))
    assert {row.after for row in whole.ROWS} <= {None, *whole.ROWS[0].names}


def test_what_fails_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The parts after it do not run, the times are told, and what was made meanwhile ends too."""
    pid = tmp_path / "pid"
    commands = {
        "first": "true",
        "second": f"until [ -s {pid} ]; do sleep 0.05; done; exit 3",
        "third": "echo never",
        "build": f"echo $$ > {pid}; sleep 600",
    }
    monkeypatch.setattr(whole, "ROWS", (whole.Row(("first", "second", "third")),))
    monkeypatch.setattr(whole, "MADE_MEANWHILE", "build")
    monkeypatch.setattr(whole, "_make", lambda target: ["sh", "-c", commands[target]])
    started = time.monotonic()
    assert whole.check() == 1
    assert time.monotonic() - started < whole.END_SECONDS
    said = capfd.readouterr().out
    assert re.search(r"first +0:\d\d  passed", said), said
    assert re.search(r"second +0:\d\d  FAILED", said), said
    assert "`make second` FAILED; the parts after it did not run" in said
    assert "third" not in said.replace("the parts after it", "")
    assert "never" not in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_all_pass(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing failed, and it says so."""
    monkeypatch.setattr(whole, "_make", lambda _target: ["true"])
    assert whole.check() == 0
    said = capfd.readouterr().out
    assert said.count(": passed") == 0
    assert said.count("  passed") == sum(len(row.names) for row in whole.ROWS)
    assert said.rstrip().endswith("all passed")


BEHIND = 7
UNTIL = "until [ -e {} ]; do sleep 0.05; done; "
GROUP = Path("/proc/self/autogroup")
Have = Callable[..., None]


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Have:
    """Have parts for `make test`, in front and behind: shell commands by name, which run in a directory of the test."""

    def have(in_front: dict[str, str], behind: dict[str, str], after: str | None = None) -> None:
        commands = {**in_front, **behind}
        rows = whole.Row(tuple(in_front)), whole.Row(tuple(behind), BEHIND, after)
        monkeypatch.setattr(whole, "ROWS", rows)
        monkeypatch.setattr(whole, "_make", lambda name: ["sh", "-c", f"cd {tmp_path}; {commands.get(name, ':')}"])

    return have


def lines(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """What the parts have said."""
    return [line for line in capfd.readouterr().out.splitlines() if not line.startswith("[dev")]


def test_two_rows_side_by_side(parts: Have, capfd: pytest.CaptureFixture[str]) -> None:
    """What each part says is whole: the row in front as it goes, of the other what has ended, and at last what is left."""
    parts(
        {
            "a": "echo a 1; " + UNTIL.format("x") + "echo a 2; sleep 0.5; touch a",
            "b": "test -e a && echo b 1; touch b; sleep 0.5; echo b 2",
        },
        {
            "x": "echo x 1; echo x 2; touch x",
            "y": "test -e x && echo y 1; " + UNTIL.format("b") + "sleep 1; echo y 2",
            "z": "test -e b && echo z; nice",
        },
    )
    assert whole.check() == 0
    assert lines(capfd) == ["a 1", "a 2", "x 1", "x 2", "b 1", "b 2", "y 1", "y 2", "z", str(os.nice(0) + BEHIND)]


def test_a_row_that_begins_after_a_part(parts: Have, capfd: pytest.CaptureFixture[str]) -> None:
    """Not before, and beside the next."""
    parts({"a": "sleep 1; touch a", "b": UNTIL.format("x") + "echo b"}, {"x": "test -e a && echo x; touch x"}, "a")
    assert whole.check() == 0
    assert sorted(lines(capfd)) == ["b", "x"]


@pytest.mark.skipif(not GROUP.exists(), reason="this system schedules no sessions as groups")
def test_a_row_stands_behind_as_a_group(parts: Have, capfd: pytest.CaptureFixture[str]) -> None:
    """Nice counts within a session only, and each part is one."""
    look = f"sleep 1; cat {GROUP}"
    parts({"a": look}, {"x": look})
    assert whole.check() == 0
    assert [line.rpartition("nice ")[2] for line in lines(capfd)] == ["0", str(BEHIND)]


@pytest.mark.parametrize("broken_in_front", [True, False])
def test_what_fails_beside_another_is_shown_at_once(
    parts: Have, capfd: pytest.CaptureFixture[str], broken_in_front: bool
) -> None:
    """The other is ended, however long it would take."""
    broken, endless = {"broken": "echo why; exit 3"}, {"endless": "echo endless; sleep 600", "never": "echo never"}
    parts(*((broken, endless) if broken_in_front else (endless, broken)))
    started = time.monotonic()
    assert whole.check() == 1
    assert time.monotonic() - started < whole.END_SECONDS
    said = capfd.readouterr().out
    assert re.search(r"broken failed.*\n(.*\n)?why\n", said), said
    assert re.search(r"endless +0:0\d  stopped", said), said
    assert re.search(r"broken +0:0\d  FAILED", said), said
    assert "never" not in said

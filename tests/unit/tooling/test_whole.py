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
    assert {*whole.PARTS, whole.MADE_MEANWHILE} <= set(targets)


def test_what_fails_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The parts after it do not run, the times are told, and what was made meanwhile ends too."""
    pid = tmp_path / "pid"
    commands = {
        "first": "true",
        "second": f"until [ -s {pid} ]; do sleep 0.05; done; exit 3",
        "third": "echo never",
        "build": f"echo $$ > {pid}; sleep 600",
    }
    monkeypatch.setattr(whole, "PARTS", {"first": 2, "second": 2, "third": 2})
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
    assert said.count("  passed") == len(whole.PARTS)
    assert said.rstrip().endswith("all passed")


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, tuple[int, str]]], None]:
    """Have parts for `make test`: by name, the cores and the shell command, which runs in a directory of the test."""

    def have(commands: dict[str, tuple[int, str]]) -> None:
        monkeypatch.setattr(whole, "PARTS", {name: cores for name, (cores, _command) in commands.items()})
        monkeypatch.setattr(
            whole, "_make", lambda name: ["sh", "-c", f"cd {tmp_path}; {commands.get(name, (1, ':'))[1]}"]
        )

    return have


def test_what_one_core_is_enough_for_has_company(
    parts: Callable[[dict[str, tuple[int, str]]], None], capfd: pytest.CaptureFixture[str]
) -> None:
    """What each part says is whole, and in the order in which they began; a part for two cores has both for itself."""
    parts(
        {
            "slow": (1, "echo slow 1; until [ -e quick ]; do sleep 0.05; done; echo slow 2; rm quick"),
            "quick": (1, "echo quick 1; echo quick 2; touch quick"),
            "alone": (2, "test ! -e quick && touch alone && sleep 0.2 && echo alone && rm alone"),
            "last": (1, "test ! -e alone && echo last"),
        }
    )
    assert whole.check() == 0
    said = [line for line in capfd.readouterr().out.splitlines() if not line.startswith("[dev")]
    assert said == ["slow 1", "slow 2", "quick 1", "quick 2", "alone", "last"]


def test_what_fails_beside_another_is_shown_at_once(
    parts: Callable[[dict[str, tuple[int, str]]], None], capfd: pytest.CaptureFixture[str]
) -> None:
    """The other is ended, however long it would take."""
    parts({"endless": (1, "echo endless; sleep 600"), "broken": (1, "echo why; exit 3")})
    started = time.monotonic()
    assert whole.check() == 1
    assert time.monotonic() - started < whole.END_SECONDS
    said = capfd.readouterr().out
    assert re.search(r"broken failed.*\nwhy\n", said), said
    assert re.search(r"endless +0:0\d  stopped", said), said
    assert re.search(r"broken +0:0\d  FAILED", said), said

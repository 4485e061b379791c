# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix goes on where it was interrupted, and writes its page from whole results only."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.dev import copies, envs, matrix, matrix_records, run, sanity

EVERY = [(cell.name, check) for cell in matrix.cells(list(matrix.PAIRS)) for check in cell.checks]
OF_2_16 = [item for item in EVERY if item[0].startswith("2.16")]


@dataclass
class Machine:
    """A small repository whose cells do nothing, and what they were asked to do."""

    repo: Path
    ran: list[tuple[str, str]] = field(default_factory=list)
    # What does not pass, and what it does instead: a status, or the user's Ctrl-C.
    instead: dict[tuple[str, str], int | type[BaseException]] = field(default_factory=dict)

    @property
    def page(self) -> Path:
        """Where the page would be."""
        return self.repo / "tested_with.rst"

    def matrix(self, *arguments: str) -> tuple[int, list[tuple[str, str]]]:
        """Run `make matrix`: its status, and what it ran."""
        self.ran.clear()
        return matrix.check(*arguments), list(self.ran)

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        names = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
        command = ["git", *names, *arguments]
        return subprocess.run(command, cwd=self.repo, check=True, capture_output=True, text=True).stdout.strip()

    def did(self, spec: envs.Spec, check: str) -> int:
        """One check of one cell."""
        [name] = [cell.name for cell in matrix.cells(list(matrix.PAIRS)) if cell.spec == spec]
        self.ran.append((name, check))
        instead = self.instead.get((name, check), 0)
        if not isinstance(instead, int):
            raise instead
        return instead


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The matrix in a repository of its own, with every environment there is."""
    made = Machine(tmp_path / "repo")
    made.repo.mkdir()
    (made.repo / "galaxy.yml").write_text("# one\n# two\n# three\n", encoding="utf-8")
    made.git("init", "--quiet")
    made.git("add", ".")
    made.git("commit", "--quiet", "--message", "Begin")
    monkeypatch.setenv("ACKOPS_CACHE", str(tmp_path / "cache"))
    for module in (matrix, matrix_records, copies):
        monkeypatch.setattr(module, "REPO", made.repo)
    monkeypatch.setattr(matrix, "PAGE", made.page)
    monkeypatch.setattr(envs, "ensure", lambda _spec: tmp_path)
    monkeypatch.setattr(run, "output", lambda *_command: "3.12.1 2.16.19 24.2.0\n")
    monkeypatch.setattr(sanity, "inside", lambda spec: made.did(spec, "sanity"))

    def _pytest(spec: envs.Spec, *command: str, extra: dict[str, str] | None = None) -> int:
        return made.did(spec, "main path" if extra else "unit" if "tests/unit" in command else "what?")

    monkeypatch.setattr(run, "run", _pytest)
    monkeypatch.setattr(matrix, "_provide", lambda _cell: None)
    return made


def test_what_has_passed_on_the_same_files_is_not_run_again(machine: Machine) -> None:
    """The second run has nothing to do, and `--again` does everything."""
    assert machine.matrix() == (0, EVERY)
    assert machine.matrix() == (0, [])
    assert machine.matrix("--again") == (0, EVERY)


def test_a_run_that_was_interrupted_goes_on_with_the_check_it_was_at(machine: Machine) -> None:
    """And the page appears when the last cell has its results."""
    machine.instead[EVERY[7]] = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        machine.matrix()
    assert machine.ran == EVERY[:8]
    assert not machine.page.exists()
    machine.instead.clear()
    assert machine.matrix() == (0, EVERY[7:])
    assert machine.page.read_text(encoding="utf-8").count("   * - ") == 1 + len(envs.CORES) * 2


def test_release_by_release_makes_the_page_too(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has no hours at a stretch runs one Ansible at a time, or one check."""
    assert machine.matrix("2.16", "--check", "unit")[1] == [item for item in OF_2_16 if item[1] == "unit"]
    assert machine.matrix("2.16")[1] == [item for item in OF_2_16 if item[1] != "unit"]
    assert "still missing, of 2.17, 2.18" in capsys.readouterr().out
    assert not machine.page.exists()
    for core in list(matrix.PAIRS)[1:]:
        machine.matrix(core)
    assert machine.page.exists()


def test_what_failed_is_run_again_and_never_on_the_page(machine: Machine) -> None:
    """The other checks of the cell are not."""
    machine.instead[EVERY[2]] = 1
    assert machine.matrix() == (1, EVERY)
    assert not machine.page.exists()
    machine.instead.clear()
    assert machine.matrix() == (0, [EVERY[2]])
    assert machine.page.exists()


def test_another_state_of_the_repository_has_results_of_its_own(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the user goes by those of a day and later; the page then has the days and the commits."""
    monkeypatch.setattr(matrix_records, "today", lambda: "2026-04-01")
    machine.matrix()
    first = machine.git("rev-parse", "--short", "HEAD")
    (machine.repo / "plugin.py").write_text("new = True\n", encoding="utf-8")
    monkeypatch.setattr(matrix_records, "today", lambda: "2026-04-03")
    assert machine.matrix("2.16") == (0, OF_2_16)
    assert machine.matrix("--since", "2026-04-02") == (0, [item for item in EVERY if item not in OF_2_16])
    machine.matrix("2.17", "--again")
    machine.git("add", ".")
    machine.git("commit", "--quiet", "--message", "Go on")
    (machine.repo / "plugin.py").write_text("new = False\n", encoding="utf-8")
    assert machine.matrix("--since", "2026-04-03") == (0, [])
    said = Counter(line.strip() for line in machine.page.read_text(encoding="utf-8").splitlines() if "2026-" in line)
    assert said == {f"- 2026-04-03, {first} with changes": len(envs.CORES) * 2}


def test_the_same_files_in_a_commit_are_the_same_state(machine: Machine) -> None:
    """Committing what was run, or the page alone, makes nothing old."""
    (machine.repo / "plugin.py").write_text("new = True\n", encoding="utf-8")
    machine.matrix()
    machine.git("add", ".")
    machine.git("commit", "--quiet", "--message", "Go on")
    assert machine.matrix() == (0, [])
    commit = machine.git("rev-parse", "--short", "HEAD")
    assert f", {commit}\n" in machine.page.read_text(encoding="utf-8")


def test_files_that_change_while_a_check_runs_leave_it_undone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows which of the two states it has passed on."""

    def _edited(spec: envs.Spec) -> int:
        (machine.repo / "plugin.py").write_text("new = True\n", encoding="utf-8")
        return machine.did(spec, "sanity")

    monkeypatch.setattr(sanity, "inside", _edited)
    assert machine.matrix("2.16", "--check", "sanity")[0] == 1


def test_a_python_that_is_missing_is_looked_for_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, and the next run tries once more."""
    there = envs.ensure

    def _ensure(spec: envs.Spec | str) -> Path:
        if isinstance(spec, envs.Spec) and spec.highest == (3, 14):
            raise envs.MissingPythonError(spec)
        return there(spec)

    with monkeypatch.context() as without:
        without.setattr(envs, "ensure", _ensure)
        assert machine.matrix()[0] == 0
    assert machine.page.read_text(encoding="utf-8").count(matrix.NO_PYTHON) == 4
    assert machine.matrix() == (0, [item for item in EVERY if "py3.14" in item[0]])
    assert matrix.NO_PYTHON not in machine.page.read_text(encoding="utf-8")


def test_a_damaged_record_is_none(machine: Machine, tmp_path: Path) -> None:
    """It is run again, and written anew."""
    machine.matrix("2.16")
    [record] = (tmp_path / "cache" / "matrix").glob(f"{OF_2_16[0][0]}.json")
    record.write_text('{"versions": {}, "checks": {"unit": 3}}', encoding="utf-8")
    assert machine.matrix("2.16") == (0, [item for item in OF_2_16 if item[0] == OF_2_16[0][0]])


@pytest.mark.parametrize(
    "wrong", [["1.0"], ["--since", "yesterday"], ["--since", "2026-04-01", "--again"], ["--check", "lint"]]
)
def test_wrong_arguments_run_nothing(machine: Machine, wrong: list[str]) -> None:
    """The usage is said instead."""
    with pytest.raises(SystemExit):
        matrix.check(*wrong)
    assert not machine.ran

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the tests against each mutant, in a copy of the repository. Exit code 1 where one survives."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.dev.copies import refresh
from tests.mutation.awx_mutants import AWX_MUTANTS
from tests.mutation.mutants import MUTANTS, UNIT, Mutant

TESTS_FAILED = 1


def fell(mutant: Mutant, copy: Path) -> str:
    """The first test that falls when the rule is out; empty where none does."""
    path = copy / mutant.root / mutant.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(mutant.old, mutant.new), encoding="utf-8")
    command = [str(copy / "tests" / "dev" / "start.sh"), "run", mutant.environment, "python", "-m", "pytest", "-q", "-x",
               "-p", "no:cacheprovider", "--deselect", "tests/unit/tooling/test_mutants.py", *mutant.tests]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=copy)
    finally:
        path.write_text(whole, encoding="utf-8")
    if done.returncode not in (0, TESTS_FAILED):
        raise SystemExit(f"{mutant.says}: the tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return found.group(1) if done.returncode and found else ""


def main() -> int:
    """Try the mutants of the rules that are named, or all."""
    parser = argparse.ArgumentParser(prog="tests.mutation", description=__doc__)
    parser.add_argument("rules", nargs="*", help="numbers of safety rules, lease, or awx; all if none is given")
    parser.add_argument("--jobs", type=int, default=2, help="how many mutants at once (2)")
    options = parser.parse_args()
    mutants = [mutant for mutant in (*MUTANTS, *AWX_MUTANTS) if not options.rules or mutant.rule in options.rules]
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(options.jobs):
        copies.put(refresh(f"mutation-{number}"))
    told, survivors, began = threading.Lock(), list[str](), time.monotonic()

    def one(mutant: Mutant) -> None:
        copy = copies.get()
        try:
            test = fell(mutant, copy)
        finally:
            copies.put(copy)
        with told:
            print(f"rule {mutant.rule:>5}: {mutant.says}: {test or 'SURVIVED'}", flush=True)
            survivors.extend([] if test else [mutant.says])

    print("the tests without a mutant", flush=True)
    unchanged = MUTANTS[0]._replace(says="no mutant", old="", new="", tests=UNIT)
    if test := fell(unchanged, refresh("mutation-0")):
        print(f"{test} falls without a mutant: mend that first")
        return 1
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(one, mutants))
    print(f"{len(mutants)} mutants, {len(survivors)} survived, {time.monotonic() - began:.0f} s")
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``jq [-r] FILTER`` on standard input, by PyPI's bindings, where there is no jq: run as a program, with Python's -I."""

from __future__ import annotations

import argparse
import json
import signal
import sys

import jq

# jq's own exit codes.
BAD_INPUT, BAD_FILTER, FAILED = 2, 3, 5


def main() -> int:
    """Print what the filter yields, up to where it fails."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parser = argparse.ArgumentParser(prog="jq", description="Filter JSON from standard input.")
    parser.add_argument("-r", "--raw-output", action="store_true", help="print strings without quotes")
    parser.add_argument("filter")
    options = parser.parse_args()
    try:
        program = jq.compile(options.filter)
    except ValueError as error:
        print(error, file=sys.stderr)
        return BAD_FILTER
    try:
        # Not asked for more after it failed: the bindings abort.
        for output in program.input_text(sys.stdin.read()):
            raw = options.raw_output and isinstance(output, str)
            print(output if raw else json.dumps(output, indent=2, ensure_ascii=False))
    except ValueError as error:
        sys.stdout.flush()
        is_input = str(error).startswith("parse error")
        print(f"jq: error (at <stdin>): {error}", file=sys.stderr)
        return BAD_INPUT if is_input else FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())

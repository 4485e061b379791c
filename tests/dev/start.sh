#!/bin/sh
# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Finds a Python that can do the work, a fast one where there is one, or says what is missing, and hands over to tests.dev.
set -eu
cd "$(dirname "$0")/../.."

# Prints fast or slow, or nothing where it cannot do the work.
grade() {
    # shellcheck disable=SC2046  # these are words
    set -- $("$1" tests/dev/python_probe.py 2>/dev/null)
    if [ "${1:-0}" -eq 3 ] && [ "$2" -ge 11 ]; then
        echo "$3"
    fi
}

python=
for candidate in ${PYTHON:-python3 /usr/bin/python3 python3.13 python3.12 python3.11 python3.14}; do
    case $(grade "$candidate") in
        fast)
            python=$candidate
            break
            ;;
        slow) python=${python:-$candidate} ;;
    esac
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer with its venv module is needed, and none of these is: ${PYTHON:-python3, python3.11 to python3.14}." >&2
    echo "Install one (on Debian and Ubuntu: apt install python3-venv), or name one: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
exec "$python" -m tests.dev "$@"

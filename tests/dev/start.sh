#!/bin/sh
# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Finds a Python that can do the work, or says what is missing, and hands over to tests.dev.
set -eu
cd "$(dirname "$0")/../.."

good() { "$1" -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if good "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed, and none of these is: ${PYTHON:-python3, python3.11 to python3.14}." >&2
    echo "Install one, or name one: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
exec "$python" -m tests.dev "$@"

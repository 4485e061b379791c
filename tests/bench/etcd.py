# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd through its JSON gateway: read what the API server stored, and store copies of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import urllib3

# etcd takes 128 operations and 1.5 MB in one transaction.
OPERATIONS = 100


class Etcd:
    """The etcd of a test cluster."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/v3/kv/"
        self._pool = urllib3.PoolManager()

    def _call(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._pool.request("POST", self._url + what, body=json.dumps(body), timeout=60)
        if answer.status != 200:
            message = f"etcd: {what}: {answer.status} {answer.data[:200]!r}"
            raise RuntimeError(message)
        return dict(answer.json())

    def get(self, key: str) -> bytes:
        """The value of a key."""
        found = self._call("range", {"key": base64.b64encode(key.encode()).decode()})
        return base64.b64decode(found["kvs"][0]["value"])

    def put(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        """Store values, many in a transaction."""
        for batch in _batches(pairs):
            puts = [
                {"key": base64.b64encode(key.encode()).decode(), "value": base64.b64encode(text).decode()}
                for key, text in batch
            ]
            self._call("txn", {"success": [{"requestPut": put} for put in puts]})


def _batches(pairs: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    entries = iter(pairs)
    while batch := list(islice(entries, OPERATIONS)):
        yield batch

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for the tests: one request, one answer, as parsed JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

Json = dict[str, Any]


class ApiError(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Api:
    """The API server, as the user of the certificate (or of the token)."""

    def __init__(
        self, server: str, ca_file: Path, cert: Path | None = None, key: Path | None = None, token: str = ""
    ) -> None:
        self.server = server
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(
            ca_certs=str(ca_file), cert_file=str(cert) if cert else None, key_file=str(key) if key else None, maxsize=8
        )

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Json:
        """Send one request. Raises ApiError, and urllib3's errors where there is no answer."""
        url = self.server + path + ("?" + urlencode(query) if query else "")
        answer = self._pool.request(
            method,
            url,
            body=None if body is None else json.dumps(body),
            headers={**self._headers, "Content-Type": content_type, "Accept": "application/json"},
            retries=False,
            timeout=30,
        )
        parsed = json.loads(answer.data) if answer.data[:1] == b"{" else {"text": answer.data.decode()}
        if answer.status >= 300:
            raise ApiError(answer.status, str(parsed.get("message", answer.data[:200])))
        return dict(parsed)

    def list(self, path: str, **query: str) -> list[Json]:
        """The entries of a list."""
        return list(self.request("GET", path, query=query or None).get("items") or ())

    def patch(self, path: str, body: object) -> Json:
        """A merge patch; null removes a key."""
        return self.request("PATCH", path, body, content_type="application/merge-patch+json")

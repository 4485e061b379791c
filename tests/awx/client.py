# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators and users do with AWX besides: run the two playbooks, fill in forms, launch, approve, read."""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.awx.awx_jobs import Jobs
from tests.awx.awx_store import Store
from tests.awx.fake_awx import TEAM, TOKEN, serving
from tests.preloaded import run as preloaded

CHANGED = re.compile(r"changed=(\d+)")


@dataclass
class Awx:
    """A stand-in for AWX that runs, and a directory to work in."""

    url: str
    store: Store
    jobs: Jobs
    folder: Path

    def run(self, command: list[str]) -> tuple[int, str]:
        """Run a command as the guide gives it: how much it changed, and what it said."""
        reach = {"CONTROLLER_HOST": self.url, "CONTROLLER_OAUTH_TOKEN": TOKEN, "HOME": str(self.folder)}
        # For each request Ansible reads all certificates that the machine trusts, which took most of the time; the stand-in speaks no TLS.
        quick = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1", "SSL_CERT_FILE": os.devnull}
        done = preloaded.playbook(command, {**os.environ, **reach, **quick}, self.folder)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        # That one awx.awx gives wherever it writes a secret.
        warnings = [line for line in output.splitlines() if "WARNING" in line and "has encrypted data" not in line]
        assert warnings == []
        return int(CHANGED.findall(output)[-1]), output

    def play(self, name: str, variables: Mapping[str, Any], *arguments: str) -> tuple[int, str]:
        """Run one of the playbooks by its full name."""
        given = json.dumps({"__eci_awx_pause": 0, **variables})
        return self.run(["ansible-playbook", f"ackops.eci.awx_{name}", "-e", given, *arguments])

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, team: str = "") -> tuple[int, Any]:
        """A request, by an administrator or a member of a team: the status, and what was said."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        headers = {"Authorization": f"Bearer {TEAM + team if team else TOKEN}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v2/{path}/", None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        said = json.loads(answer.read() or b"null")
        connection.close()
        return answer.status, said

    def type_in(self, credential: str, **inputs: str) -> None:
        """Fill in a credential's form, which sends all its fields."""
        path = f"credentials/{self.store.named('credentials', credential)['id']}"
        there = self.ask("GET", path)[1]["inputs"]
        status, said = self.ask("PATCH", path, {"inputs": {**there, **inputs}})
        assert status == 200, said

    def left(self) -> dict[str, set[str]]:
        """What is in AWX, by endpoint."""
        found = {
            place: {str(one.get("name") or one.get("identifier") or one["id"]) for one in self.store.all(place)}
            for place in self.store.objects
        }
        return {place: names for place, names in found.items() if names}


@contextmanager
def awx(folder: Path) -> Iterator[Awx]:
    """An empty AWX."""
    with serving() as (url, store, jobs):
        yield Awx(url, store, jobs, folder)

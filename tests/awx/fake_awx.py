# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as the modules need to put awx/ in and take it out, and users to launch, for want of an AWX.

Read from the serializers, models and views of AWX 24.6.1, and as strict: what AWX replaces, keeps, hides, refuses or deletes later,
this does too. Where AWX lets a slip pass (a field that it does not know) it is stricter. tests/awx/test_fake_awx.py holds it to that.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.awx.awx_fields import ASSOCIATIONS, FIELDS, SURVEYED, Record
from tests.awx.awx_jobs import Jobs
from tests.awx.awx_store import Refused, Store

TOKEN = "fake-awx-token"
# With this before its name, a token of a member of a team.
TEAM = "team:"
JOBS = {"jobs": "job", "workflow_jobs": "workflow_job", "workflow_approvals": "workflow_approval"}


def _page(found: list[Record]) -> Record:
    return {"count": len(found), "next": None, "previous": None, "results": found}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    store: Store
    jobs: Jobs
    server_version = "FakeAWX"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named so by the base class
        """Say nothing."""

    def _body(self) -> Record:
        length = int(self.headers.get("Content-Length") or 0)
        loaded: Record = json.loads(self.rfile.read(length) or b"{}")
        return loaded

    def _team(self) -> int | None:
        """The team whose token the request bears; None for an administrator."""
        said = str(self.headers.get("Authorization")).removeprefix("Bearer ")
        if said == TOKEN:
            return None
        teams = [team["id"] for team in self.store.all("teams") if said == TEAM + team["name"]]
        if not teams:
            raise Refused(401, detail="Authentication credentials were not provided.")
        return int(teams[0])

    def _answer(self) -> None:
        try:
            self.store.look()
            status, said = self._route(self._team())
        except Refused as refused:
            status, said = refused.status, refused.said
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815  named so by the base class

    def _route(self, team: int | None) -> tuple[int, Any]:
        url = urlsplit(self.path)
        found = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/(?:(\w+)/)?)?", url.path)
        if not found or found[1] not in {*FIELDS, *JOBS, "unified_job_templates", "roles"}:
            raise Refused(404, detail="The requested resource could not be found.")
        endpoint, number, part = found[1], int(found[2] or 0), found[3]
        if endpoint in JOBS and number:
            return self._job(number, part, team)
        if part == "launch" and endpoint in SURVEYED and self.command == "POST":
            self._need(team, endpoint, number, "execute_role")
            return 201, self.jobs.launch(endpoint, number, self._body(), team).shown()
        if team is not None:
            raise Refused(403, detail="You do not have permission to perform this action.")
        if endpoint == "roles":
            return self._role(number, part)
        if part:
            self.store.one(endpoint, number)
            return self._part(endpoint, number, part)
        return self._detail(endpoint, number) if number else self._list(endpoint, dict(parse_qsl(url.query)))

    def _need(self, team: int | None, endpoint: str, number: int, role: str) -> None:
        """Refuse whoever has not the role."""
        if team is not None and not self.store.may(team, endpoint, number, role):
            raise Refused(403, detail="You do not have permission to perform this action.")

    def _job(self, number: int, part: str | None, team: int | None) -> tuple[int, Any]:
        job = self.jobs.one(number)
        node = (
            self.jobs.all[job.workflow].template if job.kind == "workflow_approval" and job.workflow else job.template
        )
        endpoint = "job_templates" if job.kind == "job" else "workflow_job_templates"
        if self.command == "GET" and part is None:
            self._need(team, endpoint, node, "read_role")
            return 200, job.shown()
        if self.command == "POST" and part in {"approve", "deny"} and job.kind == "workflow_approval":
            self._need(team, endpoint, node, "approval_role")
            self.jobs.end(number, "successful" if part == "approve" else "failed", job.artifacts)
            return 204, None
        if self.command == "POST" and part == "cancel":
            # Whoever started it may, and who administers the template; the right to launch is not enough.
            if team is None or team != job.by:
                self._need(team, endpoint, node, "admin_role")
            self.jobs.cancel(number)
            return 202, None
        raise Refused(404, detail="The requested resource could not be found.")

    def _role(self, number: int, part: str | None) -> tuple[int, Any]:
        if part != "teams":
            raise Refused(404, detail="Not found.")
        if self.command == "POST":
            self.store.grant(number, self._body())
            return 204, None
        return 200, _page(
            [self.store.shown(self.store.one("teams", team)) for team in self.store.granted.get(number, ())]
        )

    def _list(self, endpoint: str, query: Mapping[str, str]) -> tuple[int, Any]:
        store = self.store
        if self.command == "POST":
            return 201, store.shown(store.create(endpoint, self._body()))
        if self.command != "GET":
            raise Refused(405, detail="Method not allowed.")
        either = {key.removeprefix("or__"): value for key, value in query.items() if key.startswith("or__")}
        every = {key: value for key, value in query.items() if not key.startswith("or__")}
        found = [
            record
            for record in store.all(endpoint)
            if all(self._is(record, key, value) for key, value in every.items())
            and (not either or any(self._is(record, key, value) for key, value in either.items()))
        ]
        return 200, _page([store.shown(record) for record in found])

    def _is(self, record: Record, key: str, value: str) -> bool:
        """Whether a field is as asked for; a__b is the field b of what a refers to."""
        name, _underscores, rest = key.partition("__")
        known: Mapping[str, type | str] = {"id": int, "type": str, **FIELDS[self.store.place(record["id"])]}
        if "unified" in self.path:
            known = {"organization": "organizations", **known}
        kind = known.get(name)
        if kind is None:
            raise Refused(400, detail=f"{record['type']} has no field named {name!r}")
        if rest and isinstance(kind, str):
            return record.get(name) is not None and self._is(self.store.one(kind, record[name]), rest, value)
        return str(record.get(name)).lower() == value.lower()

    def _detail(self, endpoint: str, number: int) -> tuple[int, Any]:
        store = self.store
        if self.command == "GET":
            return 200, store.shown(store.one(endpoint, number))
        if self.command == "PATCH":
            return 200, store.shown(store.change(endpoint, number, self._body()))
        if self.command == "DELETE":
            return store.delete(endpoint, number), None
        raise Refused(405, detail="Method not allowed.")

    def _part(self, endpoint: str, number: int, part: str) -> tuple[int, Any]:
        store, posted = self.store, self.command == "POST"
        if part == "survey_spec" and endpoint in SURVEYED:
            if posted:
                store.ask(endpoint, number, self._body())
            if self.command == "DELETE":
                store.surveys.pop((endpoint, number), None)
            return 200, store.surveys.get((endpoint, number), {})
        if part == "create_approval_template" and endpoint == "workflow_job_template_nodes" and posted:
            return 201, store.shown(store.approval(number, self._body()))
        if part not in ASSOCIATIONS.get(endpoint, {}):
            raise Refused(404, detail="The requested resource could not be found.")
        if posted:
            store.associate(endpoint, number, part, self._body())
            return 204, None
        others = ASSOCIATIONS[endpoint][part]
        return 200, _page(
            [store.shown(store.one(others, one)) for one in store.associated.get((endpoint, number, part), [])]
        )


@contextmanager
def serving() -> Iterator[tuple[str, Store, Jobs]]:
    """A server on a free port: its URL, what is in it, and its jobs."""
    store = Store()
    jobs = Jobs(store)
    handler = type("BoundHandler", (Handler,), {"store": store, "jobs": jobs})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", store, jobs
        finally:
            server.shutdown()
            thread.join()

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as the modules need to put awx/ in and take it out, for want of an AWX.

It is stricter than AWX where AWX lets a slip pass: a field that it does not know, or of another type, is refused, as is an
identifier of nothing. What AWX itself refuses it refuses in the same places: surveys, names that are taken, a second credential of a type.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.awx import surveys

TOKEN = "fake-awx-token"
ENCRYPTED = "$encrypted$"
Record = dict[str, Any]
NAMED = {"name": str, "description": str}
ASKS = dict.fromkeys(
    (
        "ask_job_type_on_launch", "ask_variables_on_launch", "ask_limit_on_launch", "ask_verbosity_on_launch",
        "ask_forks_on_launch", "ask_job_slice_count_on_launch",
    ), bool,
)  # fmt: skip
# Writable fields: a type, or the endpoint whose objects the field refers to.
FIELDS: Mapping[str, Mapping[str, type | str]] = {
    "organizations": {**NAMED},
    "credential_types": {**NAMED, "kind": str, "inputs": dict, "injectors": dict, "managed": bool},
    "credentials": {**NAMED, "organization": "organizations", "credential_type": "credential_types", "inputs": dict},
    "notification_templates": {
        **NAMED, "organization": "organizations", "notification_type": str, "notification_configuration": dict,
    },
    "execution_environments": {**NAMED, "organization": "organizations", "image": str, "pull": str},
    "projects": {
        **NAMED, "organization": "organizations", "scm_type": str, "scm_url": str, "scm_branch": str, "scm_clean": bool,
        "scm_update_on_launch": bool, "scm_update_cache_timeout": int, "credential": "credentials",
        "default_environment": "execution_environments",
    },
    "inventories": {**NAMED, "organization": "organizations", "kind": str, "host_filter": str, "variables": str},
    "inventory_sources": {
        **NAMED, "inventory": "inventories", "source": str, "source_project": "projects", "source_path": str,
        "credential": "credentials", "execution_environment": "execution_environments", "overwrite": bool,
        "overwrite_vars": bool, "update_on_launch": bool, "update_cache_timeout": int,
    },
    "job_templates": {
        **NAMED, **ASKS, "organization": "organizations", "job_type": str, "project": "projects", "playbook": str,
        "inventory": "inventories", "execution_environment": "execution_environments", "extra_vars": str, "forks": int,
        "job_slice_count": int, "timeout": int, "allow_simultaneous": bool, "survey_enabled": bool,
    },
    "workflow_job_templates": {
        **NAMED, **ASKS, "organization": "organizations", "allow_simultaneous": bool, "survey_enabled": bool,
    },
    "workflow_job_template_nodes": {
        "identifier": str, "workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates",
        "job_type": str, "extra_data": dict,
    },
    "workflow_approval_templates": {
        **NAMED, "timeout": int, "identifier": str, "workflow_job_template": "workflow_job_templates",
    },
    "schedules": {
        **NAMED, "unified_job_template": "unified_job_templates", "job_type": str, "enabled": bool, "rrule": str,
        "extra_data": dict,
    },
}  # fmt: skip
UNIFIED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
NOTIFICATIONS = ("notification_templates_error", "notification_templates_success", "notification_templates_approvals")
# Lists of others that hang on an object: the endpoint that they are of.
ASSOCIATIONS: Mapping[str, Mapping[str, str]] = {
    "job_templates": {"credentials": "credentials", NOTIFICATIONS[0]: "notification_templates"},
    "workflow_job_templates": dict.fromkeys(NOTIFICATIONS, "notification_templates"),
    "workflow_job_template_nodes": dict.fromkeys(
        ("success_nodes", "always_nodes", "failure_nodes"), "workflow_job_template_nodes"
    ),
}
# What goes with an object that is deleted, by the field that refers to it.
BELONGS = {
    "inventory_sources": "inventory",
    "workflow_job_template_nodes": "workflow_job_template",
    "workflow_approval_templates": "workflow_job_template",
    "schedules": "unified_job_template",
}
COUNTED = ("inventories", "job_templates", "projects")


class Refused(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, **said: Any) -> None:
        """Keep what is said."""
        super().__init__(status, said)
        self.status, self.said = status, said


@dataclass
class Store:
    """The objects, by endpoint and identifier, and the state of a running server."""

    objects: dict[str, dict[int, Record]] = field(default_factory=lambda: {name: {} for name in FIELDS})
    surveys: dict[tuple[str, int], Record] = field(default_factory=dict)
    associated: dict[tuple[str, int, str], list[int]] = field(default_factory=dict)
    last: int = 0
    writes: int = 0

    def all(self, endpoint: str) -> list[Record]:
        """All objects of an endpoint."""
        places = UNIFIED if endpoint == "unified_job_templates" else (endpoint,)
        return [record for place in places for record in self.objects[place].values()]

    def one(self, endpoint: str, number: int) -> Record:
        """An object, or 404."""
        found = [record for record in self.all(endpoint) if record["id"] == number]
        if not found:
            raise Refused(404, detail="Not found.")
        return found[0]

    def names(self, endpoint: str) -> set[str]:
        """The names there are."""
        return {str(record["name"]) for record in self.all(endpoint)}

    def check(self, endpoint: str, given: Mapping[str, Any]) -> None:
        """Refuse what is no field, of another type, or refers to nothing."""
        fields = FIELDS[endpoint]
        for key, value in given.items():
            kind = fields.get(key)
            if kind is None:
                raise Refused(400, **{key: ["no such field"]})
            if value is None:
                continue
            if isinstance(kind, str):
                self.one(kind, int(value))
            elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise Refused(400, **{key: [f"{value!r} is not of type {kind.__name__}"]})

    def create(self, endpoint: str, given: Mapping[str, Any]) -> Record:
        """Make an object."""
        self.check(endpoint, given)
        if "name" in FIELDS[endpoint] and given["name"] in self.names(endpoint):
            raise Refused(400, name=["is taken"])
        self.last += 1
        self.writes += 1
        unset = dict.fromkeys(FIELDS[endpoint])
        self.objects[endpoint][self.last] = {"id": self.last, "type": endpoint[:-1], **unset, **given}
        return self.objects[endpoint][self.last]

    def change(self, endpoint: str, number: int, given: Mapping[str, Any]) -> Record:
        """Change an object; a secret that is given as it is shown stays."""
        self.check(endpoint, given)
        self.writes += 1
        record = self.one(endpoint, number)
        record.update(given)
        return record

    def delete(self, endpoint: str, number: int) -> None:
        """Delete an object and what belongs to it; refuse while others need it."""
        self.one(endpoint, number)
        if endpoint == "credential_types" and any(c["credential_type"] == number for c in self.all("credentials")):
            raise Refused(403, detail="Credential types that are in use cannot be deleted")
        self.writes += 1
        for place, reference in BELONGS.items():
            for record in [r for r in self.all(place) if r[reference] == number]:
                del self.objects[place][record["id"]]
        del self.objects[endpoint][number]

    def associate(self, endpoint: str, number: int, kind: str, given: Mapping[str, Any]) -> None:
        """Hang one object on another, or take it off."""
        other = self.one(ASSOCIATIONS[endpoint][kind], int(given["id"]))
        hanging = self.associated.setdefault((endpoint, number, kind), [])
        self.writes += 1
        if given.get("disassociate"):
            hanging.remove(other["id"])
            return
        types = [self.one("credentials", one)["credential_type"] for one in hanging] if kind == "credentials" else []
        if kind == "credentials" and other["credential_type"] in types:
            raise Refused(400, detail="Cannot assign multiple credentials of one type.")
        hanging.append(other["id"])

    def ask(self, endpoint: str, number: int, spec: Mapping[str, Any]) -> None:
        """Take a survey."""
        wrong = list(surveys.accepted(spec))
        if wrong:
            raise Refused(400, error="; ".join(wrong))
        self.writes += 1
        self.surveys[endpoint, number] = dict(spec)

    def approval(self, node: int, given: Mapping[str, Any]) -> Record:
        """Make the approval of a node."""
        made = self.create("workflow_approval_templates", given)
        self.one("workflow_job_template_nodes", node)["unified_job_template"] = made["id"]
        return made

    def shown(self, record: Record) -> Record:
        """An object as the API shows it: with links, and without secrets."""
        place = next(name for name in FIELDS if record["id"] in self.objects[name])
        url = f"/api/v2/{place}/{record['id']}/"
        related: dict[str, str] = {}
        if place in {"job_templates", "workflow_job_templates"}:
            related["survey_spec"] = f"{url}survey_spec/"
        if place == "workflow_job_template_nodes" and record["unified_job_template"]:
            related["unified_job_template"] = f"/api/v2/unified_job_templates/{record['unified_job_template']}/"
        summary: dict[str, Any] = {}
        if place == "organizations":
            counts = {name: sum(r["organization"] == record["id"] for r in self.all(name)) for name in COUNTED}
            summary["related_field_counts"] = {**counts, "users": 0, "admins": 0, "teams": 0, "hosts": 0}
        shown = {**record, "url": url, "related": related, "summary_fields": summary}
        if place == "projects":
            shown["scm_revision"] = ""
        if place == "credentials":
            fields = self.one("credential_types", record["credential_type"])["inputs"]["fields"]
            shown["inputs"] = _hidden(record["inputs"] or {}, {one["id"] for one in fields if one.get("secret")})
        if place == "notification_templates":
            shown["notification_configuration"] = _hidden(record["notification_configuration"], {"password"})
        return shown


def _hidden(values: Mapping[str, Any], secret: set[str]) -> Record:
    return {key: ENCRYPTED if key in secret and value else value for key, value in values.items()}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    store: Store
    server_version = "FakeAWX"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named so by the base class
        """Say nothing."""

    def _body(self) -> Record:
        length = int(self.headers.get("Content-Length") or 0)
        loaded: Record = json.loads(self.rfile.read(length) or b"{}")
        return loaded

    def _answer(self) -> None:
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Refused(401, detail="Authentication credentials were not provided.")
            status, said = self._route()
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

    def _route(self) -> tuple[int, Any]:
        url = urlsplit(self.path)
        found = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/(?:(\w+)/)?)?", url.path)
        if not found or found[1] not in {*FIELDS, "unified_job_templates"}:
            raise Refused(404, detail="The requested resource could not be found.")
        endpoint, number, part = found[1], int(found[2] or 0), found[3]
        if part:
            self.store.one(endpoint, number)
            return self._part(endpoint, number, part)
        return self._detail(endpoint, number) if number else self._list(endpoint, dict(parse_qsl(url.query)))

    def _list(self, endpoint: str, query: Mapping[str, str]) -> tuple[int, Any]:
        store = self.store
        if self.command == "POST":
            return 201, store.shown(store.create(endpoint, self._body()))
        if self.command != "GET":
            raise Refused(405, detail="Method not allowed.")
        shown = [store.shown(record) for record in store.all(endpoint)]
        for key, value in query.items():
            known = {"type", *FIELDS.get(endpoint, {"name": str, "organization": str})}
            if key not in known:
                raise Refused(400, detail=f"{endpoint} has no field named {key!r}")
            shown = [one for one in shown if str(one.get(key)).lower() == value.lower()]
        return 200, {"count": len(shown), "next": None, "previous": None, "results": shown}

    def _detail(self, endpoint: str, number: int) -> tuple[int, Any]:
        store = self.store
        if self.command == "GET":
            return 200, store.shown(store.one(endpoint, number))
        if self.command == "PATCH":
            return 200, store.shown(store.change(endpoint, number, self._body()))
        if self.command == "DELETE":
            store.delete(endpoint, number)
            return 204, None
        raise Refused(405, detail="Method not allowed.")

    def _part(self, endpoint: str, number: int, part: str) -> tuple[int, Any]:
        store, posted = self.store, self.command == "POST"
        if part == "survey_spec" and endpoint in {"job_templates", "workflow_job_templates"}:
            if posted:
                store.ask(endpoint, number, self._body())
            return 200, store.surveys.get((endpoint, number), {})
        if part == "create_approval_template" and endpoint == "workflow_job_template_nodes" and posted:
            return 201, store.shown(store.approval(number, self._body()))
        if part not in ASSOCIATIONS.get(endpoint, {}):
            raise Refused(404, detail="The requested resource could not be found.")
        if posted:
            store.associate(endpoint, number, part, self._body())
            return 204, None
        others = ASSOCIATIONS[endpoint][part]
        found = [store.shown(store.one(others, one)) for one in store.associated.get((endpoint, number, part), [])]
        return 200, {"count": len(found), "next": None, "previous": None, "results": found}


@contextmanager
def serving() -> Iterator[tuple[str, Store]]:
    """A server on a free port: its URL, and what is in it."""
    store = Store()
    handler = type("BoundHandler", (Handler,), {"store": store})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", store
        finally:
            server.shutdown()
            thread.join()

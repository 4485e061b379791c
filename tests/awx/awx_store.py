# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the stand-in for AWX, and what AWX refuses, keeps, replaces and deletes later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.awx import awx_hidden, surveys
from tests.awx.awx_fields import (
    ASSOCIATIONS,
    BELONGS,
    COUNTED,
    FIELDS,
    LINKS,
    ROLES,
    SAVES_A_LAUNCH,
    SURVEYED,
    UNIFIED,
    UNIQUE,
    Record,
    unset,
)  # fmt: skip


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
    roles: dict[int, tuple[str, int, str]] = field(default_factory=dict)
    granted: dict[int, set[int]] = field(default_factory=dict)
    # Inventories that are being deleted, and how many times they are still found.
    deleting: dict[int, int] = field(default_factory=dict)
    # Templates, inventories and so on that unfinished jobs use.
    busy: set[int] = field(default_factory=set)
    found_while_deleting: int = 3
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

    def named(self, endpoint: str, name: str) -> Record:
        """The only object of a name."""
        (found,) = [one for one in self.all(endpoint) if one.get("name") == name or one.get("identifier") == name]
        return found

    def place(self, number: int) -> str:
        """Which endpoint an object is of."""
        return next(name for name in FIELDS if number in self.objects[name])

    def check(self, endpoint: str, given: Mapping[str, Any]) -> None:
        """Refuse what is no field, of another type, or refers to nothing. AWX itself ignores what is no field."""
        for key, value in given.items():
            kind = FIELDS[endpoint].get(key)
            if kind is None:
                raise Refused(400, **{key: ["no such field"]})
            if value is None:
                continue
            if isinstance(kind, str):
                self.one(kind, int(value))
            elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise Refused(400, **{key: [f"{value!r} is not of type {kind.__name__}"]})

    def _free(self, endpoint: str, record: Record) -> None:
        """Refuse a name that is taken, by what is being deleted too."""
        keys = UNIQUE.get(endpoint, ("name", "organization"))
        if any(
            all(other[key] == record[key] for key in keys) and other["id"] != record["id"]
            for other in self.all(endpoint)
        ):
            raise Refused(400, __all__=[f"{endpoint} with this {' and '.join(keys)} already exists."])

    def _launchable(self, record: Record) -> None:
        """Refuse what a node or a schedule would give and its template does not take."""
        goal = record["unified_job_template"]
        if goal is None or self.place(goal) not in SURVEYED:
            return
        # Required answers may be given when the workflow is launched; nobody gives them to a schedule.
        template, survey = self.one("unified_job_templates", goal), self.surveys.get((self.place(goal), goal), {})
        wrong = surveys.saved(template, survey, record, required="rrule" in record)
        if wrong:
            raise Refused(400, **wrong)

    def _proper(self, endpoint: str, record: Record, before: Record | None) -> None:
        """What holds for some kinds of objects only."""
        wrong: dict[str, Any] = {}
        if endpoint == "credentials":
            kind = self.one("credential_types", record["credential_type"])
            record["inputs"], wrong = awx_hidden.inputs(kind["inputs"], record["inputs"], before and before["inputs"])
        elif endpoint == "notification_templates":
            wrong = awx_hidden.notification(record, before)
        if wrong:
            raise Refused(400, **wrong)
        if endpoint in SAVES_A_LAUNCH:
            self._launchable(record)
        self._free(endpoint, record)

    def create(self, endpoint: str, given: Mapping[str, Any]) -> Record:
        """Make an object."""
        self.check(endpoint, given)
        record = {"id": self.last + 1, "type": endpoint[:-1], **unset(endpoint)}
        if endpoint == "inventories":
            record["type"], record["pending_deletion"] = "inventory", False
        record.update({key: value for key, value in given.items() if value is not None})
        self._proper(endpoint, record, None)
        self.last += 1
        self.writes += 1
        self.objects[endpoint][self.last] = record
        for role in ROLES.get(endpoint, {}):
            self.roles[len(self.roles) + 1] = (endpoint, self.last, role)
        return record

    def change(self, endpoint: str, number: int, given: Mapping[str, Any]) -> Record:
        """Change an object. A field that is given replaces what was there, whole."""
        if endpoint == "workflow_approval_templates":
            # Nodes and approvals are written together by awx.awx; AWX takes what it knows.
            given = {key: value for key, value in given.items() if key in FIELDS[endpoint]}
        if endpoint == "workflow_job_template_nodes":
            given = {key: value for key, value in given.items() if key != "workflow_job_template"}
        self.check(endpoint, given)
        before = self.one(endpoint, number)
        empty = unset(endpoint)
        record = {**before, **{key: empty[key] if value is None else value for key, value in given.items()}}
        self._proper(endpoint, record, before)
        self.writes += 1
        self.objects[endpoint][number] = record
        return record

    def delete(self, endpoint: str, number: int) -> int:
        """Delete an object and what belongs to it: the status. An inventory goes later."""
        record = self.one(endpoint, number)
        if number in self.busy:
            raise Refused(409, error="Resource is being used by running jobs.", active_jobs=[])
        if endpoint == "credential_types" and any(c["credential_type"] == number for c in self.all("credentials")):
            raise Refused(403, detail="Credential types that are in use cannot be deleted")
        self.writes += 1
        if endpoint == "inventories":
            if record["pending_deletion"]:
                raise Refused(400, error="Inventory is already pending deletion.")
            record["pending_deletion"] = True
            self.deleting[number] = self.found_while_deleting
            for template in self.all("job_templates"):
                template["inventory"] = None if template["inventory"] == number else template["inventory"]
            return 202
        self._gone(endpoint, number)
        return 204

    def look(self) -> None:
        """What happens in AWX meanwhile: inventories that are being deleted go."""
        for number in list(self.deleting):
            self.deleting[number] -= 1
            if self.deleting[number] < 0:
                del self.deleting[number]
                self._gone("inventories", number)

    def _gone(self, endpoint: str, number: int) -> None:
        approval = self.objects[endpoint][number]["unified_job_template"] if endpoint.endswith("_nodes") else None
        del self.objects[endpoint][number]
        self.surveys.pop((endpoint, number), None)
        self.associated = {key: ids for key, ids in self.associated.items() if key[:2] != (endpoint, number)}
        for (place, _holder, kind), hanging in self.associated.items():
            if ASSOCIATIONS[place][kind] == endpoint and number in hanging:
                hanging.remove(number)
        for place in FIELDS:
            for record in list(self.all(place)):
                self._forget(place, record, number)
        if approval in self.objects["workflow_approval_templates"]:
            self._gone("workflow_approval_templates", approval)
        self._sweep_labels()

    def _forget(self, place: str, record: Record, number: int) -> None:
        for key, kind in FIELDS[place].items():
            if isinstance(kind, str) and record[key] == number and record["id"] in self.objects[place]:
                if key in BELONGS.get(place, ()):
                    self._gone(place, record["id"])
                else:
                    record[key] = None

    def _sweep_labels(self) -> None:
        """A label that nothing bears any more goes."""
        borne = {one for (_place, _number, kind), ids in self.associated.items() if kind == "labels" for one in ids}
        for number in [n for n, label in self.objects["labels"].items() if label.get("was_borne") and n not in borne]:
            del self.objects["labels"][number]

    def associate(self, endpoint: str, number: int, kind: str, given: Mapping[str, Any]) -> None:
        """Hang one object on another, or take it off."""
        other = self.one(ASSOCIATIONS[endpoint][kind], int(given["id"]))
        hanging = self.associated.setdefault((endpoint, number, kind), [])
        self.writes += 1
        if given.get("disassociate"):
            hanging.remove(other["id"])
            self._sweep_labels()
            return
        types = [self.one("credentials", one)["credential_type"] for one in hanging] if kind == "credentials" else []
        if kind == "credentials" and other["credential_type"] in types:
            raise Refused(400, detail="Cannot assign multiple credentials of one type.")
        if kind in LINKS and any(
            other["id"] in self.associated.get((endpoint, number, link), []) for link in set(LINKS) - {kind}
        ):
            raise Refused(400, Error="Relationship not allowed.")
        if kind == "labels":
            other["was_borne"] = True
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
        known = FIELDS["workflow_approval_templates"]
        made = self.create("workflow_approval_templates", {key: given[key] for key in given if key in known})
        self.one("workflow_job_template_nodes", node)["unified_job_template"] = made["id"]
        return made

    def grant(self, role: int, given: Mapping[str, Any]) -> None:
        """Give a role to a team."""
        if role not in self.roles:
            raise Refused(404, detail="Not found.")
        endpoint, _number, name = self.roles[role]
        if endpoint == "organizations" and name in {"admin_role", "member_role"}:
            raise Refused(400, msg="You cannot assign an Organization participation role as a child role for a Team.")
        self.writes += 1
        self.granted.setdefault(role, set()).add(self.one("teams", int(given["id"]))["id"])

    def may(self, team: int, endpoint: str, number: int, role: str) -> bool:
        """Whether a team has a role of an object, or one that it is part of."""
        return any(
            team in self.granted.get(granted, set()) and (name == role or role in ROLES[endpoint][name])
            for granted, (place, of, name) in self.roles.items()
            if (place, of) == (endpoint, number)
        )

    def shown(self, record: Record) -> Record:
        """An object as the API shows it: with links, and without secrets."""
        place = self.place(record["id"])
        url = f"/api/v2/{place}/{record['id']}/"
        shown = {
            **record,
            "url": url,
            "related": self._related(place, url, record),
            "summary_fields": self._summary(record),
        }
        if place == "projects":
            shown["scm_revision"] = ""
        if place == "workflow_job_template_nodes":
            shown |= {link: self.associated.get((place, record["id"], link), []) for link in LINKS}
        if place == "credentials":
            kind = self.one("credential_types", record["credential_type"])
            shown["inputs"] = awx_hidden.shown(record["inputs"], awx_hidden.secrets(kind["inputs"]))
        if place == "notification_templates":
            shown["notification_configuration"] = awx_hidden.shown(record["notification_configuration"], {"password"})
        return shown

    def _related(self, place: str, url: str, record: Record) -> Record:
        if place in SURVEYED:
            return {"survey_spec": f"{url}survey_spec/"}
        if place == "workflow_job_template_nodes" and record["unified_job_template"]:
            goal = record["unified_job_template"]
            return {"unified_job_template": f"/api/v2/{self.place(goal)}/{goal}/"}
        return {}

    def _summary(self, record: Record) -> Record:
        place, number = self.place(record["id"]), record["id"]
        found: Record = {}
        if place in ROLES:
            mine = [(role, name) for role, (of, one, name) in self.roles.items() if (of, one) == (place, number)]
            found["object_roles"] = {name: {"id": role, "name": name} for role, name in mine}
        if place == "organizations":
            counts = {name: sum(r["organization"] == number for r in self.all(name)) for name in COUNTED}
            found["related_field_counts"] = {**counts, "users": 0, "admins": 0, "hosts": 0}
        goal = record.get("unified_job_template")
        if goal:
            run = self.one("unified_job_templates", goal)
            kinds = {"job_templates": "job", "workflow_approval_templates": "workflow_approval"}
            found["unified_job_template"] = {
                "id": goal, "name": run["name"], "description": run["description"],
                "unified_job_type": kinds.get(self.place(goal), "workflow_job"),
            }  # fmt: skip
            if self.place(goal) == "workflow_approval_templates":
                found["unified_job_template"]["timeout"] = run["timeout"]
        return found

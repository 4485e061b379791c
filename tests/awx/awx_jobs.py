# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches, and how a workflow goes on: which nodes follow on which end, and with which variables, as in AWX's scheduler."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.awx import surveys
from tests.awx.awx_fields import Record
from tests.awx.awx_store import Refused, Store

ENDED = {"successful", "failed", "error", "canceled"}


@dataclass
class Job:
    """A job, or an approval that waits, or a workflow."""

    id: int
    kind: str
    template: int
    name: str
    variables: dict[str, Any]
    job_type: str | None = None
    limit: str | None = None
    status: str = "running"
    workflow: int | None = None
    node: int | None = None
    # The team of whoever launched it, or its workflow; None for an administrator of AWX.
    by: int | None = None
    artifacts: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> Record:
        """As the API shows it."""
        return {
            "id": self.id, "type": self.kind, "name": self.name, "status": self.status, "artifacts": self.artifacts,
            "extra_vars": json.dumps(self.variables), "limit": self.limit or "", "job_type": self.job_type,
        }  # fmt: skip


class Jobs:
    """All jobs of a store, and what starts and ends them."""

    def __init__(self, store: Store) -> None:
        """Begin without any."""
        self.store = store
        self.all: dict[int, Job] = {}

    def one(self, number: int) -> Job:
        """A job, or 404."""
        if number not in self.all:
            raise Refused(404, detail="Not found.")
        return self.all[number]

    def running(self) -> list[Job]:
        """What runs or waits, workflows aside."""
        return [job for job in self.all.values() if job.status not in ENDED and job.kind != "workflow_job"]

    def _add(self, kind: str, template: Record, variables: dict[str, Any], **more: Any) -> Job:
        number = max(self.all, default=1000) + 1
        self.all[number] = Job(number, kind, template["id"], template["name"], variables, **more)
        self._note_busy()
        return self.all[number]

    def _note_busy(self) -> None:
        """What unfinished jobs use cannot be deleted."""
        used = [
            self.store.one("unified_job_templates", job.template)
            for job in self.all.values()
            if job.status not in ENDED
        ]
        self.store.busy = {one["id"] for one in used} | {
            one[name] for one in used for name in ("inventory", "project") if one.get(name)
        }

    def launch(self, endpoint: str, number: int, given: Mapping[str, Any], by: int | None = None) -> Job:
        """Launch a template by itself; what it does not ask for is ignored, answers that are missing are not."""
        template = self.store.one(endpoint, number)
        survey = self.store.surveys.get((endpoint, number), {}) if template["survey_enabled"] else {}
        answers = dict(given.get("extra_vars") or {})
        wrong = surveys.allowed(template, survey, answers, required=True).get("variables_needed_to_start")
        if wrong:
            raise Refused(400, variables_needed_to_start=wrong)
        if not template["ask_variables_on_launch"]:
            asked = {question["variable"] for question in survey.get("spec", [])}
            answers = {name: value for name, value in answers.items() if name in asked}
        if endpoint == "job_templates" and template["inventory"] is None:
            raise Refused(400, inventory=["Job Template inventory is missing or undefined."])
        limit = given.get("limit") if template["ask_limit_on_launch"] else None
        variables = {**_loaded(template["extra_vars"]), **surveys.sent(survey, answers)}
        if endpoint == "job_templates":
            asked_type = given.get("job_type") if template["ask_job_type_on_launch"] else None
            asked_type = asked_type or template["job_type"]
            return self._add("job", template, variables, job_type=asked_type, limit=limit, by=by)
        made = self._add("workflow_job", template, variables, limit=limit, by=by)
        self._go_on(made)
        return made

    def end(self, number: int, status: str, artifacts: Mapping[str, Any] | None = None) -> None:
        """A job ends. One that was cancelled or crashed leaves no artifacts, and AWX goes on as after one that failed."""
        job = self.one(number)
        job.status, job.artifacts = status, dict(artifacts or {})
        self._note_busy()
        if job.workflow:
            self._go_on(self.all[job.workflow])

    def cancel(self, number: int) -> None:
        """A job by itself; or a workflow, with what runs in it, and nothing follows."""
        job = self.one(number)
        if job.status in ENDED:
            raise Refused(405, detail="Method not allowed.")
        if job.kind != "workflow_job":
            self.end(number, "canceled")
            return
        job.status = "canceled"
        for one in self.all.values():
            if one.workflow == number and one.status not in ENDED:
                one.status = "canceled"
        self._note_busy()

    def nodes(self, workflow: Job) -> dict[str, Job | None]:
        """The jobs of a workflow, by the identifier of their nodes; None where none was started."""
        found = {job.node: job for job in self.all.values() if job.workflow == workflow.id}
        return {node["identifier"]: found.get(node["id"]) for node in self._of(workflow)}

    def _of(self, workflow: Job) -> list[Record]:
        nodes = self.store.all("workflow_job_template_nodes")
        return [node for node in nodes if node["workflow_job_template"] == workflow.template]

    def _children(self, node: int, status: str) -> Iterator[int]:
        kind = "success_nodes" if status == "successful" else "failure_nodes"
        for link in (kind, "always_nodes"):
            yield from self.store.associated.get(("workflow_job_template_nodes", node, link), [])

    def _parents(self, node: int) -> list[int]:
        return [
            start
            for (endpoint, start, _link), goals in self.store.associated.items()
            if endpoint == "workflow_job_template_nodes" and node in goals
        ]

    def _go_on(self, workflow: Job) -> None:
        """Start what follows; when nothing runs and nothing follows, the workflow ends."""
        if workflow.status in ENDED:
            return
        ran = {job.node: job for job in self.all.values() if job.workflow == workflow.id}
        for node in self._of(workflow):
            parents = self._parents(node["id"])
            ready = not parents or any(
                parent in ran
                and ran[parent].status in ENDED
                and node["id"] in self._children(parent, ran[parent].status)
                for parent in parents
            )
            if ready and node["id"] not in ran:
                self._spawn(workflow, node, [ran[parent] for parent in parents if parent in ran])
        mine = [job for job in self.all.values() if job.workflow == workflow.id]
        if all(job.status in ENDED for job in mine):
            workflow.status = "failed" if any(self._unhandled(job) for job in mine) else "successful"
            self._note_busy()

    def _unhandled(self, job: Job) -> bool:
        return job.status != "successful" and not list(self._children(job.node or 0, job.status))

    def _spawn(self, workflow: Job, node: Record, parents: list[Job]) -> None:
        template = self.store.one("unified_job_templates", node["unified_job_template"])
        place = self.store.place(template["id"])
        more: dict[str, Any] = {"workflow": workflow.id, "node": node["id"], "by": workflow.by}
        if place == "workflow_approval_templates":
            approval = self._add("workflow_approval", template, {}, **more)
            # An approval hands on what came to it.
            approval.artifacts = {key: value for parent in parents for key, value in parent.artifacts.items()}
            return
        survey = self.store.surveys.get((place, template["id"]), {}) if template["survey_enabled"] else {}
        artifacts = {key: value for parent in parents for key, value in self._handed_on(parent).items()}
        given = {**node["extra_data"], **artifacts, **workflow.variables}
        variables = {**_loaded(template["extra_vars"]), **surveys.sent(survey, given)}
        limit = workflow.limit if template["ask_limit_on_launch"] else None
        self._add("job", template, variables, job_type=node["job_type"] or template["job_type"], limit=limit, **more)

    def _handed_on(self, job: Job) -> dict[str, Any]:
        """Artifacts of a job and of all before it."""
        before: dict[str, Any] = {}
        for parent in self._parents(job.node or 0):
            for other in self.all.values():
                if other.workflow == job.workflow and other.node == parent:
                    before |= self._handed_on(other)
        return before | job.artifacts


def _loaded(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text or "{}")
    return loaded

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets as AWX keeps and shows them, and the messages of notifications as it checks them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, sandbox

ENCRYPTED = "$encrypted$"
# Of what a message may speak; AWX renders each with a stub that has no artifacts.
JOB = {
    "id": 42, "name": "Stub JobTemplate", "status": "running", "job_explanation": "Sample job explanation",
    "artifacts": {}, "limit": "bar_limit", "launch_type": "workflow", "type": "job", "url": "/api/v2/jobs/13/",
    "elapsed": 0.4, "failed": False, "playbook": "ping.yml", "job_type": "run", "forks": 0, "timeout": 0,
}  # fmt: skip
STUB = {
    "job": JOB, "job_friendly_name": "Job", "url": "https://towerhost/#/jobs/playbook/1010", "job_metadata": "{}",
    "approval_status": "approved", "approval_node_name": "Approve Me",
    "workflow_url": "https://towerhost/#/jobs/workflow/1010",
}  # fmt: skip
APPROVAL_EVENTS = ("running", "approved", "timed_out", "denied")
NEEDED_BY_A_WEBHOOK = ("url", "http_method", "headers", "username", "password", "disable_ssl_verification")


def secrets(kind: Mapping[str, Any]) -> set[str]:
    """The secret fields of a credential type's inputs."""
    return {field["id"] for field in kind["fields"] if field.get("secret")}


def shown(values: Mapping[str, Any], secret: set[str]) -> dict[str, Any]:
    """What the API shows."""
    return {key: ENCRYPTED if key in secret and value else value for key, value in values.items()}


def inputs(
    kind: Mapping[str, Any], given: Mapping[str, Any], before: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs as they are stored, and what is wrong. They replace what was there, except for a secret given as it is shown."""
    fields = {field["id"] for field in kind["fields"]}
    unknown = sorted(set(given) - fields)
    if unknown:
        return {}, {"inputs": [f"Additional properties are not allowed ({', '.join(unknown)})"]}
    stored = dict(given)
    for name in secrets(kind):
        if stored.get(name) == ENCRYPTED:
            if not (before or {}).get(name):
                return {}, {"inputs": [f"{name}: $encrypted$ is a reserved keyword, and there is nothing to keep"]}
            stored[name] = (before or {})[name]
    return stored, {}


def _rendered(text: str) -> Iterator[str]:
    try:
        sandbox.ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(text).render(STUB)
    except TemplateError as error:
        yield f"Unable to render message: {error}"


def _texts(messages: Mapping[str, Any]) -> Iterator[str]:
    for event, said in messages.items():
        if event not in {"started", "success", "error", "workflow_approval"}:
            yield f"Event '{event}' invalid"
            continue
        parts = (said or {}).items() if event == "workflow_approval" else [(None, said)]
        for part, texts in parts:
            if part is not None and part not in APPROVAL_EVENTS:
                yield f"Workflow Approval event '{part}' invalid"
            for kind, text in (texts or {}).items():
                if kind not in {"message", "body"}:
                    yield f"Message type '{kind}' invalid"
                elif text is not None:
                    yield from _rendered(text)


def notification(record: dict[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is wrong with a webhook; its password and its messages are completed from what was there."""
    given = record["notification_configuration"]
    missing = [name for name in NEEDED_BY_A_WEBHOOK if name not in given]
    wrong = [f"Missing required fields: {', '.join(missing)}"] if missing else list(_texts(record["messages"] or {}))
    if not given.get("url"):
        wrong.append("url may not be empty")
    if wrong:
        return {"messages": wrong}
    old = before or {"notification_configuration": {}, "messages": {}}
    if given["password"] == ENCRYPTED:
        record["notification_configuration"] = {**given, "password": old["notification_configuration"]["password"]}
    kept = {event: old["messages"].get(event) for event in ("started", "success", "error", "workflow_approval")}
    record["messages"] = {**kept, **{event: said for event, said in (record["messages"] or {}).items() if said}}
    return {}

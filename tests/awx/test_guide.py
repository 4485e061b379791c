# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide for AWX followed word for word, from an empty AWX until everything is taken away; its tables hold."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx import client
from tests.awx.awx_jobs import Job
from tests.awx.client import Awx
from tests.dev.paths import REPO

# One AWX is followed through the whole guide.
pytestmark = pytest.mark.xdist_group("guide")
GUIDE = (REPO / "docs" / "docsite" / "rst" / "awx_guide.rst").read_text(encoding="utf-8")
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)", re.MULTILINE)
TABLE = re.compile(r"^\.\. list-table::\n   :header-rows: 1\n\n((?:   .*\n|\n)+)", re.MULTILINE)
ORDER = ["audit", "plan", "approval", "preflight", "upgrade", "report"]
VERSION = {"eci_preflight_target_version": "v1.26"}
# All that the form asks for.
TYPED = {"access_key_id": "typed id", "access_key_secret": "typed secret", "region": "typed region"}
TEMPLATES = ["ECI audit", "ECI preflight", "ECI upgrade", "ECI report"]
# What a row of the table of rights means to AWX.
RIGHTS = {
    **{f"read jobs and their output ({name})": ("job_templates", name, "read_role") for name in TEMPLATES},
    "read jobs and their output": ("workflow_job_templates", "ECI fleet upgrade", "read_role"),
    "launch *ECI fleet upgrade*": ("workflow_job_templates", "ECI fleet upgrade", "execute_role"),
    "launch *ECI audit*": ("job_templates", "ECI audit", "execute_role"),
    "approve or deny": ("workflow_job_templates", "ECI fleet upgrade", "approval_role"),
    "launch *ECI preflight*": ("job_templates", "ECI preflight", "execute_role"),
    "launch *ECI upgrade*": ("job_templates", "ECI upgrade", "execute_role"),
    "change *ECI fleet upgrade*": ("workflow_job_templates", "ECI fleet upgrade", "admin_role"),
}

CANCEL = "cancel *ECI fleet upgrade*"


def blocks(kind: str) -> list[str]:
    """The code blocks of a kind."""
    return [re.sub(r"^   ", "", text, flags=re.MULTILINE) for found, text in BLOCK.findall(GUIDE) if found == kind]


def command(playbook: str) -> list[str]:
    """The command with which the guide runs a playbook."""
    lines = [line for text in blocks("console") for line in text.splitlines() if f"ackops.eci.{playbook} " in line]
    return shlex.split(lines[0].removeprefix("$ "))


def tables() -> list[list[list[str]]]:
    """The tables, as rows of cells."""
    return [
        [[cell.strip() for cell in re.split(r"^     -", row, flags=re.MULTILINE)] for row in text.split("   * -")[1:]]
        for text in TABLE.findall(GUIDE)
    ]


@pytest.fixture(scope="module")
def awx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awx]:
    """An AWX in which the guide was followed as far as the launch."""
    folder = tmp_path_factory.mktemp("guide")
    (settings,) = [text for text in blocks("yaml") if text.startswith("# my-awx.yml")]
    (folder / "my-awx.yml").write_text(settings, encoding="utf-8")
    with client.awx(folder) as server:
        assert server.run(command("awx_apply"))[0] > 10
        server.type_in("ECI clusters", kubeconfig="typed kubeconfig")
        server.type_in("ECI cluster upgrade", **TYPED)
        yield server


def launched(awx: Awx, team: str = "") -> Job:
    """The workflow, launched as the guide says: the version alone."""
    workflow = awx.store.named("workflow_job_templates", "ECI fleet upgrade")["id"]
    status, said = awx.ask("POST", f"workflow_job_templates/{workflow}/launch", {"extra_vars": VERSION}, team)
    assert status == 201, said
    return awx.jobs.one(said["id"])


def until(awx: Awx, workflow: Job, node: str) -> Job:
    """Let the nodes before one succeed: the job that is then at work."""
    for name in ORDER:
        job = awx.jobs.nodes(workflow)[name]
        assert job is not None, f"{name} was not begun"
        if name == node:
            return job
        awx.jobs.end(job.id, "successful", {f"left_by_{name}": True})
    raise AssertionError(node)


def after(awx: Awx, workflow: Job, node: str) -> list[str]:
    """The nodes after one that were begun; what runs is let succeed."""
    for job in awx.jobs.running():
        awx.jobs.end(job.id, "failed" if job.name == "ECI report" else "successful")
    begun = [name for name, job in awx.jobs.nodes(workflow).items() if job]
    return begun[begun.index(node) + 1 :]


def test_the_second_time_nothing_is_changed_and_what_was_typed_in_stays(awx: Awx) -> None:
    """As the guide promises."""
    assert awx.run(command("awx_apply"))[0] == 0
    assert awx.store.named("credentials", "ECI clusters")["inputs"] == {"kubeconfig": "typed kubeconfig"}
    assert awx.store.named("credentials", "ECI cluster upgrade")["inputs"] == TYPED


def test_the_version_alone_is_enough_and_is_needed(awx: Awx) -> None:
    """What is left empty reaches no job: the cluster's own variables hold."""
    audit = awx.jobs.nodes(launched(awx, "ECI launchers"))["audit"]
    assert audit is not None
    assert audit.job_type == "check"
    assert audit.variables == {
        **VERSION, "eci_preflight_fail_when_not_ready": "false", "eci_preflight_record_root": "/records",
        "eci_preflight_require_named_cluster": True,
    }  # fmt: skip
    workflow = awx.store.named("workflow_job_templates", "ECI fleet upgrade")["id"]
    status, said = awx.ask("POST", f"workflow_job_templates/{workflow}/launch", {"extra_vars": {}})
    assert (status, said) == (400, {"variables_needed_to_start": ["'eci_preflight_target_version' value missing"]})


def test_from_the_launch_to_the_report(awx: Awx) -> None:
    """Who launches, who approves; what each job gets of those before it; the upgrade cannot recreate."""
    workflow = launched(awx, "ECI launchers")
    approval = until(awx, workflow, "approval")
    plan = awx.jobs.nodes(workflow)["plan"]
    assert plan is not None
    for team in ("ECI launchers", "ECI approvers", "ECI readers", "ECI administrators"):
        assert awx.ask("GET", f"jobs/{plan.id}", team=team)[0] == 200
    assert awx.ask("POST", f"workflow_approvals/{approval.id}/approve", {}, "ECI launchers")[0] == 403
    assert awx.ask("POST", f"workflow_approvals/{approval.id}/approve", {}, "ECI readers")[0] == 403
    assert awx.ask("POST", f"workflow_approvals/{approval.id}/approve", {}, "ECI approvers")[0] == 204
    preflight = awx.jobs.nodes(workflow)["preflight"]
    assert preflight is not None
    assert preflight.variables["left_by_audit"] is True
    assert preflight.variables["eci_preflight_fail_when_not_ready"] == "false"
    awx.jobs.end(preflight.id, "successful", {"left_by_preflight": True})
    upgrade = awx.jobs.nodes(workflow)["upgrade"]
    assert upgrade is not None
    assert upgrade.variables["eci_fleet_upgrade_recreate"] is False
    awx.jobs.end(upgrade.id, "successful", {"left_by_upgrade": True})
    report = awx.jobs.nodes(workflow)["report"]
    assert report is not None
    assert report.variables["eci_report_expect"] == "upgraded"
    assert {"left_by_audit", "left_by_preflight", "left_by_upgrade"} <= set(report.variables)
    awx.jobs.end(report.id, "successful")
    assert workflow.status == "successful"


@pytest.mark.parametrize("status", ["canceled", "failed", "error"])
@pytest.mark.parametrize("row", tables()[1][1:], ids=lambda row: str(row[0])[:20])
def test_the_table_of_ways_to_stop(awx: Awx, row: list[str], status: str) -> None:
    """At each node, and for the workflow as a whole."""
    what, follows, ends = row
    workflow = launched(awx)
    found = re.match(r"\*(\w+)\*", what)
    if found is None:
        job = until(awx, workflow, "preflight")
        assert awx.ask("POST", f"workflow_jobs/{workflow.id}/cancel", {})[0] == 202
        assert job.status == "canceled"
        assert after(awx, workflow, "preflight") == []
    else:
        job = until(awx, workflow, found[1])
        if found[1] == "approval":
            assert awx.ask("POST", f"workflow_approvals/{job.id}/deny", {}, "ECI approvers")[0] == 204
        else:
            awx.jobs.end(job.id, status)
        assert after(awx, workflow, found[1]) == [name for name in [follows] if name != "nothing"]
    assert workflow.status == ends


def test_the_table_of_rights(awx: Awx) -> None:
    """Each cell is what AWX would say, of every template that the row means."""
    (_corner, *teams), *rows = tables()[0]
    cells = {
        (row[0], team): cell for row in rows if row[0] != CANCEL for team, cell in zip(teams, row[1:], strict=True)
    }
    found: dict[Any, set[str]] = {}
    for team in teams:
        for what in RIGHTS:
            found.setdefault((what.partition(" (")[0], team), set()).add("yes" if may(awx, team, what) else "no")
    assert found == {key: {cell} for key, cell in cells.items()}


def may(awx: Awx, team: str, what: str) -> bool:
    """Whether a team may do what a row of the table says."""
    endpoint, name, role = RIGHTS[what]
    return awx.store.may(awx.store.named("teams", team)["id"], endpoint, awx.store.named(endpoint, name)["id"], role)


def test_who_may_cancel(awx: Awx) -> None:
    """The one row that is more than a role: whoever launched a workflow may cancel it."""
    (_corner, *teams), *rows = tables()[0]
    (cells,) = [row[1:] for row in rows if row[0] == CANCEL]
    said = {}
    for team in teams:
        others = launched(awx)
        answers = [awx.ask("POST", f"workflow_jobs/{others.id}/cancel", {}, team)[0]]
        if may(awx, team, "launch *ECI fleet upgrade*"):
            answers.append(awx.ask("POST", f"workflow_jobs/{launched(awx, team).id}/cancel", {}, team)[0])
        said[team] = {(403,): "no", (403, 202): "what they launched", (202, 202): "yes"}[tuple(answers)]
        if others.status == "running":
            awx.jobs.cancel(others.id)
    assert said == dict(zip(teams, cells, strict=True))


@pytest.mark.parametrize(
    ("team", "endpoint", "name", "status"),
    [
        ("ECI launchers", "job_templates", "ECI audit", 201),
        ("ECI launchers", "job_templates", "ECI preflight", 403),
        ("ECI approvers", "workflow_job_templates", "ECI fleet upgrade", 403),
        ("ECI readers", "job_templates", "ECI audit", 403),
        ("ECI administrators", "job_templates", "ECI upgrade", 201),
    ],
)
def test_who_may_launch(awx: Awx, team: str, endpoint: str, name: str, status: int) -> None:
    """By the API, with the version alone."""
    path = f"{endpoint}/{awx.store.named(endpoint, name)['id']}/launch"
    assert awx.ask("POST", path, {"extra_vars": VERSION}, team)[0] == status


def test_out_twice(tmp_path: Path) -> None:
    """With its own AWX, for it leaves none for the others. While a job runs AWX refuses, and says so."""
    (settings,) = [text for text in blocks("yaml") if text.startswith("# my-awx.yml")]
    assert set(yaml.safe_load(settings)) == {
        "eci_awx_project_scm_url", "eci_awx_execution_environment_image", "eci_awx_record_dir",
    }  # fmt: skip
    (tmp_path / "my-awx.yml").write_text(settings, encoding="utf-8")
    with client.awx(tmp_path) as awx:
        awx.run(command("awx_apply"))
        workflow = launched(awx)
        with pytest.raises(AssertionError, match="Resource is being used by running jobs"):
            awx.run(command("awx_remove"))
        assert awx.ask("POST", f"workflow_jobs/{workflow.id}/cancel", {})[0] == 202
        assert awx.run(command("awx_remove"))[0] > 0
        assert awx.left() == {}
        assert awx.run(command("awx_remove"))[0] == 0

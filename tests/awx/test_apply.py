# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks with the real modules of awx.awx: in, again, otherwise, out, again."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx import client
from tests.awx.awx_fields import BELONGS, COUNTED, FIELDS
from tests.awx.awx_hidden import ENCRYPTED
from tests.awx.awx_store import Store
from tests.awx.client import Awx
from tests.awx.test_objects import ALL, FEWEST, THERE
from tests.dev.paths import REPO

NODES = ["audit", "plan", "approval", "preflight", "upgrade", "report"]
LINKS = [
    ("audit", "success_nodes", "plan"), ("plan", "success_nodes", "approval"), ("approval", "success_nodes", "preflight"),
    ("preflight", "success_nodes", "upgrade"), ("upgrade", "always_nodes", "report"),
]  # fmt: skip


@pytest.fixture
def awx(tmp_path: Path) -> Iterator[Awx]:
    """An AWX in which an administrator has made what ALL names."""
    with client.awx(tmp_path) as server:
        for kind, name in THERE:
            if kind == "instance_group":
                server.store.create("instance_groups", {"name": name})
                continue
            made = server.store.create(
                "credential_types",
                {"name": f"type of {name}", "kind": "cloud", "inputs": {"fields": []}, "managed": True},
            )
            server.store.create("credentials", {"name": name, "credential_type": made["id"]})
        yield server


def links(store: Store) -> list[tuple[str, str, str]]:
    """The links of the workflow."""
    nodes = {one["id"]: one["identifier"] for one in store.all("workflow_job_template_nodes")}
    return [
        (nodes[start], kind, nodes[goal])
        for (endpoint, start, kind), goals in store.associated.items()
        for goal in goals
        if endpoint == "workflow_job_template_nodes"
    ]


def named(store: Store) -> dict[str, Any]:
    """All that is there, with names where AWX has numbers, so that two servers can be compared."""
    names = {one["id"]: one.get("name") or one.get("identifier") for place in store.objects for one in store.all(place)}
    fields = {
        (place, names[one["id"]]): {
            key: names.get(value) if isinstance(FIELDS[place].get(key), str) else value
            for key, value in one.items()
            if key not in {"id", "inputs", "was_borne"}
        }
        for place in store.objects
        for one in store.all(place)
        if place not in {"credential_types", "instance_groups", "labels"}
    }
    hanging = {
        (place, names[number], kind): sorted(str(names[one]) for one in ids)
        for (place, number, kind), ids in store.associated.items()
        if ids
    }
    surveys = {(place, names[number]): spec for (place, number), spec in store.surveys.items()}
    return {"fields": fields, "hanging": hanging, "surveys": surveys}


def check_applied(store: Store) -> None:
    """The graph, the surveys and what hangs on what."""
    assert links(store) == LINKS
    nodes = {one["identifier"]: one for one in store.all("workflow_job_template_nodes")}
    assert list(nodes) == NODES
    assert nodes["audit"]["job_type"] == "check"
    assert nodes["report"]["extra_data"] == {"eci_report_expect": "upgraded"}
    assert store.one("unified_job_templates", nodes["approval"]["unified_job_template"])["timeout"] == 86400
    upgrade = store.named("job_templates", "ECI upgrade")
    assert json.loads(upgrade["extra_vars"]) == {
        "eci_preflight_require_named_cluster": False,
        "eci_preflight_record_root": "/records",
        "eci_fleet_upgrade_tasks_file": "upgrade_tasks.yml",
        "eci_fleet_upgrade_recreate": False,
        "eci_preflight_fail_when_not_ready": False,
    }
    hanging = {kind: len(ids) for (_place, one, kind), ids in store.associated.items() if one == upgrade["id"]}
    assert hanging == {"credentials": 3, "labels": 2, "instance_groups": 1, "notification_templates_error": 1}
    templates = {one["name"]: one for one in store.all("job_templates")}
    assert [templates[name]["job_slice_count"] for name in sorted(templates)] == [4, 4, 1, 4]
    assert len(store.surveys) == 5


def test_in_again_out_again(awx: Awx) -> None:
    """A second run changes nothing; what is not ours stays; no secret is shown, at -vvv either."""
    before = awx.left()
    _recap, output = awx.play("apply", ALL, "-vvv")
    assert [text for text in ("example-secret", "example-password", "kind: Config") if text in output] == []
    check_applied(awx.store)
    applied = copy.deepcopy((awx.store.objects, awx.store.surveys, awx.store.associated))

    assert awx.play("apply", ALL)[0] == 0
    assert (awx.store.objects, awx.store.surveys, awx.store.associated) == applied

    # Somebody changes the workflow by hand, and the webhook moves: both are mended, and its password, which AWX hides, stays.
    nodes = {one["identifier"]: one["id"] for one in awx.store.all("workflow_job_template_nodes")}
    awx.store.associate("workflow_job_template_nodes", nodes["preflight"], "failure_nodes", {"id": nodes["report"]})
    approval = awx.store.named("workflow_approval_templates", "Recreate and upgrade")["id"]
    awx.store.change("workflow_approval_templates", approval, {"timeout": 60})
    assert awx.play("apply", {**ALL, "eci_awx_webhook_url": "https://hooks.example.com/other"})[0] == 2
    check_applied(awx.store)
    webhook = awx.store.named("notification_templates", "ECI webhook")
    assert webhook["notification_configuration"]["password"] == "example-password"
    assert webhook["notification_configuration"]["url"] == "https://hooks.example.com/other"
    assert awx.store.shown(webhook)["notification_configuration"]["password"] == ENCRYPTED

    organization = awx.store.all("organizations")[0]["id"]
    awx.store.create("inventories", {"name": "of somebody else", "organization": organization})
    awx.play("remove", {})
    assert awx.left() == {**before, "organizations": {"ACK upgrades"}, "inventories": {"of somebody else"}}

    awx.store.objects["inventories"].clear()
    assert awx.play("remove", {})[0] == 1
    assert awx.left() == before
    assert awx.play("remove", {})[0] == 0


def test_nothing_of_others_goes_with_the_organization(awx: Awx) -> None:
    """AWX would delete it, and counts it nowhere: a credential for Git, say, that an administrator made there."""
    organization = awx.store.create("organizations", {"name": "ACK upgrades"})["id"]
    kind = awx.store.named("credential_types", "type of git")["id"]
    awx.store.create("credentials", {"name": "theirs", "organization": organization, "credential_type": kind})
    changed, output = awx.play("remove", {})
    assert changed == 0
    assert (
        "The organization ACK upgrades stays, because AWX would delete with it what was not applied: theirs." in output
    )
    assert awx.store.named("credentials", "theirs")["organization"] == organization
    assert awx.left()["organizations"] == {"ACK upgrades"}

    # The same holds for all that goes with an organization and is not in its counts, and for workflows, which would be nobody's.
    # A label goes by itself when nothing bears it.
    tasks = yaml.safe_load((REPO / "playbooks" / "awx" / "tasks" / "remove.yml").read_text(encoding="utf-8"))
    (looked_for,) = [task["loop"] for task in tasks if task["name"].startswith("See what of others")]
    cascading = {place for place, keys in BELONGS.items() if "organization" in keys}
    assert set(looked_for) == cascading - {*COUNTED, "labels"} | {"workflow_job_templates"}


def test_what_was_typed_into_awx_stays(awx: Awx) -> None:
    """Whatever is set beside it; a secret that a setting gives is written again only when it is to be.

    Meanwhile somebody deletes the inventory: AWX answers at once and deletes later, and what was made before that would have none.
    """
    awx.play("apply", FEWEST)
    awx.type_in("ECI clusters", kubeconfig="typed kubeconfig")
    awx.type_in("ECI cluster upgrade", access_key_id="typed id", access_key_secret="typed secret")
    awx.store.found_while_deleting = 40
    inventory = awx.store.named("inventories", "ECI clusters")["id"]
    assert awx.ask("DELETE", f"inventories/{inventory}")[0] == 202

    given = {**FEWEST, "eci_awx_region": "cn-beijing", "eci_awx_access_key_secret": "given secret"}
    awx.play("apply", given)
    kept = {"access_key_id": "typed id", "access_key_secret": "typed secret", "region": "cn-beijing"}
    assert awx.store.named("credentials", "ECI cluster upgrade")["inputs"] == kept
    again = awx.store.named("inventories", "ECI clusters")["id"]
    assert again != inventory
    assert {one["inventory"] for one in awx.store.all("job_templates")} == {again}

    awx.play("apply", {**given, "eci_awx_update_secrets": True})
    stored = awx.store.named("credentials", "ECI cluster upgrade")["inputs"]
    assert stored == {**kept, "access_key_secret": "given secret"}
    assert awx.store.named("credentials", "ECI clusters")["inputs"] == {"kubeconfig": "typed kubeconfig"}

    # Removing while AWX is at it is no error either, and what others use stays.
    kind = awx.store.named("credential_types", "ACK kubeconfig")["id"]
    awx.store.create("credentials", {"name": "of somebody else", "credential_type": kind})
    assert awx.ask("DELETE", f"inventories/{again}")[0] == 202
    awx.play("remove", FEWEST)
    assert "organizations" not in awx.left()
    assert "ACK kubeconfig" in awx.left()["credential_types"]
    assert "ACK upgrade" not in awx.left()["credential_types"]


def test_a_setting_that_is_set_back_is_set_back(awx: Awx, tmp_path: Path) -> None:
    """All of them: what is in AWX then is what a first run with the fewest settings puts there."""
    awx.play("apply", ALL)
    awx.play("apply", FEWEST)
    folder = tmp_path / "other"
    folder.mkdir()
    with client.awx(folder) as other:
        other.play("apply", FEWEST)
        expected = named(other.store)
    found = named(awx.store)
    theirs = {("credentials", name) for kind, name in THERE if kind == "credential"}
    found["fields"] = {key: value for key, value in found["fields"].items() if key not in theirs}
    assert found == expected
    assert awx.store.all("labels") == []
    assert awx.store.all("credential_input_sources") == []

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of AWX 24.6.1 that awx/ uses, as its models and serializers have them: fields, names, what goes with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Record = dict[str, Any]
# A type, or the endpoint whose objects the field refers to.
Kind = type | str
NAMED: Mapping[str, Kind] = {"name": str, "description": str}
OF_ORGANIZATION: Mapping[str, Kind] = {**NAMED, "organization": "organizations"}
# The field of a launch -> what the template must ask for, by model.
PROMPTS_OF_WORKFLOW = {
    "extra_vars": "ask_variables_on_launch",
    "inventory": "ask_inventory_on_launch",
    "labels": "ask_labels_on_launch",
    "limit": "ask_limit_on_launch",
    "scm_branch": "ask_scm_branch_on_launch",
    "job_tags": "ask_tags_on_launch",
    "skip_tags": "ask_skip_tags_on_launch",
}
PROMPTS = {
    **PROMPTS_OF_WORKFLOW,
    "credentials": "ask_credential_on_launch",
    "diff_mode": "ask_diff_mode_on_launch",
    "execution_environment": "ask_execution_environment_on_launch",
    "forks": "ask_forks_on_launch",
    "instance_groups": "ask_instance_groups_on_launch",
    "job_slice_count": "ask_job_slice_count_on_launch",
    "job_type": "ask_job_type_on_launch",
    "timeout": "ask_timeout_on_launch",
    "verbosity": "ask_verbosity_on_launch",
}
SAVED_LAUNCH: Mapping[str, Kind] = {
    "extra_data": dict, "job_type": str, "limit": str, "diff_mode": bool, "verbosity": int, "forks": int,
    "job_slice_count": int, "timeout": int, "scm_branch": str, "job_tags": str, "skip_tags": str,
    "inventory": "inventories", "execution_environment": "execution_environments",
}  # fmt: skip
# Writable fields.
FIELDS: Mapping[str, Mapping[str, Kind]] = {
    "organizations": {**NAMED},
    "applications": {**OF_ORGANIZATION},
    "labels": {"name": str, "organization": "organizations"},
    "teams": {**OF_ORGANIZATION},
    "instance_groups": {"name": str},
    "credential_types": {**NAMED, "kind": str, "inputs": dict, "injectors": dict, "managed": bool},
    "credentials": {**OF_ORGANIZATION, "credential_type": "credential_types", "inputs": dict},
    "credential_input_sources": {
        "description": str, "input_field_name": str, "target_credential": "credentials",
        "source_credential": "credentials", "metadata": dict,
    },
    "notification_templates": {
        **OF_ORGANIZATION, "notification_type": str, "notification_configuration": dict, "messages": dict,
    },
    "execution_environments": {**OF_ORGANIZATION, "image": str, "pull": str, "credential": "credentials"},
    "projects": {
        **OF_ORGANIZATION, "scm_type": str, "scm_url": str, "scm_branch": str, "scm_clean": bool,
        "scm_update_on_launch": bool, "scm_update_cache_timeout": int, "credential": "credentials",
        "default_environment": "execution_environments",
    },
    "inventories": {**OF_ORGANIZATION, "kind": str, "host_filter": str, "variables": str},
    "inventory_sources": {
        **NAMED, "inventory": "inventories", "source": str, "source_project": "projects", "source_path": str,
        "credential": "credentials", "execution_environment": "execution_environments", "overwrite": bool,
        "overwrite_vars": bool, "update_on_launch": bool, "update_cache_timeout": int,
    },
    "job_templates": {
        **OF_ORGANIZATION, **dict.fromkeys(PROMPTS.values(), bool), "job_type": str, "project": "projects",
        "playbook": str, "inventory": "inventories", "execution_environment": "execution_environments",
        "extra_vars": str, "forks": int, "job_slice_count": int, "timeout": int, "allow_simultaneous": bool,
        "survey_enabled": bool, "verbosity": int, "diff_mode": bool, "limit": str,
    },
    "workflow_job_templates": {
        **OF_ORGANIZATION, **dict.fromkeys(PROMPTS_OF_WORKFLOW.values(), bool), "allow_simultaneous": bool,
        "survey_enabled": bool, "extra_vars": str, "limit": str,
    },
    "workflow_job_template_nodes": {
        "identifier": str, "workflow_job_template": "workflow_job_templates",
        "unified_job_template": "unified_job_templates", "all_parents_must_converge": bool, **SAVED_LAUNCH,
    },
    "workflow_approval_templates": {**NAMED, "timeout": int},
    "schedules": {**NAMED, "unified_job_template": "unified_job_templates", "enabled": bool, "rrule": str, **SAVED_LAUNCH},
}  # fmt: skip
UNIFIED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
SURVEYED = ("job_templates", "workflow_job_templates")
# Whether a saved launch (of a node, of a schedule) says something: what is not given stays None.
SAVES_A_LAUNCH = ("workflow_job_template_nodes", "schedules")
NOTIFICATIONS = ("notification_templates_started", "notification_templates_error", "notification_templates_success")
LINKS = ("success_nodes", "always_nodes", "failure_nodes")
# Lists of others that hang on an object: the endpoint that they are of.
ASSOCIATIONS: Mapping[str, Mapping[str, str]] = {
    "job_templates": {
        "credentials": "credentials", "labels": "labels", "instance_groups": "instance_groups",
        **dict.fromkeys(NOTIFICATIONS, "notification_templates"),
    },
    "workflow_job_templates": {
        "labels": "labels", **dict.fromkeys((*NOTIFICATIONS, "notification_templates_approvals"), "notification_templates"),
    },
    "workflow_job_template_nodes": {
        **dict.fromkeys(LINKS, "workflow_job_template_nodes"), "credentials": "credentials", "labels": "labels",
        "instance_groups": "instance_groups",
    },
}  # fmt: skip
# What names an object, where it is not the name and the organization.
UNIQUE: Mapping[str, tuple[str, ...]] = {
    "organizations": ("name",),
    "instance_groups": ("name",),
    "execution_environments": ("name",),
    "credential_types": ("name", "kind"),
    "credentials": ("name", "organization", "credential_type"),
    "credential_input_sources": ("target_credential", "input_field_name"),
    "inventory_sources": ("name", "inventory"),
    "workflow_job_template_nodes": ("identifier", "workflow_job_template"),
    "workflow_approval_templates": ("id",),
    "schedules": ("name", "unified_job_template"),
}
# What goes with an object that is deleted, by the field that refers to it. Other references become null.
BELONGS: Mapping[str, tuple[str, ...]] = {
    "applications": ("organization",),
    "labels": ("organization",),
    "teams": ("organization",),
    "credentials": ("organization",),
    "notification_templates": ("organization",),
    "execution_environments": ("organization",),
    "inventories": ("organization",),
    "credential_input_sources": ("target_credential", "source_credential"),
    "inventory_sources": ("inventory",),
    "workflow_job_template_nodes": ("workflow_job_template",),
    "schedules": ("unified_job_template",),
}
# What an organization counts; what is being deleted counts too.
COUNTED = ("inventories", "job_templates", "projects", "teams")
# Role -> roles that are part of it.
ROLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "organizations": {"admin_role": (), "member_role": (), "execute_role": (), "read_role": ()},
    "job_templates": {"admin_role": ("execute_role", "read_role"), "execute_role": ("read_role",), "read_role": ()},
    "workflow_job_templates": {
        "admin_role": ("execute_role", "approval_role", "read_role"), "execute_role": ("read_role",),
        "approval_role": ("read_role",), "read_role": (),
    },
    "inventories": {"admin_role": ("use_role", "read_role"), "use_role": ("read_role",), "read_role": ()},
    "projects": {"admin_role": ("use_role", "read_role"), "use_role": ("read_role",), "read_role": ()},
    "credentials": {"admin_role": ("use_role", "read_role"), "use_role": ("read_role",), "read_role": ()},
    "teams": {"admin_role": (), "member_role": (), "read_role": ()},
}  # fmt: skip


def unset(endpoint: str) -> Record:
    """What AWX shows of fields that were never given."""
    empty: Mapping[Kind, Any] = {str: "", int: 0, bool: False}
    saved = SAVED_LAUNCH if endpoint in SAVES_A_LAUNCH else {}
    return {
        name: {} if kind is dict else None if name in saved or isinstance(kind, str) else empty[kind]
        for name, kind in FIELDS[endpoint].items()
    }

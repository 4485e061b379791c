# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument specs of the modules. Each option stands here once; what documents it is compared with it by a test."""

from __future__ import annotations

from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.predicates import DEFAULT_NODE_PREFIXES


def _connection() -> dict[str, Any]:
    return {
        "kubeconfig": {"type": "raw"},
        "context": {"type": "str"},
        "host": {"type": "str"},
        "api_key": {"type": "str", "no_log": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "client_cert": {"type": "path", "aliases": ["cert_file"]},
        "client_key": {"type": "path", "aliases": ["key_file"], "no_log": False},
        "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
        "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
        "proxy": {"type": "str"},
        "no_proxy": {"type": "str"},
        "proxy_headers": {
            "type": "dict",
            "options": {
                "proxy_basic_auth": {"type": "str", "no_log": True},
                "basic_auth": {"type": "str", "no_log": True},
                "user_agent": {"type": "str"},
            },
        },
        "persist_config": {"type": "bool"},
        "impersonate_user": {"type": "str"},
        "impersonate_groups": {"type": "list", "elements": "str"},
    }


def _nodes() -> dict[str, Any]:
    return {"node_name_prefixes": {"type": "list", "elements": "str", "default": list(DEFAULT_NODE_PREFIXES)}}


def _target() -> dict[str, Any]:
    return {"target_version": {"type": "raw", "required": True}, "matrix": {"type": "dict"}}


def _exempt() -> dict[str, Any]:
    return {
        "exempt": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "match": {"type": "str", "required": True},
                "reason": {"type": "str", "required": True},
                "expires": {"type": "str", "required": True},
            },
        },
    }


def _settle() -> dict[str, Any]:
    return {"settle_timeout": {"type": "int", "default": 60}}


def facts_argument_spec() -> dict[str, Any]:
    """The options of ``eci_pod_facts``."""
    return {
        **_connection(),
        **_nodes(),
        "namespaces": {"type": "list", "elements": "str", "default": []},
        "query": {"type": "str"},
        "src": {"type": "list", "elements": "path"},
        **_settle(),
    }


def check_argument_spec() -> dict[str, Any]:
    """The options of ``eci_compat_check``."""
    return {
        **_connection(),
        **_nodes(),
        **_target(),
        **_exempt(),
        **_settle(),
        "pods": {"type": "list", "elements": "dict"},
        "cluster_version": {"type": "raw"},
        "pods_are_complete": {"type": "bool", "default": True},
        "src": {"type": "list", "elements": "path"},
        "fail_when_incompatible": {"type": "bool", "default": True},
        "list_file": {"type": "path"},
        "keep_lists": {"type": "bool", "default": False},
    }


def recreate_argument_spec() -> dict[str, Any]:
    """The options of ``eci_pod_recreate``."""
    return {
        **_connection(),
        **_nodes(),
        **_target(),
        **_exempt(),
        "pods": {"type": "list", "elements": "dict"},
        "method": {"type": "str", "choices": ["evict", "delete", "restart", "auto"], "default": "evict"},
        "serial": {"type": "list", "elements": "raw", "default": [1]},
        "workload_serial": {"type": "raw", "default": 1},
        "recreated_by": {"type": "list", "elements": "str", "default": []},
        "forget": {"type": "list", "elements": "str", "default": []},
        "unmanaged": {"type": "str", "choices": ["refuse", "recreate", "delete"], "default": "refuse"},
        "running_jobs": {"type": "str", "choices": ["wait", "evict"], "default": "wait"},
        "pod_timeout": {"type": "int", "default": 900},
        "run_timeout": {"type": "int", "default": 0},
        "max_failures": {"type": "int", "default": 0},
        "record_dir": {"type": "path"},
        "progress_file": {"type": "path"},
        "quiet": {"type": "bool", "default": False},
    }


def upgrade_argument_spec() -> dict[str, Any]:
    """The options of ``eci_upgrade_wait``."""
    return {
        **_connection(),
        "target_version": {"type": "raw", "required": True},
        "upgrade_timeout": {"type": "int", "default": 900},
    }


def report_argument_spec() -> dict[str, Any]:
    """The options of ``eci_report``."""
    return {
        "dest": {"type": "list", "elements": "path", "required": True},
        "results": {"type": "dict"},
        "upgrades": {"type": "dict"},
        "src": {"type": "list", "elements": "path"},
        "title": {"type": "str", "default": ""},
        "mode": {"type": "str", "default": "0600"},
    }

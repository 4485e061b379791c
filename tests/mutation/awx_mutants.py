# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutants of what AWX gets: each brings back a fault that an administrator once had."""

from __future__ import annotations

from tests.mutation.mutants import Mutant

_OBJECTS = "playbooks/awx/objects"
_TASKS = "playbooks/awx/tasks"
_SECOND_TIME = ("tests/awx/test_guide.py", "-k", "second_time")
_OF_OBJECTS = ("tests/awx/test_objects.py",)
_PLAYBOOKS = "tests/integration/test_awx_playbooks.py"


def _awx(says: str, file: str, old: str, new: str, tests: tuple[str, ...], environment: str = "awx") -> Mutant:
    return Mutant("awx", says, file, old, new, tests, environment, root=".")


AWX_MUTANTS = (
    _awx("applying again erases what was typed into AWX", f"{_TASKS}/credential.yml",
         "{{ __eci_awx_there | combine(", "{{ {} | combine(", _SECOND_TIME),
    _awx("a default goes over the region that was typed in", "playbooks/awx/settings.yml",
         "eci_awx_region: ''", "eci_awx_region: cn-hangzhou", _SECOND_TIME),
    _awx("what others made in the organization is deleted with it", f"{_TASKS}/remove.yml",
         "    - __eci_awx_others | length == 0\n", "", ("tests/awx/test_apply.py", "-k", "of_others")),
    _awx("AWX's own credential for the cluster is taken out again", f"{_OBJECTS}/templates.yml",
         "[eci_awx_kubernetes_credential or 'ECI clusters']", "['ECI clusters']", _OF_OBJECTS),
    _awx("the upgrade follows on a preflight that was cancelled", f"{_OBJECTS}/templates.yml",
         "success_nodes: [{identifier: upgrade}]", "always_nodes: [{identifier: upgrade}]",
         ("tests/awx/test_guide.py", "-k", "ways_to_stop")),
    _awx("the upgrade recreates", f"{_OBJECTS}/templates.yml",
         "'eci_fleet_upgrade_recreate': false", "'eci_fleet_upgrade_recreate': true",
         ("tests/awx/test_apply.py", "-k", "in_again_out_again")),
    _awx("a question that has a default must be answered", f"{_OBJECTS}/surveys.yml",
         "    min: 1\n    max: 86400\n    required: false", "    min: 1\n    max: 86400\n    default: '900'\n    required: true",
         _OF_OBJECTS),
    _awx("a survey answers what the cluster's own variables say", f"{_OBJECTS}/surveys.yml",
         "    min: 1\n    max: 86400\n    required: false", "    min: 1\n    max: 86400\n    default: '900'\n    required: false",
         _OF_OBJECTS),
    _awx("a host need not name its cluster", f"{_OBJECTS}/templates.yml",
         "not (eci_awx_single_cluster | bool)", "false", ("tests/awx/test_guide.py", "-k", "version_alone")),
    _awx("a slice of disabled clusters ends the workflow", "playbooks/tasks/clusters.yml",
         "    - awx_workflow_job_name == awx_job_template_name | default('')\n", "    - false\n",
         (_PLAYBOOKS, "-k", "slice_without"), "main"),
    _awx("a bastion that is down ends the wave of the others", f"{_OBJECTS}/templates.yml",
         "'eci_preflight_fail_when_not_ready': false})", "'eci_preflight_fail_when_not_ready': true})",
         ("tests/awx/test_apply.py", "-k", "in_again_out_again")),
    _awx("an empty inventory means localhost in AWX too", "playbooks/tasks/clusters.yml",
         "groups['all'] | length > 0 or (", "true or (",
         (_PLAYBOOKS, "-k", "without_hosts"), "main"),
    _awx("the workflow is changed each time", f"{_TASKS}/workflow.yml",
         "omit if __eci_awx_there == __eci_awx_wanted else ", "", _SECOND_TIME),
    _awx("an approver cannot read what is approved", f"{_OBJECTS}/access.yml",
         "teams: [ECI launchers, ECI approvers, ECI readers]", "teams: [ECI launchers, ECI readers]",
         ("tests/awx/test_guide.py", "-k", "table_of_rights")),
    _awx("no limit means AWX's own", "playbooks/awx/settings.yml",
         "eci_awx_job_timeout: -1", "eci_awx_job_timeout: 0", _OF_OBJECTS),
    _awx("what AWX is still deleting is taken for deleted", f"{_TASKS}/wait_for_deletion.yml",
         "    | selectattr('pending_deletion') | list | length == 0", "    | list is sequence",
         ("tests/awx/test_apply.py", "-k", "typed")),
    _awx("a webhook stays after its URL is emptied", f"{_TASKS}/notification.yml",
         "    - __eci_awx_notification.state == 'absent'\n", "    - __eci_awx_notification.state == 'never'\n",
         ("tests/awx/test_apply.py", "-k", "set_back")),
    _awx("an artifact grows with the pods", "plugins/plugin_utils/_artifact.py",
         "    most = MOST_LISTED\n", "    return {**said, **_cut(result, 10_000)}\n    most = MOST_LISTED\n",
         ("tests/unit/plugins/plugin_utils/test_artifact.py",), "main"),
    _awx("a wave that is none is not named", "plugins/plugin_utils/_waves.py",
         "    if not found or int(", "    if not found:\n        return part\n    if int(",
         ("tests/unit/plugins/plugin_utils/test_waves.py",), "main"),
)  # fmt: skip

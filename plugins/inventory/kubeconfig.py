# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory plugin: the contexts of kubeconfig files are hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: kubeconfig
short_description: Use the contexts of kubeconfig files as hosts
version_added: 0.1.0
author: ackops.eci contributors (@ackops)
description:
  - Turns every context of one or more kubeconfig files into a host. Each host is a cluster, as the playbooks of this collection expect.
  - Each host gets the variables C(eci_preflight_kubeconfig) and C(eci_preflight_context), by which the role P(ackops.eci.eci_preflight#role)
    finds the cluster, and C(ansible_connection=local) with the Python that runs Ansible.
  - To build groups, use C(kubeconfig_context), C(kubeconfig_cluster), C(kubeconfig_user), C(kubeconfig_namespace), C(kubeconfig_server),
    C(kubeconfig_file), C(kubeconfig_name) (the file name without its extension), C(kubeconfig_login) (V(exec), V(auth_provider),
    V(client_certificate), V(token), V(basic) or V(none)) and C(kubeconfig_current). Tokens, keys and passwords never become variables.
  - The host's name is that of the context. Characters other than letters, digits and C(_.@-) become C(_). Names and values are never
    evaluated as templates.
  - The name of the inventory source must end in C(kubeconfig.yml) or C(kubeconfig.yaml).
extends_documentation_fragment:
  - constructed
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [ackops.eci.kubeconfig]
  kubeconfigs:
    description:
      - Paths or globs of kubeconfig files. Relative paths start at the directory of the inventory source.
      - By default the files in E(KUBECONFIG), or C(~/.kube/config), as for kubectl.
      - Files are not merged. A context whose cluster or user is in another file is an error.
    type: list
    elements: str
    default: []
  include:
    description:
      - Globs of the contexts that become hosts. A pattern that starts with V(~) is a regular expression to search for in the name. All contexts
        if empty.
    type: list
    elements: str
    default: []
  exclude:
    description:
      - Patterns of the contexts that do not become hosts, written in the same way. Takes precedence over O(include).
    type: list
    elements: str
    default: []
  prefix_with_file:
    description:
      - Whether to name the hosts C(<file>_<context>), with the file name without its extension. Use it if several files have contexts of the same
        name, which is an error otherwise.
    type: bool
    default: false
  kubeconfig_variable:
    description:
      - Whether hosts get the variable C(eci_preflight_kubeconfig). Turn it off where the playbooks run elsewhere than the inventory is read,
        as in AWX, whose credential names the file of each job in E(K8S_AUTH_KUBECONFIG).
    type: bool
    default: true
seealso:
  - ref: ackops.eci fleet guide <ansible_collections.ackops.eci.docsite.fleet_guide>
    description: How to upgrade many clusters
"""

EXAMPLES = r"""
# The smallest file has one line, and takes every context of the current kubeconfig. clusters.kubeconfig.yml:
# plugin: ackops.eci.kubeconfig

# prod.kubeconfig.yml: the contexts of all files in a directory, in groups
plugin: ackops.eci.kubeconfig
kubeconfigs:
  - ~/.kube/ack/*.yml
include: ['prod-*', '~^pre-(hangzhou|beijing)$']
exclude: ['*-legacy']
prefix_with_file: false
compose:
  eci_preflight_target_version: "'1.28' if kubeconfig_name is match('canary') else '1.26'"
keyed_groups:
  - key: kubeconfig_context | regex_replace('^.*-', '')
    prefix: region
groups:
  canary: kubeconfig_name is match('canary')
"""

import glob
import os
from typing import Any

import yaml
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.plugin_utils._contexts import (
    Context,
    Filter,
    contexts_of,
    named_hosts,
    variables_of,
)

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 every text that is not marked as unsafe is a template

    def trust_as_template(value: str) -> str:
        """Leave it as it is."""
        return value


ENDINGS = ("kubeconfig.yml", "kubeconfig.yaml")
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


def files_of(patterns: list[str], base: str) -> list[str]:
    """The files that paths and globs name, each once, in order. Raises EciError if one matches nothing."""
    if not patterns:
        named = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
        # Like kubectl, ignore files of the list that do not exist; if none exists, that is an error below.
        patterns = [part for part in named if os.path.exists(part)] or named or ["~/.kube/config"]
    found: dict[str, None] = {}
    for pattern in patterns:
        path = os.path.join(base, os.path.expanduser(os.path.expandvars(pattern)))
        matches = [path] if os.path.exists(path) else sorted(glob.glob(path, recursive=True))
        files = [os.path.abspath(match) for match in matches if not os.path.isdir(match)]
        if not files:
            raise EciError(
                f"kubeconfigs: '{pattern}' matches no file (looked for {path}).",
                "Give the path of a kubeconfig, or a glob. Relative paths start at the directory of the inventory source.",
            )
        found.update(dict.fromkeys(files))
    return list(found)


def read(file: str) -> object:
    """A parsed YAML file. Errors never quote its content, which may be a credential."""
    try:
        with open(file, encoding="utf-8") as stream:
            return yaml.safe_load(stream)
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise EciError(f"{file} is not YAML{where}.", "Repair the kubeconfig.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        raise EciError(f"{file} is not YAML in UTF-8.", "Repair the kubeconfig.") from None
    except OSError as error:
        raise EciError(f"{file} could not be read: {error.strerror}.", "Check its path and permissions.") from None


class InventoryModule(BaseInventoryPlugin, Constructable):
    """Reads the files and adds the hosts."""

    NAME = "ackops.eci.kubeconfig"

    def verify_file(self, path: str) -> bool:
        """Whether the source is ours, by its name."""
        return bool(super().verify_file(path)) and path.endswith(ENDINGS)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add a host for each context. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            hosts = self._hosts(os.path.dirname(os.path.abspath(path)))
        except EciError as error:
            raise AnsibleParserError(f"{path}: {error}") from None
        for name, context in hosts.items():
            self._add(name, context)

    def _hosts(self, base: str) -> dict[str, Context]:
        wanted = Filter.of(self.get_option("include"), self.get_option("exclude"))
        contexts = [
            context
            for file in files_of(self.get_option("kubeconfigs"), base)
            for context in contexts_of(read(file), file, wanted)
        ]
        hosts = named_hosts(contexts, self.get_option("prefix_with_file"))
        if not hosts:
            self.display.warning(
                "No context of the kubeconfig files matches include and exclude, so there are no hosts."
            )
        return hosts

    def _add(self, name: str, context: Context) -> None:
        self.inventory.add_host(name)
        for key, text in LOCAL.items():
            self.inventory.set_variable(name, key, trust_as_template(text))
        variables = {key: wrap_var(text) for key, text in variables_of(context).items()}
        for key, text in variables.items():
            if key == "eci_preflight_kubeconfig" and not self.get_option("kubeconfig_variable"):
                continue
            self.inventory.set_variable(name, key, text)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)

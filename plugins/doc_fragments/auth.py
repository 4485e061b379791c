# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options: names, aliases and environment variables are those of kubernetes.core."""

from __future__ import annotations


class ModuleDocFragment:
    """Options that say which cluster to use, and as whom."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file on the machine that runs the module, or the content of one as a dictionary.
      - Environment variable E(K8S_AUTH_KUBECONFIG). Without either, the module uses E(KUBECONFIG) (a list of files, as for kubectl), then
        C(~/.kube/config), and finally the service account of the pod that it runs in.
      - Unlike in kubernetes.core, a kubeconfig comes before the service account, as it does for kubectl. With the other order, an execution
        environment on Kubernetes would use the cluster that AWX itself runs on.
    type: raw
  context:
    description:
      - Name of a context in the kubeconfig; its current context if not given.
      - Environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API server, for example V(https://10.0.0.1:6443).
      - Environment variable E(K8S_AUTH_HOST). It is ignored if the task sets O(kubeconfig) or O(context); otherwise one variable in the
        environment of a job would send every host of the inventory to the same cluster.
    type: str
  api_key:
    description:
      - Bearer token.
      - Environment variable E(K8S_AUTH_API_KEY). It is ignored if the task sets O(kubeconfig) or O(context).
    type: str
  username:
    description:
      - User name for HTTP basic authentication. Kubernetes no longer supports it; a proxy in front of it may.
      - Environment variable E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - Password for HTTP basic authentication.
      - Environment variable E(K8S_AUTH_PASSWORD).
    type: str
  client_cert:
    description:
      - Path of a client certificate (PEM).
      - Environment variable E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the private key of the client certificate (PEM).
      - Environment variable E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  ca_cert:
    description:
      - Path of the CA certificates to verify the API server's certificate with (PEM).
      - Environment variable E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether to verify the API server's certificate. If not, the module warns.
      - Environment variable E(K8S_AUTH_VERIFY_SSL), where V(0), V(false) and V(no) mean no.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description:
      - URL of an HTTP proxy.
      - Environment variable E(K8S_AUTH_PROXY).
    type: str
  no_proxy:
    description:
      - Comma-separated hosts, domains, addresses and networks to reach without the proxy.
      - Environment variable E(K8S_AUTH_NO_PROXY).
    type: str
  proxy_headers:
    description:
      - Headers for the proxy.
    type: dict
    suboptions:
      proxy_basic_auth:
        description:
          - C(user:password) for the proxy.
          - Environment variable E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH).
        type: str
      basic_auth:
        description:
          - C(user:password) for basic authentication.
          - Environment variable E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH).
        type: str
      user_agent:
        description:
          - User agent to send to the proxy.
          - Environment variable E(K8S_AUTH_PROXY_HEADERS_USER_AGENT).
        type: str
  persist_config:
    description:
      - Whether the kubernetes package may write refreshed tokens back to the kubeconfig. By default it does not.
      - Environment variable E(K8S_AUTH_PERSIST_CONFIG).
    type: bool
  impersonate_user:
    description:
      - User to act as.
      - Environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to act as a member of. Requires O(impersonate_user).
      - Environment variable E(K8S_AUTH_IMPERSONATE_GROUPS), separated by commas.
    type: list
    elements: str
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
"""

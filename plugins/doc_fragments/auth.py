# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options: names, aliases and environment variables are those of kubernetes.core."""

from __future__ import annotations


class ModuleDocFragment:
    """Which cluster, and as whom."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file on the machine that runs the module, or the content of one as a dictionary.
      - Environment variable E(K8S_AUTH_KUBECONFIG). Without either, E(KUBECONFIG) (a list of files, as for kubectl), then C(~/.kube/config),
        and last the service account of the pod that the module runs in.
      - Unlike in kubernetes.core a kubeconfig comes before the service account of the pod, as it does for kubectl. In an
        execution environment on Kubernetes the other order would work on the cluster that AWX itself runs on.
    type: raw
  context:
    description:
      - Name of a context of the kubeconfig; its current context if not given.
      - Environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API server, for example V(https://10.0.0.1:6443).
      - Environment variable E(K8S_AUTH_HOST), which does not count in a task that gives O(kubeconfig) or O(context). One variable in
        the environment of a job would otherwise make every host of an inventory the same cluster.
    type: str
  api_key:
    description:
      - Bearer token.
      - Environment variable E(K8S_AUTH_API_KEY), which does not count in a task that gives O(kubeconfig) or O(context).
    type: str
  username:
    description:
      - User name for HTTP basic authentication, which Kubernetes itself no longer offers; for proxies in front of it.
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
      - Path of the key of the client certificate (PEM).
      - Environment variable E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  ca_cert:
    description:
      - Path of the certificates of the CA that signed the API server's (PEM).
      - Environment variable E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether to verify the API server's certificate. Off gives a warning.
      - Environment variable E(K8S_AUTH_VERIFY_SSL), in which V(0), V(false) and V(no) mean no.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description:
      - URL of an HTTP proxy.
      - Environment variable E(K8S_AUTH_PROXY).
    type: str
  no_proxy:
    description:
      - Comma-separated hosts, domains, addresses and networks that are reached without the proxy.
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
          - The user agent that the proxy is to see.
          - Environment variable E(K8S_AUTH_PROXY_HEADERS_USER_AGENT).
        type: str
  persist_config:
    description:
      - Whether the kubernetes package may write refreshed tokens back to the kubeconfig; it does not by default.
      - Environment variable E(K8S_AUTH_PERSIST_CONFIG).
    type: bool
  impersonate_user:
    description:
      - User to act as.
      - Environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to act as a member of; needs O(impersonate_user).
      - Environment variable E(K8S_AUTH_IMPERSONATE_GROUPS), separated by commas.
    type: list
    elements: str
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
"""

# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the API server is, and as whom to speak to it: the only file that imports ``kubernetes``.

The package reads kubeconfigs and service accounts, runs exec plugins and renews tokens. Its typed models are never used: they
cost 20 times the time and memory of plain JSON, and its call signatures changed between the releases that we support.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Mapping
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import ConnectionFailed, MissingLibrary
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection, without_login
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

try:
    import kubernetes.config
    import urllib3
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import RESTClientObject
except ImportError:
    KUBERNETES_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    KUBERNETES_IMPORT_ERROR = None

POOL_SIZE = 64


class Login:
    """A configuration as it was loaded once: the server, the credentials, and the ``pool`` of connections.

    Raises ConnectionFailed where the TLS files cannot be loaded.
    """

    def __init__(self, configuration: Any, connection: Connection) -> None:
        self._configuration = configuration
        self._connection = connection
        if configuration.verify_ssl is False:
            # Said once, as a warning of the task (connection), instead of once per request on stderr.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        try:
            # urllib3's PoolManager.
            self.pool: Any = RESTClientObject(configuration).pool_manager
        except (OSError, ValueError) as error:
            raise ConnectionFailed(
                f"The TLS files of the connection could not be loaded: {quoted(str(error), 200)}.",
                "Check ca_cert, client_cert and client_key, or the same entries in the kubeconfig.",
            ) from error

    @property
    def host(self) -> str:
        """The URL of the API server, as requests need it."""
        return str(self._configuration.host)

    @property
    def shown_host(self) -> str:
        """The same without a user and a password that somebody wrote into it."""
        return without_login(self.host)

    def headers(self) -> Any:
        """The headers that say who asks (urllib3's HTTPHeaderDict); a token that runs out is renewed here.

        Raises ConnectionFailed where an exec plugin gives no credentials.
        """
        headers = urllib3.HTTPHeaderDict()
        if self._connection.username and self._connection.password and not self._connection.api_key:
            basic = f"{self._connection.username}:{self._connection.password}"
            headers.update(urllib3.make_headers(basic_auth=basic))
        try:
            settings = self._configuration.auth_settings().values()
        except kubernetes.config.ConfigException as error:
            raise _bad_credentials(str(error)) from error
        for setting in settings:
            if setting.get("in") == "header" and setting.get("value"):
                headers[setting["key"]] = setting["value"]
        if self._connection.impersonate_user:
            headers["Impersonate-User"] = self._connection.impersonate_user
        for group in self._connection.impersonate_groups:
            headers.add("Impersonate-Group", group)
        return headers

    def again(self) -> Login | None:
        """The configuration loaded anew: a token that has expired in mid-run may be renewed there, or by its exec plugin.

        None where there is nothing to load, or where it cannot be.
        """
        if self._connection.names_host or self._connection.api_key:
            return None
        try:
            return load(self._connection)
        except ConnectionFailed:
            return None  # the server's own words say more


def _bad_credentials(said: str) -> ConnectionFailed:
    return ConnectionFailed(
        f"The kubeconfig's credentials could not be loaded: {plain(said, 300)}.",
        "Run the same kubectl command on this machine; an exec plugin must be installed here and be logged in.",
    )


class _Complaints(logging.Handler):
    """What the package only logs while it loads a configuration: that an exec plugin gave no credentials."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.said.append(record.getMessage())


def _load_heard(connection: Connection, configuration: Any) -> None:
    """Load the configuration; without credentials, what was complained of is the reason, not the server's 401."""
    complaints = _Complaints()
    root = logging.getLogger()
    root.addHandler(complaints)
    try:
        _load(connection, configuration)
    finally:
        root.removeHandler(complaints)
    if complaints.said and not configuration.api_key and not configuration.cert_file and not connection.api_key:
        raise _bad_credentials("; ".join(complaints.said))


def _load(connection: Connection, configuration: Any) -> None:
    """Fill in the configuration from a kubeconfig (as kubectl finds it), or, where there is none, from the pod's own."""
    options = {
        "context": connection.context,
        "client_configuration": configuration,
        "persist_config": bool(connection.persist_config),
    }
    source = "the kubeconfig given as a dictionary"
    try:
        if isinstance(connection.kubeconfig, Mapping):
            kubernetes.config.load_kube_config_from_dict(config_dict=dict(connection.kubeconfig), **options)
            return
        by_environment = os.environ.get("KUBECONFIG")
        source = "kubeconfig " + (
            connection.kubeconfig or (f"{by_environment} (from KUBECONFIG)" if by_environment else "~/.kube/config")
        )
        if connection.kubeconfig:
            with open(connection.kubeconfig, encoding="utf-8"):
                pass  # the package says the same of a missing, an unreadable and an empty file; the system says which
        kubernetes.config.load_kube_config(config_file=connection.kubeconfig, **options)
    except kubernetes.config.ConfigException as error:
        if not connection.kubeconfig and not connection.context and _load_in_cluster(configuration):
            return
        raise _bad_kubeconfig(source, connection, str(error)) from error
    except OSError as error:
        raise _bad_kubeconfig(source, connection, error.strerror or str(error)) from error
    except Exception as error:  # the package lets YAML, base64, type and key errors of a broken file through
        raise _bad_kubeconfig(source, connection, f"{type(error).__name__} while reading it") from error


def _load_in_cluster(configuration: Any) -> bool:
    try:
        kubernetes.config.load_incluster_config(client_configuration=configuration)
    except kubernetes.config.ConfigException:
        return False
    return True


def _bad_kubeconfig(source: str, connection: Connection, said: str) -> ConnectionFailed:
    remedy = "Give kubeconfig (a path or a dictionary), or host and api_key."
    problem = f"could not be used: {plain(said, 300).rstrip('.')}"
    names = _contexts(connection)
    if connection.context and names is not None and connection.context not in names:
        problem = f"has no context {quoted(connection.context)}"
        remedy = f"Give one of its contexts: {', '.join(quoted(name) for name in names[:10]) or 'it has none'}."
    return ConnectionFailed(f"{source[0].upper()}{source[1:]} {problem}.", remedy)


def _contexts(connection: Connection) -> list[str] | None:
    try:
        if isinstance(connection.kubeconfig, Mapping):
            found = connection.kubeconfig.get("contexts") or []
        else:
            found = kubernetes.config.list_kube_config_contexts(config_file=connection.kubeconfig)[0]
        return [str(entry["name"]) for entry in found]
    except Exception:  # noqa: BLE001 (only makes another error clearer; what is wrong with the file is said there)
        return None


def _override(configuration: Any, connection: Connection) -> None:
    """What the options say stands above what the kubeconfig says."""
    if connection.host:
        configuration.host = connection.host.rstrip("/")
    if connection.api_key:
        configuration.api_key = {"authorization": f"Bearer {connection.api_key}"}
        configuration.refresh_api_key_hook = None
    for ours, theirs in (
        ("ca_cert", "ssl_ca_cert"),
        ("client_cert", "cert_file"),
        ("client_key", "key_file"),
        ("proxy", "proxy"),
        ("no_proxy", "no_proxy"),
    ):
        if getattr(connection, ours):
            setattr(configuration, theirs, getattr(connection, ours))
    if connection.validate_certs is not None:
        configuration.verify_ssl = connection.validate_certs
    if connection.proxy_headers:
        headers: dict[str, Any] = dict(connection.proxy_headers)
        configuration.proxy_headers = urllib3.make_headers(**headers)


def load(connection: Connection) -> Login:
    """The configuration as options, kubeconfig and exec plugins give it now; nothing is sent to the API server.

    Raises MissingLibrary and ConnectionFailed.
    """
    if KUBERNETES_IMPORT_ERROR is not None:
        raise MissingLibrary("kubernetes", "to talk to the API server", KUBERNETES_IMPORT_ERROR)
    configuration = Configuration()
    configuration.connection_pool_maxsize = POOL_SIZE
    if not connection.names_host:
        _load_heard(connection, configuration)
    _override(configuration, connection)
    return Login(configuration, connection)

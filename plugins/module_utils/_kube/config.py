# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the API server is, and as whom to speak to it: the only file that imports ``kubernetes``.

The package reads kubeconfigs and service accounts, runs exec plugins and renews tokens. Its typed models are never used: they
cost 20 times the time and memory of plain JSON, and its call signatures changed between the releases that we support.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.ackops.eci.plugins.module_utils._errors import ConnectionFailed, MissingLibrary
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection, without_login
from ansible_collections.ackops.eci.plugins.module_utils._kube.kubeconfig import (
    DEFAULT,
    REMEDY,
    ActAs,
    Chosen,
    act_as,
    read,
)
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

try:
    import kubernetes.client.rest
    import kubernetes.config
    import urllib3
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import RESTClientObject
except ImportError:
    KUBERNETES_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    KUBERNETES_IMPORT_ERROR = None

POOL_SIZE = 64
PROXY_SCHEMES = ("http", "https")
# What is shorter is a word, not a secret.
SHORTEST_SECRET = 6
# The characters that the name of a header may have, besides letters, digits and _.-~
HEADER_CHARACTERS = "!#$&'*+^`|"


class Login:
    """A configuration as it was loaded once: the server, the credentials, and the ``pool`` of connections.

    Raises ConnectionFailed where the TLS files cannot be loaded.
    """

    def __init__(self, configuration: Any, connection: Connection, chosen: Chosen | None = None) -> None:
        self._configuration = configuration
        self._connection = connection
        self._act_as = act_as(chosen.user) if chosen is not None else None
        if connection.impersonate_user:
            self._act_as = ActAs(connection.impersonate_user, groups=tuple(connection.impersonate_groups))
        _check_proxy(configuration)
        if configuration.verify_ssl is False:
            # Said once, as a warning of the task (connection), instead of once per request on stderr.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        try:
            # urllib3's PoolManager.
            self.pool: Any = RESTClientObject(configuration).pool_manager
            server_name = chosen.cluster.get("tls-server-name") if chosen is not None else None
            if server_name:  # releases before 25 do not know it
                self.pool.connection_pool_kw["server_hostname"] = str(server_name)
        except (OSError, ValueError) as error:
            raise ConnectionFailed(
                f"The TLS files of the connection could not be loaded: {quoted(str(error), 200)}.",
                "Check ca_cert, client_cert and client_key, or the same entries in the kubeconfig.",
            ) from error
        except ImportError as error:
            raise MissingLibrary("PySocks", "to use a SOCKS proxy") from error

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
        if self._act_as is not None:
            _impersonate(headers, self._act_as)
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


def _impersonate(headers: Any, who: ActAs) -> None:
    """The headers of impersonation, as client-go writes them."""
    headers["Impersonate-User"] = who.user
    if who.uid:
        headers["Impersonate-Uid"] = who.uid
    for group in who.groups:
        headers.add("Impersonate-Group", group)
    for key, values in who.extra:
        for value in values:
            headers.add(f"Impersonate-Extra-{quote(key.lower(), safe=HEADER_CHARACTERS)}", value)


def _check_proxy(configuration: Any) -> None:
    scheme = str(configuration.proxy or "http://").partition("://")[0].lower()
    by_package = hasattr(kubernetes.client.rest, "is_socks_proxy_url") and scheme.startswith("socks")
    if scheme not in PROXY_SCHEMES and not by_package:
        raise ConnectionFailed(
            f"The proxy has the scheme {quoted(scheme, 20)}, which cannot be used here.",
            "Give proxy (or proxy-url in the kubeconfig) as http://host:port or https://host:port.",
        )


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


def _load_heard(chosen: Chosen, connection: Connection, configuration: Any) -> None:
    """Load the configuration; without credentials, what was complained of is the reason, not the server's 401."""
    complaints = _Complaints()
    root = logging.getLogger()
    root.addHandler(complaints)
    try:
        _load_chosen(chosen, connection, configuration)
    finally:
        root.removeHandler(complaints)
    if complaints.said and not configuration.api_key and not configuration.cert_file and not connection.api_key:
        raise _bad_credentials(_without(_secrets_of(chosen.user), "; ".join(complaints.said)))


def _load_chosen(chosen: Chosen, connection: Connection, configuration: Any) -> None:
    """Hand the package what was chosen. What it says of it is not passed on: it may quote what it was handed."""
    options: dict[str, Any] = {"client_configuration": configuration, "persist_config": bool(connection.persist_config)}
    try:
        if connection.persist_config and not isinstance(connection.kubeconfig, Mapping):
            kubernetes.config.load_kube_config(connection.kubeconfig, context=chosen.context, **options)
        else:
            kubernetes.config.load_kube_config_from_dict(config_dict=chosen.document, **options)
    except OSError as error:
        raise _unusable(chosen, error.strerror or type(error).__name__) from None
    except Exception as error:  # noqa: BLE001 (the package lets base64, type and key errors of a broken file through)
        raise _unusable(chosen, f"{type(error).__name__} while reading its user or cluster") from None


def _unusable(chosen: Chosen, why: str) -> ConnectionFailed:
    return ConnectionFailed(
        f"The kubeconfig's context {quoted(chosen.context)} could not be used: {plain(why, 200)}.", REMEDY
    )


def _load_in_cluster(configuration: Any) -> bool:
    try:
        kubernetes.config.load_incluster_config(client_configuration=configuration)
    except kubernetes.config.ConfigException:
        return False
    return True


def _secrets_of(user: Mapping[str, Any]) -> set[str]:
    """What of a user's entry must not be shown: all texts in it that are long enough to be secret."""
    found: set[str] = set()
    left: list[object] = [user]
    while left:
        entry = left.pop()
        if isinstance(entry, Mapping):
            left += [
                value for key, value in entry.items() if key not in ("command", "apiVersion", "interactiveMode", "name")
            ]
        elif isinstance(entry, (list, tuple)):
            left += entry
        elif isinstance(entry, str) and len(entry) >= SHORTEST_SECRET:
            found.add(entry)
    return found


def _without(secrets: set[str], text: str) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "********")
    return text


def _apply(chosen: Chosen, configuration: Any) -> None:
    """What the package, or an older release of it, does not take from a kubeconfig."""
    token_file = chosen.user.get("tokenFile")
    if token_file and chosen.user.get("token"):  # as for kubectl the file counts, which may be newer
        try:
            with open(token_file, encoding="utf-8") as stream:
                configuration.api_key = {"authorization": f"Bearer {stream.read().strip()}"}
        except (OSError, ValueError) as error:
            raise _unusable(chosen, f"its tokenFile: {getattr(error, 'strerror', None) or 'it is no text'}") from None
        configuration.refresh_api_key_hook = None
    proxy = chosen.cluster.get("proxy-url")
    if proxy:
        configuration.proxy = str(proxy)
        configuration.no_proxy = None  # as for kubectl it holds for every address


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
    chosen = None
    if not connection.names_host:
        chosen = read(connection.kubeconfig, connection.context)
        if chosen is not None:
            _load_heard(chosen, connection, configuration)
            _apply(chosen, configuration)
        elif not _load_in_cluster(configuration):
            raise ConnectionFailed(f"Kubeconfig {DEFAULT} could not be used: No such file or directory.", REMEDY)
    _override(configuration, connection)
    return Login(configuration, connection, chosen)

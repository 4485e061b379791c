# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option before the environment, and never another cluster than the task names."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import (
    ENVIRONMENT,
    Connection,
    is_content,
    password_in,
    resolve,
    without_login,
    without_logins,
)
from tests.unit.support.builders import QUICK

TEXT_OPTIONS = sorted(set(ENVIRONMENT) - {"validate_certs", "persist_config", "impersonate_groups", "host"})
OF_HOST = {"host", "api_key", "username", "password", "client_cert", "client_key", "ca_cert", "validate_certs"}
OF_KUBECONFIG = {"kubeconfig", "context"}
# The value an option has where the task gives it, and where one of its variables does.
GIVEN: dict[str, Any] = dict.fromkeys(TEXT_OPTIONS, "task") | {
    "host": "https://task", "validate_certs": True, "persist_config": True, "impersonate_groups": ["task"],
}  # fmt: skip
SET = dict.fromkeys(TEXT_OPTIONS, "env-secret") | {
    "host": "https://env-secret", "validate_certs": "no", "persist_config": "no", "impersonate_groups": "env-secret",
}  # fmt: skip
READ = SET | {"validate_certs": False, "persist_config": False, "impersonate_groups": ["env-secret"]}
OPTIONS = st.sets(st.sampled_from(sorted(GIVEN)))
VARIABLES = st.sets(st.sampled_from([(o, v) for o, several in sorted(ENVIRONMENT.items()) for v in several]))


def resolved(named: set[str], variables: set[tuple[str, str]]) -> Connection:
    """The connection of a task that gives these options, in an environment that sets these variables."""
    with_user = (
        {"impersonate_user"} if "impersonate_groups" in {*named, *(option for option, _v in variables)} else set()
    )
    params = {option: GIVEN[option] if option in named | with_user else None for option in GIVEN}
    return resolve(params, {variable: SET[option] for option, variable in variables})


def value(connection: Connection, option: str) -> Any:
    """One option of the connection; lists as lists."""
    found = getattr(connection, option)
    return list(found) if isinstance(found, tuple) else found


@QUICK
@given(OPTIONS, VARIABLES)
def test_an_option_counts_before_its_variable(given_: set[str], variables: set[tuple[str, str]]) -> None:
    """And what neither gives stays open."""
    connection = resolved(given_, variables)
    in_environment = {option for option, _variable in variables}
    for option in sorted(set(GIVEN) - {"impersonate_user"}):
        if option in given_:
            assert value(connection, option) == GIVEN[option]
        else:
            allowed = [None, []] + ([READ[option]] if option in in_environment else [])
            assert value(connection, option) in allowed


@QUICK
@given(OPTIONS, VARIABLES)
def test_a_variable_never_redirects_a_task_that_names_its_cluster(
    given_: set[str], variables: set[tuple[str, str]]
) -> None:
    """A forgotten K8S_AUTH_HOST would make one cluster of all the hosts; a credential of AWX would go elsewhere."""
    named = given_ & {"host", *OF_KUBECONFIG}
    connection = resolved(given_, variables)
    shut_out: set[str] = set()
    if "host" in named:
        shut_out = OF_KUBECONFIG
    elif named:
        shut_out = OF_HOST | ({"context"} if "kubeconfig" in named else set())
    for option in shut_out - given_:
        assert value(connection, option) is None
    for option, _variable in variables:
        if option not in shut_out | given_ | {"impersonate_user"}:
            assert value(connection, option) == READ[option]


@QUICK
@given(OPTIONS, VARIABLES)
def test_variables_that_do_not_count_are_named_without_their_values(
    given_: set[str], variables: set[tuple[str, str]]
) -> None:
    """A warning must not show a token."""
    connection = resolved(given_, variables)
    assert "env-secret" not in " ".join(connection.warnings)
    redirected = not given_ & {"host"} and given_ & OF_KUBECONFIG and ("host", "K8S_AUTH_HOST") in variables
    assert any("K8S_AUTH_HOST" in text for text in connection.warnings) is bool(redirected)


def test_a_host_variable_does_not_redirect_a_context() -> None:
    """The fleet trap, in one example; the kubeconfig of a context may still come from the environment."""
    environ = {"K8S_AUTH_HOST": "https://10.0.0.1:6443", "K8S_AUTH_API_KEY": "t", "K8S_AUTH_KUBECONFIG": "/k"}
    connection = resolve({"context": "beijing"}, environ)
    assert (connection.host, connection.api_key) == (None, None)
    assert (connection.kubeconfig, connection.context) == ("/k", "beijing")
    assert "K8S_AUTH_HOST, K8S_AUTH_API_KEY." in connection.warnings[0]


def test_a_host_of_the_task_is_not_left_for_a_kubeconfig_of_the_environment() -> None:
    """Nor for a context; its credentials may come from the environment, as in kubernetes.core."""
    environ = {"K8S_AUTH_KUBECONFIG": "/k", "K8S_AUTH_CONTEXT": "c", "K8S_AUTH_API_KEY": "t"}
    connection = resolve({"host": "https://h"}, environ)
    assert (connection.kubeconfig, connection.context, connection.api_key) == (None, None, "t")


def test_a_task_that_names_nothing_takes_all_of_the_environment() -> None:
    """AWX's own Kubernetes credential, as it sets it."""
    environ = {
        "K8S_AUTH_HOST": "https://h",
        "K8S_AUTH_API_KEY": "t",
        "K8S_AUTH_VERIFY_SSL": "True",
        "K8S_AUTH_SSL_CA_CERT": "/ca",
    }
    connection = resolve({}, environ)
    assert (connection.host, connection.api_key, connection.ca_cert) == ("https://h", "t", "/ca")
    assert connection.validate_certs is True
    assert connection.names_host
    assert connection.warnings == ()


@pytest.mark.parametrize(
    ("text", "on"),
    [("0", False), ("false", False), ("False", False), ("NO", False), ("1", True), ("yes", True), ("x", True)],
)
def test_booleans_of_the_environment(text: str, on: bool) -> None:
    """As kubernetes.core reads them; what is off is warned of."""
    connection = resolve({}, {"K8S_AUTH_VERIFY_SSL": text})
    assert connection.validate_certs is on
    assert any("validate_certs is off" in warning for warning in connection.warnings) is not on


def test_an_empty_variable_is_not_set() -> None:
    """AWX leaves such behind."""
    assert resolve({}, {"K8S_AUTH_HOST": "", "K8S_AUTH_VERIFY_SSL": ""}) == Connection()


def test_the_first_spelling_of_a_variable_counts() -> None:
    """kubernetes.core knows two for some."""
    environ = {"K8S_AUTH_CERT_FILE": "/second", "K8S_AUTH_CLIENT_CERT": "/first", "K8S_AUTH_KEY_FILE": "/key"}
    connection = resolve({}, environ)
    assert (connection.client_cert, connection.client_key) == ("/first", "/key")


def test_impersonated_groups_are_split_at_commas_and_need_a_user() -> None:
    """Kubernetes refuses groups alone."""
    environ = {"K8S_AUTH_IMPERSONATE_GROUPS": " ops, ,dev ", "K8S_AUTH_IMPERSONATE_USER": "jane"}
    connection = resolve({}, environ)
    assert (connection.impersonate_user, connection.impersonate_groups) == ("jane", ("ops", "dev"))
    with pytest.raises(InvalidInput, match=r"^impersonate_groups: 'ops,dev' is given without a user"):
        resolve({"impersonate_groups": ["ops", "dev"]}, {})


@pytest.mark.parametrize("host", ["10.0.0.1:6443", "api.example.org", "ftp://x", "file:///etc/passwd", " https://x"])
def test_a_host_without_a_scheme_is_refused(host: str) -> None:
    """From the task or from the environment alike."""
    for params, environ in (({"host": host}, {}), ({}, {"K8S_AUTH_HOST": host})):
        with pytest.raises(InvalidInput, match=r"^host: .* is not a URL\. Give it with its scheme"):
            resolve(params, environ)


def test_a_kubeconfig_is_a_path_or_a_dictionary_and_is_never_shown() -> None:
    """It holds credentials."""
    content = {"clusters": [], "users": [{"token": "secret"}]}
    assert resolve({"kubeconfig": content}, {}).kubeconfig == content
    with pytest.raises(InvalidInput, match=r"^kubeconfig: 'list' is neither a path nor") as caught:
        resolve({"kubeconfig": ["secret"]}, {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("params", "whole"),
    [
        ({}, False),
        ({"api_key": "t"}, False),
        ({"host": "https://h"}, False),
        ({"host": "https://h", "api_key": "t"}, True),
        ({"host": "https://h", "username": "u"}, False),
        ({"host": "https://h", "username": "u", "password": "p"}, True),
        ({"host": "https://h", "client_cert": "/c"}, False),
        ({"host": "https://h", "client_cert": "/c", "client_key": "/k"}, True),
    ],
)
def test_when_no_kubeconfig_is_read(params: dict[str, Any], whole: bool) -> None:
    """A host alone is not enough; half of a pair is not either."""
    assert resolve(params, {}).names_host is whole


def test_proxy_headers_come_one_by_one() -> None:
    """From the task first."""
    environ = {"K8S_AUTH_PROXY_HEADERS_USER_AGENT": "env", "K8S_AUTH_PROXY_HEADERS_BASIC_AUTH": "u:p"}
    connection = resolve({"proxy_headers": {"user_agent": "task", "proxy_basic_auth": None}}, environ)
    assert connection.proxy_headers == {"user_agent": "task", "basic_auth": "u:p"}


@pytest.mark.parametrize(
    ("url", "shown", "secret"),
    [
        ("https://10.0.0.1:6443", "https://10.0.0.1:6443", ""),
        ("https://me:hidden@10.0.0.1:6443/a@b", "https://10.0.0.1:6443/a@b", "hidden"),
        ("http://me@proxy:3128", "http://proxy:3128", ""),
        ("http://:hidden@proxy", "http://proxy", "hidden"),
        ("no url", "no url", ""),
        ("me:hidden@10.0.0.1:6443", "10.0.0.1:6443", "hidden"),
        ("https://me:hid@den@10.0.0.1", "https://10.0.0.1", "hid@den"),
    ],
)
def test_a_login_in_a_url_is_never_shown(url: str, shown: str, secret: str) -> None:
    """The password is known, so that it can be hidden, and the rest can be told."""
    assert (without_login(url), password_in(url)) == (shown, secret)
    assert password_in(None) == ""


def test_logins_in_a_text_are_never_shown() -> None:
    """As in the error of a library that quotes an address."""
    text = "Failed to parse: http://me:hi@den@proxy:99999, then https://a/b@c and me@example.org"
    assert without_logins(text) == "Failed to parse: http://proxy:99999, then https://a/b@c and me@example.org"


CONTENT = "apiVersion: v1\nkind: Config\nusers: [{name: u, user: {token: hidden}}]\n"


@pytest.mark.parametrize(
    "text",
    [CONTENT, CONTENT.replace("\n", " "), "{'users': []}", base64.b64encode(CONTENT.encode()).decode(),
     base64.encodebytes(CONTENT.encode() * 9).decode(), '{"clusters": []}'],
)  # fmt: skip
def test_the_content_of_a_kubeconfig_where_a_path_is_expected(text: str) -> None:
    """From the task or the environment: an error that does not show it, and says how to give it."""
    for params, environ in (({"kubeconfig": text}, {}), ({}, {"K8S_AUTH_KUBECONFIG": text})):
        with pytest.raises(InvalidInput, match=r"^kubeconfig: .* is a text, and neither a path") as caught:
            resolve(params, environ)
        assert "from_yaml" in caught.value.remedy
        assert not {"hidden", text[:20]} & {str(caught.value)}
        assert text[:20] not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["~/.kube/config", "/etc/kubernetes/admin.conf", "a", "abcdefgh", "/a/b:/c/d", "config.yml", ""]
)
def test_a_path_is_no_content(path: str) -> None:
    """Some of them could be base64 of something."""
    assert not is_content(path)

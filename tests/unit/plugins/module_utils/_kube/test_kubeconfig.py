# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kubeconfig by the rules of kubectl, and no word of it in an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.config import load
from ansible_collections.ackops.eci.plugins.module_utils._kube.connection import Connection
from ansible_collections.ackops.eci.plugins.module_utils._kube.kubeconfig import ActAs, act_as, read

SECRET = "s3cret-of-the-user"


def document(name: str = "c", **parts: Any) -> dict[str, Any]:
    """A kubeconfig with one cluster, user and context of that name; ``user``, ``cluster`` and more as given."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443", **parts.pop("cluster", {})}}],
        "users": [{"name": name, "user": parts.pop("user", {"token": SECRET})}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        **parts,
    }


def written(path: Path, content: object) -> str:
    """A file with that content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_of_several_files_the_first_to_name_something_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for kubectl, its current context among it; a file that is missing says nothing."""
    one, other = document("one"), document("other")
    other["users"].append({"name": "one", "user": {"token": "another"}})
    paths = [
        written(tmp_path / "1", one),
        str(tmp_path / "missing"),
        written(tmp_path / "2", other),
        written(tmp_path / "3", ""),
    ]
    monkeypatch.setenv("KUBECONFIG", ":".join(paths))
    chosen = read(None, None)
    assert chosen is not None
    assert (chosen.context, chosen.cluster["server"], chosen.user) == ("one", "https://one:6443", {"token": SECRET})
    assert load(Connection()).host == "https://one:6443"
    second = read(None, "other")
    assert second is not None
    assert second.cluster["server"] == "https://other:6443"


def test_files_lie_beside_the_kubeconfig(tmp_path: Path) -> None:
    """As does a program that is given by a path; one without is looked for in PATH."""
    user = {"client-certificate": "c.pem", "client-key": "/k.pem", "tokenFile": "t", "exec": {"command": "./bin/x"}}
    path = written(tmp_path / "d" / "config", document(user=user, cluster={"certificate-authority": "ca.pem"}))
    chosen = read(path, None)
    assert chosen is not None
    where = tmp_path / "d"
    assert chosen.cluster["certificate-authority"] == str(where / "ca.pem")
    assert chosen.user == {
        "client-certificate": str(where / "c.pem"),
        "client-key": "/k.pem",
        "tokenFile": str(where / "t"),
        "exec": {"command": f"{where}/./bin/x"},
    }
    plain = read(document(user={"exec": {"command": "aliyun"}}), None)
    assert plain is not None
    assert plain.user["exec"]["command"] == "aliyun"


@pytest.mark.parametrize(
    ("content", "context", "said"),
    [
        (f"users: [{{name: c, user: {{token: {SECRET}", None, "is not YAML, line 2"),
        (f"token: {SECRET}\n\tx", None, "is not YAML, line 2"),
        (f"\x00{SECRET}", None, "is not YAML"),
        ("[" * 5000, None, "is not YAML"),
        ("", None, "it is empty, or not a kubeconfig"),
        (SECRET, None, "it is empty, or not a kubeconfig"),
        ([SECRET], None, "it is empty, or not a kubeconfig"),
        ({"users": {"name": SECRET}}, None, "users is not a list"),
        ({"users": [{"user": {"token": SECRET}}]}, None, "users[0] has no name"),
        ({"users": [SECRET]}, None, "users[0] has no name"),
        ({"users": [{"name": "c", "user": SECRET}]}, None, "users[0].user is not a dictionary"),
        (document(**{"current-context": ""}), None, "it has no current context"),
        (document(), "prod", "has no context 'prod'. Give one of its contexts: 'c'."),
        (document(clusters=[]), None, "it has no cluster for the context 'c'"),
        (
            document(user={"auth-provider": {"name": "other", "config": {"id-token": SECRET}}}),
            None,
            "has the auth-provider 'other'",
        ),
        (document(user={"token": SECRET, "client-certificate-data": SECRET}), None, "could not be used"),
        (document(user={"username": 7, "password": SECRET}), None, "could not be used: TypeError"),
        (document(user={"tokenFile": "/nowhere", "token": SECRET}), None, "No such file"),
        (document(user={"exec": {"args": [SECRET]}}), None, "credentials could not be loaded"),
        (
            document(
                user={"exec": {"apiVersion": "v1", "command": "/bin/sh", "args": ["-c", "echo $0 >&2; exit 3", SECRET]}}
            ),
            None,
            "process returned 3",
        ),
    ],
)
def test_what_is_wrong_is_said_without_a_word_of_it(
    tmp_path: Path, content: object, context: str | None, said: str
) -> None:
    """Path and place are named; tokens, keys, arguments and environments of plugins are not."""
    path = written(tmp_path / "config", content)
    for kubeconfig in (path, content) if isinstance(content, dict) else (path,):
        with pytest.raises(ConnectionFailed) as caught:
            load(Connection(kubeconfig=kubeconfig, context=context))
        assert said in str(caught.value)
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("user", "who"),
    [
        ({}, None),
        ({"as": ""}, None),
        ({"as": "viewer"}, ActAs("viewer")),
        (
            {"as": "viewer", "as-uid": "7", "as-groups": ["dev", "ops"], "as-user-extra": {"Scope/x%": ["a", "b"]}},
            ActAs("viewer", "7", ("dev", "ops"), (("Scope/x%", ("a", "b")),)),
        ),
    ],
)
def test_whom_a_user_acts_as(user: dict[str, Any], who: ActAs | None) -> None:
    """The package knows nothing of it, so that the request carries it from here."""
    assert act_as(user) == who


@pytest.mark.parametrize(
    "user",
    [{"as-groups": ["dev"]}, {"as-uid": "7"}, {"as-user-extra": {"a": ["b"]}}, {"as": 7}, {"as": ["x"]},
     {"as": "x", "as-groups": "dev"}, {"as": "x", "as-groups": [7]}, {"as": "x", "as-user-extra": {"a": "b"}}, {"as": "x", "as-uid": 7}],
)  # fmt: skip
def test_whom_to_act_as_must_be_said_whole(user: dict[str, Any]) -> None:
    """Or the request would be made as the user itself, who may be stronger."""
    with pytest.raises(ConnectionFailed, match=r"^The kubeconfig's user (says whom to act as|has as-uid)"):
        load(Connection(kubeconfig=document(user={"token": SECRET, **user})))


def test_the_headers_of_impersonation() -> None:
    """As client-go writes them; the options stand above the kubeconfig."""
    user = {
        "token": SECRET,
        "as": "viewer",
        "as-uid": "7",
        "as-groups": ["dev", "ops"],
        "as-user-extra": {"Scope/x%": ["a", "b"]},
    }
    headers = load(Connection(kubeconfig=document(user=user))).headers()
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert [headers["Impersonate-User"], headers["Impersonate-Uid"]] == ["viewer", "7"]
    assert headers.getlist("Impersonate-Group") == ["dev", "ops"]
    assert headers.getlist("Impersonate-Extra-scope%2Fx%25") == ["a", "b"]
    option = Connection(kubeconfig=document(user=user), impersonate_user="jane", impersonate_groups=("qa",))
    headers = load(option).headers()
    assert (headers["Impersonate-User"], headers.getlist("Impersonate-Group")) == ("jane", ["qa"])
    assert "Impersonate-Uid" not in headers


def test_a_proxy_and_a_server_name_of_the_kubeconfig() -> None:
    """Whether the package takes them, or does not know them yet; the option stands above."""
    cluster = {"proxy-url": "http://me:hidden@proxy:3128", "tls-server-name": "api.example.org"}
    login = load(Connection(kubeconfig=document(cluster=cluster)))
    assert login.pool.proxy.host == "proxy"
    assert login.pool.connection_pool_kw["server_hostname"] == "api.example.org"
    assert load(Connection(kubeconfig=document(cluster=cluster), proxy="http://other:1")).pool.proxy.host == "other"
    with pytest.raises(ConnectionFailed, match=r"^The proxy has the scheme 'ftp', which cannot be used"):
        load(Connection(kubeconfig=document(cluster={"proxy-url": "ftp://me:hidden@proxy"})))


def test_the_token_of_a_file_counts_before_one_that_is_written_down(tmp_path: Path) -> None:
    """As for kubectl: it is renewed in the file."""
    path = written(tmp_path / "token", "renewed\n")
    login = load(Connection(kubeconfig=document(user={"token": "stale", "tokenFile": path})))
    assert login.headers()["Authorization"] == "Bearer renewed"


def test_without_a_kubeconfig_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only then is the pod's own account looked for; one that was named and is missing is an error."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read(None, None) is None
    with pytest.raises(ConnectionFailed, match=r"could not be used: No such file or directory\. Give kubeconfig"):
        load(Connection())
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "gone"))
    for given, context in ((None, None), (None, "c"), (str(tmp_path / "nowhere"), None)):
        with pytest.raises(ConnectionFailed, match="No such file or directory"):
            read(given, context)

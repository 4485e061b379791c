# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of kubeconfig contexts: its pure part, and the plugin as ansible-inventory and a playbook see it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.plugin_utils._contexts import Filter, contexts_of, host_name, named_hosts
from tests.dev.paths import REPO

SECRET = "s3cr3t-token-4711"
ALL = Filter.of([], [])


def kubeconfig(*names: str, server: str = "https://10.0.0.1:6443", **user: object) -> dict[str, Any]:
    """A kubeconfig with one context, cluster and user for each name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": names[0] if names else "",
        "clusters": [{"name": f"c-{name}", "cluster": {"server": server}} for name in names],
        "users": [{"name": f"u-{name}", "user": user or {"token": SECRET}} for name in names],
        "contexts": [{"name": n, "context": {"cluster": f"c-{n}", "user": f"u-{n}"}} for n in names],
    }


def write(path: Path, document: object) -> Path:
    """Write YAML."""
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def ansible(tmp_path: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program of Ansible with settings of our own."""
    kept = {key: text for key, text in os.environ.items() if not key.startswith(("K8S_AUTH_", "KUBE"))}
    settings = {"ANSIBLE_CONFIG": str(REPO / "tests" / "ansible.cfg"), "HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**kept, **settings, **environ}
    )


def source(tmp_path: Path, **options: object) -> Path:
    """An inventory source of the plugin."""
    return write(tmp_path / "fleet.kubeconfig.yml", {"plugin": "ackops.eci.kubeconfig", **options})


def listed(tmp_path: Path, /, *arguments: str, **options: object) -> tuple[dict[str, Any], str]:
    """What ansible-inventory lists, and all that it prints."""
    done = ansible(tmp_path, "ansible-inventory", "-i", str(source(tmp_path, **options)), "--list", *arguments)
    assert done.returncode == 0, done.stderr
    # Text that must not be templated bears a mark in the list.
    plain = json.loads(done.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found))
    return plain, done.stdout + done.stderr


def failed(tmp_path: Path, /, **options: object) -> str:
    """The words in which ansible-inventory refuses."""
    environ = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    done = ansible(tmp_path, "ansible-inventory", "-i", str(source(tmp_path, **options)), "--list", **environ)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return " ".join(done.stderr.split())


def test_contexts_become_facts_without_secrets() -> None:
    """Names, the server without user and password, and the kind of login."""
    document = kubeconfig("prod", server="https://me:hidden@10.0.0.1:6443", exec={"command": "aliyun"})
    (found,) = contexts_of(document, "/k/a.yml", ALL)
    assert (found.name, found.cluster, found.user) == ("prod", "c-prod", "u-prod")
    assert (found.server, found.namespace, found.login, found.current) == (
        "https://10.0.0.1:6443", "default", "exec", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("include", "exclude", "kept"),
    [
        ([], [], ["prod-a", "prod-b", "test-a"]),
        (["prod-*"], [], ["prod-a", "prod-b"]),
        (["~a$"], ["test*"], ["prod-a"]),
        (["PROD-*"], [], []),
        (["~^prod", "test-a"], ["~b"], ["prod-a", "test-a"]),
    ],
)
def test_filters(include: list[str], exclude: list[str], kept: list[str]) -> None:
    """Globs fit the whole name, regular expressions any part of it; exclude wins."""
    found = contexts_of(kubeconfig("prod-a", "prod-b", "test-a"), "f", Filter.of(include, exclude))
    assert [context.name for context in found] == kept


def test_a_broken_context_matters_only_where_it_is_wanted() -> None:
    """A dangling reference is an error that names file, context and remedy; a context that is left out may be broken."""
    document = kubeconfig("good", "bad")
    document["clusters"].pop()
    with pytest.raises(EciError, match=r"f: the context 'bad' refers to the cluster 'c-bad'.*exclude"):
        contexts_of(document, "f", ALL)
    assert len(contexts_of(document, "f", Filter.of([], ["bad"]))) == 1
    document = kubeconfig("good")
    document["users"] = None
    with pytest.raises(EciError, match="refers to the user 'u-good'"):
        contexts_of(document, "f", ALL)


@pytest.mark.parametrize("document", [None, [], "text", {}, {"contexts": {}}, {"contexts": [{"name": 1.3}]},
                                      {"contexts": ["a"]}, {"contexts": [{"name": "a", "context": "b"}]}])  # fmt: skip
def test_what_is_no_kubeconfig_is_refused(document: object) -> None:
    """Whatever its shape, one clear error."""
    with pytest.raises(EciError, match=r"not a kubeconfig|not a valid entry of a kubeconfig"):
        contexts_of(document, "f", ALL)


@pytest.mark.parametrize("name", ["{{ 7*7 }}", "a/../b", "a:b", "!x", "[1:9]", "ä", "a b", "~x", "a,b&c*", "\n"])
def test_host_names_are_harmless(name: str) -> None:
    """No template, path or host pattern is left of a name."""
    (context,) = contexts_of(kubeconfig(name), "/k/{{ x }}.yml", ALL)
    assert not set(host_name(context, with_file=True)) & set("{}/:!&,*[]~% \nä")


def test_two_contexts_are_never_one_host() -> None:
    """Neither by name nor by what is left of it; the file's name tells them apart."""
    one, two = (contexts_of(kubeconfig("same"), file, ALL)[0] for file in ("/k/a.yml", "/k/b.yml"))
    with pytest.raises(EciError, match="prefix_with_file"):
        named_hosts([one, two], with_file=False)
    assert list(named_hosts([one, two], with_file=True)) == ["a_same", "b_same"]
    with pytest.raises(EciError, match="would both become the host a_b"):
        named_hosts(contexts_of(kubeconfig("a/b", "a b"), "f", ALL), with_file=False)


def test_ansible_inventory_lists_hosts_variables_and_groups(tmp_path: Path) -> None:
    """Constructed variables and groups, relative globs; the secret is nowhere."""
    write(tmp_path / "a.conf", kubeconfig("prod-hangzhou", "test"))
    write(tmp_path / "b.conf", kubeconfig("prod-beijing", exec={"command": "x"}))
    found, text = listed(
        tmp_path,
        kubeconfigs=["*.conf"],
        exclude=["test"],
        strict=True,
        compose={"eci_preflight_target_version": "'1.28' if kubeconfig_login == 'exec' else '1.26'"},
        keyed_groups=[{"key": "kubeconfig_context | regex_replace('^.*-', '')", "prefix": "region"}],
        groups={"tokens": "kubeconfig_login == 'token'"},
    )
    hosts = found["_meta"]["hostvars"]
    assert set(hosts) == {"prod-hangzhou", "prod-beijing"}
    assert found["region_hangzhou"]["hosts"] == found["tokens"]["hosts"] == ["prod-hangzhou"]
    assert hosts["prod-beijing"]["eci_preflight_target_version"] == "1.28"
    assert hosts["prod-beijing"]["eci_preflight_kubeconfig"] == str(tmp_path / "b.conf")
    assert hosts["prod-beijing"]["eci_preflight_context"] == "prod-beijing"
    assert hosts["prod-beijing"]["ansible_connection"] == "local"
    assert hosts["prod-beijing"]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
    assert SECRET not in text


def test_names_from_the_file_are_never_templates(tmp_path: Path) -> None:
    """Not as a variable, not composed of one; the Python that we name is one."""
    evil = "{{ lookup('pipe', 'touch pwned') }}"
    write(tmp_path / "a.conf", kubeconfig(evil))
    path = source(tmp_path, kubeconfigs=["a.conf"], compose={"copied": "kubeconfig_cluster"})
    show = "{{ eci_preflight_context }} {{ copied }} {{ hostvars[inventory_hostname].kubeconfig_user }}"
    tasks = [{"ansible.builtin.debug": {"msg": show}}, {"ansible.builtin.command": "true"}]
    play = write(tmp_path / "play.yml", [{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    done = ansible(tmp_path, "ansible-playbook", "-i", str(path), str(play), "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lookup('pipe'" in done.stdout
    assert not (tmp_path / "pwned").exists()


def test_without_kubeconfigs_it_looks_where_kubectl_does(tmp_path: Path) -> None:
    """KUBECONFIG, of which a file may be missing, then ~/.kube/config."""
    (tmp_path / ".kube").mkdir()
    write(tmp_path / ".kube" / "config", kubeconfig("home"))
    assert set(listed(tmp_path)[0]["_meta"]["hostvars"]) == {"home"}
    write(tmp_path / "a.conf", kubeconfig("named"))
    environ = {"KUBECONFIG": f"{tmp_path / 'missing'}:{tmp_path / 'a.conf'}"}
    done = ansible(tmp_path, "ansible-inventory", "-i", str(source(tmp_path)), "--list", **environ)
    assert set(json.loads(done.stdout)["_meta"]["hostvars"]) == {"named"}


def test_bad_sources_give_clear_errors(tmp_path: Path) -> None:
    """A missing file, no YAML, no kubeconfig, a bad pattern, the same name twice."""
    assert "'nowhere.conf' matches no file" in failed(tmp_path, kubeconfigs=["nowhere.conf"])
    (tmp_path / "bad.conf").write_text(f"a: [{SECRET}\nb: }}", encoding="utf-8")
    assert "bad.conf is not YAML in line 2" in failed(tmp_path, kubeconfigs=["bad.conf"])
    write(tmp_path / "other.conf", {"kind": "Deployment"})
    assert "other.conf is not a kubeconfig" in failed(tmp_path, kubeconfigs=["other.conf"])
    for name in ("a.conf", "b.conf"):
        write(tmp_path / name, kubeconfig("same"))
    assert "is not a regular expression" in failed(tmp_path, kubeconfigs=["a.conf"], include=["~("])
    assert "would both become the host same" in failed(tmp_path, kubeconfigs=["a.conf", "b.conf"])
    assert "kubeconfigs" in failed(tmp_path, kubeconfigs={"not": "a list"})

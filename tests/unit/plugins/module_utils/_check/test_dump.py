# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps in every form in which people have them: read alike, and never taken for the whole cluster where they may not be."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._check.dump import read_dump, scan_dump
from ansible_collections.ackops.eci.plugins.module_utils._check.scan import Scope, scan_manifests
from ansible_collections.ackops.eci.plugins.module_utils._check.yaml_documents import NotYaml, yaml_documents
from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError, InvalidInput
from tests.unit.support.builders import QUICK, pod_manifest
from tests.unit.support.model_lists import node_manifest

SCOPE = Scope()
SYSTEM = pod_manifest("coredns", namespace="kube-system", node="cn-beijing.10.0.0.1", version=None, instance=None)
NEW: dict[str, Any] = {"version": None, "instance": None, "phase": "Pending"}
ENTRIES = [
    node_manifest("custom", label=True),
    node_manifest("cn-beijing.10.0.0.1", machine=True),
    SYSTEM,
    pod_manifest("old", version="1.0.0"),
    pod_manifest("\u00fcml", version="1.1.0", annotations={"note": "Warning: not one\nError from server"}),
    pod_manifest("new", node="custom", **NEW),
]
WHOLE = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": ENTRIES}
JSON = json.dumps(WHOLE, indent=4, ensure_ascii=False)
YAML = yaml.safe_dump(WHOLE, allow_unicode=True)
PODS = [{"apiVersion": "v1", **entry} for entry in ENTRIES if entry["kind"] == "Pod"]
NODES = [{"apiVersion": "v1", **entry} for entry in ENTRIES if entry["kind"] == "Node"]
POD_LIST = {
    "apiVersion": "v1",
    "kind": "PodList",
    "metadata": {"resourceVersion": "7"},
    "items": [{key: part for key, part in pod.items() if key not in ("kind", "apiVersion")} for pod in PODS],
}
NODE_LIST = {"apiVersion": "v1", "kind": "NodeList", "metadata": {}, "items": NODES}
OTHERS = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}],
}
POWERSHELL = (
    "kubectl.exe : Warning: v1 ComponentStatus is deprecated\nAt line:1 char:1\n+ kubectl.exe get pods\n+ ~~~~\n\n"
)


def in_file(content: bytes | str, name: str = "pods.json") -> Callable[[Path], list[str]]:
    """A dump in one file."""

    def write(directory: Path) -> list[str]:
        data = content if isinstance(content, bytes) else content.encode()
        (directory / name).write_bytes(data)
        return [str(directory / name)]

    return write


def in_files(**contents: object) -> Callable[[Path], list[str]]:
    """A dump in several files, each given by itself."""

    def write(directory: Path) -> list[str]:
        for name, content in contents.items():
            (directory / name).write_text(json.dumps(content), encoding="utf-8")
        return [str(directory / name) for name in contents]

    return write


def in_tree(directory: Path) -> list[str]:
    """The tree of must-gather: pods by namespace, nodes one by one, logs and other things between them."""
    root = directory / "must-gather" / "quay-io-image"
    files: dict[str, object] = {
        f"cluster-scoped-resources/core/nodes/{node['metadata']['name']}.yaml": node for node in NODES
    }
    for namespace in ("kube-system", "web"):
        mine = [pod for pod in PODS if pod["metadata"]["namespace"] == namespace]
        files[f"namespaces/{namespace}/core/pods.yaml"] = {**POD_LIST, "items": mine}
        files[f"namespaces/{namespace}/pods/x/{mine[0]['metadata']['name']}.yaml"] = mine[0]
    files["namespaces/web/core/services.yaml"] = OTHERS
    files["namespaces/web/some.json"] = ["a", 1, {"items": [{}]}]
    files["namespaces/web/apps.json"] = {"apiVersion": "management.cattle.io/v3", "kind": "Node", "metadata": None}
    files["some.yaml"] = "a text"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    (root / "namespaces/web/pods/x/log.txt").write_text("{ not JSON", encoding="utf-8")
    (root / "namespaces/again").symlink_to(root, target_is_directory=True)
    return [str(directory / "must-gather")]


FORMS: dict[str, Callable[[Path], list[str]]] = {
    "json": in_file(JSON),
    "yaml": in_file(YAML, "pods.yaml"),
    "yaml, named json": in_file(YAML, "pods.json"),
    "no ending": in_file(JSON, "dump"),
    "json.gz": in_file(gzip.compress(JSON.encode()), "pods.json.gz"),
    "yaml.gz in two members": in_file(
        gzip.compress(YAML[:99].encode()) + gzip.compress(YAML[99:].encode()), "pods.yaml.gz"
    ),
    "UTF-8 with BOM": in_file(codecs.BOM_UTF8 + JSON.encode()),
    "UTF-16 of PowerShell": in_file(codecs.BOM_UTF16_LE + JSON.replace("\n", "\r\n").encode("utf-16-le")),
    "UTF-16 in YAML": in_file(codecs.BOM_UTF16_LE + YAML.replace("\n", "\r\n").encode("utf-16-le")),
    "UTF-16, big end first, gzip": in_file(gzip.compress(JSON.encode("utf-16"))),
    "UTF-16 without BOM": in_file(JSON.encode("utf-16-le")),
    "Warning before JSON": in_file("Warning: use policy/v1\n" + JSON),
    "Warning before YAML": in_file("Warning: use policy/v1\nW0326 02:00:00.1 1 warnings.go:70] old\n" + YAML),
    "Warning after JSON": in_file(JSON + "\nWarning: use policy/v1\n"),
    "Warning after YAML": in_file(YAML + "Warning: use policy/v1\n"),
    "what PowerShell makes of a warning": in_file(codecs.BOM_UTF16_LE + (POWERSHELL + JSON).encode("utf-16-le")),
    "PodList and NodeList": in_files(pods=POD_LIST, nodes=NODE_LIST),
    "an array": in_file(json.dumps(ENTRIES)),
    "an array of lists": in_file(json.dumps([POD_LIST, NODE_LIST])),
    "objects one after another": in_file("\n".join(json.dumps(one) for one in ENTRIES)),
    "documents": in_file("---\n" + yaml.safe_dump_all([*ENTRIES, None]), "pods.yml"),
    "a comment before": in_file("# made on Monday\n" + YAML),
    "single pods": in_files(**{f"pod{number}": one for number, one in enumerate([*NODES, *PODS])}),
    "everything, with a file given twice": lambda path: in_file(JSON)(path) * 2,
    "other kinds beside": in_file(json.dumps({**WHOLE, "items": [*OTHERS["items"], *ENTRIES]})),
    "must-gather": in_tree,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_alike(tmp_path: Path, form: str) -> None:
    """The same pods, in every field, and the same numbers as a scan of these pods; and nothing is in doubt."""
    scan = scan_dump(FORMS[form](tmp_path), SCOPE)
    slow = scan_manifests(ENTRIES, SCOPE)
    assert scan.doubts == ()
    assert scan.pods == slow.pods
    assert scan.facts() == slow.facts()
    assert [pod.key for pod in scan.pods] == ["web/new", "web/old", "web/\u00fcml"]
    assert scan.facts()["whole_cluster"] is True


def test_nodes_of_a_dump_count(tmp_path: Path) -> None:
    """Without them a pod that is just being created on a node of any name is not seen, and a hint says what to do."""
    with_nodes = scan_dump(in_file(JSON)(tmp_path), SCOPE)
    assert with_nodes.hints == ()
    assert "web/new" in [pod.key for pod in with_nodes.pods]
    without = scan_dump(in_files(pods=POD_LIST)(tmp_path), SCOPE)
    assert "web/new" not in [pod.key for pod in without.pods]
    assert "kubectl get nodes,pods -A -o json" in without.hints[0]


@pytest.mark.parametrize(
    "version",
    [
        {"clientVersion": {"gitVersion": "v1.30.0"}, "serverVersion": {"gitVersion": "v1.24.6-aliyun.1"}},
        {"major": "1", "minor": "24", "gitVersion": "v1.24.6-aliyun.1", "platform": "linux/amd64"},
    ],
)
def test_the_version_of_the_server_is_found(tmp_path: Path, version: dict[str, Any]) -> None:
    """Where somebody saved it beside the pods."""
    scan = scan_dump(in_files(pods=WHOLE, version=version)(tmp_path), SCOPE)
    assert scan.version == "v1.24.6-aliyun.1"
    assert scan.doubts == ()


def moments() -> Callable[[Path], list[str]]:
    """The same pod in two dumps, recreated between them."""
    later = [pod_manifest("old", version="1.1.0", uid="another")]
    return in_files(first=WHOLE, second={**POD_LIST, "items": later})


def unreadable_tree(directory: Path) -> list[str]:
    """A whole list in a tree beside a file that was cut off."""
    (directory / "a.json").write_text(JSON, encoding="utf-8")
    (directory / "sub").mkdir()
    (directory / "sub" / "b.json").write_text(JSON[:-20], encoding="utf-8")
    return [str(directory)]


def two_namespaces() -> Callable[[Path], list[str]]:
    """Pods of two namespaces that somebody chose."""
    return in_file(json.dumps([*PODS[1:], pod_manifest("x", namespace="shop")]))


DOUBTFUL: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "no pods": (in_file('{"kind": "List", "items": []}'), "it holds no pod at all"),
    "nodes alone": (in_files(nodes=NODE_LIST), "it holds no pod at all"),
    "an empty array": (in_file("[]"), "it holds no pod at all"),
    "one namespace": (in_file(json.dumps(PODS[1:])), "all its pods are of one namespace, web: it was made without -A"),
    "a single pod": (in_file(json.dumps(SYSTEM)), "all its pods are of one namespace, kube-system"),
    "chosen namespaces": (two_namespaces(), "it holds no pod of kube-system"),
    "the first page": (
        in_file(json.dumps({**WHOLE, "metadata": {"continue": "abc", "remainingItemCount": 7}})),
        "holds only the first page of a longer list",
    ),
    "a page of a known rest": (
        in_file(json.dumps({**WHOLE, "metadata": {"remainingItemCount": 7}})),
        "only the first page",
    ),
    "a page in YAML": (in_file(YAML.replace("resourceVersion: ''", "continue: abc")), "only the first page"),
    "an error after": (
        in_file(JSON + "\nError from server (Forbidden): nodes is forbidden\n"),
        "an error of kubectl: Error from server (Forbidden): nodes is forbidden",
    ),
    "an error before": (in_file("Error from server (Forbidden): no\n" + JSON), "an error of kubectl"),
    "an error in YAML": (in_file(YAML + "Error from server (Forbidden): no\n"), "an error of kubectl"),
    "two moments": (moments(), "the pod web/old is in it twice and differs"),
    "a file of a tree": (unreadable_tree, "sub/b.json is cut off: it ends in the middle of the JSON"),
}


@pytest.mark.parametrize("form", DOUBTFUL)
def test_a_dump_that_may_be_short_is_in_doubt(tmp_path: Path, form: str) -> None:
    """It is read, and says why it is no proof."""
    write, said = DOUBTFUL[form]
    scan = scan_dump(write(tmp_path), SCOPE)
    assert said in "\n".join(scan.doubts)
    assert scan.facts()["whole_cluster"] is False
    assert scan.facts()["not_proved"] == list(scan.doubts)


def test_answers_of_the_server_and_broken_pods_in_a_tree_are_in_doubt(tmp_path: Path) -> None:
    """A tree is read as far as it goes; ten doubts are named, the rest counted."""
    (tmp_path / "a.json").write_text(JSON, encoding="utf-8")
    status = {"apiVersion": "v1", "kind": "Status", "message": "pods is forbidden"}
    (tmp_path / "b.json").write_text(json.dumps(status), encoding="utf-8")
    for number in range(12):
        (tmp_path / f"c{number:02}.yaml").write_text("kind: Pod\nmetadata: {name: a}\n", encoding="utf-8")
    doubts = read_dump([str(tmp_path)]).doubts
    assert doubts[0] == "b.json is not an object of the API: it is an answer of the API server: pods is forbidden"
    assert doubts[1] == "c00.yaml is not an object of the API: it has no namespace"
    assert doubts[-1] == "and 3 more of this kind"
    assert len(doubts) == 11


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "white": (b" \n", "is empty"),
    "an error alone": (b"Error from server (Forbidden): no\n", "holds nothing but an error: Error from server"),
    "cut off": (JSON.encode()[:-30], "is cut off: it ends in the middle of the JSON"),
    "cut off in a text": (b'{"items": [{"metadata": {"name": "ab', "is cut off"),
    "cut off gzip": (gzip.compress(JSON.encode())[:-20], "is a gzip file that is cut off"),
    "damaged gzip": (b"\x1f\x8b\x00\x00", "is a damaged gzip file"),
    "zip": (b"PK\x03\x04....", "is a zip archive: unpack it"),
    "tar": (b"\x00" * 257 + b"ustar\x0000", "is a tar archive: unpack it"),
    "not JSON": (b'{"items": [x]}', "is not JSON"),
    "not text": (b"{\xff}", r"is not text in UTF-8 \(byte 1\)"),
    "not YAML": (b"kind: [\n", "is neither JSON nor YAML"),
    "a table": (b"NAME READY\nweb 1/1\n", "is not an object of the API: it is 'NAME READY web 1/1'"),
    "more after": (JSON.encode() + b"oops", "has something else after the JSON: oops"),
    "null": (b"null", "is empty"),
    "a text": (b'"items"', "is not an object of the API"),
    "nothing": (b"{}", "it has no kind"),
    "no list": (b'{"kind": "PodList", "items": null}', "it is a list without items"),
    "odd metadata": (b'{"items": [], "metadata": ["x"]}', "it has metadata that is not an object"),
    "null in it": (b'{"items": [null]}', r"items\[0\]' is not an object of the API: it is None"),
    "text in it": (b'{"items": ["web"]}', r"items\[0\]' is not an object of the API: it is 'web'"),
    "nothing in it": (b'{"items": [{}]}', r"items\[0\]' .* it has no metadata with a name"),
    "no namespace": (b'{"kind": "Pod", "metadata": {"name": "a"}, "spec": {}}', "it has no namespace"),
    "no spec": (b'{"kind": "Pod", "metadata": {"name": "a", "namespace": "b"}}', "it has no spec; give whole objects"),
    "odd annotations": (
        b"kind: Pod\nmetadata: {name: a, namespace: b, annotations: {a: 1.0}}\nspec: {}\n",
        "its annotations are not texts by name; in YAML, put every value in quotes",
    ),
    "odd conditions": (
        b"kind: Pod\nmetadata: {name: a, namespace: b}\nspec: {}\nstatus: {conditions: [x]}\n",
        "conditions or taints are not lists of objects",
    ),
    "other kinds": (json.dumps(OTHERS).encode(), "holds neither pods nor nodes, but Service"),
    "another list": (b'{"kind": "DeploymentList", "apiVersion": "apps/v1", "items": []}', "but DeploymentList"),
    "metadata only": (
        b'{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "items": []}',
        "but PartialObjectMetadataList",
    ),
    "refusal": (b'{"kind": "Status", "apiVersion": "v1", "message": "pods is forbidden"}', "pods is forbidden"),
}  # fmt: skip


@pytest.mark.parametrize("form", REFUSED)
def test_a_file_that_is_no_dump_is_refused(tmp_path: Path, form: str) -> None:
    """Read as an empty cluster it would be a false answer; the error names the option, the file and the remedy."""
    content, said = REFUSED[form]
    with pytest.raises(InvalidInput, match=said) as caught:
        scan_dump(in_file(content)(tmp_path), SCOPE)
    assert str(caught.value).startswith("src: '")
    assert "pods.json" in caught.value.message
    assert "kubectl get nodes,pods -A -o json" in caught.value.remedy


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the reason of the system; a directory without any such file is one of them."""
    with pytest.raises(InvalidInput, match=r"^src: .*missing\.json' cannot be read: No such file"):
        read_dump([str(tmp_path / "missing.json")])
    with pytest.raises(InvalidInput, match=r"is a directory without any file that ends in \.json, \.yaml, \.yml"):
        read_dump([str(tmp_path)])
    with pytest.raises(InvalidInput, match="names no file"):
        read_dump([])


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    """It must not end in a traceback."""
    for content in ("[" * 100_000, "a: " + "[" * 5_000):
        with pytest.raises(EciError):
            read_dump(in_file(content)(tmp_path))


def test_aliases_of_yaml_do_not_multiply(tmp_path: Path) -> None:
    """A list that names another ten times, which names another ten times, and so on; and one that names itself."""
    lines = ["- &l0 {kind: List, items: []}"]
    lines += [f"- &l{n} {{kind: List, items: [{', '.join([f'*l{n - 1}'] * 10)}]}}" for n in range(1, 30)]
    assert read_dump(in_file("\n".join(lines), "a.yaml")(tmp_path)).lists <= 32
    with pytest.raises(InvalidInput, match=r"the alias \*a names nothing that is complete in line 1"):
        read_dump(in_file("kind: &a [*a]", "b.yaml")(tmp_path))


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@QUICK
@given(st.lists(plain_values, max_size=3), st.booleans())
def test_yaml_is_read_as_its_own_library_reads_it(values: list[object], flow: bool) -> None:
    """Built from events it is the same as built by PyYAML's own constructor."""
    text = yaml.safe_dump_all(values, default_flow_style=flow, allow_unicode=True)
    assert yaml_documents(text) == [value for value in yaml.safe_load_all(text) if value is not None]


def test_values_of_yaml() -> None:
    """Kinds of scalars, tags and aliases; what is no plain value is refused."""
    text = "a: &x [1, 0x1f, 1.5, true, ~, 'true', !!str 7, 2026-01-01]\nb: *x\n2: |\n  two\n"
    listed = [1, 31, 1.5, True, None, "true", "7", "2026-01-01"]
    assert yaml_documents(text) == [{"a": listed, "b": listed, 2: "two\n"}]
    for text, said in {
        "a: !!python/name:os.system x": "could not determine a constructor",
        "? [a]\n: b": "a key is no text",
    }.items():
        with pytest.raises(NotYaml, match=f"{said}.* in line 1"):
            yaml_documents(text)


def test_dates_in_yaml_stay_text(tmp_path: Path) -> None:
    """Other tools than kubectl write them without quotes, and a date cannot be handed on as JSON."""
    text = YAML.replace("name: coredns", "name: coredns\n    creationTimestamp: 2026-03-26T02:00:00Z")
    dump = read_dump(in_file(text)(tmp_path))
    assert dump.pods["kube-system", "coredns"]["metadata"]["creationTimestamp"] == "2026-03-26T02:00:00Z"


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["kind", "apiVersion", "items", "metadata", "spec", "status", "name", "namespace", "annotations"]
            ),
            inner | st.sampled_from(["Pod", "PodList", "List", "Node", "v1", "a"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@QUICK
@given(documents, st.booleans())
def test_any_document_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, document: object, tree: bool
) -> None:
    """Never a traceback; and what was taken can be scanned."""
    directory = tmp_path_factory.mktemp("dump")
    paths = in_file(json.dumps(document))(directory)
    try:
        scan = scan_dump([str(directory)] if tree else paths, SCOPE)
    except InvalidInput:
        return
    # A text of so few values is not a whole cluster.
    assert scan.doubts

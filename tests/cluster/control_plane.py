# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, on ports and in a directory of its own."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any

import urllib3
import yaml

from tests.cluster import binaries
from tests.cluster.api import Api, ApiError
from tests.cluster.certificates import ISSUER, Authority, TokenSigner, write_private
from tests.cluster.errors import ClusterError
from tests.cluster.nodes import node_manifest
from tests.cluster.processes import Process, Reaper, claim_ports
from tests.cluster.workloads import wait_for

STAGES = Path(__file__).resolve().parent / "stages" / "stages.kwok"
VIRTUAL_NODES = {"virtual-kubelet-cn-hangzhou-h": "cn-hangzhou-h", "virtual-kubelet-cn-hangzhou-i": "cn-hangzhou-i"}
REAL_NODE = "cn-hangzhou.10.0.0.11"


class ControlPlane:
    """A running cluster. Use it in a ``with``, or call :meth:`stop`; if the owner dies, it is cleared away too."""

    def __init__(self, version: str, directory: Path | None, name: str) -> None:
        self.name = name
        self.version = binaries.KUBERNETES.get(version, version)
        self._own_directory = directory is None
        self.directory = directory or Path(tempfile.gettempdir(), f"ackops-{name}-{secrets.token_hex(4)}")
        self._processes: list[Process] = []
        self._reaper = Reaper()
        if self._own_directory:
            self._reaper.tell(f"dir {self.directory}")
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=not self._own_directory)
        self._claim, ports = claim_ports(5)
        self.etcd_port, self._peer_port, port, *self._other_ports = ports
        self.server = f"https://127.0.0.1:{port}"
        self._authority = Authority(self.directory / "pki")
        self._signer = TokenSigner(self.directory / "pki")
        self.ca_file = self._authority.certificate_file
        self.kubeconfig = self.write_kubeconfig(
            self.directory / "admin.kubeconfig", user="admin", groups=["system:masters"]
        )
        self.api = Api(self.server, self.ca_file, self.directory / "admin.crt", self.directory / "admin.key")

    @classmethod
    def start(cls, version: str = "1.24", directory: Path | None = None, name: str = "test") -> ControlPlane:
        """Build what is missing, start everything, and return when the nodes are Ready."""
        binaries.build_all([version])
        cluster = cls(version, directory, name)
        try:
            cluster._start()
        except BaseException:
            cluster.stop()
            raise
        return cluster

    @property
    def pids(self) -> dict[str, int]:
        """The processes of the cluster, and the one that clears up after them."""
        running = {process.name: process.pid for process in self._processes if process.running}
        return {**running, "reaper": self._reaper.pid}

    @property
    def minor(self) -> str:
        """``1.24``."""
        return self.version.rpartition(".")[0]

    # -- credentials ---------------------------------------------------------------------------------------------

    def write_kubeconfig(
        self,
        path: Path,
        *,
        token: str | None = None,
        user: str | None = None,
        groups: Sequence[str] = (),
        server: str | None = None,
    ) -> Path:
        """A kubeconfig with one context of the user's name: with a token, or with a client certificate."""
        who = user or "token"
        login: dict[str, Any] = {"token": token}
        if token is None:
            certificate, key = self._authority.client(who, groups)
            files = self.directory / f"{who}.crt", self.directory / f"{who}.key"
            write_private(files[0], certificate)
            write_private(files[1], key)
            login = {"client-certificate": str(files[0]), "client-key": str(files[1])}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": who,
            "clusters": [
                {"name": "c", "cluster": {"server": server or self.server, "certificate-authority": str(self.ca_file)}}
            ],
            "users": [{"name": who, "user": login}],
            "contexts": [{"name": who, "context": {"cluster": "c", "user": who}}],
        }
        return write_private(path, yaml.safe_dump(document))

    def token(self, namespace: str, service_account: str, expires_in: float = 3600) -> str:
        """A token of a service account, which is made where it does not exist; negative seconds: expired already."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        try:
            account = self.api.request("GET", f"{path}/{service_account}")
        except ApiError:
            account = self.api.request("POST", path, {"metadata": {"name": service_account}})
        return self._signer.token(namespace, service_account, account["metadata"]["uid"], expires_in)

    # -- life ----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.etcd = self._process("etcd", self._etcd_command())
        self.etcd.start()
        self._control_plane()
        kwok = [str(binaries.binary("kwok", binaries.KWOK)), "--kubeconfig", str(self.kubeconfig), "--manage-all-nodes",
                "--config", str(STAGES), "--node-lease-duration-seconds", "40", "--server-address", ""]  # fmt: skip
        self.kwok = self._process("kwok", kwok)
        self.kwok.prepare = self._release_nodes
        self.kwok.launch()
        for node, zone in VIRTUAL_NODES.items():
            self.add_node(node, zone=zone)
        self.add_node(REAL_NODE, virtual=False)
        self.wait_ready_nodes()

    def _process(self, name: str, command: list[str]) -> Process:
        process = Process(name, command, self.directory, self._reaper)
        self._processes.append(process)
        return process

    def _etcd_command(self) -> list[str]:
        """It is alone and leads nobody: that it counts time more seldom halves what it computes at rest."""
        client, peer = (f"http://127.0.0.1:{port}" for port in (self.etcd_port, self._peer_port))
        return [str(binaries.binary("etcd", binaries.ETCD)), "--data-dir", str(self.directory / "etcd"),
                "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}", "--unsafe-no-fsync",
                "--heartbeat-interval", "500", "--election-timeout", "5000",
                "--log-level", "warn", "--quota-backend-bytes", "8589934592"]  # fmt: skip

    def _control_plane(self) -> None:
        """Start the three components of the current version on the etcd that runs."""
        program = str(binaries.kubernetes(self.version)[0])
        self.apiserver = self._process("kube-apiserver", [program, "kube-apiserver", *self._apiserver_flags()])
        self.apiserver.healthy = self._ready
        self.apiserver.start()
        common = ["--kubeconfig", str(self.kubeconfig), "--leader-elect=false", "--bind-address=127.0.0.1"]
        self.controller_manager = self._process(
            "kube-controller-manager",
            [program, "kube-controller-manager", *common, f"--secure-port={self._other_ports[0]}",
             "--use-service-account-credentials=false", "--kube-api-qps=300", "--kube-api-burst=600",
             "--service-account-private-key-file", str(self._signer.private_file),
             "--root-ca-file", str(self.ca_file), "--horizontal-pod-autoscaler-sync-period=1s",
             "--concurrent-deployment-syncs=20", "--concurrent-replicaset-syncs=20",
             "--controllers=*,-ttl,-nodeipam"],
        )  # fmt: skip
        self.controller_manager.launch()
        self.scheduler = self._process(
            "kube-scheduler",
            [program, "kube-scheduler", *common, f"--secure-port={self._other_ports[1]}", "--kube-api-qps=300",
             "--kube-api-burst=600"],
        )  # fmt: skip
        self.scheduler.launch()

    def _apiserver_flags(self) -> list[str]:
        pki = self.directory / "pki"
        certificate, key = self._authority.server()
        write_private(pki / "server.crt", certificate)
        write_private(pki / "server.key", key)
        return [
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1", f"--secure-port={self.server.rpartition(':')[2]}",
            f"--tls-cert-file={pki / 'server.crt'}", f"--tls-private-key-file={pki / 'server.key'}",
            f"--client-ca-file={self.ca_file}", "--authorization-mode=Node,RBAC",
            f"--service-account-issuer={ISSUER}", f"--service-account-key-file={self._signer.public_file}",
            f"--service-account-signing-key-file={self._signer.private_file}",
            "--service-cluster-ip-range=10.96.0.0/16", f"--cert-dir={pki}", "--endpoint-reconciler-type=none",
        ]  # fmt: skip

    def _ready(self) -> bool:
        with contextlib.suppress(ApiError, urllib3.exceptions.HTTPError):
            return self.api.request("GET", "/readyz").get("text") == "ok"
        return False

    def _release_nodes(self) -> None:
        """Take away the leases of the kwok before: a new one has another identity, and would wait until they expire."""
        path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        with contextlib.suppress(ApiError, urllib3.exceptions.HTTPError):
            self.api.request("DELETE", path)

    def add_node(self, name: str, *, virtual: bool = True, labelled: bool = True, zone: str = "cn-hangzhou-h") -> None:
        """Add a node; a virtual one without its label and taint must be told by its name (``virtual-...``, ``vk-...``)."""
        self.api.request("POST", "/api/v1/nodes", node_manifest(name, virtual=virtual, labelled=labelled, zone=zone))

    def wait_ready_nodes(self, seconds: float = 60.0) -> None:
        """Wait until every node is Ready and can be scheduled to; that is kwok's work, so that its log tells why not."""
        self.kwok.healthy = lambda: all(_usable(node) for node in self.api.list("/api/v1/nodes"))
        self.kwok.wait_healthy(seconds)

    def upgrade(self, version: str) -> None:
        """Stop scheduler, controller-manager and API server; start those of the other version on the same etcd."""
        binaries.build_all([version])
        for process in (self.scheduler, self.controller_manager, self.apiserver):
            process.stop()
        self.version = binaries.KUBERNETES.get(version, version)
        self._control_plane()
        self.kwok.stop()
        self.kwok.launch()

    def compact(self) -> None:
        """Let etcd forget all but the present, as the API server makes it do every five minutes: continue tokens expire.

        From 1.34 on the server also answers from its cache, which looks every 15 seconds whether the past is to be forgotten.
        """
        before = self._etcd("maintenance/status", {})["header"]["revision"]
        key = {"key": _base64("compact_rev_key"), "value": _base64(str(int(before) + 1))}
        now = self._etcd("kv/put", key)["header"]["revision"]
        self._etcd("kv/compaction", {"revision": now, "physical": True})
        wait_for(lambda: not self._remembers(before), f"the moment {before} is forgotten")

    def _etcd(self, call: str, body: dict[str, Any]) -> Any:
        answer = urllib3.request("POST", f"http://127.0.0.1:{self.etcd_port}/v3/{call}", json=body)
        if answer.status != 200:
            message = f"etcd refused {call}: {answer.data[:200]!r}"
            raise ClusterError(message)
        return answer.json()

    def _remembers(self, version: str) -> bool:
        exact = {"limit": "1", "resourceVersion": version, "resourceVersionMatch": "Exact"}
        try:
            self.api.request("GET", "/api/v1/pods", query=exact)
        except ApiError as error:
            if error.status != HTTPStatus.GONE:
                raise
            return False
        return True

    def stop(self) -> None:
        """End every process and remove the directory."""
        self._reaper.finish()
        for process in self._processes:
            process.collect()
        self._claim.close()
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> ControlPlane:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and os.environ.get("ACKOPS_KEEP_LOGS"):
            shutil.copytree(self.directory, os.environ["ACKOPS_KEEP_LOGS"], dirs_exist_ok=True)
        self.stop()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _usable(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions") or ()
    taints = [taint["key"] for taint in node["spec"].get("taints") or ()]
    ready = any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
    return ready and "node.kubernetes.io/not-ready" not in taints

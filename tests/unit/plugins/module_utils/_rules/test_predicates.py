# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is an ECI pod, by which version is it judged, what has settled, why is it stuck."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._rules import predicates
from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import UNAVAILABLE
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import Node, pod_from_manifest
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, one_line, owner, pod, pod_manifest, state

PREFIXES = predicates.DEFAULT_NODE_PREFIXES
ACS = {"alibabacloud.com/acs": "true"}
ACS_ID = {"alibabacloud.com/instance-id": "acs-2ze1"}


def node(name: str, labels: dict[str, str] | None = None, taint: str = "", value: str = "") -> dict[str, Any]:
    """A node as the API shows it."""
    spec = {"taints": [{"key": "other", "value": "x"}, {"key": taint, "value": value}]} if taint else {}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


@pytest.mark.parametrize(
    ("manifest", "virtual"),
    [
        (node("virtual-kubelet"), True),
        (node("virtual-kubelet-cn-beijing-a"), True),
        (node("virtual-node-eci-0"), True),
        (node("custom", {"type": "virtual-kubelet"}), True),
        (node("custom", taint="virtual-kubelet.io/provider"), True),
        (node("custom", taint="virtual-kubelet.io/provider", value="alibabacloud"), True),
        (node("custom", {"type": "virtual-kubelet"}, "virtual-kubelet.io/provider", "azure"), False),
        (node("virtual-kubelet", taint="virtual-kubelet.io/provider", value="azure"), False),
        (node("custom", {"type": "gpu"}, taint="other"), False),
        (node("cn-beijing.10.0.0.1"), False),
        (node("my-virtual-kubelet"), False),
        ({}, False),
    ],
)
def test_virtual_nodes(manifest: dict[str, Any], virtual: bool) -> None:
    """By label, taint or the beginning of the name."""
    assert predicates.node_from_manifest(manifest, PREFIXES).virtual is virtual


def test_prefixes_of_ones_own_take_the_place_of_the_usual() -> None:
    """And no prefix at all means that names say nothing."""
    assert predicates.is_virtual("eci-7", {}, ["eci-"])
    assert not predicates.is_virtual("virtual-kubelet", {}, ["eci-"])
    assert not predicates.is_virtual("virtual-kubelet", {}, [])


@pytest.mark.parametrize("label", predicates.ZONE_LABELS)
def test_the_zone_of_a_node(label: str) -> None:
    """By today's label or yesterday's."""
    assert predicates.node_from_manifest(node("n", {label: "cn-beijing-a"}), PREFIXES).zone == "cn-beijing-a"


REPORTED = {
    "kernelVersion": "5.10.134",
    "containerRuntimeVersion": "containerd://1.6.28",
    "machineID": "m",
    "bootID": "b",
}


@pytest.mark.parametrize(
    ("provider_id", "reported", "machine"),
    [
        ("cn-hangzhou.i-bp1a2b3c", REPORTED, True),
        ("alicloud://cn-hangzhou.i-bp1a2b3c", REPORTED, True),
        ("cn-hangzhou.i-bp1a2b3c", {}, False),
        ("cn-hangzhou.i-bp1a2b3c", {**REPORTED, "kernelVersion": ""}, False),
        ("cn-hangzhou.i-bp1a2b3c", {**REPORTED, "containerRuntimeVersion": ""}, False),
        ("", REPORTED, False),
        ("us-east-1.virtual-node-eci-0", REPORTED, False),
        ("cn-hangzhou.i-bp1a2b3c/x", REPORTED, False),
    ],
)
def test_a_machine_is_an_ecs_instance(provider_id: str, reported: dict[str, str], machine: bool) -> None:
    """What is reported is no proof by itself: a virtual-kubelet may report as much."""
    manifest = {**node("n"), "spec": {"providerID": provider_id}, "status": {"nodeInfo": reported}}
    assert predicates.node_from_manifest(manifest, PREFIXES).machine is machine
    labelled = {**manifest, "metadata": {"name": "n", "labels": {"type": "virtual-kubelet"}}}
    assert not predicates.node_from_manifest(labelled, PREFIXES).machine


REAL = "cn-beijing.10.0.0.1"
KNOWN = {
    "custom": Node("custom", virtual=True),
    "machine": Node("machine", virtual=False, machine=True),
    "foreign": Node("foreign", virtual=False, foreign=True),
    "virtual-kubelet-azure": Node("virtual-kubelet-azure", virtual=False, foreign=True),
    REAL: Node(REAL, virtual=False),
}
NEW: dict[str, Any] = {"instance_id": None, "platform_version": None, "phase": "Pending"}
DAEMON = owner("DaemonSet", "logs")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "eci"),
        ({"node": REAL}, "eci"),
        ({"node": "machine"}, "other"),
        ({"node": "foreign"}, "eci"),
        ({"node": ""}, "unscheduled"),
        ({"instance_id": None}, "eci"),
        ({"instance_id": None, "node": "custom"}, "eci"),
        ({"instance_id": None, "node": "foreign"}, "other"),
        ({"instance_id": None, "node": "virtual-kubelet-azure"}, "other"),
        ({"instance_id": None, "node": "virtual-kubelet-of-a-node-that-is-gone"}, "eci"),
        ({"instance_id": None, "node": REAL}, "other"),
        ({"instance_id": None, "node": REAL, "platform_version": "1.0.0"}, "other"),
        ({"instance_id": None, "node": ""}, "unscheduled"),
        ({"instance_id": "", "node": ""}, "unscheduled"),
        ({"instance_id": None, "labels": ACS}, "acs"),
        ({"instance_id": None, "annotations": ACS_ID}, "acs"),
        ({"instance_id": None, "labels": ACS, "node": ""}, "acs"),
        ({"annotations": ACS_ID}, "eci"),
        ({"labels": ACS}, "eci"),
        ({"instance_id": None, "labels": {"alibabacloud.com/acs": "false"}}, "eci"),
        ({"instance_id": None, "annotations": {"alibabacloud.com/instance-id": "eci-2ze1"}}, "eci"),
        ({"instance_id": None, "node": "n", "labels": {"alibabacloud.com/eci": "true"}}, "other"),
        ({**NEW, "owner": DAEMON}, "other"),
        ({**NEW, "owner": DAEMON, "instance_id": "eci-1"}, "eci"),
        ({**NEW, "owner": DAEMON, "phase": "Running"}, "eci"),
        ({**NEW, "owner": owner()}, "eci"),
    ],
)
def test_kinds_of_pods(changes: dict[str, Any], kind: str) -> None:
    """An instance id or a virtual node makes ECI; labels and tolerations that ask for ECI do not, copied annotations neither."""
    subject = pod(**changes)
    assert predicates.kind_of_pod(subject, KNOWN.get(subject.node), PREFIXES) == kind


@pytest.mark.parametrize(
    ("changes", "effective"),
    [
        ({**NEW, "phase": "Running", "ready": True}, UNAVAILABLE),
        ({**NEW, "phase": "Running"}, None),
        ({**NEW, "creating": True}, None),
        ({**NEW, "creating": True, "instance_id": "eci-1"}, None),
        ({**NEW, "creating": True, "instance_id": "eci-1", "platform_version": "1.0.0"}, None),
    ],
)
def test_what_is_old_and_what_is_new(changes: dict[str, Any], effective: str | None) -> None:
    """A Ready pod without annotations came before there were any; one that waits for stock is new, whatever it bears."""
    assert predicates.effective_version(pod(**changes)) == effective


def test_a_pod_that_waits_for_its_instance() -> None:
    """As ECI says, while the pod is Pending; afterwards the condition is history."""
    waits = [state("ContainerInstanceCreated", "False", "NoStock", "no stock")]
    assert pod_from_manifest(pod_manifest(phase="Pending", conditions=waits)).creating
    assert not pod_from_manifest(pod_manifest(phase="Running", conditions=waits)).creating
    assert not pod_from_manifest(pod_manifest(phase="Pending", conditions=[])).creating


@pytest.mark.parametrize(
    ("version", "instance", "phase", "effective"),
    [
        ("1.0.0", "eci-1", "Running", "1.0.0"),
        ("1.0.0", None, "Pending", "1.0.0"),
        (None, "eci-1", "Running", UNAVAILABLE),
        ("", "eci-1", "Pending", UNAVAILABLE),
        (None, None, "Succeeded", UNAVAILABLE),
        ("", "", "Failed", UNAVAILABLE),
        (None, None, "Pending", None),
        ("", "", "Running", None),
        (None, None, "Unknown", None),
        *((text, "eci-1", "Running", text) for text in HOSTILE_VERSIONS),
    ],
)
def test_the_version_to_judge_by(version: str | None, instance: str | None, phase: str, effective: str | None) -> None:
    """A pod that was bound a second ago is undetermined; an old one is unavailable; the rest stand as written."""
    assert predicates.effective_version(pod(platform_version=version, instance_id=instance, phase=phase)) == effective


@pytest.mark.parametrize(
    ("changes", "settled"),
    [
        ({"node": "", "instance_id": None, "platform_version": None}, None),
        ({"instance_id": None, "platform_version": None}, None),
        ({}, "1.1.0"),
        ({"platform_version": None}, UNAVAILABLE),
        ({"node": "cn-beijing.10.0.0.1", "instance_id": None, "platform_version": None}, ""),
        ({"labels": ACS, "instance_id": None, "platform_version": None}, ""),
    ],
)
def test_where_a_new_pod_has_come_up(changes: dict[str, Any], settled: str | None) -> None:
    """A real node is as good as a compatible version; not knowing is neither."""
    subject = pod(**changes)
    assert predicates.has_settled_as(subject, KNOWN.get(subject.node), PREFIXES) == settled


def stuck(*conditions: dict[str, str], **status: Any) -> dict[str, Any]:
    """A pod with that status."""
    manifest = pod_manifest(phase="Pending", conditions=list(conditions))
    manifest["status"].update(status)
    return manifest


WAITING = {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
PROGRESS = {"name": "init", "state": {"waiting": {"reason": "PodInitializing"}}}
NO_STOCK = state("ContainerInstanceCreated", "False", "NoStock", "zone is out of stock")
NOT_READY = state("Ready", "False", "ContainersNotReady", "app")


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (stuck(NOT_READY, NO_STOCK), "NoStock: zone is out of stock"),
        (stuck(state("PodScheduled", "False", "Unschedulable", "0/3 nodes")), "Unschedulable: 0/3 nodes"),
        (stuck(NOT_READY, containerStatuses=[PROGRESS, WAITING]), "container 'app': ImagePullBackOff: no such image"),
        (stuck(initContainerStatuses=[WAITING]), "container 'app': ImagePullBackOff: no such image"),
        (stuck(phase="Failed", reason="Evicted", message="disk"), "Evicted: disk"),
        (stuck(phase="Failed"), "Failed"),
        (stuck(NOT_READY, containerStatuses=[PROGRESS]), "not Ready: ContainersNotReady: app"),
        (stuck(state("ContainerInstanceCreated", "False")), "no reason given"),
        (
            stuck(state("ContainerInstanceCreated", "True"), state("PodScheduled", "True")),
            "phase Pending, no condition",
        ),
        ({}, "phase Pending, no condition says why"),
    ],
)
def test_why_a_pod_waits(manifest: dict[str, Any], said: str) -> None:
    """The most telling source first."""
    assert predicates.waiting_reason(manifest).startswith(said)


def bound(manifest: dict[str, Any]) -> dict[str, Any]:
    """The pod on a node."""
    return {**manifest, "spec": {"nodeName": "virtual-kubelet-a"}}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (bound(stuck(state("ContainerInstanceCreated", "False", "NoStock", "none left"))), "NoStock: none left"),
        (stuck(state("PodScheduled", "False", "Unschedulable", "0/3 nodes")), "Unschedulable: 0/3 nodes"),
        ({**stuck(), "spec": {}}, "it is not scheduled yet"),
        (bound(stuck()), "its ECI instance is being created"),
        (
            bound(stuck(NOT_READY, containerStatuses=[PROGRESS])),
            "container 'init' is being created (images are pulled): PodInitializing",
        ),
        (
            bound(stuck(NOT_READY, containerStatuses=[{"name": "sidecar", "state": {"running": {}}}, PROGRESS])),
            "container 'init' is being created (images are pulled): PodInitializing",
        ),
        (bound(stuck(NOT_READY)), "not Ready: ContainersNotReady: app"),
        (bound(stuck(NOT_READY, phase="Running")), "not Ready: ContainersNotReady: app"),
    ],
)
def test_what_a_pod_that_comes_up_waits_for(manifest: dict[str, Any], said: str) -> None:
    """Its trouble, or how far it is."""
    assert predicates.awaited_of(manifest) == said


@QUICK
@given(st.text(), st.text(), st.sampled_from(["ContainerInstanceCreated", "PodScheduled", "Ready"]))
def test_a_reason_is_one_short_line(reason: str, message: str, kind: str) -> None:
    """Whatever the message of a condition holds."""
    line = predicates.waiting_reason(stuck(state(kind, "False", reason, message * 50)))
    assert one_line(line)
    assert len(line) < 400


def workload(kind: str, spec: dict[str, Any], status: dict[str, Any], generation: int = 2) -> dict[str, Any]:
    """A workload whose controller has seen its last change, unless told otherwise."""
    usual = {"observedGeneration": 2}
    return {"kind": kind, "metadata": {"generation": generation}, "spec": spec, "status": usual | status}


ROLLING = {"currentRevision": "a", "updateRevision": "b", "updatedReplicas": 1}
PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (workload("Deployment", {"replicas": 2}, {"replicas": 2, "updatedReplicas": 2}), ""),
        (workload("Deployment", {"replicas": 2}, {"replicas": 2, "updatedReplicas": 2}, 3), "has not seen"),
        (workload("Deployment", {"replicas": 2}, {"replicas": 3, "updatedReplicas": 1}), "1 of 2 pods"),
        (workload("Deployment", {"replicas": 2}, {"replicas": 3, "updatedReplicas": 2}), "old ones are still going"),
        (workload("Deployment", {"replicas": 2, "paused": True}, {"replicas": 2, "updatedReplicas": 0}), ""),
        (workload("Deployment", {}, {}), "0 of 1 pods"),
        (workload("Deployment", {"replicas": 0}, {}), ""),
        (workload("StatefulSet", {"replicas": 3}, ROLLING), "has not reached every pod"),
        (workload("StatefulSet", {"replicas": 3}, ROLLING | {"updateRevision": "a"}), ""),
        (workload("StatefulSet", {"replicas": 3, "updateStrategy": PARTITION}, ROLLING), ""),
        (workload("StatefulSet", {"replicas": 4, "updateStrategy": PARTITION}, ROLLING), "has not reached"),
        (workload("StatefulSet", {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}, ROLLING), ""),
        (workload("StatefulSet", {"replicas": 3}, ROLLING, 3), "has not seen"),
        (workload("ReplicaSet", {"replicas": 3}, {"replicas": 1}), ""),
    ],
)
def test_rollouts(manifest: dict[str, Any], said: str) -> None:
    """A workload that is changing by itself is left alone until it settles."""
    reason = predicates.rollout_in_progress(manifest)
    assert said in reason
    assert bool(reason) is bool(said)


@pytest.mark.parametrize(
    ("spec", "wanted"), [({}, 1), ({"replicas": None}, 1), ({"replicas": 0}, 0), ({"replicas": 5}, 5)]
)
def test_wanted_replicas(spec: dict[str, Any], wanted: int) -> None:
    """0 is a number; nothing is 1."""
    assert predicates.wanted_replicas({"spec": spec}) == wanted


@pytest.mark.parametrize(
    ("condition", "finished"),
    [(state("Complete", "True"), True), (state("Failed", "True"), True), (state("Complete", "False"), False)],
)
def test_jobs_that_have_finished(condition: dict[str, str], finished: bool) -> None:
    """Complete or Failed; a suspended one has not finished."""
    suspended = state("Suspended", "True")
    assert predicates.job_finished({"status": {"conditions": [suspended, condition]}}) is finished
    assert not predicates.job_finished({"status": {"conditions": [suspended]}})
    assert not predicates.job_finished({})


def of_kind(kind: str, version: str = "apps/v1", status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A workload of three pods whose controller has seen the last change."""
    seen = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, **(status or {})}
    return {
        "kind": kind,
        "apiVersion": version,
        "metadata": {"generation": 2},
        "spec": {"replicas": 3, **spec},
        "status": seen,
    }


KRUISE, ARGO = "apps.kruise.io/v1alpha1", "argoproj.io/v1alpha1"
CHANGED = {"currentRevision": "a", "updateRevision": "b"}


@pytest.mark.parametrize(
    ("workload", "why"),
    [
        (of_kind("CloneSet", KRUISE), ""),
        (
            of_kind("CloneSet", KRUISE, {**CHANGED, "updatedReplicas": 1, "expectedUpdatedReplicas": 3}),
            "its update has not",
        ),
        (of_kind("CloneSet", KRUISE, {**CHANGED, "updatedReplicas": 3, "expectedUpdatedReplicas": 3}), ""),
        (
            of_kind(
                "CloneSet",
                KRUISE,
                {**CHANGED, "updatedReplicas": 1, "expectedUpdatedReplicas": 3},
                updateStrategy={"paused": True},
            ),
            "",
        ),
        (of_kind("Rollout", ARGO, {"stableRS": "a", "currentPodHash": "b"}), "its rollout is under way"),
        (of_kind("Rollout", ARGO, {"stableRS": "a", "currentPodHash": "a"}), ""),
        (of_kind("Rollout", ARGO, {"currentPodHash": "b"}), ""),
        (
            of_kind("Rollout", ARGO, {"stableRS": "a", "currentPodHash": "b", "pauseConditions": [{"reason": "step"}]}),
            "",
        ),
        (of_kind("Rollout", ARGO, {"stableRS": "a", "currentPodHash": "b", "abort": True}), ""),
        (of_kind("Rollout", ARGO, {"stableRS": "a", "currentPodHash": "b"}, paused=True), ""),
        (of_kind("Farm", "example.com/v1", {"observedGeneration": None}), ""),
        (
            of_kind("Farm", "example.com/v1", {"observedGeneration": "1"}),
            "its controller has not seen the last change yet",
        ),
        (of_kind("Rollout", ARGO, {"observedGeneration": "6c5b9f7d4"}), ""),
        (of_kind("Deployment", status={"observedGeneration": None}), "its controller has not seen the last change yet"),
    ],
)
def test_when_a_workload_of_another_project_has_settled(workload: dict[str, Any], why: str) -> None:
    """By what its documentation says of its status."""
    found = predicates.rollout_in_progress(workload)
    assert found.startswith(why)
    assert bool(found) == bool(why)


def sibling(name: str, **changes: Any) -> tuple[Any, dict[str, Any]]:
    """A pod beside the one that is to go."""
    return pod(name, **changes), pod_manifest(name, finalizers=changes.pop("finalizers", []))


@pytest.mark.parametrize(
    ("siblings", "settings", "why"),
    [
        ([sibling("a", ready=True), sibling("b", ready=True)], {}, ""),
        (
            [sibling("a", ready=True), sibling("b", ready=True, deleting=True)],
            {},
            "its sibling 'b' is still terminating",
        ),
        ([sibling("a", ready=True), sibling("b", ready=True, deleting=True)], {"ours": ["uid-b"]}, ""),
        ([sibling("a", ready=True), sibling("b", ready=False)], {}, "its sibling 'b' is not Ready"),
        ([sibling("a", ready=True), sibling("b", ready=False)], {"serves": False}, ""),
        ([sibling("a", ready=True)], {}, "it has 2 pods, and wants 3"),
        ([sibling("a", ready=True)], {"ours": ["uid-b"]}, ""),
        ([sibling(name, ready=True) for name in "abcd"], {}, "it has 5 pods, and wants 3"),
    ],
)
def test_no_pod_goes_on_top_of_another_trouble(
    siblings: list[tuple[Any, dict[str, Any]]], settings: dict[str, Any], why: str
) -> None:
    """What this run has on its way is no trouble, and a pod that serves nobody may go beside one that is broken."""
    found, remedy = predicates.unsettled(of_kind("ReplicaSet"), siblings, here=True, **settings)
    assert found.startswith(why)
    assert bool(found) == bool(why) == bool(remedy)


def test_a_blue_green_rollout_may_have_more_pods_than_it_wants() -> None:
    """Those of its preview."""
    more = [sibling(name, ready=True) for name in "abcd"]
    assert predicates.unsettled(of_kind("Rollout", ARGO), more, here=True) == ("", "")
    fewer = more[:1]
    assert predicates.unsettled(of_kind("Rollout", ARGO), fewer, here=True)[0] == "it has 2 pods, and wants 3"


def test_a_rollout_comes_before_everything() -> None:
    """With what ends it."""
    rolling = of_kind("Rollout", ARGO, {"stableRS": "a", "currentPodHash": "b"})
    assert predicates.unsettled(rolling, [], here=True) == (
        "its rollout is under way",
        "Finish the rollout or undo it (kubectl rollout status, kubectl rollout undo).",
    )


@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        ({"finalizers": ["a/b", "c"], "deletionGracePeriodSeconds": 30}, "finalizers hold it: 'a/b', 'c'"),
        ({"deletionGracePeriodSeconds": 30}, "its grace period is 30 s"),
    ],
)
def test_what_keeps_a_pod(metadata: dict[str, Any], what: str) -> None:
    """A finalizer keeps it for longer than the grace period."""
    assert predicates.held_by({"metadata": metadata}) == what


@pytest.mark.parametrize(
    ("conditions", "failed"), [([], False), ([state("Failed", "True")], True), ([state("Complete", "True")], False)]
)
def test_whether_a_job_has_failed(conditions: list[dict[str, str]], failed: bool) -> None:
    """Not by the number of its failures."""
    assert predicates.job_failed({"status": {"conditions": conditions, "failed": 6}}) is failed


@pytest.mark.parametrize(
    ("selector", "covers"),
    [
        ({"matchLabels": {"app": "a"}}, True),
        ({"matchLabels": {"app": "b"}}, False),
        ({"matchLabels": {"app": "a", "tier": "x"}}, False),
        ({"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]}, False),
        ({}, False),
        (None, False),
    ],
)
def test_what_a_budget_covers(selector: dict[str, Any] | None, covers: bool) -> None:
    """Every label must match, and where there is more than labels nothing is promised."""
    assert predicates.budget_covers({"spec": {"selector": selector}}, {"app": "a"}) is covers


def codes(operator: str, *values: int) -> dict[str, Any]:
    """The part of a rule of a podFailurePolicy that goes by exit codes."""
    return {"onExitCodes": {"operator": operator, "values": list(values)}}


DISRUPTION = {"onPodConditions": [{"type": "DisruptionTarget"}]}
POLICY_FAILS, MAY_NOT_FAIL = "its podFailurePolicy can fail the Job", "its Job may not fail once more"


@pytest.mark.parametrize(
    ("spec", "rules", "why"),
    [
        ({}, [], ""),
        ({"suspend": True}, [], "its Job is suspended"),
        ({"backoffLimit": 0}, [], MAY_NOT_FAIL),
        ({"backoffLimit": 0}, [{"action": "Ignore", **DISRUPTION}], ""),
        ({"backoffLimitPerIndex": 1}, [], "its Job counts failures for each index"),
        ({}, [{"action": "FailJob", **DISRUPTION}], POLICY_FAILS),
        ({}, [{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "False"}]}], ""),
        ({}, [{"action": "FailJob", **codes("In", 42)}], ""),
        ({}, [{"action": "FailJob", **codes("In", 1, 143)}], POLICY_FAILS),
        ({}, [{"action": "FailJob", **codes("In", 137)}], POLICY_FAILS),
        ({}, [{"action": "FailJob", **codes("NotIn", 42)}], POLICY_FAILS),
        ({}, [{"action": "FailJob", **codes("NotIn", 137, 143)}], ""),
        # The first rule that matches decides.
        ({}, [{"action": "Ignore", **DISRUPTION}, {"action": "FailJob", **codes("In", 143)}], ""),
        ({}, [{"action": "FailJob", **codes("In", 143)}, {"action": "Ignore", **DISRUPTION}], POLICY_FAILS),
        ({"backoffLimit": 0}, [{"action": "Count", **DISRUPTION}], MAY_NOT_FAIL),
    ],
)
def test_when_an_eviction_could_end_a_job(spec: dict[str, Any], rules: list[dict[str, Any]], why: str) -> None:
    """An evicted pod ends by SIGTERM (143) or SIGKILL (137), and carries the condition DisruptionTarget."""
    found = predicates.why_not_evict_job(
        {"spec": {**spec, "podFailurePolicy": {"rules": rules}}, "status": {"failed": 0}}
    )
    assert found.startswith(why)
    assert bool(found) == bool(why)


def test_a_rollout_between_two_versions_is_to_have_what_it_had() -> None:
    """Its preview beside what takes traffic, until somebody scales or promotes it; nothing else has more than it wants."""

    def rollout(stable: str, current: str, replicas: int = 2, kind: str = "Rollout") -> dict[str, Any]:
        status = {"stableRS": stable, "currentPodHash": current}
        return {"kind": kind, "spec": {"replicas": replicas}, "status": status}

    before = rollout("one", "two")
    assert predicates.wanted_pods(before, before, 4) == 4
    assert predicates.wanted_pods(before, before, 1) == 2
    assert predicates.wanted_pods(rollout("one", "two", replicas=1), before, 4) == 1
    assert predicates.wanted_pods(rollout("two", "two"), before, 4) == 2
    assert predicates.wanted_pods(rollout("one", "three"), before, 4) == 2
    settled = rollout("two", "two")
    assert predicates.wanted_pods(settled, settled, 4) == 2
    deployment = rollout("one", "two", kind="Deployment")
    assert predicates.wanted_pods(deployment, deployment, 4) == 2

# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Yes or no, about one pod or one workload: is it ECI, is it settled, is it the replacement, why is it stuck."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._rules.matrix import UNAVAILABLE
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import (
    ACS_INSTANCE_ID,
    ACS_LABEL,
    INSTANCE_CREATED,
    Node,
    Pod,
    condition,
)
from ansible_collections.ackops.eci.plugins.module_utils._text import plain, quoted

VIRTUAL_NODE_LABEL = ("type", "virtual-kubelet")
# A virtual-kubelet taints its node with the name of its provider. Alibaba Cloud's is alibabacloud; older ones are called alike.
VIRTUAL_NODE_TAINT = "virtual-kubelet.io/provider"
ECI_PROVIDERS = ("ali", "eci")
# The provider id that the cloud controller manager of ACK gives an ECS instance: <region>.i-<id>.
_ECS_INSTANCE = re.compile(r"(?:alicloud://)?[a-z0-9-]+\.i-[a-z0-9]+", re.ASCII)
ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
DEFAULT_NODE_PREFIXES = ("virtual-kubelet", "virtual-node-eci-")

ECI = "eci"
ACS = "acs"
UNSCHEDULED = "unscheduled"
OTHER = "other"

# Reasons of a waiting container that mean trouble; the others (ContainerCreating, PodInitializing) are progress.
_PROGRESS = ("ContainerCreating", "PodInitializing")


def is_virtual(name: str, manifest: Mapping[str, Any], prefixes: Sequence[str]) -> bool:
    """Whether a node is a virtual one: by its label, its taint, or the beginning of its name."""
    labels = (manifest.get("metadata") or {}).get("labels") or {}
    return (
        labels.get(VIRTUAL_NODE_LABEL[0]) == VIRTUAL_NODE_LABEL[1]
        or any(taint.get("key") == VIRTUAL_NODE_TAINT for taint in _taints(manifest))
        or name.startswith(tuple(prefixes))
    )


def _taints(manifest: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (manifest.get("spec") or {}).get("taints") or ()


def is_foreign(manifest: Mapping[str, Any]) -> bool:
    """Whether another provider than Alibaba Cloud stands behind a virtual node: its virtual-kubelet puts its name into the taint."""
    providers = [str(taint.get("value") or "") for taint in _taints(manifest) if taint.get("key") == VIRTUAL_NODE_TAINT]
    return any(providers) and not any(provider.startswith(ECI_PROVIDERS) for provider in providers)


def is_machine(manifest: Mapping[str, Any]) -> bool:
    """Whether a node is a machine for certain: an ECS instance by its provider id, with a kernel and a container runtime.

    What a kubelet reports is no proof by itself: a virtual one may report as much.
    """
    spec, reported = manifest.get("spec") or {}, (manifest.get("status") or {}).get("nodeInfo") or {}
    runs = bool(reported.get("kernelVersion") and reported.get("containerRuntimeVersion"))
    return runs and _ECS_INSTANCE.fullmatch(str(spec.get("providerID") or "")) is not None


def node_from_manifest(manifest: Mapping[str, Any], prefixes: Sequence[str]) -> Node:
    """Project a node onto its name, its zone and what stands behind it."""
    metadata = manifest.get("metadata") or {}
    labels = metadata.get("labels") or {}
    name = metadata.get("name", "")
    zone = next((labels[label] for label in ZONE_LABELS if label in labels), "")
    virtual = is_virtual(name, manifest, prefixes)
    foreign = virtual and is_foreign(manifest)
    return Node(name, virtual and not foreign, zone, not virtual and is_machine(manifest), foreign)


def kind_of_pod(pod: Pod, node: Node | None, prefixes: Sequence[str]) -> str:
    """ECI, ACS, UNSCHEDULED or OTHER. ``node`` is the pod's, None where it is gone (or on none): it is judged by its name.

    - On a machine a pod is OTHER, whatever annotations it bears (copied ones, for example), and on no node it has no instance.
    - An ACS pod may sit on a virtual node. It is told by its label, or by an acs instance id without an eci one.
    - Else an instance id makes an ECI pod on any node, and so does a virtual node of Alibaba Cloud. There, pods of a DaemonSet stay
      Pending, for the virtual-kubelet makes none.
    """
    if node is not None and node.machine:
        return OTHER
    if (not pod.instance_id or not pod.node) and (
        pod.labels.get(ACS_LABEL) == "true" or pod.annotations.get(ACS_INSTANCE_ID, "").startswith("acs-")
    ):
        return ACS
    if not pod.node:
        return UNSCHEDULED
    if pod.instance_id:
        return ECI
    virtual = node.virtual if node is not None else pod.node.startswith(tuple(prefixes))
    return ECI if virtual and not _is_passed_over(pod) else OTHER


def _is_passed_over(pod: Pod) -> bool:
    """Whether the virtual-kubelet leaves the pod alone."""
    of_daemon_set = pod.owner is not None and pod.owner.kind == "DaemonSet"
    return of_daemon_set and pod.phase == "Pending" and not pod.platform_version


def effective_version(pod: Pod) -> str | None:
    """The platform version to judge an ECI pod by; None while the pod is still being created.

    The virtual-kubelet writes instance id and version after the pod is bound, so a live pod with neither is undetermined,
    and so is one that waits for its instance, whatever it bears. A pod without a version that has an instance id, is Ready
    or has finished is an old one: unavailable.
    """
    if pod.creating:
        return None
    if pod.platform_version:
        return pod.platform_version
    if pod.instance_id or pod.finished or pod.ready:
        return UNAVAILABLE
    return None


def has_settled_as(pod: Pod, node: Node | None, prefixes: Sequence[str]) -> str | None:
    """The version a new pod has come up on: '' on a real node, None while that is not known yet."""
    if not pod.node:
        return None
    return effective_version(pod) if kind_of_pod(pod, node, prefixes) == ECI else ""


def waiting_reason(manifest: Mapping[str, Any]) -> str:
    """Why a pod is not Ready, in one line, from the most telling source: ECI, the scheduler, the containers."""
    created = condition(manifest, INSTANCE_CREATED)
    if created.get("status") == "False":
        return _say(created.get("reason"), created.get("message"))
    scheduled = condition(manifest, "PodScheduled")
    if scheduled.get("status") == "False":
        return _say(scheduled.get("reason"), scheduled.get("message"))
    status = manifest.get("status") or {}
    for entry in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        waiting = (entry.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") and waiting["reason"] not in _PROGRESS:
            return f"container {quoted(entry.get('name'))}: " + _say(waiting["reason"], waiting.get("message"))
    if status.get("phase") in ("Failed", "Unknown"):
        return _say(status.get("reason") or status["phase"], status.get("message"))
    ready = condition(manifest, "Ready")
    if ready.get("status") == "False":
        return "not Ready: " + _say(ready.get("reason"), ready.get("message"))
    return f"phase {status.get('phase') or 'Pending'}, no condition says why"


def awaited_of(manifest: Mapping[str, Any]) -> str:
    """What a pod that comes up waits for, as a clause: the trouble it is in, or how far it is."""
    status = manifest.get("status") or {}
    trouble = waiting_reason(manifest)
    if status.get("phase") not in (None, "Pending") or not trouble.startswith(("phase ", "not Ready: ")):
        return trouble
    if not (manifest.get("spec") or {}).get("nodeName"):
        return "it is not scheduled yet"
    for entry in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        waiting = (entry.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            return f"container {quoted(entry.get('name'))} is being created (images are pulled): {plain(waiting['reason'], 80)}"
    return "its ECI instance is being created" if trouble.startswith("phase ") else trouble


def _say(reason: object, message: object) -> str:
    said = str(reason or "no reason given")
    return f"{plain(said, 80)}: {plain(message, 240)}" if message else plain(said, 80)


def rollout_in_progress(workload: Mapping[str, Any], ours: int = 0) -> str:
    """Why a Deployment, ReplicaSet or StatefulSet has not settled; empty when it has.

    ``ours``: how many of its pods this run has on their way, which may be missing or double.
    """
    metadata, spec, status = (workload.get(part) or {} for part in ("metadata", "spec", "status"))
    if not _has_seen(workload, metadata.get("generation") or 0, status.get("observedGeneration")):
        return "its controller has not seen the last change yet"
    wanted = wanted_replicas(workload)
    kind = workload.get("kind")
    if kind == "Deployment" and (status.get("updatedReplicas") or 0) < wanted - ours and not spec.get("paused"):
        return f"{status.get('updatedReplicas') or 0} of {wanted} pods are of the new version"
    if kind == "StatefulSet" and _stateful_rolling(spec, status, wanted):
        return "its update has not reached every pod"
    if kind == "CloneSet" and _clones_rolling(spec, status):
        return "its update has not reached every pod"
    if kind == "Rollout" and _argo_rolling(spec, status):
        return "its rollout is under way"
    if kind == "Deployment" and (status.get("replicas") or 0) > wanted + ours:
        return f"{status['replicas']} pods, {wanted} wanted: old ones are still going"
    return ""


def _has_seen(workload: Mapping[str, Any], generation: int, observed: object) -> bool:
    """Whether the controller has seen the last change; one of another project need not say so, or says it as a text."""
    if observed is None and not str(workload.get("apiVersion") or "apps/v1").startswith("apps/"):
        return True
    text = str(observed or 0)
    # Old releases of Argo Rollouts give a hash.
    return not text.isdecimal() or int(text) >= generation


def _clones_rolling(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Whether a CloneSet has pods left to update (https://openkruise.io/docs/user-manuals/cloneset)."""
    if (spec.get("updateStrategy") or {}).get("paused") or status.get("currentRevision") == status.get(
        "updateRevision"
    ):
        return False
    return (status.get("updatedReplicas") or 0) < (status.get("expectedUpdatedReplicas") or 0)


def _argo_rolling(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Whether Argo changes the sizes of its ReplicaSets; while it is paused at a step, they replace their pods as ever.

    https://argo-rollouts.readthedocs.io/en/stable/features/specification/
    """
    if not status.get("stableRS") or status["stableRS"] == status.get("currentPodHash"):
        return False
    return not (spec.get("paused") or status.get("pauseConditions") or status.get("abort"))


def _stateful_rolling(spec: Mapping[str, Any], status: Mapping[str, Any], wanted: int) -> bool:
    strategy = spec.get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    partition = rolling.get("partition") or 0
    if (
        strategy.get("type") == "OnDelete"
        or rolling.get("paused")
        or status.get("currentRevision") == status.get("updateRevision")
    ):
        return False
    return (status.get("updatedReplicas") or 0) < max(wanted - partition, 0)


def wanted_replicas(workload: Mapping[str, Any]) -> int:
    """How many pods the workload is to have (Kubernetes' default is 1)."""
    count = (workload.get("spec") or {}).get("replicas")
    return 1 if count is None else int(count)


def wanted_pods(workload: Mapping[str, Any], before: Mapping[str, Any], had: int) -> int:
    """How many pods the workload is to have now, of which there were ``had`` when its manifest was ``before``.

    A Rollout between two versions has the pods of its preview, or of a canary that is sent some traffic, beside those that it
    wants: as many as it had, until somebody scales or promotes it.
    https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/
    """
    wanted, between = wanted_replicas(workload), _between(workload)
    if workload.get("kind") != "Rollout" or not any(between) or between != _between(before):
        return wanted
    return max(wanted, had) if wanted == wanted_replicas(before) else wanted


def _between(rollout: Mapping[str, Any]) -> tuple[str, str]:
    """The hashes of the two versions between which a Rollout is; empty where it is not."""
    status = rollout.get("status") or {}
    stable, current = str(status.get("stableRS") or ""), str(status.get("currentPodHash") or "")
    return ("", "") if stable == current else (stable, current)


def job_finished(job: Mapping[str, Any]) -> bool:
    """Whether a Job is Complete or Failed: from then on its controller makes no more pods."""
    return any(condition(job, kind).get("status") == "True" for kind in ("Complete", "Failed"))


def may_fail_once_more(job: Mapping[str, Any]) -> bool:
    """Whether the Job makes another pod after one more failure (Kubernetes' default for backoffLimit is 6)."""
    limit = (job.get("spec") or {}).get("backoffLimit")
    failed = (job.get("status") or {}).get("failed") or 0
    return int(failed) < (6 if limit is None else int(limit))


# How a container ends when its pod is evicted: by SIGTERM, or by SIGKILL after the grace period.
_EVICTED_EXIT_CODES = (143, 137)


def why_not_evict_job(job: Mapping[str, Any]) -> str:
    """Why an eviction of one of its pods could end the Job, or would bring no other pod; empty where it is safe.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
    """
    spec = job.get("spec") or {}
    if spec.get("suspend"):
        return "its Job is suspended, and ends its pods itself"
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        action = rule.get("action")
        on_eviction = any(
            entry.get("type") == "DisruptionTarget" and entry.get("status", "True") == "True"
            for entry in rule.get("onPodConditions") or ()
        )
        if action == "FailJob" and (on_eviction or _may_match(rule.get("onExitCodes"))):
            return "its podFailurePolicy can fail the Job when a pod is evicted"
        if action == "Ignore" and on_eviction:
            return ""
    if spec.get("backoffLimitPerIndex") is not None:
        return "its Job counts failures for each index (backoffLimitPerIndex)"
    return "" if may_fail_once_more(job) else "its Job may not fail once more (backoffLimit)"


def _may_match(codes: Mapping[str, Any] | None) -> bool:
    if not codes:
        return False
    listed = [code in (codes.get("values") or ()) for code in _EVICTED_EXIT_CODES]
    return any(listed) if codes.get("operator") == "In" else not all(listed)


def job_failed(job: Mapping[str, Any]) -> bool:
    """Whether a Job has ended in failure."""
    return condition(job, "Failed").get("status") == "True"


def budget_covers(budget: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a budget's selector matches; matchExpressions are left to the server's own words."""
    selector = (budget.get("spec") or {}).get("selector") or {}
    wanted = selector.get("matchLabels") or {}
    return bool(wanted) and not selector.get("matchExpressions") and all(labels.get(k) == v for k, v in wanted.items())


def unsettled(
    workload: Mapping[str, Any],
    siblings: Sequence[tuple[Pod, Mapping[str, Any]]],
    *,
    here: bool,
    serves: bool = True,
    ours: Collection[str] = (),
) -> tuple[str, str]:
    """Why no pod of a workload is to be touched now, and what helps: never on top of another trouble. Empty where one may be.

    ``siblings`` are its other pods, each with its manifest; ``here`` says whether the pod itself is still there, ``serves``
    whether it is Ready: one that is not may go whatever its siblings are. ``ours`` are the UIDs of the old pods that this run
    has on their way. A run that was killed is known by what it has left: a pod that is terminating, or is not Ready yet.
    """
    why = rollout_in_progress(workload, len(ours))
    if why:
        return why, "Finish the rollout or undo it (kubectl rollout status, kubectl rollout undo)."
    broken = []
    for pod, manifest in siblings:
        if pod.deleting and pod.uid not in ours:
            why = f"its sibling {quoted(pod.name)} is still terminating ({held_by(manifest)})"
            return why, "Find out what keeps that pod; nothing is forced."
        if not pod.ready and not pod.deleting:
            broken.append((pod, manifest))
    if serves and len(broken) > len(ours):
        pod, manifest = broken[0]
        why = f"its sibling {quoted(pod.name)} is not Ready ({waiting_reason(manifest)})"
        return why, "Repair that pod, or scale the workload down."
    wanted, count = wanted_replicas(workload), len(siblings) + here
    # A blue-green Rollout has the pods of its preview besides.
    odd = wanted - count if workload.get("kind") == "Rollout" else abs(count - wanted)
    if wanted and odd > len(ours):
        return (
            f"it has {count} pods, and wants {wanted}",
            "Find out why its controller makes no more (kubectl describe).",
        )
    return "", ""


def held_by(manifest: Mapping[str, Any]) -> str:
    """What keeps a pod that is being deleted."""
    metadata = manifest.get("metadata") or {}
    finalizers = ", ".join(quoted(name) for name in metadata.get("finalizers") or ())
    grace = metadata.get("deletionGracePeriodSeconds")
    return f"finalizers hold it: {finalizers}" if finalizers else f"its grace period is {grace} s"

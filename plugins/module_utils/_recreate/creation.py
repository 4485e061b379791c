# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a pod that is about to be removed could come back, asked of the server before anything is touched."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

from ansible_collections.ackops.eci.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.ackops.eci.plugins.module_utils._kube.paths import pods_path
from ansible_collections.ackops.eci.plugins.module_utils._kube.ports import ClusterApi, Manifest, PodSet
from ansible_collections.ackops.eci.plugins.module_utils._recreate.patience import NotNow
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import PLATFORM_VERSION, Pod, Workload
from ansible_collections.ackops.eci.plugins.module_utils._rules.plan import APPLICATION_REMEDY
from ansible_collections.ackops.eci.plugins.module_utils._text import quoted

# So many of the pods that belong to a pod are named.
MOST_NAMED = 3
# Pods that only a server's dry run ever sees are called by this; their own names are taken.
TRIAL_NAME = "ackops-eci-trial-"
_QUOTA = re.compile(r"exceeded quota: .*?used: (?P<used>\S+), limited: (?P<limited>\S+)", re.ASCII)
_SUFFIXES = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


class Creation:
    """Tries creations with the server's dry run. Safe for threads.

    Each state of a workload's template is tried until the server has taken it once: what refuses it today, and a server that does
    not answer, may be mended while the run is at work.
    """

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._taken: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def check_pod(self, pod: Pod, wanted: Manifest) -> None:
        """Raise NotNow where the server would not create the pod again from that manifest, or other pods would go with it."""
        self._check_alone(pod)
        why = self._try(pod.namespace, wanted)
        if why is not None:
            raise why

    def _check_alone(self, pod: Pod) -> None:
        """Raise NotNow where pods belong to this one (the executors of a Spark driver): they are deleted with it for good."""
        listed, _version = self._api.list_pods(PodSet(pod.namespace))
        names = sorted(
            str(found["metadata"]["name"])
            for found in listed
            if any(owner.get("uid") == pod.uid for owner in found["metadata"].get("ownerReferences") or ())
        )
        if names:
            shown = ", ".join(map(quoted, names[:MOST_NAMED])) + (", ..." if len(names) > MOST_NAMED else "")
            raise NotNow(f"{len(names)} pod(s) belong to it and would be deleted with it: {shown}", APPLICATION_REMEDY)

    def check_template(self, workload: Workload, manifest: Manifest) -> None:
        """Raise NotNow where the server would not create another pod from the template of a workload."""
        spec = manifest.get("spec") or {}
        template = spec.get("template")
        # The volumes of a StatefulSet's claims come from its controller.
        if not isinstance(template, Mapping) or spec.get("volumeClaimTemplates"):
            return
        written = ((template.get("metadata") or {}).get("annotations") or {}).get(PLATFORM_VERSION)
        if written is not None:
            raise NotNow(
                f"the pod template of {workload.shown} sets the annotation {PLATFORM_VERSION} to {quoted(written)} itself",
                "Take the annotation out of the template: the virtual-kubelet writes it.",
            )
        key = (workload.uid, int((manifest.get("metadata") or {}).get("generation") or 0))
        with self._lock:
            taken = key in self._taken
        if taken:
            return
        metadata = {"labels": {}, "annotations": {}, **(template.get("metadata") or {})}
        why = self._try(workload.namespace, {"metadata": metadata, "spec": template.get("spec") or {}}, theirs=True)
        if why is not None:
            raise why
        with self._lock:
            self._taken.add(key)

    def _try(self, namespace: str, wanted: Manifest, *, theirs: bool = False) -> NotNow | None:
        """Why the server refuses such a pod; None where it would take it, or where that cannot be told.

        ``theirs``: a controller would create it, with rights of its own.
        """
        metadata = {key: entry for key, entry in wanted["metadata"].items() if key in ("labels", "annotations")}
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**metadata, "generateName": TRIAL_NAME},
            "spec": dict(wanted["spec"]),
        }
        try:
            self._api.create(pods_path(namespace), body, dry_run=True)
        except ApiError as error:
            if _says_nothing(error) or (theirs and error.status in (401, 403) and error.remedy):
                return None
            return NotNow(f"it could not come back: {error.message}", error.remedy or _remedy(error))
        except ConnectionFailed as error:
            return NotNow(error.message, error.remedy)
        return None


def _remedy(error: ApiError) -> str:
    if "quota" in error.message:
        return "Raise the quota, or free some of it."
    return "Change what refuses it (a policy, a missing service account, a priority class), or the pod."


def _says_nothing(error: ApiError) -> bool:
    """Whether a refusal of the dry run says nothing of the real creation.

    A webhook that has side effects takes no dry run, a server in trouble may be well again, and a quota that is used up is
    given back what the old pod uses.
    """
    if error.status >= 500 or error.status == 429 or "does not support dry run" in error.message:
        return True
    found = _QUOTA.search(error.message)
    if error.status != 403 or found is None:
        return False
    used, limited = (_amounts(found.group(part)) for part in ("used", "limited"))
    return all(used.get(name, 0.0) <= amount for name, amount in limited.items())


def _amounts(text: str) -> dict[str, float]:
    """``pods=10,requests.cpu=500m`` as numbers; what is none is left out."""
    found = {}
    for part in text.rstrip(".").split(","):
        name, _equals, value = part.partition("=")
        number = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", value, re.ASCII)
        if number is not None and (not number.group(2) or number.group(2) in _SUFFIXES):
            found[name] = float(number.group(1)) * _SUFFIXES.get(number.group(2), 1.0)
    return found

"""Deletion as the API server does it: at once, or after the grace that the kubelet gives the process."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.kube.cluster.kinds import PODS
from tests.kube.cluster.pods import is_terminal
from tests.kube.cluster.store import Store


def request_deletion(store: Store, namespace: str, name: str, grace_s: int | None = None) -> dict[str, Any]:
    """A pod that no kubelet holds, has ended, or gets no grace is gone at once; any other is Terminating from now on.

    grace_s: None for the pod's own. A later request can only shorten the grace.
    """
    pod = store.get(PODS, namespace, name)
    grace_s = pod["spec"]["terminationGracePeriodSeconds"] if grace_s is None else grace_s
    if not pod["spec"].get("nodeName") or is_terminal(pod):
        grace_s = 0
    standing = pod["metadata"].get("deletionGracePeriodSeconds")
    if standing is not None and standing <= grace_s:
        return pod

    def terminating(pod: dict[str, Any]) -> None:
        at = datetime.now(UTC) + timedelta(seconds=grace_s)
        pod["metadata"]["deletionTimestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        pod["metadata"]["deletionGracePeriodSeconds"] = grace_s

    pod = store.update(PODS, namespace, name, terminating)
    return pod if grace_s else store.remove(PODS, namespace, name)

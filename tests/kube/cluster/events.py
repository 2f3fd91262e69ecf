"""Events: what the cluster tells of a pod to whoever asks."""

import hashlib
from typing import Any

from tests.kube.cluster.kinds import EVENTS
from tests.kube.cluster.store import Store, now


class Events:
    """The same event again raises its count, as a real recorder does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self, pod: dict[str, Any], reason: str, message: str, *, source: str, warning: bool = False, container: str = ""
    ) -> None:
        metadata = pod["metadata"]
        digest = hashlib.sha256("\n".join((metadata["uid"], reason, message, container)).encode()).hexdigest()
        name, namespace = f"{metadata['name']}.{digest[:16]}", metadata["namespace"]
        if self._store.find(EVENTS, namespace, name):
            self._store.update(EVENTS, namespace, name, _again)
            return
        involved = {"kind": "Pod", "apiVersion": "v1", "namespace": namespace, "name": metadata["name"]}
        involved["uid"] = metadata["uid"]
        if container:
            involved["fieldPath"] = f"spec.containers{{{container}}}"
        event = {
            "metadata": {"name": name},
            "involvedObject": involved,
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message,
            "source": {"component": source},
            "reportingComponent": source,
            "reportingInstance": "",
            "count": 1,
            "firstTimestamp": now(),
            "lastTimestamp": now(),
        }
        self._store.create(EVENTS, namespace, event)


def _again(event: dict[str, Any]) -> None:
    event["count"] += 1
    event["lastTimestamp"] = now()

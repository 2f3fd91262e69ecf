"""Create, read, change and delete objects: what the API does with each verb."""

import base64
import secrets
from typing import Any

from tests.kube.cluster.admission import admit
from tests.kube.cluster.deletion import request_deletion
from tests.kube.cluster.events import Events
from tests.kube.cluster.kinds import KINDS, NAMESPACES, PODS, Target
from tests.kube.cluster.patches import patched
from tests.kube.cluster.pods import set_condition
from tests.kube.cluster.quotas import QUOTAS, with_status
from tests.kube.cluster.refusal import already_exists, bad_request, conflict, not_found
from tests.kube.cluster.store import Store
from tests.kube.cluster.validation import validate_change, validate_metadata

Item = dict[str, Any]
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


class Objects:
    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events

    def create(self, target: Target, item: Item) -> Item:
        kind, metadata = target.kind, item.setdefault("metadata", {})
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + "".join(secrets.choice(_SUFFIX) for _ in range(5))
        if not metadata.get("name"):
            raise bad_request("name or generateName is required")
        if metadata.get("namespace", target.namespace) != target.namespace and kind.namespaced:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if kind.namespaced and self._store.find(NAMESPACES, "", target.namespace) is None:
            raise not_found(NAMESPACES, target.namespace)
        validate_metadata(kind, item)
        if kind is PODS:
            self._refuse_second(target, metadata["name"])
            admit(self._store, target.namespace, item)
        if kind is KINDS["secrets"]:
            _encode(item)
        item = self._store.create(kind, target.namespace, item)
        if kind is NAMESPACES:
            self._store.create(KINDS["serviceaccounts"], metadata["name"], {"metadata": {"name": "default"}})
        return item

    def _refuse_second(self, target: Target, name: str) -> None:
        """Before the quota is asked: a name that is taken is said to be taken even when nothing more would fit."""
        standing = self._store.find(target.kind, target.namespace, name)
        if standing:
            raise already_exists(target.kind, name, terminating="deletionTimestamp" in standing["metadata"])

    def read(self, target: Target) -> Item:
        item = self._store.get(target.kind, target.namespace, target.name)
        return with_status(self._store, item) if target.kind is QUOTAS else item

    def patch(self, target: Target, patch: Any, content_type: str) -> Item:
        standing = self._store.get(target.kind, target.namespace, target.name)
        return self.replace(target, patched(standing, patch, content_type))

    def replace(self, target: Target, item: Item) -> Item:
        """Status is changed through its own subresource alone, and everything else only without it."""
        kind = target.kind
        before = self._store.get(kind, target.namespace, target.name)
        version = item["metadata"].get("resourceVersion", before["metadata"]["resourceVersion"])
        if version != before["metadata"]["resourceVersion"]:
            raise conflict(kind, target.name, _MODIFIED)
        if kind is PODS and target.subresource != "status":
            validate_change(before, item)
        validate_metadata(kind, item)
        kept = {"status"} if target.subresource != "status" else set(before) - {"status"}

        def edit(standing: Item) -> None:
            changed = {key: value for key, value in item.items() if key not in kept}
            if "metadata" in changed:
                fixed = ("uid", "name", "namespace", "creationTimestamp", "resourceVersion")
                changed["metadata"] |= {key: standing["metadata"][key] for key in fixed if key in standing["metadata"]}
            for key in set(standing) - kept - set(changed):
                del standing[key]
            standing.update(changed)

        return self._store.update(kind, target.namespace, target.name, edit)

    def delete(self, target: Target, options: Item) -> Item:
        """options: a DeleteOptions object. Pods are deleted gracefully, everything else at once."""
        kind = target.kind
        item = self._store.get(kind, target.namespace, target.name)
        wanted = (options.get("preconditions") or {}).get("uid", item["metadata"]["uid"])
        if wanted != item["metadata"]["uid"]:
            found = item["metadata"]["uid"]
            why = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
            raise conflict(kind, target.name, why)
        if kind is PODS:
            return request_deletion(self._store, target.namespace, target.name, options.get("gracePeriodSeconds"))
        return self._store.remove(kind, target.namespace, target.name)

    def evict(self, target: Target, options: Item) -> Item:
        """The eviction API: a deletion that says it is a disruption."""

        def disrupted(pod: Item) -> None:
            set_condition(pod, "DisruptionTarget", True, "EvictionByEvictionAPI", "Eviction API: evicting")

        self._store.update(PODS, target.namespace, target.name, disrupted)
        request_deletion(self._store, target.namespace, target.name, options.get("gracePeriodSeconds"))
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _encode(secret: Item) -> None:
    """stringData is written plainly and read encoded."""
    plain = secret.pop("stringData", None) or {}
    data = secret.setdefault("data", {}) or {}
    secret["data"] = data | {name: base64.b64encode(value.encode()).decode() for name, value in plain.items()}

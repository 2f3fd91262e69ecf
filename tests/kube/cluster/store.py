"""The objects of the cluster, with versions and a history that watchers read: what etcd is to a real one."""

import asyncio
import copy
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.kube.cluster.kinds import Kind
from tests.kube.cluster.refusal import already_exists, not_found

Item = dict[str, Any]
HISTORY = 10_000


def now() -> str:
    """As the API writes a time: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Change:
    """type: ADDED, MODIFIED or DELETED; `before` is None for ADDED."""

    type: str
    kind: Kind
    item: Item
    before: Item | None
    version: int


class Store:
    """Used from the event loop alone. What it hands out are copies."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str, str], Item] = {}
        self._listeners: list[asyncio.Queue[Change]] = []
        self.history: deque[Change] = deque(maxlen=HISTORY)
        self.version = 0

    def find(self, kind: Kind, namespace: str, name: str) -> Item | None:
        item = self._items.get((kind.resource, namespace, name))
        return copy.deepcopy(item)

    def get(self, kind: Kind, namespace: str, name: str) -> Item:
        item = self.find(kind, namespace, name)
        if item is None:
            raise not_found(kind, name)
        return item

    def all(self, kind: Kind, namespace: str = "") -> list[Item]:
        """By namespace and name; of every namespace when none is given."""
        keys = sorted(key for key in self._items if key[0] == kind.resource and namespace in ("", key[1]))
        return [copy.deepcopy(self._items[key]) for key in keys]

    def create(self, kind: Kind, namespace: str, item: Item) -> Item:
        item = copy.deepcopy(item)
        metadata = item["metadata"]
        name = metadata["name"]
        standing = self._items.get((kind.resource, namespace, name))
        if standing:
            raise already_exists(kind, name, terminating="deletionTimestamp" in standing["metadata"])
        item |= {"apiVersion": kind.api_version, "kind": kind.kind}
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
        if kind.namespaced:
            metadata["namespace"] = namespace
        self._items[kind.resource, namespace, name] = item
        return self._record("ADDED", kind, item, None)

    def update(self, kind: Kind, namespace: str, name: str, edit: Callable[[Item], None]) -> Item:
        """Change an object in place by `edit`; a change that changes nothing makes no new version."""
        before = self.get(kind, namespace, name)
        item = copy.deepcopy(before)
        edit(item)
        if item == before:
            return item
        self._items[kind.resource, namespace, name] = item
        return self._record("MODIFIED", kind, item, before)

    def remove(self, kind: Kind, namespace: str, name: str) -> Item:
        before = self.get(kind, namespace, name)
        del self._items[kind.resource, namespace, name]
        return self._record("DELETED", kind, copy.deepcopy(before), before)

    def _record(self, what: str, kind: Kind, item: Item, before: Item | None) -> Item:
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        change = Change(what, kind, copy.deepcopy(item), before, self.version)
        self.history.append(change)
        for listener in self._listeners:
            listener.put_nowait(change)
        return copy.deepcopy(item)

    @contextmanager
    def listening(self) -> Iterator[asyncio.Queue[Change]]:
        """Every change from now on, in order."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            yield queue
        finally:
            self._listeners.remove(queue)

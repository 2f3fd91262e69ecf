"""What goes wrong in a cluster, as methods that a test calls from its own thread."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.kube.cluster import lives
from tests.kube.cluster.control_plane import ControlPlane
from tests.kube.cluster.kinds import NAMESPACES, NODES, PODS
from tests.kube.cluster.lives import PodLife
from tests.kube.cluster.nodes import Node
from tests.kube.cluster.quotas import QUOTAS

ANSWER_S = 60


class Faults:
    """Pods are named as in the namespace of the tests."""

    namespace: str
    plane: ControlPlane
    loop: asyncio.AbstractEventLoop

    def _wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(ANSWER_S)

    def _do(self, action: Callable[..., Any], *arguments: Any) -> Any:
        async def done() -> Any:
            return action(*arguments)

        return self._wait_for(done())

    def _pod(self, name: str) -> dict[str, Any]:
        return self._do(self.plane.store.get, PODS, self.namespace, name)

    @contextmanager
    def api_down(self) -> Iterator[None]:
        """The API's socket is closed and every connection dropped; nodes and pods go on."""
        self._wait_for(self.plane.server.silence())
        try:
            yield
        finally:
            self._wait_for(self.plane.server.listen())

    def restart_api(self, down_s: float = 1.0) -> None:
        """Returns when the API answers again."""
        with self.api_down():
            time.sleep(down_s)

    def evict_under_pressure(self, name: str, resource: str = "memory") -> None:
        """The node ends the pod to save itself: phase Failed, reason Evicted, the object stays."""
        pod = self._pod(name)
        kubelet = self.plane.kubelet_of(pod)
        if kubelet is None:
            raise LookupError(f"pod {name} is on no node: wait until it runs")
        self._do(kubelet.evict, pod, resource)

    def preempt(self, name: str) -> None:
        """The scheduler takes the pod's place for one of a higher priority."""
        self._do(self.plane.scheduler.preempt, self._pod(name))

    def vanish(self, name: str) -> None:
        """The object is gone at once, as after garbage collection."""
        self._do(self.plane.store.remove, PODS, self.namespace, name)

    def lose_node(self, name: str) -> None:
        """Its pods run on unheard of, Terminating, until `recover_node` or `remove_node`."""
        self._do(self.plane.lose_node, name)

    def recover_node(self, name: str) -> None:
        self._do(self.plane.recover_node, name)

    def remove_node(self, name: str) -> None:
        """The machine is gone, its pods and their processes with it."""
        self._wait_for(self.plane.remove_node(name))

    def add_node(self, node: Node) -> None:
        self._do(self.plane.add_node, node)

    def cordon(self, name: str, unschedulable: bool = True) -> None:
        self._do(
            self.plane.store.update, NODES, "", name, lambda node: node["spec"].update(unschedulable=unschedulable)
        )

    def forbid(self, verb: str, resource: str) -> Callable[[], None]:
        """As if the Role lacked it, such as `create` and `pods/exec`. Returns what grants it again."""
        return self.plane.roles.forbid(verb, resource)

    def quota(self, hard: Mapping[str, str], name: str = "trainyard") -> None:
        """hard: such as {"requests.nvidia.com/gpu": "1", "pods": "10"}; in place of the quota of that name."""
        self._do(self._set_quota, name, {"hard": dict(hard)})

    def _set_quota(self, name: str, spec: dict[str, Any]) -> None:
        if self.plane.store.find(QUOTAS, self.namespace, name):
            self.plane.store.update(QUOTAS, self.namespace, name, lambda quota: quota.update(spec=spec))
        else:
            self.plane.create("resourcequotas", self.namespace, {"metadata": {"name": name}, "spec": spec})

    def unknown_image(self, image: str) -> None:
        """A whole image or a tag that no registry has."""
        self.plane.unknown_images.add(image)

    def label_namespace(self, labels: Mapping[str, str]) -> None:
        def labelled(namespace: dict[str, Any]) -> None:
            namespace["metadata"]["labels"] = dict(labels)

        self._do(self.plane.store.update, NAMESPACES, "", self.namespace, labelled)

    def lives(self, name: str | None = None) -> list[PodLife]:
        """Every pod whose process ever lived, in the order of their starts."""
        return [life for life in list(self.plane.lives) if name in (None, life.name)]

    def overlaps(self) -> list[tuple[PodLife, PodLife]]:
        """Pairs of pods of one task instance whose processes lived at the same time: there must be none."""
        return lives.overlaps(self.lives())

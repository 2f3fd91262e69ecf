"""The whole cluster in one event loop: store, scheduler, nodes with their kubelets, and the API in front."""

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from tests.kube.cluster.admission import Roles
from tests.kube.cluster.api import Api
from tests.kube.cluster.deletion import request_deletion
from tests.kube.cluster.events import Events
from tests.kube.cluster.kinds import KINDS, NODES, PODS, Target
from tests.kube.cluster.kubelet import Kubelet
from tests.kube.cluster.lives import PodLife
from tests.kube.cluster.nodes import UNREACHABLE, Node, node
from tests.kube.cluster.objects import Objects
from tests.kube.cluster.pod_security import LABEL
from tests.kube.cluster.pod_worker import PodWorker
from tests.kube.cluster.pods import is_terminal, set_condition
from tests.kube.cluster.refusal import internal
from tests.kube.cluster.scheduler import Scheduler
from tests.kube.cluster.server import Server
from tests.kube.cluster.store import Store

GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
SPOT_TAINT = {"key": "trainyard/spot", "value": "true", "effect": "NoSchedule"}
# A node for each of the resource classes that ship.
NODE_POOLS = (
    node("cpu-1"),
    node("gpu-1", gpus=2, labels={"trainyard/node-pool": "gpu"}, taints=[GPU_TAINT]),
    node("gpu-spot-1", gpus=2, labels={"trainyard/node-pool": "gpu-spot"}, taints=[GPU_TAINT, SPOT_TAINT]),
)
PRIORITIES = {"trainyard-serving": 1000, "trainyard-training": 500, "trainyard-backfill": 100}


class ControlPlane:
    def __init__(self, folder: Path, nodes: Sequence[Node] = NODE_POOLS, unknown_images: Collection[str] = ()) -> None:
        self.store = Store()
        self.lives: list[PodLife] = []
        self.roles = Roles()
        self.unknown_images = set(unknown_images)
        self.events = Events(self.store)
        self.objects = Objects(self.store, self.events)
        self.scheduler = Scheduler(self.store, self.events)
        self.kubelets: dict[str, Kubelet] = {}
        self._folder = folder
        self._nodes = nodes
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.server = Server(Api(self.store, self.objects, self.roles, self._worker_of).application())

    async def start(self, port: int = 0) -> None:
        self.server.port = port
        await self.server.start()
        self._tasks["scheduler"] = asyncio.create_task(self.scheduler.run())
        for one in self._nodes:
            self.add_node(one)

    async def stop(self) -> None:
        """No process of any pod is left. Raises what any part of the cluster has failed with."""
        for task in self._tasks.values():
            task.cancel()
        for kubelet in self.kubelets.values():
            await kubelet.stop()
        await self.server.stop()
        for ended in await asyncio.gather(*self._tasks.values(), return_exceptions=True):
            if not isinstance(ended, asyncio.CancelledError):
                raise RuntimeError("a part of the cluster failed before it was stopped") from ended

    def create(self, resource: str, namespace: str, item: dict[str, Any]) -> dict[str, Any]:
        return self.objects.create(Target(KINDS[resource], namespace), item)

    def furnish(self, namespace: str, restricted: bool = True, service_account: str = "trainyard-steps") -> None:
        """The namespace of the steps with its service account, and the priority classes."""
        labels = {LABEL: "restricted"} if restricted else {}
        self.create("namespaces", "", {"metadata": {"name": namespace, "labels": labels}})
        self.create("serviceaccounts", namespace, {"metadata": {"name": service_account}})
        for name, value in PRIORITIES.items():
            self.create("priorityclasses", "", {"metadata": {"name": name}, "value": value})

    def add_node(self, one: Node) -> None:
        name = one["metadata"]["name"]
        self.objects.create(Target(NODES), one)
        kubelet = Kubelet(name, self._folder, self.store, self.events, self.unknown_images, self.lives)
        self.kubelets[name] = kubelet
        self._tasks[f"kubelet {name}"] = asyncio.create_task(kubelet.run())

    async def remove_node(self, name: str) -> None:
        """The machine is gone with all its processes, and the garbage collector takes its pods."""
        self.store.remove(NODES, "", name)
        kubelet = self.kubelets.pop(name)
        self._tasks.pop(f"kubelet {name}").cancel()
        await kubelet.stop()
        for pod in self._pods_of(name):
            self.store.remove(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])

    def lose_node(self, name: str) -> None:
        """The kubelet no longer reaches the API: what it runs goes on, and nobody hears of it.

        The pods are marked for deletion at once, where a real cluster first tolerates five minutes of silence.
        """
        self.kubelets[name].online = False
        self.store.update(NODES, "", name, _unreachable)
        for pod in self._pods_of(name):
            if is_terminal(pod):
                continue
            of = pod["metadata"]["namespace"], pod["metadata"]["name"]
            self.store.update(PODS, *of, lambda pod: _lost(pod, name))
            request_deletion(self.store, *of)

    def recover_node(self, name: str) -> None:
        """The kubelet is back: it hears what it missed, and ends what the cluster had given up."""

        def reachable(node: Node) -> None:
            node["spec"]["taints"] = [taint for taint in node["spec"]["taints"] if taint["key"] != UNREACHABLE]
            node["status"]["conditions"] = [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]

        self.store.update(NODES, "", name, reachable)
        self.kubelets[name].online = True
        self.kubelets[name].sync()

    def kubelet_of(self, pod: dict[str, Any]) -> Kubelet | None:
        return self.kubelets.get(pod["spec"].get("nodeName", ""))

    def _worker_of(self, pod: dict[str, Any]) -> PodWorker | None:
        kubelet = self.kubelet_of(pod)
        if kubelet and not kubelet.online:
            address = f"https://{kubelet.name}:10250"
            raise internal(f'Get "{address}": dial tcp {kubelet.name}:10250: connect: no route to host')
        return kubelet.workers.get(pod["metadata"]["uid"]) if kubelet else None

    def _pods_of(self, node: str) -> list[dict[str, Any]]:
        return [pod for pod in self.store.all(PODS) if pod["spec"].get("nodeName") == node]


def _unreachable(node: Node) -> None:
    condition = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}
    node["status"]["conditions"] = [{**condition, "message": "Kubelet stopped posting node status."}]
    node["spec"]["taints"] += [{"key": UNREACHABLE, "effect": effect} for effect in ("NoSchedule", "NoExecute")]


def _lost(pod: dict[str, Any], node: str) -> None:
    message = f"Node {node} which was running pod {pod['metadata']['name']} is unresponsive"
    pod["status"] |= {"reason": "NodeLost", "message": message}
    taint = "Taint manager: deleting due to NoExecute taint"
    set_condition(pod, "DisruptionTarget", True, "DeletionByTaintManager", taint)
    set_condition(pod, "Ready", False, "NodeStatusUnknown", "Kubelet stopped posting node status.")

"""Runs the pods that the scheduler gave to one node, and reports on them for as long as it reaches the API."""

from pathlib import Path
from typing import Any

from tests.kube.cluster.container_environment import PodFolder
from tests.kube.cluster.events import Events
from tests.kube.cluster.kinds import PODS
from tests.kube.cluster.lives import PodLife
from tests.kube.cluster.pod_status import Verdict, write_status
from tests.kube.cluster.pod_worker import Node, PodWorker
from tests.kube.cluster.pods import is_terminal, is_terminating, set_condition
from tests.kube.cluster.store import Store

# What a pod gets at least, even one that is deleted by force.
LEAST_GRACE_S = 1


class Kubelet:
    def __init__(
        self, name: str, folder: Path, store: Store, events: Events, unknown_images: set[str], lives: list[PodLife]
    ) -> None:
        self.name = name
        self.online = True
        self.workers: dict[str, PodWorker] = {}
        self._folder = folder
        self._store = store
        self._node = Node(store, events, unknown_images, lives, self._report)
        self._events = events

    async def run(self) -> None:
        with self._store.listening() as changes:
            self.sync()
            while True:
                change = await changes.get()
                if change.kind is PODS and change.item["spec"].get("nodeName") == self.name and self.online:
                    self._heed(change.item, gone=change.type == "DELETED")

    def sync(self) -> None:
        """Compare all pods with the API: on start, and when a lost node is back."""
        standing = {pod["metadata"]["uid"]: pod for pod in self._store.all(PODS)}
        for uid, worker in list(self.workers.items()):
            self._heed(standing.get(uid, worker.pod), gone=uid not in standing)
            self._report(worker)
        for pod in standing.values():
            if pod["spec"].get("nodeName") == self.name:
                self._heed(pod, gone=False)

    def _heed(self, pod: dict[str, Any], gone: bool) -> None:
        metadata = pod["metadata"]
        worker = self.workers.get(metadata["uid"])
        if gone:
            if worker:
                worker.stop(_grace_s(pod))
                worker.task.add_done_callback(lambda _: self._bury(worker))
        elif worker is None:
            if is_terminating(pod):
                self._forget(pod)
            elif not is_terminal(pod):
                folder = PodFolder(self._folder / f"{metadata['name']}-{metadata['uid'][:8]}")
                self.workers[metadata["uid"]] = PodWorker(pod, folder, self._node)
        elif is_terminating(pod):
            worker.stop(_grace_s(pod))
            if worker.finished.is_set():
                self._forget(pod)

    def _report(self, worker: PodWorker) -> None:
        """Write a worker's status, if the API can be reached and still knows that pod."""
        metadata = worker.pod["metadata"]
        standing = self._store.find(PODS, metadata["namespace"], metadata["name"])
        if not self.online or standing is None or standing["metadata"]["uid"] != worker.uid:
            return
        self._store.update(PODS, metadata["namespace"], metadata["name"], lambda pod: write_status(worker, pod))
        if worker.finished.is_set():
            self._forget(worker.pod)

    def _forget(self, pod: dict[str, Any]) -> None:
        """Nothing of the pod is left here: if it was to be deleted, now it is."""
        metadata = pod["metadata"]
        standing = self._store.find(PODS, metadata["namespace"], metadata["name"])
        if standing and standing["metadata"]["uid"] == metadata["uid"] and is_terminating(standing):
            self._store.remove(PODS, metadata["namespace"], metadata["name"])

    def _bury(self, worker: PodWorker) -> None:
        """Its object and its processes are gone, and so are its volumes."""
        self.workers.pop(worker.uid, None)
        worker.folder.remove()

    def evict(self, pod: dict[str, Any], resource: str) -> None:
        """Node-pressure eviction: the pod fails and stays to be seen."""
        message = f"The node was low on resource: {resource}. "
        self._events.record(pod, "Evicted", message, source="kubelet", warning=True)

        def disrupted(pod: dict[str, Any]) -> None:
            set_condition(pod, "DisruptionTarget", True, "TerminationByKubelet", message)

        self._store.update(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], disrupted)
        self.workers[pod["metadata"]["uid"]].stop(LEAST_GRACE_S, Verdict("Evicted", message))

    async def stop(self) -> None:
        """End every process, also those whose pods are gone from the API."""
        for worker in list(self.workers.values()):
            worker.kill()
            await worker.task
            self._bury(worker)


def _grace_s(pod: dict[str, Any]) -> int:
    asked = pod["metadata"].get("deletionGracePeriodSeconds")
    return max(LEAST_GRACE_S, pod["spec"]["terminationGracePeriodSeconds"] if asked is None else asked)

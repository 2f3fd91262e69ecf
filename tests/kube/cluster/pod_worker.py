"""The life of one pod on its node: what a kubelet's pod worker does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.kube.cluster.container import Container
from tests.kube.cluster.container_environment import ConfigError, PodFolder, command_line, variables
from tests.kube.cluster.events import Events
from tests.kube.cluster.images import pull_error
from tests.kube.cluster.lives import PodLife
from tests.kube.cluster.pod_status import Verdict
from tests.kube.cluster.quantities import parse
from tests.kube.cluster.store import Store, now

RETRY_S = 0.3
MEMORY_POLL_S = 0.1
DEADLINE = "Pod was active on the node longer than the specified deadline"


@dataclass(frozen=True)
class Node:
    """What a worker needs of its node."""

    store: Store
    events: Events
    unknown_images: set[str]
    lives: list[PodLife]
    report: Callable[["PodWorker"], None]


class PodWorker:
    """Starts when made. `finished` is set once every process of the pod has ended."""

    def __init__(self, pod: dict[str, Any], folder: PodFolder, node: Node) -> None:
        self.pod = pod
        self.uid: str = pod["metadata"]["uid"]
        self.containers = {spec["name"]: Container(spec, folder) for spec in pod["spec"]["containers"]}
        self.finished = asyncio.Event()
        self.started_at = now()
        self.verdict: Verdict | None = None
        self._node = node
        self.folder = folder
        self._stopping = asyncio.Event()
        self._timers: list[asyncio.TimerHandle] = []
        self._kill_due: float | None = None
        self._killed = False
        deadline_s = pod["spec"].get("activeDeadlineSeconds")
        if deadline_s is not None:
            self._timers.append(asyncio.get_running_loop().call_later(deadline_s, self._deadline_passed))
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        if await self._prepared():
            for container in self.containers.values():
                await self._start(container)
            self._node.report(self)
            memory = asyncio.create_task(self._watch_memory())
            await self._all_ended()
            memory.cancel()
        for timer in self._timers:
            timer.cancel()
        self.finished.set()
        self._node.report(self)

    async def _prepared(self) -> bool:
        """Wait until images and settings are there; False when the pod was stopped before."""
        attempt = 0
        while not self._stopping.is_set():
            ready = [self._is_ready(container, attempt) for container in self.containers.values()]
            if all(ready):
                return True
            self._node.report(self)
            attempt += 1
            try:
                await asyncio.wait_for(self._stopping.wait(), RETRY_S)
            except TimeoutError:
                continue
        return False

    def _is_ready(self, container: Container, attempt: int) -> bool:
        image = container.spec["image"]
        error = pull_error(image, container.spec["imagePullPolicy"], self._node.unknown_images)
        if error:
            waiting = error.waiting(image, attempt)
            container.state = {"waiting": waiting}
            if attempt == 0:
                self._event("Failed", f'Failed to pull image "{image}": {error.message}', container, warning=True)
                self._event("Failed", f"Error: {error.first}", container, warning=True)
            else:
                self._event("BackOff", f'Back-off pulling image "{image}"', container)
            return False
        try:
            container.environment = variables(self._node.store, self.pod, container.spec, self.folder)
        except ConfigError as missing:
            container.state = {"waiting": {"reason": "CreateContainerConfigError", "message": str(missing)}}
            self._event("Failed", f"Error: {missing}", container, warning=True)
            return False
        return True

    async def _start(self, container: Container) -> None:
        if self._stopping.is_set():
            return
        self.folder.make(container.name)
        image = container.spec["image"]
        self._event("Pulled", f'Container image "{image}" already present on machine', container)
        self._event("Created", f"Created container: {container.name}", container)
        command = command_line(container.spec, self.folder, container.environment)
        await container.start(command, container.environment)
        if self._killed:  # while the process was being made
            container.kill()
        if not container.running:
            self._event("Failed", f"Error: {container.state['terminated']['message']}", container, warning=True)
            return
        self._event("Started", f"Started container {container.name}", container)
        if container is next(iter(self.containers.values())):
            self._record_life(container)

    def _record_life(self, container: Container) -> None:
        metadata = self.pod["metadata"]
        labels = dict(metadata.get("labels") or {})
        life = PodLife(self.uid, metadata["name"], metadata["namespace"], labels, container.pid or 0)
        self._node.lives.append(life)

        async def end() -> None:
            await container.ended.wait()
            life.end()

        self._life = asyncio.create_task(end())

    async def _all_ended(self) -> None:
        waiting = {asyncio.create_task(one.ended.wait()) for one in self.containers.values() if one.pid}
        while waiting:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            self._node.report(self)

    async def _watch_memory(self) -> None:
        limits = {
            name: int(parse(limit))
            for name, one in self.containers.items()
            if (limit := ((one.spec.get("resources") or {}).get("limits") or {}).get("memory"))
        }
        while limits:
            for name, limit in limits.items():
                container = self.containers[name]
                if container.running and container.memory_bytes() > limit:
                    container.kill(out_of_memory=True)
            await asyncio.sleep(MEMORY_POLL_S)

    def stop(self, grace_s: float, verdict: Verdict | None = None) -> None:
        """SIGTERM now, SIGKILL after the grace; asked again, only a shorter grace counts."""
        self.verdict = self.verdict or verdict
        loop = asyncio.get_running_loop()
        due = loop.time() + grace_s
        if not self._stopping.is_set():
            self._stopping.set()
            for container in self.containers.values():
                if container.running:
                    self._event("Killing", f"Stopping container {container.name}", container)
                    container.terminate()
        if self._kill_due is None or due < self._kill_due:
            self._kill_due = due
            self._timers.append(loop.call_at(due, self.kill))

    def kill(self) -> None:
        self._stopping.set()
        self._killed = True
        for container in self.containers.values():
            container.kill()

    def _deadline_passed(self) -> None:
        self._node.events.record(self.pod, "DeadlineExceeded", DEADLINE, source="kubelet")
        self.stop(self.pod["spec"]["terminationGracePeriodSeconds"], Verdict("DeadlineExceeded", DEADLINE))

    def _event(self, reason: str, message: str, container: Container, warning: bool = False) -> None:
        self._node.events.record(self.pod, reason, message, source="kubelet", warning=warning, container=container.name)

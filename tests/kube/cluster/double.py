"""The cluster in a thread of a test's own process."""

import asyncio
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.kube.cluster.access import ClusterAccess
from tests.kube.cluster.control_plane import NODE_POOLS, ControlPlane
from tests.kube.cluster.faults import Faults
from tests.kube.cluster.kubeconfig import write_kubeconfig
from tests.kube.cluster.nodes import Node

STOP_S = 30


class ClusterDouble(Faults, ClusterAccess):
    """A cluster with one namespace to test in, and everything that can go wrong with it."""

    is_double = True

    def __init__(self, plane: ControlPlane, loop: asyncio.AbstractEventLoop, folder: Path, namespace: str) -> None:
        self.plane = plane
        self.loop = loop
        self.url = plane.server.url
        super().__init__(write_kubeconfig(folder / "kubeconfig.yaml", self.url, namespace), namespace)


@contextmanager
def running_cluster(
    folder: Path,
    namespace: str = "trainyard",
    *,
    restricted: bool = True,
    nodes: Sequence[Node] = NODE_POOLS,
    unknown_images: Collection[str] = ("missing",),
    port: int = 0,
) -> Iterator[ClusterDouble]:
    """folder: for the files of the pods. On the way out every process of every pod is ended."""
    folder.mkdir(parents=True, exist_ok=True)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="cluster", daemon=True)
    thread.start()

    async def started() -> ControlPlane:
        plane = ControlPlane(folder / "pods", nodes, unknown_images)
        await plane.start(port)
        plane.furnish(namespace, restricted)
        return plane

    try:
        plane = asyncio.run_coroutine_threadsafe(started(), loop).result(STOP_S)
        try:
            yield ClusterDouble(plane, loop, folder, namespace)
        finally:
            asyncio.run_coroutine_threadsafe(plane.stop(), loop).result(STOP_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP_S)
        loop.close()

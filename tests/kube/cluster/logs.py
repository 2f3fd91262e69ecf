"""GET pods/log."""

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.kube.cluster.pod_worker import PodWorker
from tests.kube.cluster.refusal import bad_request


async def send_log(request: web.Request, pod: dict[str, Any], worker: PodWorker | None) -> web.StreamResponse:
    """Raises Refusal where the real API does: no such container, none named of several, not started yet."""
    query = request.query
    name = container_named(pod, query.get("container", ""))
    container = worker.containers[name] if worker else None
    if container is None or "waiting" in container.state:
        why = container.state["waiting"]["reason"] if container else "ContainerCreating"
        raise bad_request(f'container "{name}" in pod "{pod["metadata"]["name"]}" is waiting to start: {why}')
    if query.get("previous") == "true":
        raise bad_request(f'previous terminated container "{name}" in pod "{pod["metadata"]["name"]}" not found')
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    timestamps, follow = (query.get(word, "").lower() == "true" for word in ("timestamps", "follow"))
    lines = container.log.read(follow, _since(query), int(query["tailLines"]) if "tailLines" in query else None)
    async for entry in lines:
        await response.write(entry.shown(timestamps))
    await response.write_eof()
    return response


def _since(query: Mapping[str, str]) -> float | None:
    return time.time() - int(query["sinceSeconds"]) if "sinceSeconds" in query else None


def container_named(pod: dict[str, Any], name: str) -> str:
    names = [container["name"] for container in pod["spec"]["containers"]]
    if not name and len(names) > 1:
        of = pod["metadata"]["name"]
        raise bad_request(f"a container name must be specified for pod {of}, choose one of: [{' '.join(names)}]")
    if name and name not in names:
        raise bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}")
    return name or names[0]

"""GET pods/exec: a command in a container, over a websocket with a channel per stream (v4.channel.k8s.io)."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from tests.kube.cluster.container import Container, first_process
from tests.kube.cluster.container_environment import REPOSITORY
from tests.kube.cluster.logs import container_named
from tests.kube.cluster.pod_worker import PodWorker
from tests.kube.cluster.pods import is_terminal
from tests.kube.cluster.refusal import bad_request, internal

PROTOCOL = "v4.channel.k8s.io"
STDIN, STDOUT, STDERR, ERROR = range(4)
BLOCK_BYTES = 32_768


async def exec_in(request: web.Request, pod: dict[str, Any], worker: PodWorker | None) -> web.StreamResponse:
    name = container_named(pod, request.query.get("container", ""))
    if is_terminal(pod):
        raise bad_request(f"cannot exec into a container in a completed pod; current phase is {pod['status']['phase']}")
    if worker is None or not worker.containers[name].running:
        raise internal(f'error executing command in container: container not found ("{name}")')
    socket = web.WebSocketResponse(protocols=(PROTOCOL,), max_msg_size=0)
    await socket.prepare(request)
    session = ExecSession(socket, worker.containers[name])
    await session.run(request.query.getall("command"), stdin=request.query.get("stdin", "").lower() == "true")
    await socket.close()
    return socket


class ExecSession:
    def __init__(self, socket: web.WebSocketResponse, container: Container) -> None:
        self._socket = socket
        self._container = container

    async def run(self, command: list[str], stdin: bool) -> None:
        """Until the command ends; it ends with its container, and when the client goes."""
        container = self._container
        container.folder.show_processes(container.name, container.pid or 0)
        process = await asyncio.create_subprocess_exec(
            *(self._here(word) for word in command),
            cwd=REPOSITORY,
            env=container.environment | {"CONTAINER_SESSION": str(container.pid or 0)},
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=first_process,
        )
        streams = [self._send(STDOUT, process.stdout), self._send(STDERR, process.stderr)]
        outputs = [asyncio.create_task(stream) for stream in streams]
        client = asyncio.create_task(self._receive(process))
        ended = asyncio.create_task(container.ended.wait())
        first, _ = await asyncio.wait({asyncio.gather(*outputs), client, ended}, return_when=asyncio.FIRST_COMPLETED)
        if client in first or ended in first:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await asyncio.gather(*outputs)
        code = await process.wait()
        for task in (client, ended):
            task.cancel()
        await self._say(ERROR, json.dumps(_outcome(command, 128 - code if code < 0 else code)).encode())

    def _here(self, text: str) -> str:
        """Paths of the container, and its own /proc: `kill` must find no process of this machine."""
        container = self._container
        proc = f"{container.folder.proc(container.name)}/"
        return container.folder.here(text, container.spec).replace("/proc/", proc)

    async def _send(self, channel: int, stream: asyncio.StreamReader) -> None:
        while block := await stream.read(BLOCK_BYTES):
            await self._say(channel, block)

    async def _say(self, channel: int, block: bytes) -> None:
        with suppress(ConnectionError):  # the client has gone; the process is ended by the one that notices
            await self._socket.send_bytes(bytes([channel]) + block)

    async def _receive(self, process: asyncio.subprocess.Process) -> None:
        """Standard input, in binary frames or in text frames, as Python's client sends it; until the client goes."""
        async for message in self._socket:
            data = message.data.encode() if message.type is WSMsgType.TEXT else message.data
            if data[:1] == bytes([STDIN]) and process.stdin:
                with suppress(ConnectionError):
                    process.stdin.write(
                        self._here(data[1:].decode(errors="surrogateescape")).encode(errors="surrogateescape")
                    )
                    await process.stdin.drain()


def _outcome(command: list[str], code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": "command terminated with non-zero exit code: error executing command "
        f"[{' '.join(command)}], exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }

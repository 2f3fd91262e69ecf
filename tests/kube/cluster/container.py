"""One container: a process of this machine, in a session of its own."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.kube.cluster.container_environment import REPOSITORY, PodFolder, session_members
from tests.kube.cluster.container_log import ContainerLog
from tests.kube.cluster.store import now

BLOCK_BYTES = 65_536
MESSAGE_BYTES = 4_096
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_CANNOT_START = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init: exec: "
)


def first_process() -> None:
    """Between fork and exec: no inherited dispositions of signals, and no life beyond the cluster's own."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(signum, signal.SIG_DFL)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Container:
    def __init__(self, spec: dict[str, Any], folder: PodFolder) -> None:
        self.spec = spec
        self.name: str = spec["name"]
        self.folder = folder
        self.log = ContainerLog()
        self.environment: dict[str, str] = {}
        self.ended = asyncio.Event()
        self.pid: int | None = None
        self.state: dict[str, Any] = {"waiting": {"reason": "ContainerCreating"}}
        self._out_of_memory = False
        self._life: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return "running" in self.state

    async def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command or [""],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
                preexec_fn=first_process,
            )
        except OSError as error:
            os.close(read_end)
            await self._never_started(command, error)
            return
        finally:
            os.close(write_end)
        self.pid = process.pid
        self.state = {"running": {"startedAt": now()}}
        self._life = asyncio.create_task(self._live(process, read_end))

    async def _never_started(self, command: Sequence[str], error: OSError) -> None:
        what = "executable file not found in $PATH" if isinstance(error, FileNotFoundError) else error.strerror
        name = command[0] if command else ""
        message = f'{_CANNOT_START}"{name}": {what}: unknown'
        self.state = {"terminated": {"exitCode": 128, "reason": "StartError", "message": message, "finishedAt": now()}}
        await self.log.end()
        self.ended.set()

    async def _live(self, process: asyncio.subprocess.Process, read_end: int) -> None:
        pump = asyncio.create_task(self._pump(read_end))
        code = await process.wait()
        self.kill()  # with its first process a container loses all others
        await pump
        self._terminated(128 - code if code < 0 else code)
        await self.log.end()
        self.ended.set()

    async def _pump(self, read_end: int) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(read_end, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        while block := await reader.read(BLOCK_BYTES):
            await self.log.write(block)
        transport.close()

    def _terminated(self, code: int) -> None:
        reason = "OOMKilled" if self._out_of_memory else "Completed" if code == 0 else "Error"
        started = self.state["running"]["startedAt"]
        terminated = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
        if message := self._message(code):
            terminated["message"] = message
        self.state = {"terminated": terminated}

    def _message(self, code: int) -> str:
        text = self.folder.termination(self.name).read_bytes()[:MESSAGE_BYTES]
        if not text and code and self.spec["terminationMessagePolicy"] == "FallbackToLogsOnError":
            text = self.log.tail(lines=80, limit_bytes=2_048)
        return text.decode(errors="replace")

    def terminate(self) -> None:
        """SIGTERM, to the first process alone, which as in any container gets only what it handles."""
        if self.running and self.pid and _handles(self.pid, signal.SIGTERM):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self, out_of_memory: bool = False) -> None:
        """SIGKILL to every process of the container."""
        if self.pid is None or self.ended.is_set():
            return
        self._out_of_memory |= out_of_memory
        for pid in session_members(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def memory_bytes(self) -> int:
        """Resident memory of the first process and all that came of it."""
        try:
            first = psutil.Process(self.pid)
            members = [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        held = 0
        for member in members:
            with suppress(psutil.NoSuchProcess):
                held += member.memory_info().rss
        return held


def _handles(pid: int, signum: int) -> bool:
    """Whether a process catches a signal: the kernel drops any other for the first process of a container.

    Source: man 7 pid_namespaces, "The namespace init process".
    """
    with suppress(FileNotFoundError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signum - 1) & 1)
    return False

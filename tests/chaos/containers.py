"""What can happen to the containers of a stack: they die, hang, lose one another, or all end at once."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from compose.engine import Engine
from compose.stack import unhealthy

SERVES_WITHIN_S = 600.0
SERVICES = (
    "airflow-scheduler",
    "postgres",
    "airflow-api-server",
    "object-store",
    "mlflow",
    "airflow-triggerer",
    "redis",
    "airflow-dag-processor",
    "feast-server",
    "evidently",
)


class Containers:
    """The containers of one stack. The engine has to run on this machine: processes are killed by their own ids."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def id(self, service: str) -> str:
        return self.engine.run("ps", "--all", "--quiet", service).split()[0]

    def pid(self, service: str) -> int:
        """Of its first process; 0 while there is none."""
        return int(self._inspect(service)["State"]["Pid"])

    def kill(self, *services: str) -> None:
        """SIGKILL, unannounced and at once: `docker kill` would tell the engine, which then starts them no more."""
        for pid in [pid for service in services if (pid := self.pid(service))]:
            os.kill(pid, signal.SIGKILL)

    def restart(self, service: str) -> None:
        self.engine.run("restart", service)

    def stopped(self, service: str) -> AbstractContextManager[None]:
        """Away: connections are refused."""
        return self._between("stop", "start", service)

    def hanging(self, service: str) -> AbstractContextManager[None]:
        """Away, and nobody says so: connections stay open, and nothing answers."""
        return self._between("pause", "unpause", service)

    @contextmanager
    def _between(self, before: str, after: str, service: str) -> Iterator[None]:
        self.engine.run(before, service)
        try:
            yield
        finally:
            self.engine.run(after, service)

    @contextmanager
    def cut_off(self, service: str, network: str) -> Iterator[None]:
        """Out of one network: names are no longer resolved, packets of open connections go nowhere."""
        container = self.id(service)
        [name] = [one for one in self._inspect(service)["NetworkSettings"]["Networks"] if one.endswith(f"_{network}")]
        _docker("network", "disconnect", name, container)
        try:
            yield
        finally:
            _docker("network", "connect", "--alias", service, name, container)

    @contextmanager
    def doubled(self, service: str) -> Iterator[None]:
        """Two of it, side by side."""
        self._scale(service, 2)
        try:
            yield
        finally:
            self._scale(service, 1)

    def _scale(self, service: str, count: int) -> None:
        self.engine.run(
            "up", "--detach", "--no-build", "--no-deps", "--no-recreate", "--scale", f"{service}={count}", service
        )

    def await_health(self) -> float:
        """Until all serve again; in seconds. Raises AssertionError with the end of a log."""
        began = time.monotonic()
        while waiting := unhealthy(self.engine.containers().values()):
            assert time.monotonic() - began < SERVES_WITHIN_S, f"{waiting}: {self.engine.log_end(waiting[0])}"
            time.sleep(2)
        return time.monotonic() - began

    def _inspect(self, service: str) -> dict:
        return json.loads(_docker("inspect", self.id(service)))[0]


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout

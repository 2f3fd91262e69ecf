"""A stack in Docker to break, fresh for each module."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from compose import demo, dotenv, stack
from compose.engine import Engine
from compose.errors import StackProblem
from embedded.settings import free_ports
from tests.chaos.containers import Containers

PORTS = [name for name in dotenv.read(stack.EXAMPLE) if name.endswith("_PORT")]
# A demo that gives up names the step that failed for good; the same command goes on there.
COMMANDS_AT_MOST = 5


@dataclass(frozen=True)
class Fresh:
    containers: Containers
    settings: dict[str, str]

    def run_loop(self, months: int) -> int:
        """The demo's months, to their end; how many times the command was needed."""
        for count in range(1, COMMANDS_AT_MOST + 1):
            if demo.run(self.settings, months) == 0:
                return count
            self.containers.await_health()
        raise AssertionError(f"the loop did not end within {COMMANDS_AT_MOST} commands")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    if os.geteuid():
        pytest.skip("only root kills the processes of an engine's containers")
    file: Path = tmp_path_factory.mktemp("chaos") / ".env"
    engine = Engine(file)
    try:
        engine.require()
    except StackProblem as problem:
        pytest.skip(str(problem))
    dotenv.ensure(file, stack.EXAMPLE)
    own = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    for name, value in {"COMPOSE_PROJECT_NAME": f"trainyard-chaos-{os.getpid()}", **own}.items():
        dotenv.set_value(file, name, value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(file.parent))
        try:
            # The demo's clients find the stack by the environment; it is put back with the rest.
            for name in demo.client_environment(dotenv.read(file)):
                patch.delenv(name, raising=False)
            yield Fresh(Containers(engine), stack.up(engine, print))
        finally:
            stack.down(engine, print, with_data=True)

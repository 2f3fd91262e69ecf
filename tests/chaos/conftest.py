"""What is broken: a stack in Docker, fresh for each module; and what steps write that nothing happens to."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from compose import demo, stack
from compose.engine import Engine
from compose.errors import StackProblem
from tests.chaos.containers import Containers
from tests.chaos.processes import DATA, environment, step
from tests.compose.running import new_stack

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


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a January that nothing happened to."""
    home = tmp_path_factory.mktemp("undisturbed")
    for name in DATA:
        ran = step(name, environment(home))
        assert ran.returncode == 0, ran.stderr
    return home / "store"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    if os.geteuid():
        pytest.skip("only root kills the processes of an engine's containers")
    folder = tmp_path_factory.mktemp("chaos")
    try:
        Engine(folder / ".env").require()
    except StackProblem as problem:
        pytest.skip(str(problem))
    running = new_stack(folder, "trainyard-chaos")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(folder))
        # The demo's clients find the stack by the environment; it is put back with the rest.
        for name in demo.client_environment(running.settings):
            patch.delenv(name, raising=False)
        try:
            yield Fresh(Containers(running.engine), stack.up(running.engine, print))
        finally:
            stack.down(running.engine, print, with_data=True)

"""One stack for all tests that need one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose import dotenv
from compose.engine import Engine
from compose.errors import StackProblem
from tests.compose.running import MONTHS, Running, new_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    there = os.environ.get("TRAINYARD_TEST_STACK")
    engine = Engine(Path(there) if there else tmp_path_factory.mktemp("stack") / ".env")
    try:
        engine.require()
    except StackProblem as problem:
        pytest.skip(str(problem))
    if there:
        yield Running(engine, dotenv.read(engine.env_file))
        return
    running = new_stack(engine.env_file.parent, "trainyard-test")
    try:
        running.compose("up")
        yield running
    finally:
        running.compose("down", "--with-data")


@pytest.fixture(scope="session")
def looped(stack: Running) -> Running:
    """With a champion, and a month that it scored."""
    assert "champion" in stack.compose("demo", "--months", str(MONTHS), timeout_s=3400)
    return stack

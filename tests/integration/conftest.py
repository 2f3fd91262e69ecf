"""Real servers for the steps, each on a free port; ended by their own process id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import QUARTER, use_home

STARTED_WITHIN_SECONDS = 90


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class MLflow:
    """One `mlflow server` on SQLite; it can be killed and started again on the same state."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}", "--workers", "1"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        log = (self.folder / "server.log").open("ab")
        # A session of its own: the server's worker is ended with it.
        self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        log.close()
        deadline = time.monotonic() + STARTED_WITHIN_SECONDS
        while not self.answers():
            told = (self.folder / "server.log").read_text()[-2000:]
            assert self.process.poll() is None and time.monotonic() < deadline, f"mlflow did not start:\n{told}"
            time.sleep(0.2)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MLflow]:
    """A server for all tests that do not kill theirs."""
    server = MLflow(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def joined_home(quarter_store, march, flights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with January to March joined to their features; of the joined rows every sixth is kept, enough to
    train on and quick. Copy it, never write to it."""
    from pipelines.interval import partition_interval
    from pipelines.joined import joined_partition
    from pipelines.store import Store

    home = tmp_path_factory.mktemp("joined") / "home"
    shutil.copytree(quarter_store.uri, home / "store")
    store = Store(str(home / "store"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(monkeypatch, home)
        for part in QUARTER:
            joined = joined_partition(store, flights, partition_interval(part, "month"))
            rows = store.read_parquet(joined.path)
            store.write_parquet(joined.path, rows.take(list(range(0, rows.num_rows, 6))))
    return home


@pytest.fixture
def joined_store(joined_home: Path, home: Path):
    """A copy of the joined quarter that a test may change."""
    from pipelines.store import Store

    shutil.copytree(joined_home / "store", home / "store")
    return Store(str(home / "store"))


@pytest.fixture(scope="session")
def released_home(year, flights, mlflow_server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of thin months, January to March: a small `flight_delay` trained on two of them, evaluated and in
    force, and March scored. Copy it, never write to it."""
    from pipelines.registry import Registry
    from pipelines.steps import assemble, evaluate, featurize, predict, promote, train, validate
    from pipelines.store import Store
    from tests.integration.small_model import SMALL
    from tests.pipelines.months import FEBRUARY, JANUARY, MARCH, pull

    home, registry = tmp_path_factory.mktemp("released") / "home", Registry(mlflow_server.uri)
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(monkeypatch, home)
        store = Store(str(home / "store"))
        for month in (JANUARY, FEBRUARY, MARCH):
            pull(store, year, month)
            validate.run(flights, month, store)
            featurize.run(flights, month, store)
        assemble.run(SMALL, FEBRUARY, store)
        for step in (train, evaluate, promote):
            step.run(SMALL, FEBRUARY, store, registry)
        predict.run(SMALL, MARCH, store, registry)
    return home


@pytest.fixture
def released(released_home: Path, home: Path):
    """A copy of the released store that a test may change."""
    from pipelines.store import Store

    shutil.copytree(released_home / "store", home / "store")
    return Store(str(home / "store"))


@dataclass(frozen=True)
class Ended:
    """A command that has ended, in a process of its own or in ours."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Ended]


@pytest.fixture
def command(home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `python -m pipelines …` on the test's home, in this process: a start costs more than most commands."""
    from pipelines.__main__ import main

    def run(*arguments: str, **environment: str) -> Ended:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            try:
                code = main(list(arguments))
            except SystemExit as ended:  # argparse itself
                code = int(ended.code or 0)
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    return run


@pytest.fixture
def own_process(home: Path) -> Command:
    """Runs `python -m pipelines …` on the test's home as Airflow and people do."""

    def run(*arguments: str, **environment: str) -> Ended:
        command = [sys.executable, "-m", "pipelines", *arguments]
        ran = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=300)
        return Ended(ran.returncode, ran.stdout, ran.stderr)

    return run

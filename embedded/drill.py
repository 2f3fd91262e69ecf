"""A drill: the newest backup restored into a stack that is thrown away, and the same questions asked of both.

PostgreSQL and MLflow run there, on free ports; Airflow does not, for nothing is to be scheduled.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from embedded import postgres, recovery, stack
from embedded.home import REPO, Home, read_env_file
from embedded.services import base_environment, stack_environment, stack_services
from embedded.settings import Settings, free_ports
from pipelines.journal import everything
from pipelines.store import Store
from recovery.__main__ import chosen
from recovery.questions import MEASURED, questions, scores
from recovery.restoration import restore
from recovery.vault import open_vault

SERVES_WITHIN_S = 900.0
ANSWERS_WITHIN_S = 1800.0


@contextlib.contextmanager
def thrown_away() -> Iterator[Home]:
    """A home in a short path, for a socket's sake."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        home = Home(Path(folder) / "home")
        home.make()
        yield home


@contextlib.contextmanager
def servers(home: Home) -> Iterator[dict[str, str]]:
    """PostgreSQL and MLflow of the home; the environment in which commands find them. Raises StackError."""
    airflow, mlflow, worker, trigger, cluster = free_ports(5)
    settings = Settings(airflow, mlflow, worker, trigger, REPO / "dags", "admin:admin", "local", cluster)
    with recovery.databases(home):
        shared = stack_environment(home, settings, postgres.ensure_socket_folder(home))
        [service] = [one for one in stack_services(home, settings) if one.name == "mlflow"]
        log = home.log("mlflow")
        with log.open("ab") as output:
            server = subprocess.Popen(
                service.command, env=service.environment, cwd=service.folder, stdout=output, stderr=output
            )
        try:
            _await(shared["MLFLOW_TRACKING_URI"], server, log)
            yield base_environment(shared)
        finally:
            server.terminate()
            server.wait()


def _await(uri: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SERVES_WITHIN_S
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{uri}/health", timeout=5, trust_env=False).status_code == 200:
                return
        if server.poll() is not None or time.monotonic() > deadline:
            raise stack.StackError(f"MLflow did not start.\n{stack.last_lines(log)}")
        time.sleep(0.2)


def ask(environment: dict[str, str], *command: str) -> tuple[int, str]:
    """A command of the product there: its exit code and what it printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines", *command],
        env=environment,
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=ANSWERS_WITHIN_S,
    )
    return ended.returncode, ended.stdout if ended.returncode == 0 else ended.stdout + ended.stderr


def run(home: Home, arguments: list[str]) -> int:
    """Restore, ask, compare with the home where that still stands where the backup was taken; 1 for another answer."""
    options = parser().parse_args(arguments)
    os.umask(0o022)
    vault = open_vault(options.at or recovery.default_target(home))
    manifest = chosen(vault, options.backup)
    with thrown_away() as copy:
        began = time.perf_counter()
        with recovery.databases(copy):
            restore(recovery.places(copy), vault, manifest, say=lambda line: None)
        restored = time.perf_counter()
        with servers(copy) as environment:
            served = time.perf_counter()
            live = base_environment(read_env_file(home)) if stack.supervisor_pid(home) else None
            print(f"restored in {restored - began:.1f} s, PostgreSQL and MLflow serve after {served - began:.1f} s")
            return compare(home, live, copy, environment, options.model)


def compare(home: Home, live: dict[str, str] | None, copy: Home, environment: dict[str, str], model: str) -> int:
    """Ask the copy, and the live stack where its journal says no more than the copy's; 1 for a wrong answer.

    live, environment: in which commands find the one and the other; None where the stack does not run.
    """
    there, here = Store(str(copy.store)), Store(str(home.store))
    before, wrong = scores(there, model), 0
    same_time = live and {event.key for event in everything(here)} == {event.key for event in everything(there)}
    for what, command in questions(there, model).items():
        began = time.perf_counter()
        code, told = ask(environment, *command)
        beside = "no stack to compare with"
        if live and same_time and what not in MEASURED:
            same = _placeless(ask(live, *command)[1], home) == _placeless(told, copy)
            beside = "as the live stack says" if same else "NOT as the live stack says"
        wrong += code != 0 or beside.startswith("NOT")
        last = told.strip().splitlines()[-1:] if what != "status" else []
        print(f"{what:<10} exit {code}, {beside}, {time.perf_counter() - began:.1f} s  {' '.join(last)}", flush=True)
    if scores(there, model) != before:
        print("predict     gave other scores than those that were backed up")
        wrong += 1
    print("the backup gives the same answers" if not wrong else f"{wrong} answers are wrong")
    return 1 if wrong else 0


def _placeless(told: str, home: Home) -> str:
    return told.replace(str(home.root), "HOME")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m embedded drill", description=__doc__)
    made.add_argument("command", choices=["drill"])
    made.add_argument("--at", metavar="URI", help="where the backups lie")
    made.add_argument("--backup", metavar="NAME", help="as `list` names it; the newest one if left out")
    made.add_argument("--model", default="flight_delay")
    return made

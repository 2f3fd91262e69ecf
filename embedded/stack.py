"""Starting, stopping and looking at the stack of one home."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from embedded import postgres, processes
from embedded.home import REPO, Home, ensure_passwords, ensure_secrets, read_env_file, write_env_file
from embedded.preflight import ADMIN
from embedded.served import Commands
from embedded.services import AIRFLOW_SERVICES, stack_environment
from embedded.settings import Settings, free_ports
from embedded.supervisor import rotate

START_PATIENCE_S = 300.0
STOP_PATIENCE_S = 45.0
# A child that dies this often while it is waited for will not come up by itself.
DEATHS_TO_GIVE_UP = 2
READY = ("running", "done")


class StackError(Exception):
    """The stack did not start, or is not in the state that a command needs; says what to do."""


@dataclass(frozen=True)
class Running:
    """A stack that serves: the addresses, and the environment that its clients read."""

    home: Home
    environment: dict[str, str]

    @property
    def airflow_url(self) -> str:
        return self.environment["TRAINYARD_AIRFLOW_URL"]

    @property
    def mlflow_url(self) -> str:
        return self.environment["MLFLOW_TRACKING_URI"]

    @property
    def password(self) -> str:
        return self.password_of("admin")

    @property
    def login(self) -> str:
        return f"user admin, password {self.password}"

    @property
    def reports(self) -> Path:
        return self.home.reports

    @property
    def commands(self) -> Commands:
        return Commands(again="make demo", stop="make down", logs="make logs")

    def password_of(self, user: str) -> str:
        passwords: dict[str, str] = json.loads(self.home.passwords_file.read_text())
        return passwords[user]


def read_state(home: Home) -> dict[str, Any]:
    """The supervisor's last written state; empty before the first start."""
    try:
        found: dict[str, Any] = json.loads(home.state_file.read_text())
    except FileNotFoundError:
        return {}
    return found


def supervisor_pid(home: Home) -> int | None:
    """The pid of the living supervisor, None when there is none."""
    state = read_state(home)
    if state and processes.is_same(state["pid"], state["started_at"]):
        return int(state["pid"])
    return None


def _recorded(home: Home) -> list[tuple[int, float]]:
    services = read_state(home).get("services", {}).values()
    return [(service["pid"], service["started_at"]) for service in services if service["pid"]]


def end_leftovers(home: Home) -> int:
    """Kill what a killed supervisor left running; returns how many processes that were."""
    left = processes.leftovers(home.root, _recorded(home))
    processes.kill_all(left)
    return len(left)


def up(home: Home, settings: Settings, say: Callable[[str], None] = print) -> Running:
    """Start the stack unless it runs, and return when every part is healthy.

    Raises StackError when another start is under way, the stack runs its steps elsewhere, or a part does not come up.
    """
    home.make()
    with _start_lock(home):
        if supervisor_pid(home) is not None:
            _require_compute(home, settings.compute)
        else:
            cleared = end_leftovers(home)
            if cleared:
                say(f"cleared {cleared} processes of a stack whose supervisor was killed")
            _launch(home, settings, say)
        wait_until_healthy(home, say)
    return Running(home, read_env_file(home))


def _require_compute(home: Home, asked: str) -> None:
    runs = read_state(home).get("compute", "local")
    if runs != asked:
        raise StackError(
            f"The stack of {home.root} runs with COMPUTE={runs}, and this command asks for {asked}. "
            f"Use the one that runs: make up COMPUTE={runs}    Or stop it first: make down"
        )


@contextlib.contextmanager
def _start_lock(home: Home) -> Iterator[None]:
    with (home.root / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"Another start of this stack is under way ({home.root}). Watch it: make status") from None
        yield


def _launch(home: Home, settings: Settings, say: Callable[[str], None]) -> None:
    ensure_secrets(home)
    ensure_passwords(home, settings.user_names())
    if not (home.pg / "PG_VERSION").exists():
        say("making the databases")
    postgres.ensure_cluster(home)
    environment = stack_environment(home, settings, postgres.ensure_socket_folder(home))
    write_env_file(home, environment)
    log = home.log("supervisor")
    rotate(log)
    home.state_file.unlink(missing_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "embedded.supervisor", f"--home={home.root}", *settings.as_arguments()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=REPO,
            start_new_session=True,
        )
    deadline = time.monotonic() + 30
    while not home.state_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"The supervisor did not start.\n{last_lines(log)}\nIts log: {log}")
        time.sleep(0.05)


def wait_until_healthy(home: Home, say: Callable[[str], None], patience_s: float = START_PATIENCE_S) -> None:
    """Poll every part until it serves, saying each time what is still awaited.

    Raises StackError naming the part that does not come up, with the end of its log.
    """
    deadline = time.monotonic() + patience_s
    said: list[str] = []
    earlier = restarts(home)
    while waiting := unhealthy(home):
        _give_up_on_the_dying(home, waiting, earlier)
        if supervisor_pid(home) is None:
            log = home.log("supervisor")
            raise StackError(f"The supervisor ended.\n{last_lines(log)}\nIts log: {log}")
        if time.monotonic() > deadline:
            raise StackError(_not_up(home, waiting[0], f"did not come up within {patience_s:.0f} s"))
        if waiting != said:
            say(f"waiting for {', '.join(waiting)}")
            said = waiting
        time.sleep(0.5)


def restarts(home: Home) -> dict[str, int]:
    """How often the supervisor has restarted each part since it started."""
    return {name: service["restarts"] for name, service in read_state(home).get("services", {}).items()}


def _give_up_on_the_dying(home: Home, waiting: list[str], earlier: dict[str, int]) -> None:
    for name, count in restarts(home).items():
        deaths = count - earlier.get(name, 0)
        if name in {*waiting, "migrate"} and deaths >= DEATHS_TO_GIVE_UP:
            raise StackError(_not_up(home, name, f"died {deaths} times"))


def _not_up(home: Home, name: str, what: str) -> str:
    log = home.log(name)
    log_end = read_state(home).get("services", {}).get(name, {}).get("log_end")
    end = last_lines(log, log_end)
    return f"{name} {what}. The end of its log:\n{end}\nThe whole log: {log}\nStop the rest: make down"


def last_lines(path: Path, end: int | None = None, count: int = 10) -> str:
    """The last lines of a log before byte end, indented; a note when there are none."""
    if not path.exists():
        return "  (no log)"
    lines = path.read_bytes()[:end].decode(errors="replace").splitlines()[-count:]
    return "\n".join(f"  {line}" for line in lines) or "  (empty)"


def unhealthy(home: Home) -> list[str]:
    """The parts that do not serve yet, in the order in which they start."""
    services = read_state(home).get("services", {})
    environment = read_env_file(home)
    parts = [name for name in ("postgres", "migrate") if services.get(name, {}).get("state") not in READY]
    if parts:
        return parts
    parts = [name for name in ("pools", "kubernetes") if services.get(name, {}).get("state", "done") not in READY]
    health = _airflow_health(environment.get("TRAINYARD_AIRFLOW_URL", ""))
    parts += [name for name in AIRFLOW_SERVICES if health.get(name) != "healthy"]
    if "mlflow" in services and not _answers(environment.get("MLFLOW_TRACKING_URI", "") + "/health"):
        parts.append("mlflow")
    return parts


def _airflow_health(url: str) -> dict[str, str]:
    try:
        answer = httpx.get(f"{url}/api/v2/monitor/health", timeout=5, trust_env=False)
        found = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}
    names = {name: (found.get(name.replace("-", "_")) or {}).get("status") for name in AIRFLOW_SERVICES}
    return {**names, "api-server": (found.get("metadatabase") or {}).get("status", "unknown")}


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def down(home: Home, say: Callable[[str], None] = print) -> None:
    """Stop the stack and make sure that nothing of it still runs; says so when there was nothing."""
    pid = supervisor_pid(home)
    if pid is not None:
        say("stopping")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_PATIENCE_S
        while supervisor_pid(home) is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        if (stuck := supervisor_pid(home)) is not None:
            os.kill(stuck, signal.SIGKILL)
    cleared = end_leftovers(home)
    home.pid_file.unlink(missing_ok=True)
    if pid is None and not cleared:
        say(f"The stack of {home.root} is not running.")
    elif pid is None:
        say(f"The supervisor was gone; ended {cleared} processes that it had left.")
    else:
        say("stopped")


@contextlib.contextmanager
def running_stack(
    home: Path, dags: Path | None = None, users: str = ADMIN, compute: str = "local"
) -> Iterator[Running]:
    """A stack of its own on free ports, stopped on leaving: for tests and benchmarks.

    home: a folder for its state, kept afterwards. dags: another DAG folder than the repository's.
    users: of its Airflow, as `name:role,name:role`. compute: where its steps run, as TRAINYARD_COMPUTE has it.
    """
    airflow, mlflow, worker, trigger, kubernetes = free_ports(5)
    settings = Settings(airflow, mlflow, worker, trigger, REPO / "dags", users, compute, kubernetes)
    if dags is not None:
        settings = replace(settings, dags=dags.resolve())
    place = Home(home.resolve())
    try:
        yield up(place, settings, say=lambda line: None)
    finally:
        down(place, say=lambda line: None)

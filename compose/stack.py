"""Starting the stack and waiting for it, stopping it, and looking at it."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from compose import dotenv, images
from compose.engine import Container, Engine
from compose.errors import StackProblem
from pipelines.environment import REPO

EXAMPLE = REPO / ".env.example"
PATIENCE_S = 600.0
POLL_S = 1.0
# A server that was healthy and is asked anew this often, or dies, does not come up by itself.
ONCE = ("databases", "buckets", "migrate-airflow", "migrate-mlflow", "migrate-feast")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Address:
    """Where a service answers, and as whom; setting: of its password in .env."""

    name: str
    url: str
    user: str
    setting: str


def addresses(settings: dict[str, str]) -> list[Address]:
    """Of what people open, with the default profile."""
    host = settings["BIND_ADDRESS"]
    shown = "127.0.0.1" if host in ("127.0.0.1", "0.0.0.0") else host

    def at(port: str) -> str:
        return f"http://{shown}:{settings[port]}"

    return [
        Address("Airflow", settings.get("AIRFLOW_URL") or at("AIRFLOW_PORT"), "admin", "AIRFLOW_ADMIN_PASSWORD"),
        Address("MLflow", at("MLFLOW_PORT"), "admin", "MLFLOW_ADMIN_PASSWORD"),
        Address("Evidently", at("EVIDENTLY_PORT"), "trainyard", "EVIDENTLY_PASSWORD"),
        Address("Feast", at("FEATURES_PORT"), "trainyard", "FEATURES_PASSWORD"),
        Address("S3", at("S3_PORT"), "steps", "S3_STEPS_SECRET"),
    ]


def prepare(engine: Engine, say: Say) -> dict[str, str]:
    """Make .env and build what is missing; its settings. Raises StackProblem."""
    engine.require()
    is_new = not engine.env_file.exists()
    settings = dotenv.ensure(engine.env_file, EXAMPLE)
    if is_new:
        say(f"made {engine.env_file} with secrets of its own (0600); keep a copy where you keep such things")
    tag = images.tag()
    images.build(tag, say)
    dotenv.set_value(engine.env_file, "TRAINYARD_TAG", tag)
    return settings


def up(engine: Engine, say: Say) -> dict[str, str]:
    """Make .env, build what is missing, start everything, and return its settings when all is healthy.

    Raises StackProblem naming the part that does not come up, with the end of its log.
    """
    settings = prepare(engine, say)
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = engine.start("up", "--detach", "--no-build", "--remove-orphans", output=output)
        try:
            _follow(engine, process, say, started)
        finally:
            if process.poll() is None:
                process.terminate()
        if process.wait() and (waiting := unhealthy(engine.containers().values())):
            output.seek(0)
            end = "".join(f"  {line}" for line in output.readlines()[-8:])
            raise StackProblem(f"docker compose up failed; not up: {', '.join(waiting)}\n{end}\n{_next(waiting[0])}")
    say(f"healthy after {time.monotonic() - started:.0f} s")
    return settings


def _follow(engine: Engine, process: "subprocess.Popen[str]", say: Say, started: float) -> None:
    """Say each change of a service until all serve, or until it is clear that one will not."""
    said: dict[str, str] = {}
    while True:
        containers = engine.containers()
        for name, container in containers.items():
            if said.get(name) != container.said and container.state != "created":
                said[name] = container.said
                say(f"{time.monotonic() - started:5.0f} s  {name:<22} {container.said}")
        waiting = unhealthy(containers.values())
        if process.poll() is not None and (not waiting or process.returncode):
            return
        if time.monotonic() - started > PATIENCE_S:
            raise StackProblem(
                f"{waiting[0]} did not come up within {PATIENCE_S:.0f} s. The end of its log:\n"
                f"{engine.log_end(waiting[0])}\n{_next(waiting[0])}"
            )
        time.sleep(POLL_S)


def _next(service: str) -> str:
    return f"Its whole log: python -m compose logs {service}    Stop the rest: make stack-down"


def unhealthy(containers: Iterable[Container]) -> list[str]:
    """The services that neither serve nor have done their work."""
    return [one.service for one in containers if not (one.done if one.service in ONCE else one.serves)]


def down(engine: Engine, say: Say, with_data: bool = False) -> None:
    """Stop everything and take the containers away; with_data: the volumes too, which is for ever."""
    engine.require()
    settings_for_down(engine)
    profiles = ("--profile", "observability", "--profile", "cli", "--profile", "recovery")
    engine.run(*profiles, "down", "--remove-orphans", *(["--volumes"] if with_data else []))
    say("stopped; its data went with it" if with_data else "stopped; its data stays in the volumes")


def settings_for_down(engine: Engine) -> None:
    """Raises StackProblem when there is no .env, so no stack of this checkout."""
    if not engine.env_file.exists():
        raise StackProblem(f"{engine.env_file} is not there, so no stack was started from here. Start one: make stack")


def status(engine: Engine, say: Say) -> bool:
    """Say what every service does; whether all is well."""
    engine.require()
    settings_for_down(engine)
    containers = engine.containers()
    if not containers:
        say("The stack is not running. Start it: make stack")
        return False
    for name, container in sorted(containers.items(), key=lambda item: (item[0] in ONCE, item[0])):
        say(f"{name:<22} {container.state:<10} {container.health or '-':<10}")
    waiting = unhealthy(containers.values())
    say(f"not healthy: {', '.join(waiting)}" if waiting else "all healthy")
    return not waiting


def show_addresses(settings: dict[str, str], env_file: Path, say: Say) -> None:
    for address in addresses(settings):
        say(f"{address.name:<10} {address.url:<24} user {address.user:<10} password {address.setting} of {env_file}")

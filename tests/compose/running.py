"""A stack of its own for the tests, and what they ask it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import boto3

from compose import dotenv
from compose.demo import client_environment
from compose.engine import Engine
from compose.stack import EXAMPLE
from embedded.settings import free_ports
from pipelines.environment import REPO

PORTS = [name for name in dotenv.read(EXAMPLE) if name.endswith("_PORT")]
MONTHS = 4


@dataclass(frozen=True)
class Running:
    engine: Engine
    settings: dict[str, str]

    def compose(self, *words: str, timeout_s: float = 1800) -> str:
        """What `python -m compose` says where it succeeds."""
        ran = self.ran(*words, timeout_s=timeout_s)
        assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
        return ran.stdout

    def ran(self, *words: str, timeout_s: float = 1800) -> "subprocess.CompletedProcess[str]":
        own = {"TRAINYARD_ENV_FILE": str(self.engine.env_file), "TRAINYARD_HOME": str(self.engine.env_file.parent)}
        command = [sys.executable, "-m", "compose", *words]
        return subprocess.run(
            command, cwd=REPO, env=os.environ | own, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def ask(self, *command: str) -> tuple[int, str]:
        """A command of the product, with the rights of the steps: its exit code, and all that it said."""
        words = ("run", "--rm", "--no-TTY", "cli", "python", "-m", "pipelines", *command)
        ran = subprocess.run(self.engine.command(*words), capture_output=True, text=True, timeout=1800, check=False)
        return ran.returncode, ran.stdout if ran.returncode == 0 else ran.stdout + ran.stderr

    def inside(self, service: str, *command: str, **variables: str) -> tuple[int, str]:
        """A command in a service's container: its exit code, and all that it said."""
        told = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        ran = subprocess.run(
            self.engine.command("exec", "--no-TTY", *told, service, *command),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr

    def ids(self) -> dict[str, str]:
        """The container of each server."""
        lines = self.engine.run("ps", "--format", "{{.Service}} {{.ID}}").splitlines()
        return dict(line.split() for line in lines)


def download(settings: dict[str, str], folder: Path, *kinds: str) -> Path:
    """The store's files of these kinds, or all of them, into the folder."""
    told = client_environment(settings)
    s3 = boto3.client(
        "s3",
        endpoint_url=told["AWS_ENDPOINT_URL"],
        region_name=told["AWS_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )
    for kind in kinds or ("",):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="trainyard", Prefix=f"store/{kind}"):
            for one in page.get("Contents", []):
                file = folder / one["Key"].removeprefix("store/")
                file.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file("trainyard", one["Key"], str(file))
    return folder


def new_stack(folder: Path, project: str) -> Running:
    """With secrets, ports and a name of its own; not started yet."""
    file = folder / ".env"
    dotenv.ensure(file, EXAMPLE)
    ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    for name, value in {"COMPOSE_PROJECT_NAME": f"{project}-{os.getpid()}", **ports}.items():
        dotenv.set_value(file, name, value)
    return Running(Engine(file), dotenv.read(file))

"""Docker and its compose, asked as a person would: by their command lines."""

import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from compose.errors import StackProblem
from pipelines.environment import REPO

OLDEST_COMPOSE = (2, 20)
START = "Start it (systemctl start docker), or name another in DOCKER_HOST; then look: docker info"


@dataclass(frozen=True)
class Container:
    """One service's container, as `docker compose ps` tells it; health is empty for one without a check."""

    service: str
    state: str
    health: str
    exit_code: int

    @property
    def serves(self) -> bool:
        return self.state == "running" and self.health in ("healthy", "")

    @property
    def done(self) -> bool:
        return self.state == "exited" and self.exit_code == 0

    @property
    def said(self) -> str:
        return f"exited {self.exit_code}" if self.state == "exited" else self.health or self.state


@dataclass(frozen=True)
class Engine:
    """The stack of one .env. env_file: which; it names the project too."""

    env_file: Path

    def require(self) -> None:
        """Raises StackProblem with the next command when no engine answers, or its compose is too old."""
        version = self._first_line(["docker", "compose", "version", "--short"], "Docker's compose is not installed")
        found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        if found < OLDEST_COMPOSE:
            asked = ".".join(map(str, OLDEST_COMPOSE))
            raise StackProblem(f"docker compose {version} is too old: {asked} or newer is needed. Renew it first.")
        self._first_line(["docker", "info", "--format", "{{.ServerVersion}}"], "No Docker engine answers")

    def _first_line(self, command: list[str], problem: str) -> str:
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except FileNotFoundError:
            raise StackProblem("No docker command is installed: https://docs.docker.com/engine/install/") from None
        if ran.returncode:
            raise StackProblem(f"{problem}: {ran.stderr.strip().splitlines()[-1:] or ['it said nothing']}. {START}")
        return ran.stdout.strip()

    def command(self, *words: str) -> list[str]:
        files = ["--project-directory", str(REPO), "--file", str(REPO / "docker-compose.yaml")]
        return ["docker", "compose", *files, "--env-file", str(self.env_file), *words]

    def run(self, *words: str, timeout_s: float = 600) -> str:
        """What the command prints. Raises StackProblem with its last lines when it fails."""
        ran = subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=timeout_s, env=environment(), check=False
        )
        if ran.returncode:
            raise StackProblem(f"docker compose {' '.join(words)} failed:\n{_tail(ran.stderr.splitlines())}")
        return ran.stdout

    def start(self, *words: str, output: IO[str]) -> "subprocess.Popen[str]":
        """The command in the background, its output in a file."""
        return subprocess.Popen(
            self.command(*words), stdout=output, stderr=subprocess.STDOUT, text=True, env=environment()
        )

    def containers(self) -> dict[str, Container]:
        """By service, those of `docker compose run` left out."""
        lines = self.run("ps", "--all", "--format", "json").splitlines()
        told = (json.loads(line) for line in lines if line.startswith("{"))
        return {
            one["Service"]: Container(one["Service"], one["State"], one.get("Health", ""), int(one["ExitCode"]))
            for one in told
            if "-run-" not in one["Name"]
        }

    def log_end(self, service: str, lines: int = 12) -> str:
        return _tail(self.run("logs", "--no-log-prefix", "--tail", str(lines), service).splitlines(), lines)


def environment() -> dict[str, str]:
    """The caller's, without what would overrule .env: a shell's AIRFLOW_PORT belongs to the one-machine stack."""
    names = ("AIRFLOW_", "MLFLOW_", "POSTGRES_", "REDIS_", "S3_", "TRAINYARD_", "AWS_", "FEAST", "BIND_ADDRESS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return kept | {"COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "plain"}


def _tail(lines: Iterable[str], count: int = 12) -> str:
    return "\n".join(f"  {line}" for line in list(lines)[-count:]) or "  (it said nothing)"

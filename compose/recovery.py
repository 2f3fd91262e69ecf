"""Backups of the team's stack, and a restore into one that is down and empty: `python -m recovery`, in a container.

It has what no other has: the roles of all three databases and a key of both buckets, while it runs.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from compose import dotenv, images, stack
from compose.engine import Engine, environment
from compose.errors import StackProblem
from recovery import __main__ as commands
from recovery.vault import ACCOUNT

DEFAULT = ".trainyard-stack-backups"
# What a restore starts itself: one that was killed leaves them, and is begun again.
NEEDED = ("postgres", "object-store", "redis")

Say = Callable[[str], None]


def run(engine: Engine, arguments: list[str], say: Say) -> int:
    """One command; its exit code. Raises StackProblem."""
    options = commands.parser("python -m compose").parse_args(arguments)
    place = options.at or os.environ.get(commands.BACKUPS) or str(engine.env_file.parent / DEFAULT)
    engine.require()
    if options.command == "restore":
        return _restore(engine, options, place, say)
    if options.command == "backup":
        _require_serving(engine)
    if not _has_image(engine):
        stack.prepare(engine, say)
    return _run(engine, ["--no-deps"], options, place)


def _require_serving(engine: Engine) -> None:
    """Raises StackProblem where there is nothing to be read, or it was started by another version."""
    stack.settings_for_down(engine)
    containers = engine.containers()
    away = [name for name in ("postgres", "object-store") if name not in containers or not containers[name].serves]
    if away:
        raise StackProblem(f"Not up: {', '.join(away)}, so nothing can be read. Start the stack: make stack")
    if not _has_image(engine):
        raise StackProblem("The stack was started by a version that had no image for backups. Renew it: make stack")


def _has_image(engine: Engine) -> bool:
    tag = dotenv.read(engine.env_file).get("TRAINYARD_TAG") if engine.env_file.exists() else None
    return bool(tag) and "recovery" not in images.missing(tag)


def _restore(engine: Engine, options: argparse.Namespace, place: str, say: Say) -> int:
    # Before an image is built, where that can be asked without one.
    if _has_image(engine):
        _require_down(engine)
    stack.prepare(engine, say)
    _require_down(engine)
    code = _run(engine, [], options, place)
    if code:
        return code
    try:
        _refill(engine, say)
    except StackProblem as problem:
        raise StackProblem(
            f"All is restored but Redis. {problem}\n"
            "Start the stack (make stack), then: docker compose run --rm cli python -m pipelines refill"
        ) from problem
    say("PostgreSQL, the store and Redis hold what the backup held. Start the rest: make stack")
    return 0


def _require_down(engine: Engine) -> None:
    running = sorted(name for name, one in engine.containers().items() if one.state not in ("exited", "created"))
    if others := [name for name in running if name not in (*NEEDED, *stack.ONCE)]:
        raise StackProblem(f"The stack runs: {', '.join(others)}. Stop it before a restore: make stack-down")


def _refill(engine: Engine, say: Say) -> None:
    """Redis is in no backup: make it anew of the features. Raises StackProblem."""
    say("Redis, from the features")
    engine.run("rm", "--stop", "--force", "redis")
    volume = json.loads(engine.run("config", "--format", "json"))["volumes"]["redis"]["name"]
    removed = subprocess.run(["docker", "volume", "rm", "--force", volume], capture_output=True, text=True, check=False)
    if removed.returncode:
        raise StackProblem(f"The volume {volume} cannot be made anew: {removed.stderr.strip()}")
    engine.run("up", "--detach", "--wait", "redis")
    refill = ("python", "-m", "pipelines", "refill")
    say(engine.run("run", "--rm", "--no-TTY", "cli", *refill, timeout_s=3600).strip())


def _run(engine: Engine, how: list[str], options: argparse.Namespace, place: str) -> int:
    """The command in the container, as the user who called, under whose name its files then lie."""
    if not place.startswith("s3://"):
        folder = _own_folder(Path(place).expanduser().absolute())
        how, place = [*how, "--volume", f"{folder}:{folder}"], str(folder)
    flags = [f"--{name}" for name in ("full", "over") if getattr(options, name, False)]
    values = [f"--{name}={value}" for name in ("keep", "backup") if (value := getattr(options, name, None))]
    command = ["python", "-m", "recovery", options.command, *flags, *values, f"--at={place}"]
    user = f"{os.getuid()}:{os.getgid()}"
    # Named alone: their values stand on no command line.
    account = {name: value for name, value in os.environ.items() if name.startswith(f"{ACCOUNT}_")}
    named = [word for name in account for word in ("--env", name)]
    words = engine.command("run", "--rm", "--no-TTY", "--user", user, *named, *how, "recovery", *command)
    return subprocess.run(words, env=environment() | account, check=False).returncode


def _own_folder(folder: Path) -> Path:
    """Raises StackProblem for what the caller does not own: in the container root too may write to its own alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (owner := folder.stat().st_uid) != os.getuid():
        raise StackProblem(
            f"{folder} belongs to the user {owner}, not to {os.getuid()}. Run this as its owner, or name a folder of "
            "your own: BACKUPS=…"
        )
    return folder

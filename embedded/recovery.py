"""Backup and restore of the one-machine stack: where its parts lie, and its PostgreSQL without the rest."""

import argparse
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from embedded import postgres, processes, stack
from embedded.home import Home
from recovery import __main__ as commands
from recovery.places import DATABASES, Places

READY_WITHIN_S = 30.0


def default_target(home: Home) -> str:
    """Beside the home, so that losing or cleaning the one does not take the other."""
    return os.environ.get(commands.BACKUPS) or str(home.root.with_name(f"{home.root.name}-backups"))


def places(home: Home) -> Places:
    """Of the stack in that home."""
    socket = postgres.ensure_socket_folder(home)
    return Places(
        databases={name: postgres.url(socket, name) for name in DATABASES},
        store=str(home.store),
        artifacts=str(home.mlflow),
        online=home.feast / "online.db",
    )


def run(home: Home, arguments: list[str]) -> int:
    """One command of `recovery` on the home; a restore wants the stack down.

    Raises StackError.
    """
    options: argparse.Namespace = commands.parser("python -m embedded").parse_args(arguments)
    os.umask(0o077)
    at = options.at or default_target(home)
    if Path(at).resolve().is_relative_to(home.root.resolve()):
        raise stack.StackError(f"The backups would lie in what they are to outlive: {at}. Give another place: --at")
    if options.command in ("list", "verify"):
        return commands.run(options, places(home), at)
    if options.command == "restore":
        if stack.supervisor_pid(home) is not None:
            raise stack.StackError(f"The stack of {home.root} runs. Stop it before a restore: make down")
        home.make()
    elif not (home.pg / "PG_VERSION").exists():
        raise stack.StackError(f"There is nothing to back up in {home.root}. Start it first: make up")
    with databases(home):
        return commands.run(options, places(home), at)


@contextlib.contextmanager
def databases(home: Home) -> Iterator[None]:
    """PostgreSQL of the home: the running one, else one for as long as it is needed."""
    if stack.supervisor_pid(home) is not None:
        yield
        return
    postgres.ensure_cluster(home)
    socket = postgres.ensure_socket_folder(home)
    postgres.prepare_start(home, socket)
    with home.log("postgres").open("ab") as log:
        server = subprocess.Popen(
            postgres.command(home, socket),
            cwd=home.pg,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **processes.running_as(postgres.system_user()),
        )
    try:
        _await(home, server)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _await(home: Home, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not postgres.is_ready(home):
        if server.poll() is not None or time.monotonic() > deadline:
            raise stack.StackError(
                f"PostgreSQL did not start.\n{stack.last_lines(home.log('postgres'))}\nIts log: {home.log('postgres')}"
            )
        time.sleep(0.1)

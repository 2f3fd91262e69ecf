"""The command line of the team's stack: python -m compose up|down|status|logs|demo|backup|list|verify|restore."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from compose import dotenv, recovery, stack
from compose.engine import Engine, environment
from compose.errors import StackProblem
from embedded.__main__ import month_count
from pipelines.environment import REPO
from recovery.__main__ import COMMANDS

TEACHING = """\
Runs the stack of docker-compose.yaml: PostgreSQL, Redis, an S3 store, MLflow, Feast's server,
Evidently and the four parts of Airflow, each in a container of its own, on 127.0.0.1 alone.

  python -m compose up                   make .env, build what is missing, start, wait until healthy
  python -m compose demo --months 4      the loop over January to April 2013, in it
  python -m compose status               what runs, and whether it is healthy
  python -m compose logs airflow-scheduler
  python -m compose down                 stop it; its data stays. --with-data takes that away too
  python -m compose backup               while it runs; and list, verify, restore: see docs/recovery.md

Secrets lie in .env (mode 0600): .env.example says what each is. TRAINYARD_ENV_FILE names another file,
and so another stack. COMPOSE_PROFILES=observability in it adds Grafana and Prometheus. See docs/compose.md
"""


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    made = argparse.ArgumentParser(
        prog="python -m compose", description=TEACHING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="up|down|status|logs|demo")
    commands.add_parser("up", help="start the stack and wait until it is healthy")
    down = commands.add_parser("down", help="stop the stack")
    down.add_argument("--with-data", action="store_true", help="take its volumes away too: databases, store, models")
    commands.add_parser("status", help="what runs; exit 1 when the stack is not healthy")
    logs = commands.add_parser("logs", help="follow the logs (Ctrl-C ends it, not the stack)")
    logs.add_argument("service", nargs="*", help="of these services; of all if left out")
    demo = commands.add_parser("demo", help="run the loop month by month over 2013")
    demo.add_argument("--months", type=month_count, default=12, help="4 to 12 (default 12)")
    for name in COMMANDS:
        commands.add_parser(name, add_help=False, help=f"{name}: see --help and docs/recovery.md")
    return made


def say(line: str) -> None:
    print(line, flush=True)


def run(options: argparse.Namespace, engine: Engine) -> int:
    """One command; raises StackProblem."""
    if options.command == "down":
        stack.down(engine, say, options.with_data)
        return 0
    if options.command == "status":
        return 0 if stack.status(engine, say) else 1
    if options.command == "logs":
        engine.require()
        follow = engine.command("logs", "--follow", "--tail", "100", *options.service)
        return subprocess.run(follow, env=environment(), check=False).returncode
    settings = stack.up(engine, say)
    if options.command == "demo":
        # Draws, and reads tables: libraries that the other commands need not load.
        from compose import demo

        return demo.run(dotenv.read(engine.env_file), options.months)
    stack.show_addresses(settings, engine.env_file, say)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 2 for what the caller must change, 1 for what failed."""
    given = sys.argv[1:] if arguments is None else arguments
    options, _ = parser().parse_known_args(given)
    engine = Engine(Path(os.environ.get("TRAINYARD_ENV_FILE") or REPO / ".env").resolve())
    try:
        if options.command in COMMANDS:
            return recovery.run(engine, given, say)
        options = parser().parse_args(given)
        return run(options, engine)
    except StackProblem as problem:
        print(f"trainyard: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. What has started goes on. Go on: make stack    Stop: make stack-down")
        return 130


if __name__ == "__main__":
    sys.exit(main())

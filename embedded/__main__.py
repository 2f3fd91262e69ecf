"""The command line of the embedded stack: python -m embedded up|down|status|logs|demo."""

import argparse
import signal
import sys

from embedded import cluster, logs, preflight, recovery, stack
from embedded.home import Home
from embedded.settings import Settings
from pipelines.errors import EXIT_TERMINATED, TrainyardError
from recovery.__main__ import COMMANDS

TEACHING = """\
One machine runs the whole of Trainyard: PostgreSQL, MLflow and Airflow, under a supervisor that
restarts what dies. State lies in TRAINYARD_HOME (default: .trainyard in the repository).

  python -m embedded up                  start, and wait until every part is healthy
  python -m embedded demo --months 4     start, then run the loop over January to April 2013
  python -m embedded status              what runs, since when, how often restarted
  python -m embedded logs                follow the logs of all parts
  python -m embedded down                stop everything
  python -m embedded backup              and list, verify, restore: see docs/recovery.md

Environment: AIRFLOW_PORT (8080), MLFLOW_PORT (5000), TRAINYARD_HOME, TRAINYARD_DAGS (dags), and
TRAINYARD_COMPUTE (local): kubernetes runs the steps as pods of the cluster of TRAINYARD_KUBECONFIG.
Clients find the servers by the file TRAINYARD_HOME/env: set -a; . .trainyard/env; set +a
"""


def month_count(text: str) -> int:
    if not text.isdigit() or not 4 <= int(text) <= 12:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of months. Allowed: 4 to 12")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    made = argparse.ArgumentParser(
        prog="python -m embedded", description=TEACHING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="up|down|status|logs|demo")
    commands.add_parser("up", help="start the stack and wait until it is healthy")
    commands.add_parser("down", help="stop the stack")
    commands.add_parser("status", help="what runs; exit 1 when the stack is not healthy")
    commands.add_parser("logs", help="follow the logs of all parts (Ctrl-C ends it, not the stack)")
    demo = commands.add_parser("demo", help="run the loop month by month over 2013")
    demo.add_argument("--months", type=month_count, default=12, help="4 to 12 (default 12)")
    for name in (*COMMANDS, "drill", "gameday"):
        commands.add_parser(name, add_help=False, help=f"{name}: see --help and docs/recovery.md")
    return made


def show_status(home: Home) -> int:
    """Print every part's state; 0 when all are healthy, 1 otherwise."""
    pid = stack.supervisor_pid(home)
    if pid is None:
        print(f"The stack of {home.root} is not running. Start it: make up")
        return 1
    print(f"supervisor     pid {pid}")
    for name, service in stack.read_state(home)["services"].items():
        print(f"{name:<14} {service['state']:<10} pid {service['pid'] or '-':<8} restarts {service['restarts']}")
    waiting = stack.unhealthy(home)
    print(f"not healthy: {', '.join(waiting)}" if waiting else "all healthy")
    return 1 if waiting else 0


def start(home: Home) -> stack.Running:
    """Start the stack after the checks of this machine, and say where it is."""
    if preflight.main([]) != 0:
        raise SystemExit(2)
    settings = Settings.from_environment()
    if in_the_way := cluster.problem(settings.compute):
        print(f"trainyard: {in_the_way}", file=sys.stderr)
        raise SystemExit(2)
    if cluster.wanted(settings.compute) and cluster.given() is None:
        print(
            "No cluster is given (TRAINYARD_KUBECONFIG): pods run as processes of this machine, in the tests' stand-in."
        )
    running = stack.up(home, settings)
    print(f"Airflow  {running.airflow_url}  user admin, password {running.password}")
    print(f"MLflow   {running.mlflow_url}")
    return running


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 2 for what the caller must change, 1 for what failed."""
    given = sys.argv[1:] if arguments is None else arguments
    options, _ = parser().parse_known_args(given)
    home = Home.from_environment()
    try:
        if options.command in COMMANDS:
            return recovery.run(home, given)
        if options.command == "drill":
            from embedded import drill

            return drill.run(home, given)
        if options.command == "gameday":
            from embedded import gameday

            return gameday.run(home, given)
        parser().parse_args(given)
        if options.command == "down":
            stack.down(home)
        elif options.command == "status":
            return show_status(home)
        elif options.command == "logs":
            logs.follow(home)
        else:
            running = start(home)
            if options.command == "demo":
                from embedded import year

                return year.run(running, options.months)
    except stack.StackError as problem:
        print(problem, file=sys.stderr)
        return 1
    except TrainyardError as problem:
        print(problem, file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        if options.command != "logs":
            print("\nInterrupted. The servers that have started go on. Resume: make demo    Stop: make down")
        return 130
    return 0


if __name__ == "__main__":
    # A drill that is ended takes the servers of its copy along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    sys.exit(main())

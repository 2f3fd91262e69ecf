"""The command line: the same in a terminal, a worker's child process and a pod."""

import argparse
import importlib
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from pipelines import flow
from pipelines.commands import add_command, add_parser, add_span, leave_result, span_of
from pipelines.commands import names as command_names
from pipelines.environment import store_uri, tracking_uri
from pipelines.errors import EXIT_DONE, EXIT_RETRY, CallerError, TrainyardError, Unavailable, leave
from pipelines.interval import Interval
from pipelines.preemption import end_when_asked_in_a_pod
from pipelines.release.provenance import start_meter
from pipelines.spec import find_dataset, find_model

# Steps of the model families that talk to MLflow; the others must run while it is away.
NEEDS_REGISTRY = ("train", "evaluate", "promote", "predict", "detect_drift")
# As the system says it, and SQLite.
FULL_DISK = ("No space left on device", "database or disk is full")
EXAMPLES = """\
examples:
  python -m pipelines specs                                             what is declared, and whether it is right
  python -m pipelines ingest --dataset flights --start 2013-03-01 --end 2013-04-01
  python -m pipelines train --model flight_delay --start 2013-03-01 --end 2013-04-01
  python -m pipelines backfill flight_delay__train --start 2013-03-01 --end 2014-01-01 --dry-run
  python -m pipelines status flight_delay --json

exit codes: 0 done, 2 the caller must change something, 99 nothing to do, anything else may be retried."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m pipelines",
        description="Trainyard's steps, one command each. Times are UTC, intervals half-open: [start, end).",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for step in flow.STEPS:
        if step.name not in command_names():
            _add_step(commands, step)
    for name in command_names():
        add_command(commands, name, importlib.import_module(f"pipelines.commands.{name}"))
    return top


def _add_step(commands: Any, step: flow.Step) -> None:
    subject = "flights" if step.subject == "dataset" else "flight_delay"
    example = f"python -m pipelines {step.name} --{step.subject} {subject} --start 2013-04-01 --end 2013-05-01"
    command = add_parser(commands, step.name, step.summary, example)
    command.add_argument(f"--{step.subject}", required=True, help=f"name of a declared {step.subject}")
    add_span(command)
    command.add_argument("--result", type=Path, help="write the step's result (JSON: references and figures) there")


def run_step(step: flow.Step, subject: str, interval: Interval) -> flow.StepResult:
    """Run one step on the store and registry of the environment."""
    from pipelines.store import Store

    run = importlib.import_module(f"pipelines.steps.{step.name}").run
    spec: Any = find_dataset(subject) if step.subject == "dataset" else find_model(subject)
    arguments: list[Any] = [spec, interval, Store(store_uri())]
    if step.name in NEEDS_REGISTRY:
        from pipelines.registry import Registry

        arguments.append(Registry(tracking_uri()))
    result: flow.StepResult = run(*arguments)
    return result


def _run_command(options: argparse.Namespace) -> int:
    if options.command in command_names():
        code: int = importlib.import_module(f"pipelines.commands.{options.command}").run(options)
        return code
    step = flow.BY_NAME[options.command]
    meter = start_meter()
    result = run_step(step, getattr(options, step.subject), span_of(options))
    leave_result(result, meter, options.result)
    print(f"{step.name} {result.subject} {result.outcome}")
    return EXIT_DONE


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code. The last line of a failure says what is wrong."""
    options = parser().parse_args(arguments)
    # Set before any library that reads them is imported.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # OpenMP's threads spin while they wait; with two steps on two cores that made training ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if not sys.warnoptions:
        # Other libraries' deprecations are for their developers, not for a task's log. A filter would not do:
        # Feast sets its own when it is imported.
        warnings.showwarning = lambda *_, **__: None
    try:
        return _run_command(options)
    except TrainyardError as error:
        return _tell(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr, flush=True)
        return EXIT_RETRY
    except Exception as error:
        # Arrow, Delta Lake, DuckDB and SQLite each wrap what S3 or a disk answered in an error of their own, anywhere
        # in a step.
        refused = _refused_by_store(error) or _refused_by_disk(error)
        if refused is None:
            raise
        return _tell(refused)


def _tell(error: TrainyardError) -> int:
    prefix = "error: " if isinstance(error, CallerError) else ""
    print(f"{prefix}{error}", file=sys.stderr, flush=True)
    return error.exit_code


def _refused_by_store(error: Exception) -> TrainyardError | None:
    if not store_uri().startswith("s3://"):
        return None
    from pipelines.s3 import refusal

    return refusal(store_uri(), error)


def _refused_by_disk(error: Exception) -> TrainyardError | None:
    if not any(words in str(error) for words in FULL_DISK):
        return None
    return Unavailable(
        f"A disk is full: {error}. Free some space where {store_uri()} and {tempfile.gettempdir()} lie, then run the "
        "same again: what is half written counts for nothing"
    )


if __name__ == "__main__":
    end_when_asked_in_a_pod()
    leave(main())

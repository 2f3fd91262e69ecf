"""Run a DAG over a span of the past."""

import argparse

from pipelines.commands import add_span, span_of

SUMMARY = "run a DAG over a span of the past, through Airflow's REST API"
EXAMPLE = "python -m pipelines backfill flights__data --start 2013-01-01 --end 2014-01-01"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("dag", help="DAG id, such as flight_delay__train")
    add_span(command)
    command.add_argument("--dry-run", action="store_true", help="say which runs it would make, and make none")
    command.add_argument(
        "--reprocess",
        choices=("none", "failed", "completed"),
        default="none",
        help="what to do with dates that ran before: leave them, run the failed again, or run all again",
    )


def run(options: argparse.Namespace) -> int:
    from pipelines.backfill import backfill

    span = span_of(options)
    return backfill(options.dag, span.start, span.end, dry_run=options.dry_run, reprocess=options.reprocess)

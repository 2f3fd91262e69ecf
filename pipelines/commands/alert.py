"""Tell people what a window's monitoring found."""

import argparse
from pathlib import Path

from pipelines.commands import add_span, leave_result, span_of
from pipelines.errors import EXIT_DONE
from pipelines.flow import BY_NAME

SUMMARY = BY_NAME["alert"].summary
EXAMPLE = "python -m pipelines alert --model flight_delay --start 2013-04-01 --end 2013-05-01"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", required=True, help="name of a declared model")
    add_span(command)
    command.add_argument("--quiet", action="store_true", help="journal what there is to tell, and send nothing")
    command.add_argument("--run-url", metavar="URL", help="page of the run that asks, for people to open")
    command.add_argument("--result", type=Path, help="write the step's result (JSON: references and figures) there")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.release.provenance import start_meter
    from pipelines.spec import find_model
    from pipelines.steps import alert
    from pipelines.store import Store

    meter = start_meter()
    model, store = find_model(options.model), Store(store_uri())
    result = alert.run(model, span_of(options), store, quiet=options.quiet, run_url=options.run_url)
    leave_result(result, meter, options.result)
    print(f"alert {result.subject} {result.outcome}")
    return EXIT_DONE

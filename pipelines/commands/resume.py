"""Let a model serve again that a decision stopped."""

import argparse

from pipelines.commands import said
from pipelines.errors import EXIT_DONE

SUMMARY = "let a model serve again whose serving the monitor stopped"
EXAMPLE = "python -m pipelines resume flight_delay --reason 'temperatures come in °F again' --by ada"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--reason", required=True, type=said, help="what was mended; kept in the journal")
    command.add_argument("--by", required=True, type=said, help="who says so; kept in the journal")


def run(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from pipelines.environment import store_uri
    from pipelines.retrain.serving import resume
    from pipelines.spec import find_model
    from pipelines.store import Store

    model = find_model(options.model).name
    for stop in resume(Store(store_uri()), model, options.reason, options.by, datetime.now(UTC)):
        print(f"resume {model} was stopped since {stop.since:%F} by the monitor of {stop.part}: {stop.reason}")
    print(f"Score what was refused: python -m pipelines backfill {model}__predict --start … --end … --reprocess failed")
    return EXIT_DONE

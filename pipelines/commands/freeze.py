"""Keep the monitor from retraining until a day."""

import argparse

from pipelines.commands import said
from pipelines.errors import EXIT_DONE

SUMMARY = "keep the monitor's decisions from retraining a model until a day"
EXAMPLE = "python -m pipelines freeze flight_delay --until 2013-12-01 --reason 'the weather feed moves' --by ada"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--until", required=True, metavar="DAY", help="first day (UTC) that is free again")
    command.add_argument("--reason", required=True, type=said, help="why; every decision that waits for it says so")
    command.add_argument("--by", required=True, type=said, help="who says so; kept in the journal")


def run(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from pipelines.drift.policy import Freeze
    from pipelines.environment import store_uri
    from pipelines.interval import parse_time
    from pipelines.retrain.freeze import freeze
    from pipelines.spec import find_model
    from pipelines.store import Store

    model = find_model(options.model).name
    asked = Freeze(until=parse_time(options.until), by=options.by, reason=options.reason)
    new = freeze(Store(store_uri()), model, asked, datetime.now(UTC))
    print(f"freeze {model} {'now' if new else 'already'} until {asked.until:%F} by {asked.by}: {asked.reason}")
    print(f"End it sooner: python -m pipelines unfreeze {model} --reason … --by …")
    return EXIT_DONE

"""End a freeze before its day."""

import argparse

from pipelines.commands import said
from pipelines.errors import EXIT_DONE

SUMMARY = "let the monitor's decisions retrain a frozen model again"
EXAMPLE = "python -m pipelines unfreeze flight_delay --reason 'the weather feed was moved' --by ada"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--reason", required=True, type=said, help="why; kept in the journal")
    command.add_argument("--by", required=True, type=said, help="who says so; kept in the journal")


def run(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from pipelines.environment import store_uri
    from pipelines.retrain.freeze import lift
    from pipelines.spec import find_model
    from pipelines.store import Store

    model = find_model(options.model).name
    stood = lift(Store(store_uri()), model, options.reason, options.by, datetime.now(UTC))
    print(f"unfreeze {model} was frozen until {stood.until:%F} by {stood.by}: {stood.reason}")
    return EXIT_DONE

"""The release record of a version, and what has happened to it since."""

import argparse
import json

from pipelines.errors import EXIT_DONE

SUMMARY = "a version's release record with its approval, promotions and withdrawal"
EXAMPLE = "python -m pipelines record flight_delay 3 --json"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("version", type=int)
    command.add_argument("--json", action="store_true", help="the whole record, for machines")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.report.life import as_text, life
    from pipelines.store import Store

    found = life(Store(store_uri()), options.model, options.version)
    print(json.dumps(found, indent=1) if options.json else as_text(found))
    return EXIT_DONE

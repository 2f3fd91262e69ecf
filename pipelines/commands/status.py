"""What is in force, and what was last said about it."""

import argparse
import json

from pipelines.errors import EXIT_DONE

SUMMARY = "champion, last gates, last drift and decision of a model"
EXAMPLE = "python -m pipelines status flight_delay --json"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    from pipelines.report.status import as_text, status

    found = status(options.model)
    print(json.dumps(found, indent=1) if options.json else as_text(found))
    return EXIT_DONE

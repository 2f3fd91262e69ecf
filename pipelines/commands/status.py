"""What is in force, and what was last said about it."""

import argparse
import json
import shutil

from pipelines.errors import EXIT_DONE

SUMMARY = "drift and decision of a model, then its champion, last gates and data"
EXAMPLE = "python -m pipelines status flight_delay --json"
# Longer lines are hard to read.
WIDEST = 120


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    from pipelines.report.status import as_text, status

    found = status(options.model)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    print(json.dumps(found, indent=1) if options.json else as_text(found, width))
    return EXIT_DONE

"""The retrain decisions of a model, and what came of them."""

import argparse
import json

from pipelines.errors import EXIT_DONE

SUMMARY = "the retrain decisions of a model, why, and what came of each"
EXAMPLE = "python -m pipelines decisions flight_delay --json"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--json", action="store_true", help="for machines, with all that each decision rests on")


def run(options: argparse.Namespace) -> int:
    from pipelines.report.decisions import as_text, decisions

    found = decisions(options.model)
    print(json.dumps(found, indent=1) if options.json else as_text(options.model, found))
    return EXIT_DONE

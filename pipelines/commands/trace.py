"""What produced one prediction."""

import argparse
import json
import sys

from pipelines.errors import EXIT_DONE

SUMMARY = "what produced one prediction: version, training set, table versions, checks, code, approver"
EXAMPLE = "python -m pipelines trace flight_delay --prediction 2013-10-31-9E3395-JFK-2035"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--prediction", required=True, metavar="ID", help="the row's key, such as its flight_id")
    command.add_argument("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.release.lineage import trace
    from pipelines.spec import find_model
    from pipelines.store import Store

    found = trace(Store(store_uri()), find_model(options.model), options.prediction)
    if options.json:
        print(json.dumps(found, indent=1))
        return EXIT_DONE
    from rich.console import Console

    from pipelines.report.tree import tree

    # In a file or a pipe nothing is cut to a terminal's width.
    Console(width=None if sys.stdout.isatty() else 500).print(tree(found))
    return EXIT_DONE

"""Show what was made, so that a person can judge it."""

import argparse
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "show the evaluation of a candidate: verdict, gates with their intervals, and the page"
EXAMPLE = "python -m pipelines show evaluation flight_delay 3"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", choices=("evaluation",))
    command.add_argument("model")
    command.add_argument("version", type=int, nargs="?", help="the newest if left out")
    command.add_argument("--json", action="store_true", help="for machines: the evaluation as it is stored")
    command.add_argument("--page", type=Path, metavar="FILE", help="also copy the page there: one HTML file, offline")


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipelines.environment import store_uri
    from pipelines.layout import evaluation_page
    from pipelines.report.evaluation_text import as_text, find_evaluation
    from pipelines.spec import find_model
    from pipelines.store import Store

    store = Store(store_uri())
    judged = find_evaluation(store, find_model(options.model).name, options.version)
    page = evaluation_page(judged.model, judged.version)
    if options.page is not None:
        options.page.parent.mkdir(parents=True, exist_ok=True)
        options.page.write_bytes(store.read_file(page))
    if options.json:
        print(judged.to_json())
    else:
        Console(highlight=False).print(as_text(judged))
        # Not by rich: a path is for copying, and is not to be broken where a line ends.
        print(f"page: {options.page or store.location(page)}")
    return EXIT_DONE

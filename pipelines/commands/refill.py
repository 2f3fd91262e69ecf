"""Fill the online store again."""

import argparse

from pipelines.errors import EXIT_DONE, NothingToDo

SUMMARY = "fill the online store again from the features, after it was lost or its stack restored"
EXAMPLE = "python -m pipelines refill flights"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("dataset", nargs="?", help="all of them if left out")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.spec import find_dataset, load_datasets
    from pipelines.steps import materialize
    from pipelines.store import Store

    store = Store(store_uri())
    datasets = [find_dataset(options.dataset)] if options.dataset else list(load_datasets().values())
    for dataset in datasets:
        try:
            print(f"refill {materialize.refill(dataset, store)}")
        except NothingToDo as nothing:
            print(f"refill {nothing}")
    return EXIT_DONE

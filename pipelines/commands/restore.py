"""Put a partition's rows back to what they were."""

import argparse

from pipelines.commands import said
from pipelines.errors import EXIT_DONE

SUMMARY = "put a partition's raw rows back to an earlier version, then validate and featurize them"
EXAMPLE = (
    "python -m pipelines restore flights --partition 2013-05 --to-version 4 "
    "--reason 'the corrected file was truncated' --by ada --dry-run"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("dataset")
    command.add_argument("--partition", required=True, metavar="PART", help="such as 2013-05")
    command.add_argument("--to-version", required=True, type=int, metavar="N", help="the table's version to go back to")
    command.add_argument("--table", help="one of the dataset's tables; all of them if left out")
    command.add_argument("--reason", required=True, type=said, help="what is wrong with the rows; kept in the journal")
    command.add_argument("--by", required=True, type=said, help="who decides it; kept in the journal")
    command.add_argument("--dry-run", action="store_true", help="say what it would put back, and change nothing")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.interval import partition_interval
    from pipelines.restore import planned, restore
    from pipelines.spec import find_dataset
    from pipelines.steps import featurize, validate
    from pipelines.store import Store

    dataset, store = find_dataset(options.dataset), Store(store_uri())
    interval = partition_interval(options.partition, dataset.partition)
    plan = planned(dataset, interval, store, options.to_version, options.table)
    print("\n".join(f"restore {dataset.name} {options.partition} {one}" for one in plan))
    if options.dry_run:
        print("nothing was changed")
        return EXIT_DONE
    restore(dataset, interval, store, plan, options.reason, options.by)
    for step in (validate, featurize):
        result = step.run(dataset, interval, store)
        print(f"{result.step} {dataset.name} {result.outcome}")
    return EXIT_DONE

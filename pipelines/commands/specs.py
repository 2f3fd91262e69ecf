"""What is declared, and whether it is right."""

import argparse
import sys
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "list what is declared and check it"
EXAMPLE = "python -m pipelines specs"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--diff",
        metavar="BASE",
        help="say in Markdown what changes since the branch, tag or commit, and what it causes",
    )
    command.add_argument("--write-docs", metavar="FOLDER", help="also write JSON Schemas and tables of features there")


def run(options: argparse.Namespace) -> int:
    from pipelines.alerts.channels import unset
    from pipelines.environment import REPO
    from pipelines.report.specs import check, write_feature_tables, write_schemas
    from pipelines.spec import DatasetSpec, ModelSpec, load_datasets, load_models
    from pipelines.spec_diff.page import page

    if options.diff:
        print(page(REPO, options.diff))
        return EXIT_DONE
    print(check())
    declared: list[DatasetSpec | ModelSpec] = [*load_datasets().values(), *load_models().values()]
    for spec in declared:
        lacking = unset(spec.alerts.channels)
        if lacking:
            # No error: where alerts are sent from is another machine than an editor's.
            told = f"warning: {spec.name}: alerts.routes names channels without an address here: {', '.join(lacking)}"
            print(told, file=sys.stderr)
    if options.write_docs:
        write_schemas(Path(options.write_docs) / "schema")
        write_feature_tables(Path(options.write_docs) / "features")
    return EXIT_DONE

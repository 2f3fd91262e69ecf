"""What is declared, and whether it is right."""

import argparse
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "list what is declared and check it"
EXAMPLE = "python -m pipelines specs"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--write-docs", metavar="FOLDER", help="also write JSON Schemas and tables of features there")


def run(options: argparse.Namespace) -> int:
    from pipelines.report.specs import check, write_feature_tables, write_schemas

    print(check())
    if options.write_docs:
        write_schemas(Path(options.write_docs) / "schema")
        write_feature_tables(Path(options.write_docs) / "features")
    return EXIT_DONE

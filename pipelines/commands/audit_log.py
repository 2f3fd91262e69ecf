"""Who decided what about a model, and when."""

import argparse
import json

from pipelines.errors import EXIT_DONE

SUMMARY = "who decided what about a model, and when: answers, promotions, rollbacks, voids, freezes"
EXAMPLE = "python -m pipelines audit_log flight_delay"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", help="name of a model, or of a dataset for what was restored of it")
    command.add_argument("--json", action="store_true", help="for machines, with the whole of each event")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.journal import everything
    from pipelines.report.audit_log import as_text, entries
    from pipelines.spec import find_model, load_datasets
    from pipelines.store import Store

    found = entries(everything(Store(store_uri())), options.model)
    if not found and options.model not in load_datasets():
        find_model(options.model)  # tells which models there are
    print(json.dumps(found, indent=1) if options.json else as_text(options.model, found))
    return EXIT_DONE

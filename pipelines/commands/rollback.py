"""Put the previous champion back."""

import argparse
from pathlib import Path
from typing import Literal

from pipelines.commands import leave_result, said
from pipelines.errors import EXIT_DONE

SUMMARY = "put the previous champion back, once it has been proven to serve"
EXAMPLE = "python -m pipelines rollback flight_delay --reason 'late flights are missed since May' --by ada"


def version(text: str) -> int | Literal["none"]:
    return "none" if text == "none" else int(text)


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument(
        "--to",
        type=version,
        metavar="VERSION",
        help="any version that was in force, or none to leave none in force; else the one before",
    )
    command.add_argument("--reason", required=True, type=said, help="what is wrong with the champion; journalled")
    command.add_argument("--by", required=True, type=said, help="who decides it; kept in the journal")
    command.add_argument(
        "--effective-from", metavar="TIME", help="from when it counts (UTC); else from when the bad one is in force"
    )
    command.add_argument("--result", type=Path, help="write the step's result (JSON: references and figures) there")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri, tracking_uri
    from pipelines.interval import parse_time
    from pipelines.registry import Registry
    from pipelines.release.provenance import start_meter
    from pipelines.rollback import Request
    from pipelines.spec import find_model
    from pipelines.steps import rollback
    from pipelines.store import Store

    meter = start_meter()
    since = None if options.effective_from is None else parse_time(options.effective_from)
    request = Request(options.reason, options.by, options.to, since)
    result = rollback.run(find_model(options.model), request, Store(store_uri()), Registry(tracking_uri()))
    leave_result(result, meter, options.result)
    print(f"rollback {result.subject} {result.outcome}")
    return EXIT_DONE

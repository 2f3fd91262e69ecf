"""Journal whether to retrain, and whether a training follows."""

import argparse
from pathlib import Path

from pipelines.commands import add_span, leave_result, span_of
from pipelines.errors import EXIT_DONE
from pipelines.flow import BY_NAME

SUMMARY = BY_NAME["decide_retrain"].summary
EXAMPLE = "python -m pipelines decide_retrain --model flight_delay --start 2013-04-01 --end 2013-05-01"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", required=True, help="name of a declared model")
    add_span(command)
    command.add_argument(
        "--triggers",
        action="store_true",
        help="whoever asks triggers the training if that is the answer, so that it counts for budget and cooldown",
    )
    command.add_argument("--result", type=Path, help="write the step's result (JSON: references and figures) there")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.release.provenance import start_meter
    from pipelines.spec import find_model
    from pipelines.steps import decide_retrain
    from pipelines.store import Store

    meter = start_meter()
    model, store = find_model(options.model), Store(store_uri())
    result = decide_retrain.run(model, span_of(options), store, triggers=options.triggers)
    leave_result(result, meter, options.result)
    print(f"decide_retrain {result.subject} {result.outcome}")
    return EXIT_DONE

"""Make a release again from its record."""

import argparse
import contextlib
import json
import sys
import time

from pipelines.errors import EXIT_CALLER_ERROR, EXIT_DONE

SUMMARY = "rebuild a release from its record alone, retrain, and say what came out equal"
EXAMPLE = "python -m pipelines reproduce flight_delay 3"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("version", type=int)
    command.add_argument("--json", action="store_true", help="for machines; progress goes to the error stream")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri, tracking_uri
    from pipelines.registry import Registry
    from pipelines.release.releases import release_of
    from pipelines.release.reproduction import reproduce
    from pipelines.store import Store

    store, began = Store(store_uri()), time.monotonic()
    # The steps report what they do on the standard output, which --json keeps for the answer.
    with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
        found = reproduce(
            store,
            Registry(tracking_uri()),
            release_of(store, options.model, options.version),
            lambda line: print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True),
        )
    if options.json:
        print(json.dumps(found.to_dict(), indent=1))
    else:
        print("\n".join([found.sentence, *[f"  {one}" for one in found.comparisons]]))
        if found.reasons:
            print("\n".join(["not as it was where the model was trained:", *[f"  {why}" for why in found.reasons]]))
    return EXIT_DONE if found.outcome in ("identical", "equivalent") else EXIT_CALLER_ERROR

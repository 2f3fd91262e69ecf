"""What changed between two releases."""

import argparse
import json
from dataclasses import asdict
from itertools import groupby

from pipelines.errors import EXIT_DONE

SUMMARY = "what changed between two releases: data, features, parameters, code, environment, metrics, gates"
EXAMPLE = "python -m pipelines diff flight_delay 3 4"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("one", type=int, help="the earlier version")
    command.add_argument("other", type=int, help="the later version")
    command.add_argument("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.release.differences import differences
    from pipelines.release.releases import release_of
    from pipelines.store import Store

    store = Store(store_uri())
    one, other = (release_of(store, options.model, version) for version in (options.one, options.other))
    changes = differences(one.content(), other.content())
    if options.json:
        print(json.dumps([asdict(change) for change in changes], indent=1))
        return EXIT_DONE
    print(f"{options.model}: version {options.one} -> version {options.other}")
    for group, found in groupby(changes, key=lambda change: change.group):
        print(f"\n{group}")
        print("\n".join(f"  {change}" for change in found))
    if not changes:
        print("nothing differs")
    return EXIT_DONE

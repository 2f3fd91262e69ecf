"""Mark predictions that nobody may rely on any more."""

import argparse

from pipelines.commands import add_span, said, span_of
from pipelines.errors import EXIT_DONE

SUMMARY = "mark the predictions of a span as void, until they are scored anew"
EXAMPLE = (
    "python -m pipelines void flight_delay --start 2013-05-01 --end 2013-07-01 "
    "--reason 'the weather feed stood still' --by ada"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    add_span(command)
    command.add_argument("--reason", required=True, type=said, help="why nobody may rely on them; kept in the journal")
    command.add_argument("--by", required=True, type=said, help="who says so; kept in the journal")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri
    from pipelines.errors import MissingInput
    from pipelines.spec import find_model
    from pipelines.store import Store
    from pipelines.voids import mark_void, rescore_command, scored_partitions

    spec, span, store = find_model(options.model), span_of(options), Store(store_uri())
    found = scored_partitions(spec, store, span.start, span.end)
    if not found:
        raise MissingInput(f"{spec.name}: no whole partition of {span} was scored; nothing was marked")
    new = mark_void(spec, store, found, options.reason, options.by)
    already = f"; {len(found) - len(new)} were void already" if len(new) < len(found) else ""
    print(f"void {spec.name} {len(new)} partitions marked: {', '.join(new) or 'none'}{already}")
    print(f"Score them again: {rescore_command(spec.name, found)}")
    return EXIT_DONE

"""Whether MLflow shows what the journal says."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from pipelines.errors import EXIT_CALLER_ERROR, EXIT_DONE

if TYPE_CHECKING:
    from pipelines.store import Store

SUMMARY = "find and mend what MLflow shows otherwise than the journal says"
EXAMPLE = "python -m pipelines registry check flight_delay"
ACTIONS = {
    "check": "say where they differ; exit 0 when all agree, else 2",
    "repair": "make MLflow show what the journal says",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    # A parser for each: one for both would take an option before the model for the model left out.
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary in ACTIONS.items():
        action = actions.add_parser(name, help=summary)
        action.add_argument("model", nargs="?", help="one model; all of them if left out")
        action.add_argument("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    from pipelines.environment import store_uri, tracking_uri
    from pipelines.projection import check, project
    from pipelines.registry import Registry
    from pipelines.store import Store

    store, registry = Store(store_uri()), Registry(tracking_uri())
    told: list[dict[str, Any]] = []
    for model in _models(options.model, store):
        repair = options.action == "repair"
        mended, left = project(store, registry, model) if repair else ([], check(store, registry, model))
        open_ones = [{"found": one.found, "remedy": one.remedy} for one in left]
        told.append({"model": model, "mended": [one.found for one in mended], "differences": open_ones})
    print(json.dumps(told, indent=1) if options.json else "\n".join(map(_as_text, told)))
    return EXIT_CALLER_ERROR if any(one["differences"] for one in told) else EXIT_DONE


def _models(named: str | None, store: "Store") -> list[str]:
    """Those that are declared, and those that the journal has champions of."""
    from pipelines.champions import PROMOTION
    from pipelines.journal import everything
    from pipelines.spec import find_model, sound_models

    promoted = {event.subject for event in everything(store) if event.kind == PROMOTION}
    if named is None:
        return sorted({*sound_models(), *promoted})
    return [named if named in promoted else find_model(named).name]


def _as_text(told: dict[str, Any]) -> str:
    lines = [f"mended: {found}" for found in told["mended"]]
    lines += [f"{one['found']}\n  remedy: {one['remedy']}" for one in told["differences"]]
    if not told["differences"]:
        lines.append(f"{told['model']}: MLflow shows what the journal says")
    return "\n".join(lines)

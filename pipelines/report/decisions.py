"""The retrain decisions of a model as a person or a machine reads them."""

from dataclasses import asdict
from typing import Any

from pipelines.environment import store_uri
from pipelines.journal import everything, select
from pipelines.retrain.outcome import outcome_by
from pipelines.retrain.state import DECISION
from pipelines.spec import find_model
from pipelines.store import Store


def decisions(model: str) -> list[dict[str, Any]]:
    """Oldest first, each as it was journalled, with what came of it; None for one that does not retrain."""
    name, store = find_model(model).name, Store(store_uri())
    said, found = everything(store), []
    for event in select(said, DECISION, name):
        outcome = outcome_by(said, store, name, event)
        came = None if outcome is None else asdict(outcome) | {"sentence": outcome.sentence}
        found.append({"key": event.key, "as_of": event.at.isoformat(), **event.content, "outcome": came})
    return found


def as_text(model: str, found: list[dict[str, Any]]) -> str:
    if not found:
        return f"{model}: no decision yet. Make one: python -m pipelines backfill {model}__monitor --start … --end …"
    lines = [f"{'as of':<10}  {'part':<10}  {'answer':<7}  why"]
    for one in found:
        lines.append(f"{one['as_of'][:10]}  {one['part']:<10}  {one['decision']:<7}  {one['reason']}")
        if one["outcome"] is not None:
            lines.append(f"{'':<33}{one['outcome']['sentence']}")
    return "\n".join(lines)

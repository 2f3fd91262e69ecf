"""The history of verdicts in the journal: nothing of it is replaced, so each try against a champion is counted.

Attempts are counted in the order in which they were made, not by as-of time: a backfill that goes backwards
spends the error budget like any other.
"""

from datetime import datetime
from typing import Any

from pipelines.champions import Champion
from pipelines.journal import Event, events, numbered, record_decided
from pipelines.store import Store

EVALUATION = "evaluation"


def journal_evaluation(store: Store, model: str, as_of: datetime, told: dict[str, Any]) -> None:
    """Add a verdict to the history; the same one again adds nothing.

    told: with version, champion_version and attempt at least.
    """
    said_now = Event(EVALUATION, model, as_of, told)

    def decide(said: list[Event]) -> list[Event]:
        known = any((e.kind, e.subject, e.at, e.content) == (EVALUATION, model, as_of, told) for e in said)
        return [] if known else numbered(said, [said_now])

    record_decided(store, decide)


def attempt(store: Store, model: str, version: int, champion: Champion | None) -> int:
    """The how manieth candidate this is that was held against the champion; judged again it keeps its number."""
    if champion is None:
        return 1
    against = [
        event.content
        for event in events(store, EVALUATION, model)
        if event.content["champion_version"] == champion.version
    ]
    own = [told["attempt"] for told in against if told["version"] == version]
    return own[0] if own else len({told["version"] for told in against}) + 1

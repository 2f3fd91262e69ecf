"""The history of verdicts in the journal: nothing of it is replaced, so each try against a champion is counted.

Attempts are counted in the order in which they were made, not by as-of time: a backfill that goes backwards
spends the error budget like any other.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pipelines.champions import Champion
from pipelines.journal import Event, events, numbered, record_decided, select
from pipelines.store import Store

EVALUATION = "evaluation"


def journal_evaluation(store: Store, model: str, as_of: datetime, told: dict[str, Any]) -> None:
    """Add a verdict to the history; the same one twice in a row of a version adds nothing.

    told: with version, champion_version and attempt at least.
    """
    said_now = Event(EVALUATION, model, as_of, told)

    def decide(said: list[Event]) -> list[Event]:
        newest = newest_verdict(said, model, told["version"], as_of)
        return [] if newest is not None and newest.content == told else numbered(said, [said_now])

    record_decided(store, decide)


def newest_verdict(said: Iterable[Event], model: str, version: int, as_of: datetime) -> Event | None:
    """The last verdict on the version as of that time: the one that counts."""
    of_version = [
        one for one in select(said, EVALUATION, model) if (one.at, one.content["version"]) == (as_of, version)
    ]
    return max(of_version, key=lambda event: event.number or 0, default=None)


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

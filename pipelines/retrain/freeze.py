"""A freeze: until a day nobody retrains on a decision of the monitor, and it is on record who said so and why.

The newest word counts. It binds decisions as of a time before its day, whenever they are made, and it keeps nobody
from training by schedule or by hand.
"""

from collections.abc import Iterable
from datetime import datetime

from pipelines.drift.policy import Freeze
from pipelines.errors import NothingToDo
from pipelines.journal import Event, numbered, record_decided
from pipelines.store import Store

FREEZE = "freeze"


def freeze_in_force(said: Iterable[Event], model: str) -> Freeze | None:
    """By the newest word on it; None where there is none, or where it was lifted."""
    newest = _newest(said, model)
    if newest is None or newest.content["lifted"]:
        return None
    return Freeze(until=newest.at, by=newest.content["by"], reason=newest.content["reason"])


def freeze(store: Store, model: str, asked: Freeze, said_at: datetime) -> bool:
    """Journal the freeze in place of any other; False when the same stands already.

    said_at: when the person said so, for people to read.
    """
    told = {"lifted": False, "by": asked.by, "reason": asked.reason, "said_at": said_at.isoformat()}

    def decide(said: list[Event]) -> list[Event]:
        return (
            [] if freeze_in_force(said, model) == asked else numbered(said, [Event(FREEZE, model, asked.until, told)])
        )

    return bool(record_decided(store, decide))


def lift(store: Store, model: str, reason: str, by: str, said_at: datetime) -> Freeze:
    """Journal that the freeze ends; returns the one that stood. Raises NothingToDo when there is none."""
    told = {"lifted": True, "by": by, "reason": reason, "said_at": said_at.isoformat()}
    lifted: list[Freeze] = []

    def decide(said: list[Event]) -> list[Event]:
        standing = freeze_in_force(said, model)
        if standing is None:
            raise NothingToDo(f"{model}: is not frozen, there is nothing to lift")
        lifted[:] = [standing]
        return numbered(said, [Event(FREEZE, model, standing.until, told)])

    record_decided(store, decide)
    return lifted[0]


def _newest(said: Iterable[Event], model: str) -> Event | None:
    own = [event for event in said if (event.kind, event.subject) == (FREEZE, model)]
    return max(own, key=lambda event: event.number or 0, default=None)

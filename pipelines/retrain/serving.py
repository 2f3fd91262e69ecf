"""Serving that a decision stopped: nothing is scored from its time on until a person lifts it.

A monitor that runs again over the same part does not stop what was lifted: its stop is the same one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipelines.errors import CallerError, NothingToDo
from pipelines.interval import Interval
from pipelines.journal import Event, everything, record_decided, select
from pipelines.store import Store

STOPPED = "serving_stopped"
RESUMED = "serving_resumed"


@dataclass(frozen=True)
class Stop:
    """since: as-of time of the decision, UTC; part: the window that it is about."""

    since: datetime
    part: str
    reason: str


def stop_event(model: str, as_of: datetime, part: str, reason: str) -> Event:
    return Event(STOPPED, model, as_of, {"part": part, "reason": reason})


def stops(said: Iterable[Event], model: str) -> list[Stop]:
    """Those that nobody lifted yet, oldest first."""
    said = list(said)
    lifted = {event.at for event in select(said, RESUMED, model)}
    standing = [event for event in select(said, STOPPED, model) if event.at not in lifted]
    return [Stop(event.at, event.content["part"], event.content["reason"]) for event in standing]


def resume(store: Store, model: str, reason: str, by: str, said_at: datetime) -> list[Stop]:
    """Journal that serving goes on; returns the stops that end by this. Raises NothingToDo when there is none."""
    told = {"reason": reason, "by": by, "said_at": said_at.isoformat()}
    ended: list[Stop] = []

    def decide(said: list[Event]) -> list[Event]:
        ended[:] = stops(said, model)
        if not ended:
            raise NothingToDo(f"{model}: serving was not stopped, there is nothing to resume")
        return [Event(RESUMED, model, stop.since, told) for stop in ended]

    record_decided(store, decide)
    return ended


def resume_command(model: str) -> str:
    return f"python -m pipelines resume {model} --reason … --by …"


def refuse_stopped(store: Store, model: str, interval: Interval) -> None:
    """Raises CallerError for a partition that ends after a stop which nobody lifted."""
    for stop in stops(everything(store), model):
        if stop.since < interval.end:
            raise CallerError(
                f"{model}: serving is stopped since {stop.since:%F}, by the monitor of {stop.part}: {stop.reason}. "
                f"Nothing is scored until the data are mended and a person says so: {resume_command(model)}"
            )

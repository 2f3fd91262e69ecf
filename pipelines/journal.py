"""What happened, as it would have been known then: one Delta table of events, written by compare and set.

An event is named by its key; writing it again replaces it, so a repeated step leaves one event. Events with
a number are history: each has a key of its own, and none is ever replaced.
"""

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from pipelines.errors import Unavailable
from pipelines.layout import JOURNAL_TABLE
from pipelines.store import Store

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("kind", pa.string()),
        ("subject", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("content", pa.string()),
    ]
)
COMMIT_ATTEMPTS = 40
# Each commit adds a file, and whoever asks the journal reads them all: .5 ms each from a local disk.
COMMITS_TO_MERGE = 50
LONGEST_PAUSE_S = 0.5


@dataclass(frozen=True)
class Event:
    """kind: validation, validated, restore, materialization, evaluation, question, approval, promotion,
    withdrawal, void, drift, decision, freeze, serving_stopped, serving_resumed, alert. at: the as-of time, in UTC.
    number: order of writing among a subject's events."""

    kind: str
    subject: str
    at: datetime
    content: dict[str, Any]
    number: int | None = None

    @property
    def key(self) -> str:
        name = f"{self.kind}/{self.subject}/{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        return name if self.number is None else f"{name}/{self.number:08}"


def record(store: Store, event: Event) -> bool:
    """Write the event; False when the journal already says exactly this."""
    return bool(record_decided(store, lambda said: [] if event in said else [event]))


def record_decided(store: Store, decide: Callable[[list[Event]], Sequence[Event]]) -> list[Event]:
    """Write, in one commit, the events that follow from all that the journal says; returns them.

    decide: from all events so far to those to write, none for nothing. It is asked again whenever another
    writer committed in between, so what is written follows from what stands before it; it may raise to
    write nothing. Raises Unavailable when others win every attempt.
    """
    for attempt in range(COMMIT_ATTEMPTS):
        version = store.version(JOURNAL_TABLE)
        said = _at(store, version)
        new = list(decide(said))
        if not new:
            return []
        rows = pa.Table.from_pylist([_row(event) for event in new], SCHEMA)
        anew = {event.key for event in said} & {event.key for event in new}
        written = store.commit_after(JOURNAL_TABLE, rows, version, replacing="key" if anew else None)
        if written is not None:
            if written.version and written.version % COMMITS_TO_MERGE == 0:
                store.merge_files(JOURNAL_TABLE)
            return new
        # Jittered, so that writers that collided once do not collide again.
        time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 0.01 * 2**attempt)))
    raise Unavailable(
        f"The journal in {store.uri} was changed by others in each of {COMMIT_ATTEMPTS} attempts to write; "
        "nothing was written, the step can be run again"
    )


def numbered(said: Iterable[Event], new: Sequence[Event]) -> list[Event]:
    """The new events of one subject with the numbers that follow on those of all its events, of whatever kind."""
    named = {event.subject for event in new}
    last = max((event.number or 0 for event in said if event.subject in named), default=0)
    return [replace(event, number=last + position) for position, event in enumerate(new, start=1)]


def everything(store: Store) -> list[Event]:
    """All events, in no order."""
    return _at(store, store.version(JOURNAL_TABLE))


def select(said: Iterable[Event], kind: str, subject: str, until: datetime | None = None) -> list[Event]:
    """Events of one kind about one subject, oldest first, up to and including `until`."""
    found = [event for event in said if event.kind == kind and event.subject == subject]
    return sorted(
        (event for event in found if until is None or event.at <= until), key=lambda event: (event.at, event.key)
    )


def events(store: Store, kind: str, subject: str, until: datetime | None = None) -> list[Event]:
    """What the journal says now, as `select` gives it."""
    return select(everything(store), kind, subject, until)


def latest(store: Store, kind: str, subject: str, until: datetime | None = None) -> Event | None:
    found = events(store, kind, subject, until)
    return found[-1] if found else None


def _row(event: Event) -> dict[str, Any]:
    content = json.dumps(event.content, sort_keys=True)
    return {"key": event.key, "kind": event.kind, "subject": event.subject, "at": event.at, "content": content}


def _at(store: Store, version: int | None) -> list[Event]:
    if version is None:
        return []
    rows = store.read(JOURNAL_TABLE, version=version).to_pylist()
    return [
        Event(row["kind"], row["subject"], row["at"], json.loads(row["content"]), _number(row["key"])) for row in rows
    ]


def _number(key: str) -> int | None:
    last = key.rpartition("/")[2]
    return int(last) if last.isdecimal() else None

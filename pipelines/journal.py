"""What happened, as it would have been known then: one Delta table of events, written by compare and set.

An event is named by its key; writing it again replaces it, so a repeated step leaves one event. Events with
a number are history: each has a key of its own, and none is ever replaced.
"""

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import pyarrow as pa

from pipelines.errors import Unavailable
from pipelines.layout import JOURNAL_TABLE
from pipelines.store import Store
from pipelines.table_versions import TableFiles

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("kind", pa.string()),
        ("subject", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("content", pa.string()),
        ("written_at", pa.timestamp("us", tz="UTC")),
    ]
)
COMMIT_ATTEMPTS = 40
# Each commit adds a file, and who asks the journal for the first time reads them all: .5 ms each from a local disk.
COMMITS_TO_MERGE = 50
# And an entry in the log, of which all since the last checkpoint are read to open the table: .4 ms each.
COMMITS_TO_CHECKPOINT = 10
LONGEST_PAUSE_S = 0.5
# The events of each file that a store's journal is made of, as they were read.
_read: WeakKeyDictionary[Store, dict[str, list["Event"]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Event:
    """kind: validation, validated, restore, materialization, evaluation, question, approval, promotion,
    withdrawal, void, drift, decision, freeze, serving_stopped, serving_resumed, alert. at: the as-of time, in UTC.
    number: order of writing among a subject's events. written_at: by the clock, for people to read: it is no part of
    what the event says; None in one that was written before this was kept, or is not written yet. Who reads the
    journal again is given the same events, so their content is not to be changed."""

    kind: str
    subject: str
    at: datetime
    content: dict[str, Any]
    number: int | None = None
    written_at: datetime | None = field(default=None, compare=False)

    @cached_property
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
        files = store.files_of(JOURNAL_TABLE)
        said = _events_in(store, files)
        new = list(decide(said))
        if not new:
            return []
        rows = pa.Table.from_pylist([_row(event) for event in new], SCHEMA)
        anew = {event.key for event in said} & {event.key for event in new}
        version = None if files is None else files.version
        written = store.commit_after(JOURNAL_TABLE, rows, version, replacing="key" if anew else None)
        if written is not None:
            _tidy(store, written.version)
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
    return _events_in(store, store.files_of(JOURNAL_TABLE))


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
    told = {"key": event.key, "kind": event.kind, "subject": event.subject, "at": event.at, "content": content}
    return told | {"written_at": datetime.now(UTC)}


def _tidy(store: Store, version: int) -> None:
    if version and version % COMMITS_TO_MERGE == 0:
        store.merge_files(JOURNAL_TABLE)
    if version and version % COMMITS_TO_CHECKPOINT == 0:
        store.checkpoint(JOURNAL_TABLE)


def _events_in(store: Store, files: TableFiles | None) -> list[Event]:
    """Of files that were read before nothing is read."""
    if files is None:
        return []
    known = _read.get(store, {})
    new = [path for path in files.paths if path not in known]
    found: dict[str, list[Event]] = {path: known.get(path, []) for path in files.paths}
    if new:
        # By the schema of now: a file from before written_at was kept has nulls there.
        rows = store.open_parquet(new, SCHEMA).to_table([*SCHEMA.names, "__filename"]).to_pylist()
        for row in rows:
            found[row["__filename"]].append(_event(row))
    _read[store] = found
    return [event for events_of_file in found.values() for event in events_of_file]


def _event(row: dict[str, Any]) -> Event:
    number, content = _number(row["key"]), json.loads(row["content"])
    return Event(row["kind"], row["subject"], row["at"], content, number, row["written_at"])


def _number(key: str) -> int | None:
    last = key.rpartition("/")[2]
    return int(last) if last.isdecimal() else None

"""What happened, as it would have been known then: one Delta table of events, each written once.

An event is named by its key; writing it again replaces it, so a repeated step leaves one event.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

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


@dataclass(frozen=True)
class Event:
    """kind: validation, validated, materialization, promotion, drift, decision. at: the as-of time, in UTC."""

    kind: str
    subject: str
    at: datetime
    content: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.subject}/{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def record(store: Store, event: Event) -> bool:
    """Write the event; False when the journal already says exactly this."""
    if any(found == event for found in events(store, event.kind, event.subject)):
        return False
    row = {
        "key": event.key,
        "kind": event.kind,
        "subject": event.subject,
        "at": event.at,
        "content": json.dumps(event.content, sort_keys=True),
    }
    store.replace_where(JOURNAL_TABLE, pa.Table.from_pylist([row], SCHEMA), "key", event.key)
    return True


def events(store: Store, kind: str, subject: str, until: datetime | None = None) -> list[Event]:
    """Events of one kind about one subject, oldest first, up to and including `until`."""
    if store.version(JOURNAL_TABLE) is None:
        return []
    found = [
        Event(row["kind"], row["subject"], row["at"], json.loads(row["content"]))
        for row in store.read(JOURNAL_TABLE).to_pylist()
        if row["kind"] == kind and row["subject"] == subject
    ]
    return sorted(
        (event for event in found if until is None or event.at <= until), key=lambda event: (event.at, event.key)
    )


def latest(store: Store, kind: str, subject: str, until: datetime | None = None) -> Event | None:
    found = events(store, kind, subject, until)
    return found[-1] if found else None

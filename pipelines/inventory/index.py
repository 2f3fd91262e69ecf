"""The journal by subject, read anew only where it has gone on, for whoever asks often."""

import json
from datetime import UTC, date, datetime
from typing import Any

from pipelines.journal import Event, everything
from pipelines.layout import JOURNAL_TABLE
from pipelines.store import Store


class Index:
    """What one process keeps of a store between two questions: the journal's events, and files that never change."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._version: int | None = None
        self._said: dict[str, list[Event]] = {}
        self._files: dict[str, Any] = {}

    def state(self) -> tuple[int | None, date]:
        """Look whether the journal has gone on. What answers may be kept under: its version, and the day, which ages
        are counted to."""
        version = self.store.version(JOURNAL_TABLE)
        if version != self._version:
            found: dict[str, list[Event]] = {}
            for event in everything(self.store):
                found.setdefault(event.subject, []).append(event)
            self._version, self._said = version, found
        return self._version, datetime.now(UTC).date()

    def said(self, subject: str) -> list[Event]:
        """All events about a model or a dataset as of the last look at the state, in no order."""
        return self._said.get(subject, [])

    def written_once(self, path: str) -> Any:
        """The JSON of a file that is never written again with other bytes; None where there is no such file."""
        if path not in self._files:
            if not self.store.exists(path):
                return None
            self._files[path] = json.loads(self.store.read_file(path))
        return self._files[path]

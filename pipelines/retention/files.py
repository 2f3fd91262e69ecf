"""Files of the store that nothing needs any more."""

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.retention.needs import JOINED, KEPT_SET, TABLE_LOG, Needs, beside
from pipelines.retention.settings import Retention
from pipelines.store import PARTIAL, Store
from pipelines.table_versions import StoredFile

PAGES = ("validations/*/*.html", "drift/*/*.html", "drift/*/*.snapshot.json")
SCORES = "candidates/*/scores-*.parquet"
RESULTS = "results/*.json"


@dataclass(frozen=True)
class Unneeded:
    """why: what kind of thing it is, in the plural."""

    path: str
    size: int
    why: str


def unneeded_files(files: Mapping[str, StoredFile], needs: Needs, ages: Retention, now: datetime) -> list[Unneeded]:
    """In the order in which they may go: a kill in between leaves nothing that another run would not find."""
    tables = tuple(f"{path.partition(TABLE_LOG)[0]}/" for path in files if TABLE_LOG in path)
    found = []
    for path, file in sorted(files.items()):
        # What lies in a table is the table's own to delete.
        told = None if path.startswith(tables) else _why(path, needs, ages)
        if told is not None and now - file.written_at > told[1]:
            found.append(Unneeded(path, file.size, told[0]))
    return found


def _why(path: str, needs: Needs, ages: Retention) -> tuple[str, timedelta] | None:
    """The kind of a file that may go, and from which age on; None for one that stays."""
    if path.endswith(PARTIAL):
        return "half-written files", ages.drafts
    if any(fnmatch.fnmatch(path, page) for page in PAGES):
        return "old pages", ages.pages
    if fnmatch.fnmatch(path, RESULTS):
        return "results of pods", ages.orphans
    if JOINED.fullmatch(path):
        needed = path if path.endswith(".parquet") else beside(path)
        return None if needed in needs.names else ("joined files that nothing names", ages.orphans)
    if kept := KEPT_SET.fullmatch(path):
        return None if kept[1] in needs.names else ("training sets that nothing was made of", ages.orphans)
    if fnmatch.fnmatch(path, SCORES):
        return None if path in needs.names else ("scores that no candidate names", ages.orphans)
    return None


def delete(store: Store, unneeded: list[Unneeded]) -> Iterator[Unneeded]:
    """One after another, each told once it is gone."""
    for one in unneeded:
        store.delete(one.path)
        yield one

"""Which files of a running store make one state of it: the one that it would have had if every step had been killed.

Steps write a table's rows first, then a manifest, then the journal; so the journal's end is noted first, then
the files are copied, then the ends of the other tables are noted. What the copy says is then always in the copy, and
what it holds beyond that is what a killed step leaves. Of a table all that its log names up to the noted version is
taken, its history with it: Delta Lake writes no data file twice, and names none before it is there.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from recovery.tree import Stat, Tree

LOG = "_delta_log"
ENTRY = re.compile(r"(\d{20})\.")
COMMIT = re.compile(r"(\d{20})\.json")
LAST_CHECKPOINT = "_last_checkpoint"
# Files of a training under way: gone as soon as its candidate is there.
PASSING = ("checkpoints/", "results/")


@dataclass(frozen=True)
class End:
    """The newest commit of a table when it was looked at."""

    table: str
    version: int

    def covers(self, name: str) -> bool:
        """Whether a file of the log is needed to read this version or an earlier one."""
        entry = ENTRY.match(name)
        return entry is not None and int(entry[1]) <= self.version


def end_of(store: Tree, table: str) -> End | None:
    """None where there is no such table."""
    names = [path.rpartition("/")[2] for path in store.files(f"{table}/{LOG}")]
    versions = [int(found[1]) for name in names if (found := COMMIT.fullmatch(name))]
    return End(table, max(versions)) if versions else None


def tables_in(files: dict[str, Stat]) -> list[str]:
    return sorted({path.partition(f"/{LOG}/")[0] for path in files if f"/{LOG}/" in path})


def plain_files(files: dict[str, Stat]) -> Iterator[tuple[str, Stat]]:
    """Those of no table."""
    roots = tuple(f"{table}/" for table in tables_in(files))
    for path, stat in sorted(files.items()):
        if not path.startswith(roots):
            yield path, stat


def table_files(store: Tree, end: End) -> Iterator[tuple[str, Stat]]:
    """What reads the table at that version and every earlier one that still can be read; data before the log."""
    files, logged = store.files(end.table), []
    for path, stat in sorted(files.items()):
        log, name = f"/{LOG}/" in path, path.rpartition("/")[2]
        if not log:
            yield path, stat
        elif end.covers(name) or (name == LAST_CHECKPOINT and _checkpointed(store, path) <= end.version):
            logged.append((path, stat))
    yield from logged


def _checkpointed(store: Tree, path: str) -> int:
    version: int = json.loads(b"".join(store.read(path)))["version"]
    return version


def is_passing(path: str) -> bool:
    return path.startswith(PASSING)

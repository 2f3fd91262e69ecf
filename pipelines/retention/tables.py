"""Tables: rows that no version needs any more, and many small files put into few."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa

from pipelines.layout import JOURNAL_TABLE, RAW
from pipelines.retention.needs import TABLE_LOG, Needs
from pipelines.store import Store
from pipelines.table_versions import StoredFile

COMMIT = re.compile(r"(\d{20})\.json")
CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..*parquet")
# Read as a whole and written in small commits; the others are read by partition, and one commit writes one.
GROWING = (JOURNAL_TABLE, "monitoring/")
COMMITS_TO_CHECKPOINT = 50


@dataclass(frozen=True)
class TableWork:
    """What there is to do. unneeded: paths in the store and sizes; keep: versions that stay readable although their
    rows were replaced; lost: versions that somebody needs and the table does not have; small: files to be merged."""

    table: str
    unneeded: Mapping[str, int]
    keep: tuple[int, ...]
    lost: tuple[int, ...]
    small: int
    checkpoint: bool

    @property
    def anything(self) -> bool:
        return bool(self.unneeded or self.small or self.checkpoint)


def tables_of(files: Mapping[str, StoredFile]) -> list[str]:
    return sorted({path.partition(TABLE_LOG)[0] for path in files if TABLE_LOG in path})


def work_on(store: Store, table: str, needs: Needs, window: timedelta) -> TableWork:
    """By the table as it is now."""
    own = store.stored_below(table)
    logged = [path.rpartition("/")[2] for path in own if path.startswith(f"{table}{TABLE_LOG}")]
    commits = {int(found[1]) for name in logged if (found := COMMIT.fullmatch(name))}
    wanted = needs.versions.get(table, frozenset())
    keep = tuple(sorted(wanted & commits))
    delta, grows = store.at(table), table.startswith(GROWING)
    loose = delta.vacuum(retention_hours=_hours(window), dry_run=True, keep_versions=list(keep) or None, full=True)
    # It names again what was deleted before.
    there = {f"{table}/{path}": own[f"{table}/{path}"].size for path in loose if f"{table}/{path}" in own}
    last = max((int(found[1]) for name in logged if (found := CHECKPOINT.fullmatch(name))), default=-1)
    return TableWork(
        table,
        there,
        keep,
        tuple(sorted(wanted - commits)),
        _small_files(store, table) if grows else 0,
        # A checkpoint of a raw table would be the leave to forget its old versions.
        grows and not table.startswith(RAW) and delta.version() - last > COMMITS_TO_CHECKPOINT,
    )


def carry_out(store: Store, work: TableWork, window: timedelta) -> None:
    """Merge first: what that replaces stays readable for the window."""
    if work.small:
        store.merge_files(work.table)
    if work.checkpoint:
        store.at(work.table).create_checkpoint()
    if work.unneeded:
        keep = list(work.keep) or None
        store.at(work.table).vacuum(retention_hours=_hours(window), dry_run=False, keep_versions=keep, full=True)


def _small_files(store: Store, table: str) -> int:
    """Files of partitions that have more than one."""
    rows = pa.table(store.at(table).get_add_actions(flatten=True)).to_pylist()
    count = Counter(tuple(value for name, value in row.items() if name.startswith("partition.")) for row in rows)
    return sum(files for files in count.values() if files > 1)


def _hours(window: timedelta) -> int:
    return int(window.total_seconds() // 3600)

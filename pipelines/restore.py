"""Put a partition's raw rows back to what they were at an earlier version of their table.

Nothing is lost: the restored rows are a new commit, and those that they replace stay in the table's history.
"""

from dataclasses import dataclass

import pyarrow as pa

from pipelines.dataset import code, covered_part
from pipelines.errors import CallerError
from pipelines.interval import Interval
from pipelines.journal import Event, numbered, record_decided, select
from pipelines.layout import raw_table
from pipelines.spec import DatasetSpec
from pipelines.store import Store
from pipelines.table_versions import digest_of

RESTORE = "restore"


@dataclass(frozen=True)
class Restored:
    """One table. rows: those of the version; changed: whether others were in their place."""

    table: str
    from_version: int
    version: int
    digest: str
    rows: pa.Table
    replaced_rows: int
    changed: bool

    def __str__(self) -> str:
        now = f"{self.replaced_rows:,} rows" if self.changed else "the same rows"
        return f"{self.table}: {self.rows.num_rows:,} rows as of version {self.version} in place of {now}"


def planned(dataset: DatasetSpec, interval: Interval, store: Store, version: int, table: str | None) -> list[Restored]:
    """What a restore would do, table by table: one table, or all of the dataset's.

    Raises CallerError with the versions that there are when the partition has no rows at that one.
    """
    part, declared = covered_part(dataset, interval), list(code(dataset.name, "schema").TABLES)
    if table is not None and table not in declared:
        raise CallerError(f"{dataset.name} has no table '{table}'; its tables: {', '.join(declared)}")
    return [_planned(dataset.name, part, store, version, name) for name in (declared if table is None else [table])]


def _planned(dataset: str, part: str, store: Store, version: int, table: str) -> Restored:
    path = raw_table(dataset, table)
    newest = store.version(path)
    if newest is None or not 0 <= version <= newest or part not in store.parts(path, version):
        known = [f"{at} ({rows:,} rows, {when:%F %R} UTC)" for at, when, rows in store.versions_of(path, part)]
        told = f"it changed at the versions {', '.join(known)}" if known else "it was never pulled"
        one_table = f" Versions are counted by table: give --table {table} with one of its own." if known else ""
        raise CallerError(f"{dataset}: {part} has no rows in {table} as of version {version}; {told}.{one_table}")
    rows, now = store.read(path, part=part, version=version), store.read(path, part=part)
    digest = digest_of(rows)
    return Restored(table, newest, version, digest, rows, now.num_rows, digest != digest_of(now))


def restore(dataset: DatasetSpec, interval: Interval, store: Store, plan: list[Restored], reason: str, by: str) -> None:
    """Commit the planned rows and journal why; again, after a kill in between, it does what is left."""
    part = covered_part(dataset, interval)
    for one in plan:
        store.replace_partition(raw_table(dataset.name, one.table), one.rows, part)
    tables = {one.table: {"to_version": one.version, "digest": one.digest} for one in plan}
    content = {"part": part, "tables": tables, "reason": reason, "by": by}

    def decide(said: list[Event]) -> list[Event]:
        before = select(said, RESTORE, dataset.name)
        same = not any(one.changed for one in plan) and any(event.content == content for event in before)
        return [] if same else numbered(said, [Event(RESTORE, dataset.name, interval.as_of, content)])

    record_decided(store, decide)

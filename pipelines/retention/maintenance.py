"""Plan what may go, say it, and do it: the store's files, its tables, and what was deleted in MLflow."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pipelines.registry import Registry
from pipelines.retention import runs, tables
from pipelines.retention.files import Unneeded, delete, unneeded_files
from pipelines.retention.needs import needs_of
from pipelines.retention.runs import DeletedRuns, deleted_runs
from pipelines.retention.settings import Retention
from pipelines.retention.tables import TableWork, tables_of, work_on
from pipelines.store import Store


@dataclass(frozen=True)
class Plan:
    """What there is to do. runs: None where MLflow was not asked."""

    files: list[Unneeded]
    tables: list[TableWork]
    runs: DeletedRuns | None

    @property
    def bytes(self) -> int:
        return sum(one.size for one in self.files) + sum(sum(work.unneeded.values()) for work in self.tables)

    @property
    def anything(self) -> bool:
        return bool(self.files or any(work.anything for work in self.tables) or (self.runs and self.runs.ids))

    def lines(self) -> Iterator[str]:
        """For a person, one a kind of thing."""
        kinds: dict[str, list[int]] = defaultdict(list)
        for one in self.files:
            kinds[one.why].append(one.size)
        for why, sizes in sorted(kinds.items()):
            yield f"{why}: {len(sizes):,}, {sum(sizes):,} bytes"
        for work in self.tables:
            yield from _of_table(work)
        if self.runs is not None:
            yield from (f"kept: {sentence}" for sentence in self.runs.needed)
            if self.runs.ids:
                yield f"runs deleted in MLflow: {len(self.runs.ids)}{_why_not(self.runs)}"


def _of_table(work: TableWork) -> Iterator[str]:
    kept = f"; {len(work.keep)} versions are kept for records and validations" if work.keep else ""
    if work.unneeded:
        freed = sum(work.unneeded.values())
        yield f"{work.table}: {len(work.unneeded):,} files of replaced rows, {freed:,} bytes{kept}"
    if work.small:
        yield f"{work.table}: {work.small:,} small files to be merged"
    if work.checkpoint:
        yield f"{work.table}: a checkpoint, so that fewer commits are read"
    if work.lost:
        versions = ", ".join(map(str, work.lost))
        yield f"{work.table}: needed and not there: versions {versions}; see docs/runbooks/lost-store.md"


def _why_not(found: DeletedRuns) -> str:
    if found.needed:
        return "; MLflow's gc is not asked, because it would take what is kept above with them"
    if not runs.may_open_database():
        return f"; to free them, run this with {runs.DATABASE} set, where MLflow's database may be opened"
    return ""


def plan(store: Store, ages: Retention, now: datetime, registry: Registry | None = None) -> Plan:
    """Nothing is changed. now: UTC, what ages are counted from.

    Raises CallerError for a document that cannot be read, Unavailable when MLflow does not answer.
    """
    files = store.stored_below("")
    needs = needs_of(store, files)
    found = None if registry is None else deleted_runs(registry, needs.names, ages, int(now.timestamp() * 1000))
    work = [work_on(store, table, needs, ages.recovery_window) for table in tables_of(files)]
    return Plan(unneeded_files(files, needs, ages, now), work, found)


def carry_out(store: Store, planned: Plan, ages: Retention, registry: Registry | None = None) -> None:
    """Do it. What a table needs is asked once more right before, and nothing that was needed then goes."""
    for _ in delete(store, planned.files):
        pass
    needs = needs_of(store, store.stored_below(""))
    for work in planned.tables:
        if work.anything:
            tables.carry_out(store, work_on(store, work.table, needs, ages.recovery_window), ages.recovery_window)
    free = planned.runs is not None and planned.runs.ids and not planned.runs.needed
    if registry is not None and free and runs.may_open_database():
        print(runs.free(registry, ages))

"""A dataset's code by its folder, and the snapshot of it that passed validation."""

import importlib
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any, Literal

import pyarrow as pa

from pipelines.errors import CallerError, MissingInput
from pipelines.interval import Interval, partition_of
from pipelines.journal import Event, events
from pipelines.layout import raw_table
from pipelines.spec import DatasetSpec
from pipelines.store import Store

VALIDATED = "validated"


def code(dataset: str, room: Literal["source", "schema", "expectations", "features"]) -> ModuleType:
    """The module of that name in the dataset's folder."""
    return importlib.import_module(f"pipelines.datasets.{dataset}.{room}")


@dataclass(frozen=True)
class ValidatedPartition:
    """The raw rows of a partition that last passed: by table, its version and the digest of the rows.

    A later pull that fails validation leaves this one in force.
    """

    part: str
    rows: int
    versions: dict[str, int]
    digests: dict[str, str]

    def event(self, dataset: str, at: datetime) -> Event:
        content: dict[str, Any] = {
            "part": self.part,
            "rows": self.rows,
            "versions": self.versions,
            "digests": self.digests,
        }
        return Event(VALIDATED, dataset, at, content)


def validated_partitions(store: Store, dataset: str, until: datetime | None = None) -> dict[str, ValidatedPartition]:
    """By key, oldest first; only partitions that end at or before `until`."""
    found = [ValidatedPartition(**event.content) for event in events(store, VALIDATED, dataset, until)]
    return {partition.part: partition for partition in found}


def read_validated(store: Store, dataset: str, table: str, partition: ValidatedPartition) -> pa.Table:
    return store.read(raw_table(dataset, table), part=partition.part, version=partition.versions[table])


def covered_part(dataset: DatasetSpec, interval: Interval) -> str:
    """The key of the partition that the interval is. Raises CallerError outside of what the source has."""
    part = partition_of(interval, dataset.partition)
    too_early = interval.start.date() < dataset.start
    if too_early or (dataset.end is not None and interval.start.date() >= dataset.end):
        span = f"from {dataset.start}" + (f" to before {dataset.end}" if dataset.end else "")
        raise CallerError(f"{dataset.name}: the partition {part} is outside of the data set, which has rows {span}.")
    return part


def backfill_command(dag_id: str, interval: Interval) -> str:
    span = f"--start {interval.start:%F} --end {interval.end:%F}"
    return f"python -m pipelines backfill {dag_id} {span} --reprocess completed"


def require_validated(store: Store, dataset: DatasetSpec, interval: Interval) -> ValidatedPartition:
    """Raises MissingInput with the command that makes the partition."""
    part = covered_part(dataset, interval)
    found = validated_partitions(store, dataset.name).get(part)
    if found is None:
        raise MissingInput(
            f"{dataset.name}: partition {part} is missing or in quarantine. "
            f"Backfill it first: {backfill_command(f'{dataset.name}__data', interval)}"
        )
    return found

"""A release's features and training set, built once more from the raw rows that it recorded.

The product's own steps build them, in a scratch store whose raw tables are those of the original at the
recorded versions; nothing is written to the original.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from deltalake.exceptions import DeltaError

from pipelines.dataset import ValidatedPartition, code
from pipelines.errors import MissingInput
from pipelines.interval import Interval, parse_time, partition_interval
from pipelines.joined import joined_partition
from pipelines.journal import record_decided
from pipelines.layout import JOURNAL_TABLE, RAW
from pipelines.release.record import RawRows, ReleaseRecord
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.steps import assemble, featurize
from pipelines.store import Store
from pipelines.table_versions import digest_of
from pipelines.training_set import TrainingSet, read


class Replay(Store):
    """A scratch folder whose raw tables are another store's, read only."""

    def __init__(self, folder: str, original: Store) -> None:
        super().__init__(folder)
        self.original = original

    def read(self, table: str, part: str | None = None, version: int | None = None) -> pa.Table:
        if table.startswith(f"{RAW}/"):
            return self.original.read(table, part, version)
        return super().read(table, part, version)


def rebuild_features(
    scratch: Replay, dataset: DatasetSpec, release: ReleaseRecord, report: Callable[[str], None]
) -> None:
    """Every feature file that the release's joins could see, each from the raw rows it was built from."""
    for features in release.data.feature_partitions:
        report(f"building the features of {features.part}")
        _put_in_force(scratch, dataset, features.inputs)
        featurize.run(dataset, partition_interval(features.part, dataset.partition), scratch)


def reassemble(
    scratch: Replay, spec: ModelSpec, dataset: DatasetSpec, release: ReleaseRecord, report: Callable[[str], None]
) -> TrainingSet:
    """The training set as of the release's time, its partitions joined again."""
    _put_in_force(scratch, dataset, {one.part: one.tables for one in release.data.partitions})
    for one in release.data.partitions:
        report(f"joining {one.part}, point in time")
        joined_partition(scratch, dataset, partition_interval(one.part, dataset.partition))
    as_of = parse_time(release.as_of)
    assemble.run(spec, Interval(partition_interval(release.data.last, dataset.partition).start, as_of), scratch)
    return read(scratch, spec.name, as_of)


def _put_in_force(scratch: Replay, dataset: DatasetSpec, inputs: Mapping[str, Mapping[str, RawRows]]) -> None:
    """Make the journal say that these partitions, and no others, passed validation with these rows."""
    shutil.rmtree(scratch.location(JOURNAL_TABLE), ignore_errors=True)
    main = code(dataset.name, "schema").MAIN_TABLE
    events = []
    for part, tables in inputs.items():
        by_name = {table.rpartition("/")[2]: rows for table, rows in tables.items()}
        validated = ValidatedPartition(
            part=part,
            rows=by_name[main].rows or 0,
            versions={name: rows.version or 0 for name, rows in by_name.items()},
            digests={name: rows.digest for name, rows in by_name.items()},
        )
        events.append(validated.event(dataset.name, partition_interval(part, dataset.partition).end))
    record_decided(scratch, lambda said: [] if said else events)


@contextmanager
def own_feast(folder: Path) -> Iterator[None]:
    """Feast's registry and online store in the folder: the ones in use keep their definitions."""
    own = {
        "TRAINYARD_FEAST_REGISTRY": f"sqlite:///{folder / 'registry.db'}",
        "TRAINYARD_FEAST_ONLINE": str(folder / "online.db"),
    }
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _raw_rows(release: ReleaseRecord) -> dict[tuple[str, str], RawRows]:
    """Every raw partition that the release was made from, by partition and table."""
    found: dict[tuple[str, str], RawRows] = {}
    for partition in release.data.partitions:
        found |= {(partition.part, table): rows for table, rows in partition.tables.items()}
    for features in release.data.feature_partitions:
        for part, tables in features.inputs.items():
            found |= {(part, table): rows for table, rows in tables.items()}
    return found


def require_raw_rows(store: Store, release: ReleaseRecord) -> None:
    for (part, table), rows in sorted(_raw_rows(release).items()):
        where = f"{release.model} version {release.version} was made from {part} of {table}"
        if rows.version is None:
            raise MissingInput(f"{where}, whose rows were in no version of the table any more when it was recorded.")
        try:
            found = digest_of(store.read(table, part=part, version=rows.version))
        except (MissingInput, OSError, DeltaError) as error:
            raise MissingInput(
                f"{where} at version {rows.version}, which cannot be read any more ({_first_line(error)}): it was "
                "vacuumed or deleted. Put the table's files back from a backup; without them the release cannot be "
                "made again"
            ) from error
        if found != rows.digest:
            raise MissingInput(
                f"{where} at version {rows.version}, which holds other rows now (digest {found[:12]}, recorded "
                f"{rows.digest[:12]}): the table was made anew. Put its files back from a backup"
            )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__

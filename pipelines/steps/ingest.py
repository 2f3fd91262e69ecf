"""Pull one partition from the source into the raw tables."""

from pipelines.dataset import code, covered_part
from pipelines.errors import SourceError
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.layout import raw_table
from pipelines.spec import DatasetSpec
from pipelines.store import Store
from pipelines.table_versions import digest_of


def run(dataset: DatasetSpec, interval: Interval, store: Store) -> StepResult:
    """Replace the partition of every raw table; the same rows again change nothing.

    Raises SourceError when the source is unreadable or has no rows of the partition, before
    anything is written.
    """
    part = covered_part(dataset, interval)
    tables = code(dataset.name, "source").read(dataset.source, interval)
    main = tables[code(dataset.name, "schema").MAIN_TABLE]
    if main.num_rows == 0:
        raise SourceError(f"{dataset.name}: source '{dataset.source}' has no rows of {part}; nothing was replaced")
    written = {
        name: store.replace_partition(raw_table(dataset.name, name), rows, part) for name, rows in tables.items()
    }
    changed = any(snapshot.changed for snapshot in written.values())
    return StepResult(
        step="ingest",
        subject=dataset.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{part}: {main.num_rows:,} rows {'pulled' if changed else 'unchanged'}",
        references={name: str(snapshot) for name, snapshot in written.items()},
        figures={"rows": main.num_rows, "changed": changed, "digest": digest_of(main)},
    )

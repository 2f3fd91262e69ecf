"""Build the feature rows of one partition from validated rows, its own and those it looks back to."""

import json
from typing import Any

import pyarrow as pa

from pipelines.dataset import (
    ValidatedPartition,
    backfill_command,
    code,
    read_validated,
    require_validated,
    validated_partitions,
)
from pipelines.features import FeatureView, declared_views
from pipelines.flow import StepResult
from pipelines.interval import Interval, part_key, partitions_between
from pipelines.layout import feature_file, features_manifest
from pipelines.spec import DatasetSpec
from pipelines.store import Store


def build_views(views: list[FeatureView], tables: dict[str, pa.Table], interval: Interval) -> dict[str, pa.Table]:
    """The rows of each view with `event_at` in the interval, sorted by entity and time.

    tables: by name, the rows of the partition and of its look-back. Rows with a null entity key are dropped:
    nothing can be joined to them.
    """
    import ibis

    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    sources = {name: connection.create_table(name, rows) for name, rows in tables.items()}
    built = {}
    for view in views:
        assert view.build is not None
        rows: Any = view.build(sources, interval.start, interval.end)
        keyed = rows.filter([rows[key].notnull() for key in view.entities])
        timed = keyed.mutate(**{view.time_column: keyed.event_at})
        built[view.name] = timed.order_by([*view.entities, "event_at"]).to_pyarrow()
    return built


def run(dataset: DatasetSpec, interval: Interval, store: Store) -> StepResult:
    """Write one Parquet file a view, then the manifest that says they are complete.

    Raises MissingInput when the partition itself was not validated; one of the look-back that is
    missing is named in the outcome.
    """
    own = require_validated(store, dataset, interval)
    features = code(dataset.name, "features")
    validated = validated_partitions(store, dataset.name)
    wanted = _look_back(dataset, interval, features.LOOK_BACK)
    inputs = [validated[span] for span in wanted if span in validated]
    missing = [span for span in wanted if span not in validated]

    tables = {
        name: pa.concat_tables([read_validated(store, dataset.name, name, partition) for partition in inputs])
        for name in code(dataset.name, "schema").TABLES
    }
    built = build_views([view for view in declared_views(dataset.name) if view.entities], tables, interval)
    files = {}
    for name, rows in built.items():
        path = feature_file(dataset.name, name, own.part)
        files[name] = {"path": path, "digest": store.write_parquet(path, rows), "rows": rows.num_rows}
    manifest = {"part": own.part, "files": files, "inputs": {p.part: p.digests for p in inputs}, "missing": missing}
    encoded = json.dumps(manifest, indent=1, sort_keys=True).encode()
    digest = store.write_file(features_manifest(dataset.name, own.part), encoded)
    return StepResult(
        step="featurize",
        subject=dataset.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=_outcome(dataset, interval, own, store, sum(rows.num_rows for rows in built.values()), missing),
        references={"manifest": features_manifest(dataset.name, own.part)},
        figures={"rows": sum(rows.num_rows for rows in built.values()), "views": len(built), "digest": digest},
    )


def _look_back(dataset: DatasetSpec, interval: Interval, span: Any) -> list[str]:
    """Keys of the partition and of those that its windows reach into, oldest first."""
    spans = partitions_between(interval.start - span, interval.end, dataset.partition)
    return [part_key(one.start, dataset.partition) for one in spans if one.start.date() >= dataset.start]


def _outcome(
    dataset: DatasetSpec, interval: Interval, own: ValidatedPartition, store: Store, rows: int, missing: list[str]
) -> str:
    text = f"{own.part}: {rows:,} feature rows"
    if missing:
        text += f", built without {', '.join(missing)} (missing or in quarantine)"
    following = partitions_between(
        interval.end, interval.end + code(dataset.name, "features").LOOK_BACK, dataset.partition
    )
    stale = [span for span in following if _reads_older(store, dataset, span, own)]
    if stale:
        span = Interval(stale[0].start, stale[-1].end)
        command = backfill_command(f"{dataset.name}__data", span)
        text += f"; later features were built from older rows of it, rebuild them: {command}"
    return text


def _reads_older(store: Store, dataset: DatasetSpec, span: Interval, own: ValidatedPartition) -> bool:
    path = features_manifest(dataset.name, part_key(span.start, dataset.partition))
    if not store.exists(path):
        return False
    inputs: dict[str, Any] = json.loads(store.read_file(path))["inputs"]
    return inputs.get(own.part) != own.digests

"""Score a partition with the champion as of its start, and log the predictions."""

import json

import pandas as pd
import pyarrow as pa

from pipelines.champions import require_champion
from pipelines.dataset import code, covered_part
from pipelines.feature_store import PREDICT_AT
from pipelines.features import declared_views
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.joined import joined_partition
from pipelines.layout import predictions_manifest, predictions_table
from pipelines.registry import Registry
from pipelines.retrain.serving import refuse_stopped
from pipelines.served_model import load_version
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.table_versions import digest_of
from pipelines.training_set import model_rows


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Every row of the partition gets a prediction, also those that will never have a label.

    The log keeps version, score and the time of each feature view's values. The same champion and
    features again change nothing. Raises MissingInput when no champion was in force at the start, CallerError while
    serving is stopped, Tampered when the champion's files are not those that were trained.
    """
    dataset = find_dataset(spec.dataset)
    part = covered_part(dataset, interval)
    refuse_stopped(store, spec.name, interval)
    champion = require_champion(store, spec.name, interval.start)
    joined = joined_partition(store, dataset, interval)
    frame = store.read_parquet(joined.path).to_pandas()
    model = load_version(store, registry, spec.name, champion.version)
    scores = model.score(model_rows(spec, frame, interval.as_of, model.encoding.columns).features)
    predictions = _log(spec, frame, scores.astype("float64"), champion.version)
    snapshot = store.replace_partition(predictions_table(spec.name), predictions, part)
    manifest = {
        "part": part,
        "model_version": champion.version,
        "rows": predictions.num_rows,
        "digest": digest_of(predictions),
        "joined": joined.digest,
    }
    path = predictions_manifest(spec.name, part)
    store.write_file(path, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return StepResult(
        step="predict",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{part}: {predictions.num_rows:,} rows scored by version {champion.version}, mean {scores.mean():.3f}",
        references={"predictions": str(snapshot), "manifest": path},
        figures={"rows": predictions.num_rows, "version": champion.version, "mean_score": float(scores.mean())},
    )


def _log(spec: ModelSpec, frame: pd.DataFrame, scores: object, version: int) -> pa.Table:
    schema = code(spec.dataset, "schema")
    times = [view.time_column for view in declared_views(spec.dataset) if view.entities]
    log = frame[[schema.KEY, schema.TIME, PREDICT_AT, *times]].assign(score=scores, model_version=version)
    return pa.Table.from_pandas(log, preserve_index=False).replace_schema_metadata(None)

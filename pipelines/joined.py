"""A partition's rows joined to the features known at each row's prediction time.

The join of a partition depends on its validated rows and on the feature files up to its end alone, so it
is made once and kept under the digest of what went in: training and prediction read the same file.
"""

import hashlib
import json
from dataclasses import dataclass

import pyarrow as pa

from pipelines.dataset import ValidatedPartition, backfill_command, code, read_validated, require_validated
from pipelines.errors import MissingInput, TrainyardError
from pipelines.feature_store import PREDICT_AT, FeatureStore
from pipelines.interval import Interval
from pipelines.join_inputs import JoinInputs, join_inputs_of, traced
from pipelines.layout import join_inputs, joined_file
from pipelines.spec import DatasetSpec, sound_models
from pipelines.store import Store


@dataclass(frozen=True)
class JoinedPartition:
    """path: Parquet in the store; digest: SHA-256 of the file; part: the partition's key."""

    part: str
    path: str
    digest: str
    rows: int


def joined_partition(store: Store, dataset: DatasetSpec, interval: Interval) -> JoinedPartition:
    """Join the partition, or find it joined. Rows out equal rows in, in their order.

    Raises MissingInput with the command that makes the features.
    """
    validated = require_validated(store, dataset, interval)
    inputs = _inputs(store, dataset, interval, validated)
    path = joined_file(dataset.name, validated.part, inputs.digest)
    if not store.exists(join_inputs(path)):
        made_from = traced(store, dataset.name, inputs)
        store.write_file(join_inputs(path), json.dumps(made_from, indent=1, sort_keys=True).encode())
    if not store.exists(path):
        joined = _join(store, dataset, validated_rows(store, dataset, interval))
        if _inputs(store, dataset, interval, validated).digest != inputs.digest:
            raise TrainyardError(f"{dataset.name}: the features of {validated.part} changed while they were joined")
        store.write_parquet(path, joined)
    content = store.read_file(path)
    return JoinedPartition(validated.part, path, hashlib.sha256(content).hexdigest(), validated.rows)


def validated_rows(store: Store, dataset: DatasetSpec, interval: Interval) -> pa.Table:
    main = code(dataset.name, "schema").MAIN_TABLE
    return read_validated(store, dataset.name, main, require_validated(store, dataset, interval))


def _inputs(store: Store, dataset: DatasetSpec, interval: Interval, validated: ValidatedPartition) -> JoinInputs:
    """All that the join reads: its rows, its feature files, and those before it that are young enough to be joined.

    Raises MissingInput when the partition has no features, or only features of rows that were replaced since.
    """
    inputs = join_inputs_of(store, dataset, interval, validated)
    own = inputs.manifests[validated.part]
    if own is None or json.loads(own)["inputs"].get(validated.part) != validated.digests:
        raise MissingInput(
            f"{dataset.name}: {validated.part} has no features of the rows in force. "
            f"Backfill it first: {backfill_command(f'{dataset.name}__data', interval)}"
        )
    return inputs


def _join(store: Store, dataset: DatasetSpec, rows: pa.Table) -> pa.Table:
    schema = code(dataset.name, "schema")
    frame = rows.to_pandas()
    frame[PREDICT_AT] = frame[schema.TIME] - code(dataset.name, "features").PREDICTION_LEAD
    joined = FeatureStore(dataset.name, sound_models().values(), store.uri).point_in_time_join(frame)
    return pa.Table.from_pandas(joined, preserve_index=False).replace_schema_metadata(None)

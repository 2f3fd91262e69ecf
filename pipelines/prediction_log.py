"""The log of predictions, as it is read: rows that are not those that `predict` wrote are refused.

The manifest of a partition, which `predict` writes last, has the digest of its rows. Whoever changes the table and the
manifest alike is found by the monitor, which scores rows again (`pipelines.drift.skew`).
"""

import json

import pyarrow as pa

from pipelines.dataset import backfill_command
from pipelines.errors import Tampered
from pipelines.interval import partition_interval
from pipelines.layout import predictions_manifest, predictions_table
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.table_versions import digest_of


def read_log(spec: ModelSpec, store: Store, part: str) -> pa.Table:
    """The partition's logged rows. Raises Tampered when some were edited, added or taken away since."""
    rows = store.read(predictions_table(spec.name), part=part)
    found, recorded = digest_of(rows), _recorded(spec.name, store, part)
    if found != recorded:
        raise Tampered(
            f"{spec.name}: the {rows.num_rows:,} predictions of {part} are not those that were scored: SHA-256 "
            f"{found[:12]}, while {store.location(predictions_manifest(spec.name, part))} "
            f"{f'says {recorded[:12]}' if recorded else 'is not there'}. Find out who may write there, and score it "
            f"again: {rescore(spec, part)}"
        )
    return rows


def rescore(spec: ModelSpec, part: str) -> str:
    """The command that scores the partition anew."""
    return backfill_command(f"{spec.name}__predict", partition_interval(part, find_dataset(spec.dataset).partition))


def _recorded(model: str, store: Store, part: str) -> str | None:
    path = predictions_manifest(model, part)
    return str(json.loads(store.read_file(path))["digest"]) if store.exists(path) else None

"""What the join of one partition is made from: its raw rows, and the features young enough to be joined.

Kept beside the joined file, with the version of every raw table that was read on the way: a table's
newest rows and a partition's features may be others tomorrow.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.dataset import ValidatedPartition, validated_partitions
from pipelines.features import declared_views
from pipelines.interval import Interval, part_key, partitions_between
from pipelines.layout import features_manifest, raw_table
from pipelines.spec import DatasetSpec
from pipelines.store import Store
from pipelines.table_versions import digest_of


@dataclass(frozen=True)
class JoinInputs:
    """manifests: of the features of each partition in reach, by key and oldest first; None where it has none."""

    validated: ValidatedPartition
    declarations: list[str]
    manifests: dict[str, bytes | None]

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides the joined rows."""
        digest = hashlib.sha256(json.dumps([self.validated.digests, self.declarations], sort_keys=True).encode())
        for manifest in self.manifests.values():
            digest.update(b"absent" if manifest is None else manifest)
        return digest.hexdigest()


def join_inputs_of(store: Store, dataset: DatasetSpec, interval: Interval, validated: ValidatedPartition) -> JoinInputs:
    """As the store has them now."""
    views = declared_views(dataset.name)
    oldest = interval.start - max(view.ttl for view in views)
    manifests: dict[str, bytes | None] = {}
    for span in partitions_between(oldest, interval.end, dataset.partition):
        part = part_key(span.start, dataset.partition)
        path = features_manifest(dataset.name, part)
        manifests[part] = store.read_file(path) if store.exists(path) else None
    declarations = [f"{view.name}.{feature.name} {view.ttl}" for view in views for feature in view.features]
    return JoinInputs(validated, declarations, manifests)


def traced(store: Store, dataset: str, inputs: JoinInputs) -> dict[str, Any]:
    """The inputs with the versions of the raw tables behind them, as JSON.

    tables: the joined rows' own, by name. features: by partition, the files of each view and the raw
    rows that they were built from.
    """
    in_force = validated_partitions(store, dataset)
    features = {}
    for part, manifest in inputs.manifests.items():
        if manifest is not None:
            made = json.loads(manifest)
            features[part] = {
                "manifest": hashlib.sha256(manifest).hexdigest(),
                "files": made["files"],
                "missing": made["missing"],
                "inputs": {
                    source: _tables(store, dataset, source, digests, [in_force.get(source), inputs.validated])
                    for source, digests in made["inputs"].items()
                },
            }
    own = inputs.validated
    return {
        "part": own.part,
        "rows": own.rows,
        "tables": _tables(store, dataset, own.part, own.digests, [own]),
        "features": features,
    }


def _tables(
    store: Store, dataset: str, part: str, digests: Mapping[str, str], known: Iterable[ValidatedPartition | None]
) -> dict[str, dict[str, Any]]:
    """By table: where the partition's rows of that digest stand."""
    found = [one for one in known if one is not None and one.part == part and one.digests == digests]
    tables = {}
    for name, digest in digests.items():
        table = raw_table(dataset, name)
        version = found[0].versions[name] if found else _version_of(store, table, part, digest)
        rows = None if version is None else store.read(table, part=part, version=version).num_rows
        tables[name] = {"version": version, "digest": digest, "rows": rows}
    return tables


def _version_of(store: Store, table: str, part: str, digest: str) -> int | None:
    """The newest version with those rows: features may have been built from rows that were replaced since."""
    newest = store.version(table)
    for version in range(-1 if newest is None else newest, -1, -1):
        if digest_of(store.read(table, part=part, version=version)) == digest:
            return version
    return None

"""The champion's held-out rows, with the columns by whose values quality is watched."""

from dataclasses import replace

import pandas as pd

from pipelines.candidate import candidate_of
from pipelines.drift.windows import HeldOut
from pipelines.errors import MissingInput
from pipelines.interval import partition_interval
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import load, read_kept


def held_out_of(spec: ModelSpec, store: Store, version: int, scores: str) -> HeldOut:
    """The version's newest held-out rows. scores: the file of them; without slices nothing else is read."""
    kept = store.read_parquet(scores, ["key", "at", "label", "candidate", "day"]).to_pandas()
    label, score, day = (kept[name].to_numpy() for name in ("label", "candidate", "day"))
    return HeldOut(label, score, day, _columns(spec, store, version, kept))


def _columns(spec: ModelSpec, store: Store, version: int, kept: pd.DataFrame) -> pd.DataFrame:
    """monitoring.slices of the rows as the version was trained on them; none where its training set is gone."""
    if not spec.monitoring.slices:
        return pd.DataFrame()
    try:
        manifest = read_kept(store, spec.name, candidate_of(store, spec.name, version).training_set)
    except MissingInput:
        return pd.DataFrame()
    granularity, since = find_dataset(spec.dataset).partition, kept["at"].min()
    recent = [one for one in manifest.partitions if partition_interval(one.part, granularity).end > since]
    rows = load(store, spec, replace(manifest, partitions=recent), spec.monitoring.slices)
    return rows.features.set_axis(rows.key.to_numpy()).reindex(kept["key"]).reset_index(drop=True)

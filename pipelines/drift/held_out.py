"""The champion's held-out rows, with the columns by whose values quality is watched."""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.candidate import candidate_of
from pipelines.drift.windows import HeldOut, Scored
from pipelines.errors import MissingInput
from pipelines.interval import partition_interval
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import load, read_kept


def held_out_of(spec: ModelSpec, store: Store, version: int, scores: str) -> HeldOut:
    """The version's newest held-out rows, and those of the older walk-forward windows that are still in the store.

    scores: the file of the newest.
    """
    kept = store.read_parquet(scores, ["key", "at", "label", "candidate", "day"]).to_pandas()
    label, score, day = (kept[name].to_numpy() for name in ("label", "candidate", "day"))
    older = [path for path in _walk_forward(spec, store, version) if path != scores]
    return HeldOut(label, score, day, _columns(spec, store, version, kept), _every_window(store, [scores, *older]))


def _walk_forward(spec: ModelSpec, store: Store, version: int) -> list[str]:
    try:
        return [path for path in candidate_of(store, spec.name, version).walk_forward if store.exists(path)]
    except MissingInput:
        return []


def _every_window(store: Store, paths: list[str]) -> Scored:
    windows = [store.read_parquet(path, ["label", "candidate", "day"]).to_pandas() for path in paths]
    together = pd.concat(windows, ignore_index=True)
    return Scored(*(np.asarray(together[name]) for name in ("label", "candidate", "day")))


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

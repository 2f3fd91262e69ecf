"""Load a partition's newest feature values to Feast's online store, and prove that they arrived."""

import numpy as np
import pandas as pd

from pipelines.dataset import covered_part
from pipelines.errors import MissingInput, NothingToDo, TrainyardError
from pipelines.feature_store import FeatureStore
from pipelines.features import FeatureView
from pipelines.flow import StepResult
from pipelines.interval import Interval, partition_interval
from pipelines.journal import Event, events, record
from pipelines.layout import feature_file, features_manifest
from pipelines.spec import DatasetSpec, sound_models
from pipelines.store import Store

SAMPLE = 50
MATERIALIZATION = "materialization"


def differences(view: FeatureView, offline: pd.DataFrame, online: pd.DataFrame) -> list[str]:
    """Where online values differ from the offline ones, as sentences naming entity and feature.

    offline, online: shape (n, entity keys + features), row by row the same entities.
    """
    found = []
    for name in view.columns():
        expected = offline[name].to_numpy(dtype="float64")
        served = pd.to_numeric(online[name]).to_numpy(dtype="float64")
        for row in np.flatnonzero(~np.isclose(expected, served, rtol=0, atol=0, equal_nan=True)):
            entity = ", ".join(f"{key} {offline.iloc[row][key]}" for key in view.entities)
            found.append(f"{view.name}.{name} of {entity}: offline {expected[row]}, online {served[row]}")
    return found


def run(dataset: DatasetSpec, interval: Interval, store: Store) -> StepResult:
    """Materialize [start, end); never backwards, for the online store keeps whatever was written last.

    Raises NothingToDo when newer values are online already, MissingInput without features,
    TrainyardError naming entity and feature when online values are not the offline ones.
    """
    part = covered_part(dataset, interval)
    manifest = features_manifest(dataset.name, part)
    if not store.exists(manifest):
        raise MissingInput(
            f"{dataset.name}: {part} has no features. Build them: python -m pipelines featurize "
            f"--dataset {dataset.name} --start {interval.start:%F} --end {interval.end:%F}"
        )
    done = events(store, MATERIALIZATION, dataset.name)
    newest = done[-1] if done else None
    if newest is not None and newest.at > interval.end:
        raise NothingToDo(
            f"{dataset.name}: {part} stays offline only: values up to {newest.at:%F} are online, "
            "and older ones would overwrite them"
        )
    features = FeatureStore(dataset.name, sound_models().values(), store.uri)
    features.materialize(interval)
    checked = sum(_check(features, view, store, dataset.name, part) for view in features.views)
    record(store, Event(MATERIALIZATION, dataset.name, interval.end, {"part": part}))
    return StepResult(
        step="materialize",
        subject=dataset.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{part}: online, {checked} sampled entities equal offline in {len(features.views)} views",
        references={"manifest": manifest},
        figures={"views": len(features.views), "entities_checked": checked},
    )


def refill(dataset: DatasetSpec, store: Store) -> str:
    """Load again, for each entity, the newest value of all that was ever online: after the online store was lost.

    What was done, as a sentence. Raises NothingToDo when nothing ever was, TrainyardError as `run` does.
    """
    done = events(store, MATERIALIZATION, dataset.name)
    if not done:
        raise NothingToDo(f"{dataset.name}: nothing was ever online")
    oldest, newest = (event.content["part"] for event in (done[0], done[-1]))
    start = partition_interval(oldest, dataset.partition).start
    features = FeatureStore(dataset.name, sound_models().values(), store.uri)
    features.materialize(Interval(start, done[-1].at))
    checked = sum(_check(features, view, store, dataset.name, newest) for view in features.views)
    return f"{dataset.name}: {oldest} to {newest} online again, {checked} sampled entities equal offline"


def _check(features: FeatureStore, view: FeatureView, store: Store, dataset: str, part: str) -> int:
    rows = store.read_parquet(feature_file(dataset, view.name, part)).to_pandas()
    newest = rows.sort_values("event_at").drop_duplicates(list(view.entities), keep="last")
    # Evenly spaced rather than random: the same run checks the same entities.
    sample = newest.sort_values(list(view.entities)).iloc[:: max(1, len(newest) // SAMPLE)].reset_index(drop=True)
    found = differences(view, sample, features.online(view, sample))
    if found:
        raise TrainyardError(f"{dataset}: {part} online values are not the offline ones: {'; '.join(found[:3])}")
    return len(sample)

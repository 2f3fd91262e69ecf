"""That a version can serve today: it loads from a fresh download and scores the newest features."""

from dataclasses import dataclass

import numpy as np

from pipelines.candidate import candidate_of
from pipelines.dataset import validated_partitions
from pipelines.errors import CallerError, MissingInput, TrainyardError
from pipelines.estimators import Model
from pipelines.interval import partition_interval
from pipelines.joined import joined_partition
from pipelines.registry import Registry
from pipelines.served_model import load_version
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store

SAMPLE_ROWS = 1000


@dataclass(frozen=True)
class Proof:
    """rows: how many of the partition were scored; low, mean, high: of their scores."""

    version: int
    part: str
    rows: int
    low: float
    mean: float
    high: float

    def __str__(self) -> str:
        return f"scored {self.rows:,} rows of {self.part}, {self.low:.3f} to {self.high:.3f}, mean {self.mean:.3f}"


def prove(spec: ModelSpec, store: Store, registry: Registry, version: int) -> Proof:
    """Load the version anew and score evenly spaced rows of the newest partition.

    Raises CallerError when it does not load, lacks a feature, or scores out of range.
    """
    model = _load(spec, store, registry, version)
    dataset = find_dataset(spec.dataset)
    validated = list(validated_partitions(store, dataset.name))
    if not validated:
        raise MissingInput(f"{dataset.name}: no partition was validated yet; there are no features to score")
    joined = joined_partition(store, dataset, partition_interval(validated[-1], dataset.partition))
    rows = store.read_parquet(joined.path, model.encoding.columns).to_pandas()
    lacking = sorted(set(model.encoding.columns) - set(rows.columns))
    if lacking:
        raise CallerError(f"version {version} asks for features that are not built any more: {', '.join(lacking)}")
    scores = model.score(rows.iloc[:: max(1, len(rows) // SAMPLE_ROWS)])
    lowest, highest = _range(spec, store, version)
    low, high = float(np.min(scores)), float(np.max(scores))
    if not np.isfinite(scores).all() or low < lowest or high > highest:
        raise CallerError(
            f"version {version} scores {low:.4g} to {high:.4g} on {joined.part}, out of [{lowest:.4g}, {highest:.4g}]"
        )
    return Proof(version, joined.part, len(scores), low, float(np.mean(scores)), high)


def _load(spec: ModelSpec, store: Store, registry: Registry, version: int) -> Model:
    shown = registry.shown(spec.name)
    if shown is None or version not in shown.tags:
        raise CallerError(f"version {version} was deleted from MLflow at {registry.uri}")
    try:
        return load_version(store, registry, spec.name, version)
    except TrainyardError:
        raise
    except Exception as error:  # Whatever is wrong with its files: MLflow, XGBoost and JSON each raise their own.
        raise CallerError(f"version {version} does not load ({type(error).__name__}: {error})") from error


def _range(spec: ModelSpec, store: Store, version: int) -> tuple[float, float]:
    """Where scores must lie: a probability in [0, 1], a value within twice the span of the held-out labels."""
    if spec.target.task == "classification":
        return 0.0, 1.0
    held_out = candidate_of(store, spec.name, version).scores
    label = store.read_parquet(held_out, ["label"])["label"].to_numpy()
    low, high = float(np.min(label)), float(np.max(label))
    return low - (high - low) / 2, high + (high - low) / 2

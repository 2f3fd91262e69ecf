"""The training set of one model as of one time: which joined partitions, which columns, which split."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from pipelines.dataset import code
from pipelines.errors import EmptyWindow, MissingInput
from pipelines.features import Feature, declared_views, select
from pipelines.interval import parse_time
from pipelines.joined import JoinedPartition
from pipelines.layout import kept_training_set, training_set
from pipelines.spec import ModelSpec, Target
from pipelines.store import Store


def stamp(moment: datetime) -> str:
    """An as-of time as a file name: 2013-04-01T00-00-00."""
    return f"{moment:%Y-%m-%dT%H-%M-%S}"


@dataclass(frozen=True)
class Split:
    """fit: before early_stopping_from; early stopping: before evaluation_from; evaluation: before as_of."""

    early_stopping_from: datetime
    evaluation_from: datetime
    as_of: datetime


def split_of(spec: ModelSpec, as_of: datetime) -> Split:
    """The model's split as of the time."""
    months = pd.DateOffset(months=spec.training.evaluation_months)
    evaluation_from = (pd.Timestamp(as_of) - months).to_pydatetime()
    early_stopping = timedelta(days=spec.training.early_stopping_days)
    return Split(evaluation_from - early_stopping, evaluation_from, as_of)


@dataclass(frozen=True)
class TrainingSet:
    """The manifest: digested references, no rows."""

    model: str
    as_of: str
    features: list[str]
    target: dict[str, str | float | None]
    partitions: list[JoinedPartition]

    @property
    def digest(self) -> str:
        """SHA-256 over the partitions' digests, the columns, the target and the as-of time."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"digest": self.digest}, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: bytes) -> "TrainingSet":
        content = json.loads(text)
        content.pop("digest")
        partitions = [JoinedPartition(**partition) for partition in content.pop("partitions")]
        return cls(partitions=partitions, **content)


@dataclass(frozen=True)
class Rows:
    """Rows of a model. features: shape (n, k); label: (n,) float, null where unknown as of the time asked;
    at: (n,) UTC; day: (n,) local calendar day, what intervals are clustered by; key: (n,)."""

    features: pd.DataFrame
    label: np.ndarray
    at: pd.Series
    day: np.ndarray
    key: pd.Series

    def where(self, mask: np.ndarray) -> "Rows":
        return Rows(self.features[mask], self.label[mask], self.at[mask], self.day[mask], self.key[mask])

    def labelled(self) -> "Rows":
        return self.where(~np.isnan(self.label))

    def between(self, start: datetime | None, end: datetime) -> "Rows":
        inside = self.at < end if start is None else (self.at >= start) & (self.at < end)
        return self.where(inside.to_numpy())


def stacked(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, one after another."""
    return Rows(
        features=pd.concat([one.features for one in parts], ignore_index=True),
        label=np.concatenate([one.label for one in parts]),
        at=pd.concat([one.at for one in parts], ignore_index=True),
        day=np.concatenate([one.day for one in parts]),
        key=pd.concat([one.key for one in parts], ignore_index=True),
    )


def declared_features(spec: ModelSpec) -> list[Feature]:
    """The model's features, in the order of the declarations. Raises SpecError for one that is not declared."""
    return select(declared_views(spec.dataset), spec.features, spec.name)


def feature_names(spec: ModelSpec) -> list[str]:
    return [feature.name for feature in declared_features(spec)]


def model_rows(spec: ModelSpec, joined: pd.DataFrame, as_of: datetime, names: list[str] | None = None) -> Rows:
    """The model's columns of joined rows, or those named; a label that was not known as of the time is null."""
    schema = code(spec.dataset, "schema")
    known = (joined[schema.LABEL_AT] <= as_of).to_numpy()
    return Rows(
        features=joined[feature_names(spec) if names is None else names],
        label=np.where(known, label_of(joined[spec.target.column], spec.target), np.nan),
        at=joined[schema.TIME],
        day=joined[schema.TIME].dt.tz_convert(schema.CLUSTER_TIMEZONE).dt.strftime("%F").to_numpy(),
        key=joined[schema.KEY],
    )


def label_of(values: pd.Series, target: Target) -> np.ndarray:
    """Shape (n,) float: 0/1 for a threshold, the value itself for a regression; null stays null."""
    numbers: np.ndarray = values.to_numpy(dtype="float64")
    if target.at_least is None:
        return numbers
    return np.where(np.isnan(numbers), np.nan, (numbers >= target.at_least).astype("float64"))


def load(store: Store, spec: ModelSpec, manifest: TrainingSet, names: list[str] | None = None) -> Rows:
    """All labelled rows of the training set, oldest partition first, with its features or those named."""
    schema = code(spec.dataset, "schema")
    names = manifest.features if names is None else names
    columns = list(dict.fromkeys([schema.KEY, schema.TIME, schema.LABEL_AT, spec.target.column, *names]))
    frames = [store.read_parquet(partition.path, columns).to_pandas() for partition in manifest.partitions]
    return model_rows(spec, pd.concat(frames, ignore_index=True), parse_time(manifest.as_of), names).labelled()


def read(store: Store, model: str, as_of: datetime) -> TrainingSet:
    """Raises MissingInput when nothing was assembled as of the time."""
    path = training_set(model, stamp(as_of))
    if not store.exists(path):
        raise MissingInput(f"{model}: no training set as of {as_of:%F}. Run the assemble step of that interval first")
    return TrainingSet.from_json(store.read_file(path))


def keep(store: Store, manifest: TrainingSet) -> None:
    """Put the manifest under its digest too, where a later assembly of the same time leaves it alone."""
    path = kept_training_set(manifest.model, manifest.digest)
    if not store.exists(path):
        store.write_file(path, manifest.to_json().encode())


def read_kept(store: Store, model: str, digest: str) -> TrainingSet:
    """Raises MissingInput when nothing was trained on it in this store."""
    path = kept_training_set(model, digest)
    if not store.exists(path):
        raise MissingInput(
            f"{model}: the training set {digest[:12]} is not in the store {store.uri}. Train again first"
        )
    return TrainingSet.from_json(store.read_file(path))


def scores_of(spec: ModelSpec, predictions: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    """The logged predictions in the order of the rows, one each.

    Raises MissingInput when the log has other rows: they were corrected after they were scored.
    """
    key = code(spec.dataset, "schema").KEY
    ordered = predictions.set_index(key).reindex(rows.key.to_numpy()).reset_index()
    if len(predictions) != len(rows.key) or ordered["score"].isna().any():
        raise MissingInput(
            f"{spec.name}: the predictions were made on other rows than are in force now ({len(predictions):,} "
            f"against {len(rows.key):,}). Score it again: python -m pipelines backfill {spec.name}__predict --start … "
            "--end … --reprocess completed"
        )
    return ordered


def require_rows(rows: Rows, spec: ModelSpec, window: str) -> None:
    """Raises EmptyWindow without labelled rows, or with one class only where there must be two."""
    if len(rows.label) == 0:
        raise EmptyWindow(f"{spec.name}: the {window} window has no labelled rows")
    if spec.target.task == "classification" and len(np.unique(rows.label)) < 2:
        only = "positive" if rows.label[0] else "negative"
        raise EmptyWindow(
            f"{spec.name}: all {len(rows.label):,} labels of the {window} window are {only}; "
            f"check {spec.target.column} in the source, nothing was trained or replaced"
        )

"""Held-out scores of the newest windows, each by a model of the same recipe that was fitted before it.

A window's scores are those that the candidate of its own end would have had: they are kept under that
candidate's key, so a monthly training finds the windows of the months before it already scored. With a training
window the rows of an earlier candidate begin earlier, too: those partitions are taken from the store as they are now.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.array import Device
from pipelines.baselines import fit_baseline
from pipelines.checkpoints import Checkpoints
from pipelines.dataset import validated_partitions
from pipelines.encoding import Encoding
from pipelines.errors import EmptyWindow, MissingInput
from pipelines.estimators import EarlyStopping, Model, fit_rounds, score, stop_early
from pipelines.interval import parse_time, partition_interval
from pipelines.joined import JoinedPartition, joined_partition
from pipelines.layout import candidate_scores
from pipelines.matrices import digest_of
from pipelines.spec import ModelSpec, find_dataset
from pipelines.spec_words import Baseline
from pipelines.store import Store
from pipelines.training_set import Rows, Split, TrainingSet, declared_features, load, require_rows, split_of, stamp

# What a training is told that changes nothing of its model.
OUTSIDE_THE_KEY = frozenset({"walk_forward_windows", "checkpoint_s"})


def candidate_key(spec: ModelSpec, manifest: TrainingSet) -> str:
    """Names a candidate by what goes into it: the same key means the same model."""
    training = spec.training.model_dump(exclude=set(OUTSIDE_THE_KEY))
    recipe = {"training_set": manifest.digest, "training": training}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class HeldOut:
    """model: fitted before the evaluation months, with as many rounds as early stopping found. rows: those of
    the evaluation months, n of them. scores: by whose they are, each (n,)."""

    model: Model
    stopped: EarlyStopping
    rows: Rows
    scores: dict[str, np.ndarray]

    def write(self, store: Store, path: str) -> str:
        """One row a held-out row; returns the file's SHA-256."""
        columns = {"key": self.rows.key.to_numpy(), "day": self.rows.day, "at": self.rows.at.to_numpy()}
        scores = {name: values.astype("float64") for name, values in self.scores.items()}
        return store.write_parquet(path, pa.table({**columns, "label": self.rows.label, **scores}))


def hold_out(spec: ModelSpec, split: Split, rows: Rows, checkpoints: Checkpoints | None = None) -> HeldOut:
    """Find the number of rounds on the early-stopping window, fit all rows before the evaluation months, score those.

    Raises EmptyWindow when fit, early-stopping or evaluation rows are missing or have one class only; Preempted,
    with checkpoints.
    """
    task = spec.target.task
    earlier, held_out = rows.between(None, split.evaluation_from), rows.between(split.evaluation_from, split.as_of)
    fitting = (earlier.at < split.early_stopping_from).to_numpy()
    require_rows(earlier.where(fitting), spec, "fit")
    require_rows(earlier.where(~fitting), spec, "early stopping")
    require_rows(held_out, spec, "evaluation")
    encoding = Encoding.fit(earlier.features, declared_features(spec))
    known = (encoding.matrix(earlier.features), earlier.label)
    stopped = stop_early(
        task,
        spec.training,
        encoding,
        (known[0][fitting], known[1][fitting]),
        (known[0][~fitting], known[1][~fitting]),
        lambda line: print(line, flush=True),
        checkpoints,
    )
    booster = fit_rounds(task, spec.training, encoding, known, stopped.rounds, "held_out", checkpoints)
    unseen = encoding.matrix(held_out.features)
    scores = {"candidate": score(booster, encoding, unseen)}
    read = digest_of(encoding, *known, unseen)
    for baseline in spec.training.baselines:
        make = partial(_baseline_scores, baseline, spec.training.device, encoding, known, unseen)
        scores[baseline] = checkpoints.scores(baseline, read, make) if checkpoints else make()
    return HeldOut(Model(booster, encoding), stopped, held_out, scores)


def _baseline_scores(
    baseline: Baseline, device: Device, encoding: Encoding, known: tuple[np.ndarray, np.ndarray], unseen: np.ndarray
) -> np.ndarray:
    print(f"fitting the baseline {baseline}", flush=True)
    return fit_baseline(baseline, encoding, known, device)(unseen)


def score_older_windows(
    spec: ModelSpec, store: Store, manifest: TrainingSet, checkpoints: Checkpoints | None = None
) -> list[str]:
    """Files of the scores of the windows before the newest one, newest first, made where they are not there yet.

    Fewer than the spec asks for where the training set, or a joined partition before it, does not reach back so far.
    checkpoints: of the training that asks for them. Raises Preempted with those.
    """
    paths = []
    for earlier in _earlier_manifests(spec, store, manifest):
        key = candidate_key(spec, earlier)
        path = candidate_scores(spec.name, key)
        if not store.exists(path):
            end = parse_time(earlier.as_of)
            print(f"scoring the walk-forward window that ends {end:%F}", flush=True)
            own = checkpoints.of_window(stamp(end)) if checkpoints else None
            try:
                held_out = hold_out(spec, split_of(spec, end), load(store, spec, earlier), own)
            except EmptyWindow:
                break
            held_out.write(store, path)
        paths.append(path)
    return paths


def _earlier_manifests(spec: ModelSpec, store: Store, manifest: TrainingSet) -> Iterator[TrainingSet]:
    """The training set as it would have been one evaluation window earlier, two, and so on."""
    granularity, length = find_dataset(spec.dataset).partition, spec.training.window_months
    for position in range(1, spec.training.walk_forward_windows):
        months = pd.DateOffset(months=position * spec.training.evaluation_months)
        as_of = (pd.Timestamp(manifest.as_of) - months).to_pydatetime()
        parts = [one for one in manifest.partitions if partition_interval(one.part, granularity).end <= as_of]
        if length is not None:
            first = (pd.Timestamp(as_of) - pd.DateOffset(months=length)).to_pydatetime()
            try:
                parts = _before(spec, store, manifest, first, as_of) + parts
            except MissingInput as error:
                print(f"no walk-forward window ends {as_of:%F} or before: {error}", flush=True)
                return
        if not parts:
            return
        yield replace(manifest, as_of=as_of.isoformat(), partitions=parts)


def _before(
    spec: ModelSpec, store: Store, manifest: TrainingSet, first: datetime, as_of: datetime
) -> list[JoinedPartition]:
    """Partitions of [first, as_of) that are older than those of the training set, joined.

    Raises MissingInput when one of them has no features.
    """
    dataset = find_dataset(spec.dataset)
    own = partition_interval(manifest.partitions[0].part, dataset.partition).start
    spans = [partition_interval(part, dataset.partition) for part in validated_partitions(store, dataset.name, as_of)]
    return [joined_partition(store, dataset, span) for span in spans if first <= span.start < own]

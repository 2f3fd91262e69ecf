"""Fit the model, log it to MLflow and register it as a candidate."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.candidate import Candidate, Model, Trained, log_candidate
from pipelines.encoding import Encoding
from pipelines.estimators import EarlyStopping, fit_baseline, fit_rounds, importances, score, stop_early
from pipelines.features import Feature
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.layout import candidate, candidate_scores
from pipelines.metrics import measure_all
from pipelines.registry import Registry
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.training_set import Rows, Split, TrainingSet, declared_features, load, read, split_of, stamp

EXAMPLE_ROWS = 5


def candidate_key(spec: ModelSpec, manifest: TrainingSet) -> str:
    """Names a candidate by what goes into it: the same key means the same model."""
    recipe = {"training_set": manifest.digest, "training": spec.training.model_dump()}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:32]


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Fit with early stopping, score the held-out months, refit on all rows, register.

    The registered model is the refitted one; the scores that are evaluated come from the model that
    never saw the evaluation months. The same inputs find the version that they made before.
    """
    manifest = read(store, spec.name, interval.as_of)
    key = candidate_key(spec, manifest)
    path = candidate(spec.name, stamp(interval.as_of))
    known = registry.find_candidate(spec.name, key)
    if known is not None and store.exists(path) and Candidate.from_json(store.read_file(path)).key == key:
        made = Candidate.from_json(store.read_file(path))
        return _result(spec, interval, made, path, f"version {made.version} was trained on the same rows before")

    rows = load(store, spec, manifest)
    fits = fit(spec, split_of(spec, interval), rows, declared_features(spec))
    made = log_candidate(registry, spec, _trained(spec, interval, store, manifest, rows, fits))
    store.write_file(path, made.to_json().encode())
    outcome = f"version {made.version}: {made.rounds} rounds, {len(rows.label):,} rows"
    return _result(spec, interval, made, path, outcome)


def _trained(
    spec: ModelSpec, interval: Interval, store: Store, manifest: TrainingSet, rows: Rows, fits: "Fits"
) -> Trained:
    """What MLflow is told, with the metrics of the held-out months; their scores are written to the store."""
    held_out = rows.between(split_of(spec, interval).evaluation_from, interval.as_of)
    scores_path = candidate_scores(spec.name, candidate_key(spec, manifest))
    measured = {
        who: measure_all(spec.target.task, held_out.label, values, held_out.day) for who, values in fits.scores.items()
    }
    return Trained(
        manifest=manifest,
        key=candidate_key(spec, manifest),
        refitted=fits.refitted,
        evaluated=fits.evaluated,
        example=fits.refitted.encoding.matrix(rows.features.head(EXAMPLE_ROWS)),
        metrics={f"{who}_{metric}": m.value for who, of in measured.items() for metric, m in of.items()},
        curve=(fits.stopped.metric, fits.stopped.curve),
        importances=importances(fits.refitted.booster),
        rounds=fits.stopped.rounds,
        scores_digest=store.write_parquet(scores_path, _table(held_out, fits.scores)),
    )


@dataclass(frozen=True)
class Fits:
    """evaluated never saw the evaluation months, refitted saw all rows; both have as many rounds as early
    stopping found, each its own encoding. scores: of the held-out rows, by whose they are, each (n,)."""

    evaluated: Model
    refitted: Model
    scores: dict[str, np.ndarray]
    stopped: EarlyStopping


def fit(spec: ModelSpec, split: Split, rows: Rows, declared: list[Feature]) -> Fits:
    """Find the number of rounds on the early-stopping window, then fit before and through the evaluation months."""
    task = spec.target.task
    earlier, held_out = rows.between(None, split.evaluation_from), rows.between(split.evaluation_from, split.as_of)
    encoding = Encoding.fit(earlier.features, declared)
    known = (encoding.matrix(earlier.features), earlier.label)
    fitting = (earlier.at < split.early_stopping_from).to_numpy()
    stopped = stop_early(
        task,
        spec.training,
        encoding,
        (known[0][fitting], known[1][fitting]),
        (known[0][~fitting], known[1][~fitting]),
        lambda line: print(line, flush=True),
    )
    evaluated = fit_rounds(task, spec.training, encoding, known, stopped.rounds)
    unseen = encoding.matrix(held_out.features)
    scores = {"candidate": score(evaluated, encoding, unseen)}
    for baseline in spec.training.baselines:
        print(f"fitting the baseline {baseline}", flush=True)
        scores[baseline] = fit_baseline(baseline, encoding, known)(unseen)
    print(f"fitting {stopped.rounds} rounds on all {len(rows.label):,} rows", flush=True)
    whole = Encoding.fit(rows.features, declared)
    refitted = fit_rounds(task, spec.training, whole, (whole.matrix(rows.features), rows.label), stopped.rounds)
    return Fits(Model(evaluated, encoding), Model(refitted, whole), scores, stopped)


def _table(rows: Rows, scores: dict[str, np.ndarray]) -> pa.Table:
    columns = {"key": rows.key.to_numpy(), "day": rows.day, "at": rows.at.to_numpy(), "label": rows.label}
    return pa.table({**columns, **{name: values.astype("float64") for name, values in scores.items()}})


def _result(spec: ModelSpec, interval: Interval, made: Candidate, path: str, outcome: str) -> StepResult:
    return StepResult(
        step="train",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=outcome,
        references={"candidate": path, "run_id": made.run_id, "model_digest": made.model_digest},
        figures={"version": made.version, "rounds": made.rounds},
    )

"""Fit the model, log it to MLflow and register it as a candidate."""

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.candidate import Candidate, Trained, log_candidate
from pipelines.encoding import Encoding
from pipelines.estimators import Fitted, fit_baseline, fit_rounds, fit_with_early_stopping, importances, score
from pipelines.features import Feature, declared_views, select
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.layout import candidate, candidate_scores
from pipelines.metrics import measure_all
from pipelines.registry import Registry
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.training_set import Rows, TrainingSet, load, read, split_of, stamp

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
    declared = select(declared_views(spec.dataset), spec.features, spec.name)
    fitted, refitted, encoding, scores = _fit(spec, interval, rows, declared)
    held_out = rows.between(split_of(spec, interval).evaluation_from, interval.as_of)
    scores_digest = store.write_parquet(candidate_scores(spec.name, stamp(interval.as_of)), _table(held_out, scores))
    measured = {
        name: measure_all(spec.target.task, held_out.label, values, held_out.day) for name, values in scores.items()
    }
    trained = Trained(
        manifest=manifest,
        key=key,
        refitted=refitted,
        evaluated=fitted.booster,
        encoding=encoding,
        example=encoding.matrix(rows.features.head(EXAMPLE_ROWS)),
        metrics={f"{name}_{metric}": m.value for name, of in measured.items() for metric, m in of.items()},
        curve=(fitted.metric, fitted.curve),
        importances=importances(refitted),
        rounds=fitted.rounds,
        scores_digest=scores_digest,
    )
    made = log_candidate(registry, spec, trained)
    store.write_file(path, made.to_json().encode())
    return _result(
        spec, interval, made, path, f"version {made.version}: {fitted.rounds} rounds, {len(rows.label):,} rows"
    )


def _fit(
    spec: ModelSpec, interval: Interval, rows: Rows, declared: list[Feature]
) -> tuple[Fitted, Any, Encoding, dict[str, np.ndarray]]:
    task, split = spec.target.task, split_of(spec, interval)
    encoding = Encoding.fit(rows.features, declared)
    matrix = encoding.matrix(rows.features)
    at = rows.at
    before = (at < split.early_stopping_from).to_numpy()
    stopping = ((at >= split.early_stopping_from) & (at < split.evaluation_from)).to_numpy()
    held_out = (at >= split.evaluation_from).to_numpy()
    fitted = fit_with_early_stopping(
        task,
        spec.training,
        encoding,
        (matrix[before], rows.label[before]),
        (matrix[stopping], rows.label[stopping]),
        lambda line: print(line, flush=True),
    )
    scores = {"candidate": score(fitted.booster, encoding, matrix[held_out])}
    for baseline in spec.training.baselines:
        print(f"fitting the baseline {baseline}", flush=True)
        scores[baseline] = fit_baseline(baseline, encoding, (matrix[~held_out], rows.label[~held_out]))(
            matrix[held_out]
        )
    print(f"refitting {fitted.rounds} rounds on all {len(rows.label):,} rows", flush=True)
    return fitted, fit_rounds(task, spec.training, encoding, (matrix, rows.label), fitted.rounds), encoding, scores


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

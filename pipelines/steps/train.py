"""Fit the model, log it to MLflow and register it as a candidate."""

from dataclasses import replace

from pipelines.candidate import Candidate, Trained, log_candidate, write_candidate
from pipelines.checkpoints import Checkpoints, checkpoints_of
from pipelines.encoding import Encoding
from pipelines.estimators import Model, fit_rounds, importances
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.layout import candidate, candidate_scores
from pipelines.metrics import measure_all
from pipelines.registry import Registry
from pipelines.release.provenance import capture
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.training_set import Rows, TrainingSet, declared_features, keep, load, read, split_of, stamp
from pipelines.walk_forward import HeldOut, candidate_key, hold_out, score_older_windows

EXAMPLE_ROWS = 5


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Fit with early stopping, score the held-out months, refit on all rows, register.

    The registered model is the refitted one; the scores that are evaluated come from models that never
    saw the months they score. The same inputs find the version that they made before.
    """
    manifest = read(store, spec.name, interval.as_of)
    keep(store, manifest)
    key = candidate_key(spec, manifest)
    checkpoints = checkpoints_of(spec, store, key)
    path = candidate(spec.name, stamp(interval.as_of))
    known = Candidate.from_json(store.read_file(path)) if store.exists(path) else None
    if known is not None and known.key == key and registry.find_candidate(spec.name, key) is not None:
        older = score_older_windows(spec, store, manifest, checkpoints)
        write_candidate(store, replace(known, walk_forward=[known.scores, *older]))
        checkpoints.clear()
        return _result(spec, interval, known, path, f"version {known.version} was trained on the same rows before")

    rows = load(store, spec, manifest)
    held_out = hold_out(spec, split_of(spec, interval.as_of), rows, checkpoints)
    refitted = refit(spec, rows, held_out.stopped.rounds, checkpoints)
    made = log_candidate(registry, spec, _trained(spec, manifest, rows, held_out, refitted, checkpoints))
    path = write_candidate(store, made)
    checkpoints.clear()
    outcome = f"version {made.version}: {made.rounds} rounds, {len(rows.label):,} rows"
    return _result(spec, interval, made, path, outcome)


def refit(spec: ModelSpec, rows: Rows, rounds: int, checkpoints: Checkpoints | None = None) -> Model:
    """The same recipe on all rows, the newest included: the model that is registered, ready to score on a CPU."""
    print(f"fitting {rounds} rounds on all {len(rows.label):,} rows", flush=True)
    encoding = Encoding.fit(rows.features, declared_features(spec))
    known = (encoding.matrix(rows.features), rows.label)
    booster = fit_rounds(spec.target.task, spec.training, encoding, known, rounds, "refit", checkpoints)
    booster.set_param({"device": "cpu"})
    return Model(booster, encoding)


def _trained(
    spec: ModelSpec,
    manifest: TrainingSet,
    rows: Rows,
    held_out: HeldOut,
    refitted: Model,
    checkpoints: Checkpoints,
) -> Trained:
    """What MLflow is told, with the metrics of the held-out months; their scores are written to the store."""
    store, key = checkpoints.store, checkpoints.key
    newest = candidate_scores(spec.name, key)
    digest = held_out.write(store, newest)
    measured = {
        who: measure_all(spec.target.task, held_out.rows.label, values, held_out.rows.day)
        for who, values in held_out.scores.items()
    }
    walk_forward = [newest, *score_older_windows(spec, store, manifest, checkpoints)]
    return Trained(
        manifest=manifest,
        key=key,
        refitted=refitted,
        evaluated=held_out.model,
        example=refitted.encoding.matrix(rows.features.head(EXAMPLE_ROWS)),
        metrics={f"{who}_{metric}": m.value for who, of in measured.items() for metric, m in of.items()},
        curve=(held_out.stopped.metric, held_out.stopped.curve),
        importances=importances(refitted.booster),
        rounds=held_out.stopped.rounds,
        scores_digest=digest,
        walk_forward=walk_forward,
        provenance=capture(),
        cost=checkpoints.meter.read(),
    )


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

"""Hold the candidate to its gates: floors, baselines, and the champion in force before it."""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.candidate import read_candidate
from pipelines.estimators import score
from pipelines.flow import StepResult
from pipelines.gates.evaluation import Evaluation, Subject, evaluate
from pipelines.gates.rules import Evidence
from pipelines.interval import Interval, partition_interval
from pipelines.layout import candidate_scores, evaluation, evaluation_page
from pipelines.registry import Champion, Registry, champion_before
from pipelines.report.curves import curves
from pipelines.report.pages import render
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import load, read, split_of


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Judge the held-out scores and store the verdict with each gate's evidence, as JSON and as a page."""
    made = read_candidate(store, spec.name, interval.as_of)
    scores = candidate_scores(spec.name, made.key)
    held_out = store.read_parquet(scores).to_pandas()
    champion = champion_before(store, spec.name, interval.as_of)
    evidence = Evidence(
        label=held_out["label"].to_numpy(),
        day=held_out["day"].to_numpy(),
        candidate=held_out["candidate"].to_numpy(),
        baselines={name: held_out[name].to_numpy() for name in spec.training.baselines},
        champion=None if champion is None else _champion_scores(spec, interval, store, registry, champion, held_out),
        comparable=np.ones(len(held_out), bool)
        if champion is None
        else (held_out["at"] >= champion.trained_until).to_numpy(),
    )
    subject = Subject(
        model=spec.name,
        as_of=interval.as_of.isoformat(),
        version=made.version,
        champion_version=champion.version if champion else None,
        window=(split_of(spec, interval).evaluation_from.isoformat(), interval.as_of.isoformat()),
        scores=scores,
    )
    result = evaluate(subject, spec.target.task, list(spec.gates), evidence)
    path, digest = _write(spec, store, registry, result, evidence, made.run_id)
    return StepResult(
        step="evaluate",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=result.sentence,
        references={
            "evaluation": path,
            "page": store.location(evaluation_page(spec.name, made.version)),
            "digest": digest,
        },
        figures={"version": made.version, "verdict": result.verdict, "champion_version": subject.champion_version}
        | {name: measured.value for name, measured in result.metrics["candidate"].items()},
    )


def _champion_scores(
    spec: ModelSpec, interval: Interval, store: Store, registry: Registry, champion: Champion, held_out: pd.DataFrame
) -> np.ndarray:
    """The champion's scores of the held-out rows, in their order."""
    manifest, since = read(store, spec.name, interval.as_of), split_of(spec, interval).evaluation_from
    granularity = find_dataset(spec.dataset).partition
    recent = [one for one in manifest.partitions if partition_interval(one.part, granularity).end > since]
    booster, encoding = registry.load(spec.name, champion.version)
    rows = load(store, spec, replace(manifest, partitions=recent), encoding.columns)
    evaluated = rows.where(rows.key.isin(held_out["key"]).to_numpy())
    scores = pd.Series(score(booster, encoding, encoding.matrix(evaluated.features)), index=evaluated.key.to_numpy())
    return np.asarray(scores.loc[held_out["key"]], dtype="float64")


def _write(
    spec: ModelSpec, store: Store, registry: Registry, result: Evaluation, evidence: Evidence, run_id: str
) -> tuple[str, str]:
    path, page = evaluation(spec.name, result.version), evaluation_page(spec.name, result.version)
    digest = hashlib.sha256(result.to_json().encode()).hexdigest()
    drawn = curves(evidence) if spec.target.task == "classification" else {}
    html = render("evaluation.html", evaluation=result, description=spec.description, curves=drawn)
    with registry.reached():
        registry.client.log_text(run_id, result.to_json(), "evaluation.json")
        registry.client.log_text(run_id, html, "evaluation.html")
        registry.client.set_model_version_tag(spec.name, str(result.version), "verdict", result.verdict)
    # Last: while MLflow does not have the verdict, neither does `status`.
    store.write_file(page, html.encode())
    store.write_file(path, result.to_json().encode())
    return path, digest

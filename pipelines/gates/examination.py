"""Judge one candidate, and write the verdict where people and later steps look for it."""

import json
from dataclasses import asdict

from pipelines.candidate import Candidate
from pipelines.champions import Champion
from pipelines.gates.attempts import journal_evaluation
from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.gathering import gather, newest_window
from pipelines.interval import Interval
from pipelines.layout import evaluation, evaluation_curves, evaluation_page
from pipelines.registry import Registry
from pipelines.release.recording import changes_since, compose, log_record
from pipelines.release.releases import keep
from pipelines.report.evaluation_page import curves_of, page_of
from pipelines.spec import ModelSpec
from pipelines.store import Store


def examine(
    spec: ModelSpec, interval: Interval, store: Store, registry: Registry, made: Candidate, champion: Champion | None
) -> Evaluation:
    """Hold the candidate to its gates against that champion; store and journal the verdict with its evidence."""
    evidence = gather(spec, interval, store, registry, made, champion)
    result = evaluate(evidence, newest_window(spec, made))
    composed = compose(store, spec, made, result)
    drawn = curves_of(spec, evidence.rows)
    page = page_of(spec, result, drawn, champion, changes_since(store, champion, composed))
    with registry.reached():
        registry.client.log_text(made.run_id, result.to_json(), "evaluation.json")
        registry.client.log_text(made.run_id, page, "evaluation.html")
        registry.client.set_model_version_tag(spec.name, str(result.version), "verdict", result.verdict)
    release = keep(store, composed)
    log_record(registry, release)
    # While MLflow does not have the verdict, neither does `status`; a promotion looks for it in the journal.
    store.write_file(evaluation_page(spec.name, result.version), page.encode())
    points = json.dumps([asdict(curve) for curve in drawn])
    store.write_file(evaluation_curves(spec.name, result.version), points.encode())
    store.write_file(evaluation(spec.name, result.version), result.to_json().encode())
    told = {
        "version": result.version,
        "champion_version": result.champion_version,
        "attempt": result.attempt,
        "verdict": result.verdict,
        "sentence": result.sentence,
        "digest": result.digest,
        "record": release.digest,
    }
    journal_evaluation(store, spec.name, interval.as_of, told)
    return result

"""Judge one candidate, and write the verdict where people and later steps look for it."""

from pipelines.candidate import Candidate
from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.evidence import Evidence
from pipelines.gates.gathering import EVALUATION, gather, newest_window
from pipelines.interval import Interval
from pipelines.journal import Event, record
from pipelines.layout import evaluation, evaluation_page
from pipelines.registry import Champion, Registry
from pipelines.report.curves import curves
from pipelines.report.pages import render
from pipelines.spec import ModelSpec
from pipelines.store import Store


def examine(
    spec: ModelSpec, interval: Interval, store: Store, registry: Registry, made: Candidate, champion: Champion | None
) -> Evaluation:
    """Hold the candidate to its gates against that champion; store and journal the verdict with its evidence."""
    evidence = gather(spec, interval, store, registry, made, champion)
    result = evaluate(evidence, newest_window(spec, interval))
    page = _page(spec, result, evidence)
    with registry.reached():
        registry.client.log_text(made.run_id, result.to_json(), "evaluation.json")
        registry.client.log_text(made.run_id, page, "evaluation.html")
        registry.client.set_model_version_tag(spec.name, str(result.version), "verdict", result.verdict)
    # Last: while MLflow does not have the verdict, neither does `status`.
    store.write_file(evaluation_page(spec.name, result.version), page.encode())
    store.write_file(evaluation(spec.name, result.version), result.to_json().encode())
    told = {
        "version": result.version,
        "champion_version": result.champion_version,
        "verdict": result.verdict,
        "digest": result.digest,
    }
    record(store, Event(EVALUATION, spec.name, interval.as_of, told))
    return result


def _page(spec: ModelSpec, result: Evaluation, evidence: Evidence) -> str:
    drawn = curves(evidence.rows) if spec.target.task == "classification" else {}
    return render("evaluation.html", evaluation=result, description=spec.description, curves=drawn)

"""Hold the candidate to its gates: floors, baselines, and the champion in force before it."""

from pipelines.candidate import read_candidate
from pipelines.champions import champion_before
from pipelines.flow import StepResult
from pipelines.gates.examination import examine
from pipelines.interval import Interval
from pipelines.layout import evaluation, evaluation_page
from pipelines.registry import Registry
from pipelines.report.gate_table import summary
from pipelines.spec import ModelSpec
from pipelines.store import Store


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Judge the held-out scores and store the verdict with each gate's evidence, as JSON and as a page."""
    made = read_candidate(store, spec.name, interval.as_of)
    champion = champion_before(store, spec.name, interval.as_of)
    result = examine(spec, interval, store, registry, made, champion)
    with registry.reached():
        experiment = registry.client.get_run(made.run_id).info.experiment_id
    return StepResult(
        step="evaluate",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=result.sentence,
        references={
            "evaluation": evaluation(spec.name, made.version),
            "page": store.location(evaluation_page(spec.name, made.version)),
            "digest": result.digest,
            "experiment_id": str(experiment),
            "run_id": made.run_id,
        },
        figures={"version": made.version, "verdict": result.verdict, "champion_version": result.champion_version}
        | {name: measured.value for name, measured in result.metrics["candidate"].items()},
        summary=summary(result),
    )

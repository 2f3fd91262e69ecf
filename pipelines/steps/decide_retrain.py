"""Journal whether to retrain, and why."""

from pipelines.dataset import backfill_command, covered_part
from pipelines.drift.report import DriftReport
from pipelines.errors import MissingInput
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.layout import drift_report
from pipelines.retrain.decisions import decide_and_record
from pipelines.retrain.outcome import run_id_of
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store


def run(spec: ModelSpec, interval: Interval, store: Store, triggers: bool = False) -> StepResult:
    """Negative decisions are journalled too; a decision to retrain names the run that is to be triggered, once.

    triggers: whoever runs this triggers that run; else the decision is on record and counts for nothing. Raises
    MissingInput without a drift report or a champion.
    """
    part = covered_part(find_dataset(spec.dataset), interval)
    report = _report(spec, interval, store, part)
    decision = decide_and_record(spec, store, report, interval.as_of, triggers)
    answer, reason = decision.content["decision"], decision.content["reason"]
    return StepResult(
        step="decide_retrain",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{part}: {answer}, {reason}",
        references={
            "decision": decision.key,
            "run": run_id_of(decision.key),
            "report": drift_report(spec.name, part),
        },
        figures={"decision": answer, "severity": report.severity},
    )


def _report(spec: ModelSpec, interval: Interval, store: Store, part: str) -> DriftReport:
    path = drift_report(spec.name, part)
    if not store.exists(path):
        raise MissingInput(
            f"{spec.name}: {part} has no drift report. "
            f"Backfill it first: {backfill_command(f'{spec.name}__monitor', interval)}"
        )
    return DriftReport.from_json(store.read_file(path))

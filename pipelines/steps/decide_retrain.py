"""Journal whether to retrain, and why."""

from pipelines.champions import require_champion
from pipelines.dataset import backfill_command, covered_part
from pipelines.drift.policy import RetrainState, decide
from pipelines.drift.report import DriftReport
from pipelines.errors import MissingInput
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.journal import Event, record
from pipelines.layout import drift_report
from pipelines.retrain.signals import signals_of
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store

DECISION = "decision"


def run(spec: ModelSpec, interval: Interval, store: Store) -> StepResult:
    """The decision follows from the drift report and the champion's age alone; negative ones are journalled too.

    Raises MissingInput without a drift report.
    """
    part = covered_part(find_dataset(spec.dataset), interval)
    report = _report(spec, interval, store, part)
    champion = require_champion(store, spec.name, interval.start)
    state = RetrainState(
        as_of=interval.as_of,
        champion_version=champion.version,
        champion_since=champion.effective_from,
        trained_until=champion.trained_until,
        quality=report.quality_severity,
        cause=report.attribution.cause,
        sentence=report.attribution.sentence,
    )
    decision = decide(spec.retrain, state, signals_of(report))
    content = {
        "part": part,
        "decision": decision.answer,
        "reason": decision.reason,
        "severity": report.severity,
        "model_version": report.model_version,
    }
    event = Event(DECISION, spec.name, interval.as_of, content)
    record(store, event)
    return StepResult(
        step="decide_retrain",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{part}: {decision.answer}, {decision.reason}",
        references={"decision": event.key, "report": drift_report(spec.name, part)},
        figures={"decision": decision.answer, "severity": report.severity},
    )


def _report(spec: ModelSpec, interval: Interval, store: Store, part: str) -> DriftReport:
    path = drift_report(spec.name, part)
    if not store.exists(path):
        raise MissingInput(
            f"{spec.name}: {part} has no drift report. "
            f"Backfill it first: {backfill_command(f'{spec.name}__monitor', interval)}"
        )
    return DriftReport.from_json(store.read_file(path))

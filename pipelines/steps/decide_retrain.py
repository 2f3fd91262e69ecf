"""Journal whether to retrain, and why."""

import json

from pipelines.champions import require_champion
from pipelines.dataset import backfill_command, covered_part
from pipelines.drift.policy import decide
from pipelines.errors import MissingInput
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.journal import Event, record
from pipelines.layout import drift_report
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store

DECISION = "decision"


def run(spec: ModelSpec, interval: Interval, store: Store) -> StepResult:
    """The decision follows from the drift report and the champion's age alone; negative ones are journalled too.

    Raises MissingInput without a drift report.
    """
    part = covered_part(find_dataset(spec.dataset), interval)
    path = drift_report(spec.name, part)
    if not store.exists(path):
        raise MissingInput(
            f"{spec.name}: {part} has no drift report. "
            f"Backfill it first: {backfill_command(f'{spec.name}__monitor', interval)}"
        )
    report = json.loads(store.read_file(path))
    champion = require_champion(store, spec.name, interval.start)
    since, signals = champion.effective_from, (report["severity"], report["quality_severity"], report["reasons"])
    decision = decide(spec.retrain, *signals, since, interval.as_of)
    content = {
        "part": part,
        "decision": decision.answer,
        "reason": decision.reason,
        "severity": report["severity"],
        "model_version": report["model_version"],
    }
    event = Event(DECISION, spec.name, interval.as_of, content)
    record(store, event)
    return StepResult(
        step="decide_retrain",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{part}: {decision.answer}, {decision.reason}",
        references={"decision": event.key, "report": path},
        figures={"decision": decision.answer, "severity": report["severity"]},
    )

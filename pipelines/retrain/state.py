"""What the retrain decision must know, as of a time, from the journal and the candidates' costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.candidate import candidate_of
from pipelines.champions import Champion, in_force_before
from pipelines.dataset import VALIDATED
from pipelines.drift.policy import RetrainState, Signal
from pipelines.drift.report import DriftReport
from pipelines.errors import MissingInput
from pipelines.gates.attempts import EVALUATION
from pipelines.journal import Event, select
from pipelines.layout import candidate_version
from pipelines.retrain.freeze import freeze_in_force
from pipelines.retrain.gain import Gap, expected_gain, past_gaps
from pipelines.retrain.outcome import triggers, verdict_on
from pipelines.spec import ModelSpec
from pipelines.store import Store

DECISION = "decision"
# A retraining that left no evaluation by then came to nothing, and its signals count again.
LEFT_NOTHING_AFTER = timedelta(days=7)
SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True)
class Measured:
    """What does not stand in the journal. gpu_hours: of the trainings as of the month's times so far."""

    gaps: Sequence[Gap]
    gpu_hours: float


def measure(store: Store, spec: ModelSpec, said: Sequence[Event], as_of: datetime) -> Measured:
    """By what was known before the time; hours where the policy has a budget of them."""
    budget = spec.retrain.gpu_hours_per_month
    return Measured(
        past_gaps(store, spec, said, as_of), 0.0 if budget is None else _gpu_hours(store, spec, said, as_of)
    )


def retrain_state(
    spec: ModelSpec,
    said: Sequence[Event],
    report: DriftReport,
    as_of: datetime,
    signals: Sequence[Signal],
    measured: Measured,
) -> RetrainState:
    """Of the signals' history only what is about these signals. Raises MissingInput without a champion."""
    champion = in_force_before(said, spec.name, as_of)
    if champion is None:
        raise MissingInput(
            f"{spec.name}: no champion was in force before {as_of:%F}, there is none to retrain. "
            f"Train one: python -m pipelines backfill {spec.name}__train --start … --end {as_of:%F}"
        )
    retrains = [event for event in retrain_decisions(said, spec.name) if event.at != as_of]
    near = min((event.at for event in retrains), key=lambda at: (abs(at - as_of), at), default=None)
    age_days = (as_of - champion.trained_until) / timedelta(days=1)
    return RetrainState(
        as_of=as_of,
        champion_version=champion.version,
        champion_since=champion.effective_from,
        trained_until=champion.trained_until,
        scored_by=report.model_version,
        quality=report.quality_severity,
        cause=report.attribution.cause,
        sentence=report.attribution.sentence,
        expected_gain=expected_gain(measured.gaps, age_days),
        new_partitions=_new_partitions(said, spec.dataset, champion, as_of),
        retrained_at=near,
        failures=_failures(said, spec.name, retrains, champion, as_of),
        retrains=sum((event.at.year, event.at.month) == (as_of.year, as_of.month) for event in retrains),
        gpu_hours=measured.gpu_hours,
        consumed=_consumed(said, spec, retrains, as_of, signals),
        freeze=freeze_in_force(said, spec.name),
    )


def retrain_decisions(said: Sequence[Event], model: str) -> list[Event]:
    """The decisions that a training follows or followed, oldest first."""
    return [event for event in select(said, DECISION, model) if triggers(event)]


def _gpu_hours(store: Store, spec: ModelSpec, said: Sequence[Event], as_of: datetime) -> float:
    """Of the evaluated candidates as of this calendar month's times before this one, by their cost records."""
    of_month = {
        event.content["version"]
        for event in select(said, EVALUATION, spec.name)
        if event.at < as_of and (event.at.year, event.at.month) == (as_of.year, as_of.month)
    }
    kept = [version for version in sorted(of_month) if store.exists(candidate_version(spec.name, version))]
    return sum((candidate_of(store, spec.name, version).cost.get("gpu_s") or 0.0) for version in kept) / SECONDS_AN_HOUR


def _new_partitions(said: Sequence[Event], dataset: str, champion: Champion, as_of: datetime) -> int:
    return sum(event.at > champion.trained_until for event in select(said, VALIDATED, dataset, until=as_of))


def _failures(said: Sequence[Event], model: str, retrains: Sequence[Event], champion: Champion, as_of: datetime) -> int:
    """Retrainings since the champion took force whose candidates failed; one that passed ends the row."""
    count = 0
    for event in reversed([one for one in retrains if champion.effective_from < one.at < as_of]):
        verdict = verdict_on(said, model, event.at)
        if verdict is not None and verdict.content["verdict"] == "pass":
            break
        count += verdict is not None and verdict.content["verdict"] == "fail"
    return count


def _consumed(
    said: Sequence[Event], spec: ModelSpec, retrains: Sequence[Event], as_of: datetime, signals: Sequence[Signal]
) -> list[str]:
    """Identities, of these signals, that a decision to retrain acted on.

    One that left no evaluation long after, as its run never ended, acted on nothing.
    """
    patience = max(LEFT_NOTHING_AFTER, timedelta(days=spec.retrain.cooldown_days))
    acted = [
        event for event in retrains if as_of - event.at < patience or verdict_on(said, spec.name, event.at) is not None
    ]
    named = {identity for event in acted for identity in event.content.get("acted_on", [])}
    return sorted(named & {signal.identity for signal in signals})

"""Every model in one row: what is in force, how it does, what it cost, and what waits for a person."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.champions import Promotion, in_force_at, standing
from pipelines.interval import parse_time, partition_interval
from pipelines.inventory.answers import (
    Attention,
    Cost,
    Decided,
    Drift,
    InForce,
    Judged,
    ModelRow,
    Quality,
    Said,
    Waiting,
)
from pipelines.inventory.index import Index
from pipelines.journal import Event, select
from pipelines.layout import candidate_version, drift_page
from pipelines.retrain.freeze import freeze_in_force
from pipelines.retrain.serving import stops
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.spec_words import HIGHER_IS_BETTER

SPARK_WINDOWS = 12
COST_DAYS = 30
GATES = "the gates"


def model_row(index: Index, spec: ModelSpec, dataset: DatasetSpec, today: date) -> ModelRow:
    """today: UTC; what costs count back from."""
    said = index.said(spec.name)
    stopped = stops(said, spec.name)
    frozen = freeze_in_force(said, spec.name)
    known: dict[str, Any] = {
        "champion": champion_in_force(said, spec.name),
        "drift": newest_drift(said, spec.name),
        "gates": newest_verdict(said, spec.name),
        "decision": newest_decision(said, spec.name),
        "waiting": open_question(said, spec.name),
        "stopped": Said(by="the monitor", reason=stopped[-1].reason, at=stopped[-1].since) if stopped else None,
    }
    return ModelRow(
        model=spec.name,
        dataset=spec.dataset,
        description=spec.description,
        owner=spec.owner,
        tags=spec.tags,
        metric=spec.monitoring.metric,
        higher_is_better=spec.monitoring.metric in HIGHER_IS_BETTER,
        quality=qualities(said, spec.name, dataset)[-SPARK_WINDOWS:],
        frozen=_said_freeze(said, spec.name) if frozen else None,
        cost=_cost(index, said, spec.name, today),
        attention=_attention(**known),
        **known,
    )


def champion_in_force(said: Sequence[Event], model: str) -> InForce | None:
    champion = in_force_at(said, model)
    if champion is None:
        return None
    promotion = next(one for one in standing(said, model) if one.champion == champion)
    written = {event.number: event.written_at for event in select(said, "promotion", model)}
    return InForce(
        version=champion.version,
        effective_from=champion.effective_from,
        trained_until=champion.trained_until,
        promoted_at=written.get(promotion.number),
        by=answered_by(promotion),
    )


def answered_by(promotion: Promotion) -> str:
    """The person who let it through or rolled back to it, or the gates where nobody was asked."""
    back = promotion.content.get("rollback")
    if back:
        return str(back["by"])
    return str((promotion.content.get("approval") or {}).get("by") or GATES)


def qualities(said: Sequence[Event], model: str, dataset: DatasetSpec) -> list[Quality]:
    """One for each window, oldest first, as the newest run saw it."""
    found: dict[str, Quality] = {}
    for event in select(said, "drift", model):
        for one in event.content.get("quality", []):
            end = partition_interval(one["part"], dataset.partition).end
            found[one["part"]] = Quality(ended_at=end, **one)
    return [found[part] for part in sorted(found)]


def newest_drift(said: Sequence[Event], model: str) -> Drift | None:
    events = select(said, "drift", model)
    if not events:
        return None
    told = events[-1].content
    return Drift(
        part=told["part"],
        as_of=events[-1].at,
        severity=told["severity"],
        cause=told.get("cause"),
        sentence=told.get("sentence") or "",
        reasons=told["reasons"],
        document=drift_page(model, told["part"]),
    )


def verdicts(said: Sequence[Event], model: str) -> list[Judged]:
    """The last verdict on each version, by as-of time."""
    newest: dict[int, Event] = {}
    for event in _in_order(said, "evaluation", model):
        newest[event.content["version"]] = event
    judged = [_judged(event) for event in newest.values()]
    return sorted(judged, key=lambda one: (one.as_of, one.version))


def _judged(event: Event) -> Judged:
    told = event.content
    return Judged(
        version=told["version"],
        as_of=event.at,
        verdict=told["verdict"],
        sentence=told.get("sentence", ""),
        against=told["champion_version"],
    )


def newest_verdict(said: Sequence[Event], model: str) -> Judged | None:
    found = verdicts(said, model)
    return found[-1] if found else None


def newest_decision(said: Sequence[Event], model: str) -> Decided | None:
    events = select(said, "decision", model)
    if not events:
        return None
    told = events[-1].content
    return Decided(part=told.get("part"), as_of=events[-1].at, answer=told["decision"], reason=told["reason"])


def open_question(said: Sequence[Event], model: str) -> Waiting | None:
    """The newest that nobody has answered, about an evaluation that still stands."""
    answered = {_about(event) for event in select(said, "approval", model)}
    digests = {event.content["version"]: event.content["digest"] for event in _in_order(said, "evaluation", model)}
    for event in reversed(_in_order(said, "question", model)):
        version, digest = _about(event)
        if (version, digest) not in answered and digests.get(version) == digest:
            asked_at, until = (parse_time(event.content[name]) for name in ("at", "until"))
            return Waiting(version=version, evaluation=digest, asked_at=asked_at, until=until)
    return None


def _in_order(said: Sequence[Event], kind: str, model: str) -> list[Event]:
    return sorted(select(said, kind, model), key=lambda event: event.number or 0)


def _about(event: Event) -> tuple[int, str]:
    return event.content["version"], event.content["evaluation_digest"]


def _said_freeze(said: Sequence[Event], model: str) -> Said:
    newest = _in_order(said, "freeze", model)[-1]
    told = newest.content
    return Said(by=told["by"], reason=told["reason"], at=parse_time(told["said_at"]), until=newest.at)


def _cost(index: Index, said: Sequence[Event], model: str, today: date) -> Cost:
    """By the clock of the judgement: a backfill of an old year costs now."""
    since = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=COST_DAYS)
    judged = {
        event.content["version"]
        for event in select(said, "evaluation", model)
        if event.written_at is not None and event.written_at >= since
    }
    costs = [cost_of(index, model, version) for version in sorted(judged)]
    return Cost(
        trainings=len(costs),
        cpu_s=sum(one.get("cpu_s") or 0.0 for one in costs),
        gpu_s=sum(one.get("gpu_s") or 0.0 for one in costs),
    )


def cost_of(index: Index, model: str, version: int) -> dict[str, float | None]:
    """Of its training; empty where it was not kept."""
    made = index.written_once(candidate_version(model, version)) or {}
    found: dict[str, float | None] = made.get("cost") or {}
    return found


def _attention(
    champion: InForce | None,
    drift: Drift | None,
    gates: Judged | None,
    decision: Decided | None,
    waiting: Waiting | None,
    stopped: Said | None,
) -> list[Attention]:
    found = []
    if stopped:
        found.append(Attention(kind="serving_stopped", rank=5, sentence=f"Serving is stopped: {stopped.reason}"))
    if waiting:
        found.append(Attention(kind="approval", rank=4, sentence=f"Version {waiting.version} waits for an answer."))
    if drift and drift.severity in ("warning", "critical"):
        rank = 3 if drift.severity == "critical" else 2
        found.append(Attention(kind="drift", rank=rank, sentence=f"{drift.part}: {drift.sentence}"))
    if decision and decision.answer == "ask":
        found.append(Attention(kind="decision", rank=2, sentence=f"A person is asked: {decision.reason}"))
    if gates and gates.verdict != "pass":
        told = gates.sentence or f"version {gates.version} did not pass its gates"
        found.append(Attention(kind="gates", rank=1, sentence=told))
    if champion is None:
        found.append(Attention(kind="no_champion", rank=1, sentence="No version is in force."))
    return sorted(found, key=lambda one: -one.rank)

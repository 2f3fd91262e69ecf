"""Which champion a rollback puts back, by the journal's history, and what it writes there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.champions import PROMOTION, WITHDRAWAL, Champion, Promotion, promotions, standing, withdrawals
from pipelines.errors import CallerError, MissingInput, NothingToDo
from pipelines.journal import Event, numbered, record_decided
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.voids import ScoredPartition, scored_partitions, void_events


@dataclass(frozen=True)
class Request:
    """to: the version asked for; None for the champion before. effective_from: None for the time from which the
    bad one is in force."""

    reason: str
    by: str
    to: int | None = None
    effective_from: datetime | None = None


@dataclass(frozen=True)
class Choice:
    """bad: the champion to withdraw; good: the promotion whose version takes its place; both from effective_from."""

    bad: Champion
    good: Promotion
    effective_from: datetime


def done_already(said: Sequence[Event], model: str, request: Request) -> Promotion | None:
    """The rollback that is in force, unless the request asks for another version than it put back."""
    line = standing(said, model)
    if not line or "rollback" not in line[-1].content:
        return None
    return line[-1] if request.to in (None, line[-1].champion.version) else None


def choose(said: Sequence[Event], model: str, request: Request) -> Choice:
    """What the rollback would do. Raises CallerError, MissingInput or NothingToDo with what is possible instead."""
    line = standing(said, model)
    if not line:
        raise MissingInput(
            f"{model}: no version is in force, there is nothing to roll back. "
            f"Train one: python -m pipelines backfill {model}__train --start … --end …"
        )
    bad = line[-1].champion
    if request.to == bad.version:
        raise NothingToDo(f"{model}: version {bad.version} is in force already, from {bad.effective_from:%F}")
    since = _in_force_since(line)
    effective_from = since if request.effective_from is None else request.effective_from
    if effective_from < since:
        raise CallerError(
            f"{model}: version {bad.version} is in force from {since:%F} only; --effective-from {effective_from:%F} "
            "is before it, when another version served"
        )
    good = _asked_for(said, model, request.to) if request.to is not None else _before(said, model, bad.version)
    return Choice(bad, good, effective_from)


def alternatives(said: Sequence[Event], model: str, without: Sequence[int]) -> list[int]:
    """Versions that once were in force and may be named with --to, the newest promotion first."""
    barred = {*withdrawals(said, model), *without}
    history = [promotion.champion.version for promotion in reversed(promotions(said, model))]
    return [version for version in dict.fromkeys(history) if version not in barred]


def _in_force_since(line: Sequence[Promotion]) -> datetime:
    """From when the newest champion is in force without a break."""
    since = line[-1].champion
    for promotion in reversed(line):
        if promotion.champion.version != since.version:
            break
        since = promotion.champion
    return since.effective_from


def _asked_for(said: Sequence[Event], model: str, version: int) -> Promotion:
    gone = withdrawals(said, model).get(version)
    if gone is not None:
        raise CallerError(f"{model}: version {version} was withdrawn by {gone.by} ({gone.reason}); name another")
    found = [promotion for promotion in promotions(said, model) if promotion.champion.version == version]
    if not found:
        known = ", ".join(map(str, alternatives(said, model, []))) or "none"
        raise CallerError(f"{model}: version {version} was never in force; versions that were: {known}")
    return found[-1]


def _before(said: Sequence[Event], model: str, bad: int) -> Promotion:
    """The newest champion before the bad one that was not withdrawn and that passed its gates."""
    withdrawn = withdrawals(said, model)
    by_gates = {one.champion.version for one in promotions(said, model) if not one.overrode_gates}
    for promotion in reversed(standing(said, model, without=bad)):
        version = promotion.champion.version
        if version not in withdrawn and version in by_gates:
            return promotion
    others = alternatives(said, model, [bad])
    named = f"name one that was in force all the same (--to {others[0]}), or " if others else ""
    raise CallerError(
        f"{model}: nothing to roll back to: no champion before version {bad} passed its gates and was not withdrawn; "
        f"{named}train another: python -m pipelines backfill {model}__train --start … --end … --reprocess completed"
    )


def put_back(spec: ModelSpec, store: Store, request: Request, choice: Choice) -> list[ScoredPartition]:
    """Journal in one commit that the bad version is withdrawn, the good one in force, and what it scored void.

    Returns the partitions that are void by this. Raises CallerError, and writes nothing, when champions changed
    since the choice was made.
    """
    bad, model = choice.bad, spec.name
    scored = scored_partitions(spec, store, choice.effective_from, None)
    marked = [one for one in scored if one.version == bad.version]
    told = {"version": bad.version, "reason": request.reason, "by": request.by}
    withdrawal = told | {"replaced_by": choice.good.champion.version}
    promotion = choice.good.content | {"rollback": told, "against": None}

    def decide(said: list[Event]) -> list[Event]:
        if choose(said, model, request) != choice:
            raise CallerError(
                f"{model}: others changed the champions while version {choice.good.champion.version} was being proven; "
                f"nothing was done. Look: python -m pipelines status {model}; then roll back if it is still needed"
            )
        new = [
            Event(WITHDRAWAL, model, choice.effective_from, withdrawal),
            Event(PROMOTION, model, choice.effective_from, promotion),
            *void_events(model, marked, f"version {bad.version} was withdrawn: {request.reason}", request.by),
        ]
        return numbered(said, new)

    record_decided(store, decide)
    return marked

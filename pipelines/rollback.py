"""Which champion a rollback puts back, by the journal's history, and what it writes there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pipelines.champions import (
    PROMOTION,
    WITHDRAWAL,
    Champion,
    Promotion,
    Withdrawal,
    in_force_at,
    promotions,
    standing,
    withdrawals,
)
from pipelines.errors import CallerError, MissingInput, NothingToDo
from pipelines.journal import Event, numbered, record_decided
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.voids import ScoredPartition, scored_partitions, void_events

NONE: Final = "none"


@dataclass(frozen=True)
class Request:
    """to: the version asked for; None for the champion before; "none" to leave none in force.
    effective_from: None for the time from which the bad one is in force."""

    reason: str
    by: str
    to: int | Literal["none"] | None = None
    effective_from: datetime | None = None


@dataclass(frozen=True)
class Choice:
    """bad: the champion to withdraw; good: the promotion whose version takes its place, None for none; both from
    effective_from."""

    bad: Champion
    good: Promotion | None
    effective_from: datetime


def done_already(said: Sequence[Event], model: str, request: Request) -> Promotion | None:
    """The rollback that is in force, unless the request asks for another version than it put back."""
    line = standing(said, model)
    if in_force_at(said, model) is None or "rollback" not in line[-1].content:
        return None
    return line[-1] if request.to in (None, line[-1].champion.version) else None


def left_none(said: Sequence[Event], model: str) -> Withdrawal | None:
    """The withdrawal for which none is in force now."""
    if in_force_at(said, model) is not None:
        return None
    endings = [gone for gone in withdrawals(said, model).values() if gone.leaves_none]
    return max(endings, key=lambda gone: gone.number, default=None)


def choose(said: Sequence[Event], model: str, request: Request) -> Choice:
    """What the rollback would do. Raises CallerError, MissingInput or NothingToDo with what is possible instead."""
    line = standing(said, model)
    if in_force_at(said, model) is None:
        raise MissingInput(
            f"{model}: no version is in force, there is nothing to roll back. Train one: {train_command(model)}"
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
    return Choice(bad, _good(said, model, request.to, bad.version), effective_from)


def train_command(model: str) -> str:
    return f"python -m pipelines backfill {model}__train --start … --end … --reprocess completed"


def none_command(model: str) -> str:
    """What withdraws the champion where no other can take its place."""
    return f"python -m pipelines rollback {model} --to {NONE} --reason … --by …"


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


def _good(said: Sequence[Event], model: str, to: int | str | None, bad: int) -> Promotion | None:
    if to is None:
        return _before(said, model, bad)
    return _asked_for(said, model, to) if isinstance(to, int) else None


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
        f"{named}leave none in force: {none_command(model)}; then train another: {train_command(model)}"
    )


def put_back(spec: ModelSpec, store: Store, request: Request, choice: Choice) -> list[ScoredPartition]:
    """Journal in one commit that the bad version is withdrawn, the good one, or none, in force, and what it scored
    void.

    Returns the partitions that are void by this. Raises CallerError, and writes nothing, when champions changed
    since the choice was made.
    """
    bad, model = choice.bad, spec.name
    scored = scored_partitions(spec, store, choice.effective_from, None)
    marked = [one for one in scored if one.version == bad.version]
    told = {"version": bad.version, "reason": request.reason, "by": request.by}
    new = [
        *_turn(model, choice, told),
        *void_events(model, marked, f"version {bad.version} was withdrawn: {request.reason}", request.by),
    ]

    def decide(said: list[Event]) -> list[Event]:
        if choose(said, model, request) != choice:
            raise CallerError(
                f"{model}: others changed the champions while version {bad.version} was being rolled back; "
                f"nothing was done. Look: python -m pipelines status {model}; then roll back if it is still needed"
            )
        return numbered(said, new)

    record_decided(store, decide)
    return marked


def _turn(model: str, choice: Choice, told: dict[str, Any]) -> list[Event]:
    """The bad version's withdrawal, and the promotion of the good one if there is one."""
    good, since = choice.good, choice.effective_from
    if good is None:
        return [Event(WITHDRAWAL, model, since, told | {"leaves_none": True})]
    return [
        Event(WITHDRAWAL, model, since, told | {"replaced_by": good.champion.version}),
        Event(PROMOTION, model, since, good.content | {"rollback": told, "against": None}),
    ]

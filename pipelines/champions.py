"""Which version was in force when, by the journal.

Promotions and withdrawals are history: nothing of it is ever replaced. For each time at which versions took
force the last promotion counts, and a withdrawn version counts no more from the time of its withdrawal.
A withdrawal may leave none in force, until the next promotion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.errors import CallerError, MissingInput, TrainyardError
from pipelines.interval import parse_time
from pipelines.journal import Event, everything, numbered, record_decided, select
from pipelines.store import Store

PROMOTION = "promotion"
WITHDRAWAL = "withdrawal"


@dataclass(frozen=True)
class Champion:
    """A version in force. trained_until: end of its training rows; all times UTC."""

    version: int
    run_id: str
    effective_from: datetime
    trained_until: datetime


@dataclass(frozen=True)
class Promotion:
    """One line of the history. number: its place there. content: as journalled, with the evaluation's digest,
    the approval if one was asked for, and the rollback if it was one."""

    number: int
    champion: Champion
    content: dict[str, Any]

    @property
    def overrode_gates(self) -> bool:
        return bool((self.content.get("approval") or {}).get("override"))


@dataclass(frozen=True)
class Withdrawal:
    """since: from when the version is not in force any more; it can never be promoted again. number: its place
    in the history. leaves_none: no other version took its place."""

    version: int
    since: datetime
    reason: str
    by: str
    number: int
    leaves_none: bool


class AnotherChampion(TrainyardError):
    """Another version is in force than the one that a candidate was measured against."""


def promotions(said: Sequence[Event], model: str) -> list[Promotion]:
    """All that ever happened, in the order in which it was written."""
    found = []
    for event in select(said, PROMOTION, model):
        told = event.content
        champion = Champion(told["version"], told["run_id"], event.at, parse_time(told["trained_until"]))
        found.append(Promotion(event.number or 0, champion, told))
    return sorted(found, key=lambda promotion: promotion.number)


def withdrawals(said: Sequence[Event], model: str) -> dict[int, Withdrawal]:
    """By version."""
    found = {}
    for event in select(said, WITHDRAWAL, model):
        told = event.content
        found[told["version"]] = Withdrawal(
            told["version"], event.at, told["reason"], told["by"], event.number or 0, told.get("leaves_none", False)
        )
    return found


def _endings(said: Sequence[Event], model: str) -> list[Withdrawal]:
    """Those that left none in force."""
    return [gone for gone in withdrawals(said, model).values() if gone.leaves_none]


def standing(said: Sequence[Event], model: str, without: int | None = None) -> list[Promotion]:
    """The promotions that count, one for each time at which a version took force, in the order of time.

    without: a version to be left out, as if it had never been promoted.
    """
    withdrawn, endings = withdrawals(said, model), _endings(said, model)
    by_time = {}
    for promotion in promotions(said, model):
        champion = promotion.champion
        gone = withdrawn.get(champion.version)
        ended = any(end.since <= champion.effective_from and promotion.number < end.number for end in endings)
        if champion.version != without and not ended and (gone is None or champion.effective_from < gone.since):
            by_time[champion.effective_from] = promotion
    return [by_time[time] for time in sorted(by_time)]


def in_force(said: Sequence[Event], model: str, until: datetime | None = None) -> list[Champion]:
    """The champions of all times up to and including `until`, by the time they took force."""
    found = [promotion.champion for promotion in standing(said, model)]
    return [champion for champion in found if until is None or champion.effective_from <= until]


def in_force_at(said: Sequence[Event], model: str, at: datetime | None = None) -> Champion | None:
    """The version in force at the time, after all that is journalled if left out; None where there is none."""
    return _unless_ended(said, model, in_force(said, model, at), at)


def _unless_ended(said: Sequence[Event], model: str, line: Sequence[Champion], at: datetime | None) -> Champion | None:
    """The last of the line, unless a withdrawal left none in force between it and the time."""
    ends = [end.since for end in _endings(said, model) if at is None or end.since <= at]
    return line[-1] if line and all(since <= line[-1].effective_from for since in ends) else None


def champions(store: Store, model: str, until: datetime | None = None) -> list[Champion]:
    """What `in_force` gives by the journal of now."""
    return in_force(everything(store), model, until)


def champion_as_of(store: Store, model: str, at: datetime) -> Champion | None:
    """The version in force at the time; None before the first promotion, and where a withdrawal left none."""
    return in_force_at(everything(store), model, at)


def in_force_before(said: Sequence[Event], model: str, at: datetime) -> Champion | None:
    """The version that a promotion taking force at the time would replace."""
    line = [champion for champion in in_force(said, model, at) if champion.effective_from < at]
    return _unless_ended(said, model, line, at)


def champion_before(store: Store, model: str, at: datetime) -> Champion | None:
    """What `in_force_before` gives by the journal of now."""
    return in_force_before(everything(store), model, at)


def require_champion(store: Store, model: str, at: datetime) -> Champion:
    """Raises MissingInput with the command that trains one."""
    said = everything(store)
    champion = in_force_at(said, model, at)
    if champion is None:
        first = in_force(said, model)
        found = f"the first took force on {first[0].effective_from:%F}" if first else "none was ever promoted"
        ends = [end for end in _endings(said, model) if end.since <= at]
        if ends:
            last = max(ends, key=lambda end: end.since)
            found = f"version {last.version} was withdrawn by {last.by} ({last.reason}), and none took its place"
        raise MissingInput(
            f"{model}: no champion was in force at {at:%F}; {found}. "
            f"Train one: python -m pipelines backfill {model}__train --start … --end {at:%F}"
        )
    return champion


def refuse_withdrawn(said: Sequence[Event], model: str, version: int) -> None:
    """Raises CallerError when the version was withdrawn: it is never promoted again."""
    gone = withdrawals(said, model).get(version)
    if gone is not None:
        raise CallerError(
            f"{model}: version {version} was withdrawn by {gone.by} ({gone.reason}) and cannot be promoted again. "
            f"Correct the cause and train another: python -m pipelines backfill {model}__train "
            "--start … --end … --reprocess completed"
        )


def promote(
    store: Store,
    model: str,
    champion: Champion,
    evaluation_digest: str,
    against: int | None = None,
    approval: dict[str, Any] | None = None,
) -> bool:
    """Journal the promotion; False when the version is in force at that time already.

    against: the version that the champion-to-be was measured against; None when there was none. Raises
    AnotherChampion when that is not the one in force at that time, CallerError for a withdrawn version;
    the journal is asked again in the very commit, so no promotion comes between.
    """
    content = {
        "version": champion.version,
        "run_id": champion.run_id,
        "trained_until": champion.trained_until.isoformat(),
        "evaluation": evaluation_digest,
        "against": against,
        "approval": approval,
    }

    def decide(said: list[Event]) -> list[Event]:
        refuse_withdrawn(said, model, champion.version)
        rival = in_force_at(said, model, champion.effective_from)
        now = None if rival is None else rival.version
        if now == champion.version:
            return []
        if now != against:
            raise AnotherChampion(f"{model}: version {now} is in force at {champion.effective_from:%F}, not {against}")
        return numbered(said, [Event(PROMOTION, model, champion.effective_from, content)])

    return bool(record_decided(store, decide))

"""Which version was in force when, by the journal.

Promotions and withdrawals are history: nothing of it is ever replaced. For each time at which versions took
force the last promotion counts, and a withdrawn version counts no more from the time of its withdrawal.
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
    """since: from when the version is not in force any more; it can never be promoted again."""

    version: int
    since: datetime
    reason: str
    by: str


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
    return {
        event.content["version"]: Withdrawal(
            event.content["version"], event.at, event.content["reason"], event.content["by"]
        )
        for event in select(said, WITHDRAWAL, model)
    }


def standing(said: Sequence[Event], model: str, without: int | None = None) -> list[Promotion]:
    """The promotions that count, one for each time at which a version took force, in the order of time.

    without: a version to be left out, as if it had never been promoted.
    """
    withdrawn = withdrawals(said, model)
    by_time = {}
    for promotion in promotions(said, model):
        champion = promotion.champion
        gone = withdrawn.get(champion.version)
        if champion.version != without and (gone is None or champion.effective_from < gone.since):
            by_time[champion.effective_from] = promotion
    return [by_time[time] for time in sorted(by_time)]


def in_force(said: Sequence[Event], model: str, until: datetime | None = None) -> list[Champion]:
    """The champions of all times up to and including `until`, by the time they took force."""
    found = [promotion.champion for promotion in standing(said, model)]
    return [champion for champion in found if until is None or champion.effective_from <= until]


def champions(store: Store, model: str, until: datetime | None = None) -> list[Champion]:
    """What `in_force` gives by the journal of now."""
    return in_force(everything(store), model, until)


def champion_as_of(store: Store, model: str, at: datetime) -> Champion | None:
    """The version in force at the time; None before the first promotion."""
    found = champions(store, model, until=at)
    return found[-1] if found else None


def champion_before(store: Store, model: str, at: datetime) -> Champion | None:
    """The version that a promotion taking force at the time would replace."""
    found = [champion for champion in champions(store, model, until=at) if champion.effective_from < at]
    return found[-1] if found else None


def require_champion(store: Store, model: str, at: datetime) -> Champion:
    """Raises MissingInput with the command that trains one."""
    champion = champion_as_of(store, model, at)
    if champion is None:
        first = champions(store, model)
        found = f"the first took force on {first[0].effective_from:%F}" if first else "none was ever promoted"
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
        found = in_force(said, model, champion.effective_from)
        now = found[-1].version if found else None
        if now == champion.version:
            return []
        if now != against:
            raise AnotherChampion(f"{model}: version {now} is in force at {champion.effective_from:%F}, not {against}")
        return numbered(said, [Event(PROMOTION, model, champion.effective_from, content)])

    return bool(record_decided(store, decide))

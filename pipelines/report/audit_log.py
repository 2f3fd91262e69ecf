"""What people, and the rules that they declared, decided about a model: from the journal, in the order of writing."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from pipelines.approval import APPROVAL, NOBODY, SAID
from pipelines.champions import PROMOTION, WITHDRAWAL
from pipelines.journal import Event
from pipelines.restore import RESTORE
from pipelines.retrain.freeze import FREEZE
from pipelines.retrain.serving import RESUMED, STOPPED
from pipelines.voids import VOID

GATES = "the gates"
MONITOR = "the monitor"
UNKNOWN = "before it was kept"
Said = tuple[str, str, str, str]


def entries(said: Iterable[Event], subject: str) -> list[dict[str, Any]]:
    """Each with written_at (by the clock, UTC; None in one from before that was kept), as_of, action, who, what and
    why; number and content as journalled."""
    found = [event for event in said if event.subject == subject and event.kind in _ACTIONS]
    return [_entry(event) for event in sorted(found, key=_written)]


def as_text(subject: str, found: list[dict[str, Any]]) -> str:
    if not found:
        return f"{subject}: nobody has decided anything yet"
    return "\n".join(
        f"{_shown(one['written_at']):<20}  {one['action']:<9}  {one['who']:<12}  {one['what']}"
        + (f": {one['why']}" if one["why"] else "")
        for one in found
    )


def _written(event: Event) -> tuple[datetime, int, str]:
    return event.written_at or datetime.min.replace(tzinfo=UTC), event.number or 0, event.key


def _entry(event: Event) -> dict[str, Any]:
    action, who, what, why = (" ".join(text.split()) for text in _ACTIONS[event.kind](event))
    return {
        "written_at": None if event.written_at is None else event.written_at.isoformat(timespec="seconds"),
        "as_of": event.at.isoformat(),
        "action": action,
        "who": who,
        "what": what,
        "why": why,
        "number": event.number,
        "content": event.content,
    }


def _answer(event: Event) -> Said:
    told = event.content
    who = f"{NOBODY}, in time" if told["timed_out"] else told["by"]
    return told["answer"], who, f"version {told['version']} was {SAID[told['answer']]}", told["note"]


def _promotion(event: Event) -> Said:
    told, what = event.content, f"version {event.content['version']} is in force from {event.at:%F}"
    if gone := told.get("rollback"):
        return "rollback", gone["by"], what, gone["reason"]
    answer = told.get("approval") or {}
    against = ", against its gates" if answer.get("override") else ""
    return "promotion", answer.get("by", GATES), what, f"evaluation {told['evaluation'][:12]}{against}"


def _withdrawal(event: Event) -> Said:
    told = event.content
    return "rollback", told["by"], f"version {told['version']} is withdrawn from {event.at:%F}", told["reason"]


def _void(event: Event) -> Said:
    told = event.content
    return "void", told["by"], f"predictions of {told['part']} by version {told['version']} are void", told["reason"]


def _freeze(event: Event) -> Said:
    told = event.content
    action, what = ("unfreeze", "no freeze any more") if told["lifted"] else ("freeze", f"frozen until {event.at:%F}")
    return action, told["by"], what, told["reason"]


def _stopped(event: Event) -> Said:
    return (
        "stop",
        MONITOR,
        f"serving is stopped from {event.at:%F}, for {event.content['part']}",
        event.content["reason"],
    )


def _resumed(event: Event) -> Said:
    return "resume", event.content["by"], f"serving goes on, stopped from {event.at:%F}", event.content["reason"]


def _restored(event: Event) -> Said:
    told = event.content
    tables = ", ".join(f"{name} to version {of['to_version']}" for name, of in sorted(told["tables"].items()))
    return "restore", told["by"], f"{told['part']}: {tables}", told["reason"]


_ACTIONS: dict[str, Callable[[Event], Said]] = {
    APPROVAL: _answer,
    PROMOTION: _promotion,
    WITHDRAWAL: _withdrawal,
    VOID: _void,
    FREEZE: _freeze,
    STOPPED: _stopped,
    RESUMED: _resumed,
    RESTORE: _restored,
}


def _shown(written_at: str | None) -> str:
    return UNKNOWN if written_at is None else f"{datetime.fromisoformat(written_at):%F %T}"

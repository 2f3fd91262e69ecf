"""What a backfill would take: its runs by the schedule, and the time and cost of those that were."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from statistics import median
from typing import Any

from croniter import croniter

from pipelines.interval import midnight
from plugins.web.bodies import Estimate, RunOfBackfill
from plugins.web.schedules import usual_seconds

MOST_RUNS = 1000


def estimate(
    session: Any, dag_id: str, cron: str, start: date, end: date, cpu_s: list[float] | None = None
) -> Estimate:
    """cpu_s: of trainings that were; None for a DAG that trains nothing."""
    runs = list(_runs(cron, midnight(start), midnight(end)))
    usual = usual_seconds(session, dag_id)
    seconds = None if usual is None else usual * len(runs)
    spent = median(cpu_s) * len(runs) if cpu_s else None
    told = [
        f"{len(runs)} runs of {dag_id}",
        "time not known: none has succeeded yet" if seconds is None else _lasting(seconds),
    ]
    told += [f"{spent / 3600:.2f} h of CPU"] if spent is not None else []
    return Estimate(runs=runs, seconds=seconds, cpu_s=spent, sentence=", ".join(told))


def _runs(cron: str, start: datetime, end: datetime) -> Iterator[RunOfBackfill]:
    """The schedule's whole periods that begin in [start, end)."""
    periods = croniter(cron, start.timestamp() - 1)
    begins = _next(periods)
    for _ in range(MOST_RUNS):
        if begins >= end:
            return
        ends = _next(periods)
        yield RunOfBackfill(start=begins, end=ends)
        begins = ends


def _next(periods: croniter) -> datetime:
    return datetime.fromtimestamp(periods.get_next(float), UTC)


def _lasting(seconds: float) -> str:
    minutes = seconds / 60
    return f"about {minutes:.0f} min" if minutes < 120 else f"about {minutes / 60:.1f} h"

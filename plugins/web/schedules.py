"""What Airflow's database knows of the DAGs of models: when they run next, and how long a run takes."""

from collections.abc import Iterable
from datetime import datetime
from statistics import median
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import select

FAMILIES = ("train", "predict", "monitor")
RUNS = 10


def next_runs(session: Any) -> dict[str, dict[str, datetime]]:
    """By model, then by family: when its next run is created, UTC. Paused DAGs have none."""
    found: dict[str, dict[str, datetime]] = {}
    asked = select(DagModel.dag_id, DagModel.next_dagrun_create_after).where(
        DagModel.is_stale.is_(False), DagModel.is_paused.is_(False), DagModel.next_dagrun_create_after.is_not(None)
    )
    for dag_id, due in session.execute(asked):
        model, _, family = dag_id.rpartition("__")
        if family in FAMILIES:
            found.setdefault(model, {})[family] = due
    return found


def paused(session: Any) -> dict[str, list[str]]:
    """By model, its families whose DAG is paused."""
    found: dict[str, list[str]] = {}
    asked = select(DagModel.dag_id).where(DagModel.is_stale.is_(False), DagModel.is_paused.is_(True))
    for dag_id in session.scalars(asked):
        model, _, family = dag_id.rpartition("__")
        if family in FAMILIES:
            found.setdefault(model, []).append(family)
    return found


def usual_seconds(session: Any, dag_id: str) -> float | None:
    """The median of its last successful runs; None before the first."""
    asked = (
        select(DagRun.start_date, DagRun.end_date)
        .where(DagRun.dag_id == dag_id, DagRun.state == DagRunState.SUCCESS, DagRun.end_date.is_not(None))
        .order_by(DagRun.end_date.desc())
        .limit(RUNS)
    )
    return _median((end - start).total_seconds() for start, end in session.execute(asked) if start)


def _median(seconds: Iterable[float]) -> float | None:
    known = list(seconds)
    return median(known) if known else None

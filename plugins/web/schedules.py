"""What Airflow's database knows of the DAGs of models: when they run next, and how long a run takes."""

from collections.abc import Iterable
from statistics import median
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import select

FAMILIES = ("train", "predict", "monitor")
RUNS = 10


def schedules(session: Any) -> dict[str, dict[str, Any]]:
    """By model: `next_runs`, when the next run of a family is created (UTC), and `paused`, the families whose DAG is
    paused and so has none."""
    found: dict[str, dict[str, Any]] = {}
    asked = select(DagModel.dag_id, DagModel.is_paused, DagModel.next_dagrun_create_after)
    for dag_id, is_paused, due in session.execute(asked.where(DagModel.is_stale.is_(False))):
        model, _, family = dag_id.rpartition("__")
        if family not in FAMILIES:
            continue
        told = found.setdefault(model, {"next_runs": {}, "paused": []})
        if is_paused:
            told["paused"].append(family)
        elif due is not None:
            told["next_runs"][family] = due
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

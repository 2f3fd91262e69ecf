"""Airflow over REST: backfills, runs, task instances and their results, for a client that outlives restarts."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipelines.airflow_session import Session
from pipelines.environment import setting
from pipelines.errors import CallerError, Unavailable

REPROCESS = ("none", "failed", "completed")
FINISHED_RUN = frozenset({"success", "failed"})
# The scheduler marks finished backfills complete every 30 s (_mark_backfills_complete); until then, 409.
COMPLETION_LAG_S = 90.0
POLL_S = 2.0


@dataclass(frozen=True)
class Run:
    """One run of a DAG. state as Airflow's: queued, running, success, failed."""

    dag_id: str
    run_id: str
    logical_date: datetime
    state: str


@dataclass(frozen=True)
class TaskInstance:
    """One task of a run in its latest try. seconds is None until it has ended."""

    dag_id: str
    run_id: str
    logical_date: datetime
    task_id: str
    state: str
    try_number: int
    seconds: float | None


@dataclass(frozen=True)
class Change:
    """A run (task_id None) or a task that came into another state.

    result: what a step returned, once it succeeded. old: the run had ended before the following began.
    """

    dag_id: str
    run_id: str
    logical_date: datetime
    task_id: str | None
    state: str
    try_number: int = 0
    seconds: float | None = None
    result: dict[str, Any] | None = None
    old: bool = False


@dataclass(frozen=True)
class Backfill:
    """A backfill over the logical dates [start, end). attached: it was already under way when asked for."""

    id: int
    dag_id: str
    start: datetime
    end: datetime
    attached: bool = False


class Airflow:
    """A client of one Airflow that outlives the restart of any of its components."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.url = session.url

    @classmethod
    def from_environment(cls) -> "Airflow":
        """By TRAINYARD_AIRFLOW_URL, _USER and _PASSWORD_FILE (JSON, user to password), else the stack's env file.

        Raises CallerError when one is missing or the file does not know the user.
        """
        names = ("TRAINYARD_AIRFLOW_URL", "TRAINYARD_AIRFLOW_USER", "TRAINYARD_AIRFLOW_PASSWORD_FILE")
        url, user, file = (setting(name, "") for name in names)
        if not (url and user and file):
            raise CallerError(f"No Airflow is known. Start the one-machine stack (make up), or set {', '.join(names)}.")
        try:
            return cls(Session(url, user, json.loads(Path(file).read_text())[user]))
        except (OSError, ValueError, KeyError) as problem:
            raise CallerError(f"{file} gives no password for {user!r}: {problem!r}") from problem

    def dags(self) -> list[str]:
        """The ids of all DAGs that Airflow has parsed."""
        return [dag["dag_id"] for dag in self.session.pages("/dags", "dags")]

    def wait_until_parsed(self, dag_id: str, patience_s: float = 120.0) -> None:
        """Return once Airflow knows the DAG.

        Raises CallerError at once when DAG files have import errors, or with what exists after patience_s.
        """
        deadline = time.monotonic() + patience_s
        while self.session.request("GET", f"/dags/{dag_id}").status_code == 404:
            errors = self.session.get("/importErrors")["import_errors"]
            if errors:
                last = errors[0]["stack_trace"].strip().splitlines()[-1]
                raise CallerError(f"{dag_id} is not there: {errors[0]['filename']} fails to import: {last}")
            if time.monotonic() > deadline:
                raise CallerError(f"No DAG named {dag_id!r}. Airflow has: {', '.join(sorted(self.dags())) or 'none'}.")
            time.sleep(1)

    def unpause(self, dag_id: str) -> None:
        """Let the DAG's runs start; on a paused one they stay queued."""
        self.session.checked("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def dates(self, dag_id: str, start: datetime, end: datetime, reprocess: str = "completed") -> list[datetime]:
        """The logical dates in [start, end) that a backfill would run, by its dry run, oldest first.

        With "completed": every date of the schedule, but for runs that are queued or running now.
        """
        body = _backfill_body(dag_id, start, end, reprocess)
        found = self.session.checked("POST", "/backfills/dry_run", json=body)["backfills"]
        return sorted(_time(item["logical_date"]) for item in found)

    def create_backfill(
        self, dag_id: str, start: datetime, end: datetime, reprocess: str = "none",
        say: Callable[[str], None] = lambda line: None,
    ) -> Backfill:  # fmt: skip
        """Backfill the logical dates [start, end), one at a time, in date order.

        Joins an active backfill of the DAG that covers the span; waits for one that does not, and for
        the scheduler to mark a finished one complete. say hears what is waited for.
        Raises CallerError when the DAG cannot be backfilled so.
        """
        body = _backfill_body(dag_id, start, end, reprocess)
        finished_since: float | None = None
        while (answer := self.session.request("POST", "/backfills", json=body)).status_code == 409:
            active = self.active_backfill(dag_id)
            if active is None:
                time.sleep(POLL_S)
                continue
            if self._has_unfinished_runs(active):
                if active.start <= start and end <= active.end:
                    return active
                say(f"{dag_id}: waiting for backfill {active.id}, {active.start:%Y-%m-%d} to {active.end:%Y-%m-%d}")
                finished_since = None
            else:
                finished_since = finished_since or time.monotonic()
                if time.monotonic() - finished_since > COMPLETION_LAG_S:
                    raise Unavailable(
                        f"{dag_id}: backfill {active.id} has ended, but the scheduler does not mark it complete. "
                        "Is it running? make status"
                    )
            time.sleep(POLL_S)
        return _backfill(self.session.unwrap(answer, f"backfill of {dag_id}"))

    def active_backfill(self, dag_id: str) -> Backfill | None:
        """The DAG's backfill that is not complete; Airflow allows one at a time."""
        found = self.session.get("/backfills", dag_id=dag_id, order_by="-id", limit=20)["backfills"]
        active = [item for item in found if item["completed_at"] is None]
        return _backfill(active[0], attached=True) if active else None

    def cancel_backfill(self, backfill: Backfill) -> None:
        """Fail its queued runs; a running one goes on. Nothing happens when it is complete already."""
        answer = self.session.request("PUT", f"/backfills/{backfill.id}/cancel")
        if answer.status_code != 409:
            self.session.unwrap(answer, f"cancelling backfill {backfill.id} of {backfill.dag_id}")

    def runs(self, dag_id: str, start: datetime, end: datetime, **filters: str | list[str]) -> list[Run]:
        """The DAG's runs with a logical date in [start, end), oldest first."""
        span = {"logical_date_gte": start.isoformat(), "logical_date_lt": end.isoformat()}
        found = self.session.pages(f"/dags/{dag_id}/dagRuns", "dag_runs", order_by="logical_date", **span, **filters)
        return [Run(dag_id, item["dag_run_id"], _time(item["logical_date"]), item["state"]) for item in found]

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """The tasks of a run, in the order in which they started; those that have not, last."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"
        found = list(self.session.pages(path, "task_instances"))
        found.sort(key=lambda item: (item["start_date"] is None, item["start_date"] or ""))
        return [
            TaskInstance(
                dag_id, run_id, _time(item["logical_date"]), item["task_id"], item["state"] or "none",
                item["try_number"], item["duration"],
            )
            for item in found
        ]  # fmt: skip

    def result(self, task: TaskInstance) -> dict[str, Any] | None:
        """The JSON object that the task returned, None when it returned nothing of the kind."""
        path = f"/dags/{task.dag_id}/dagRuns/{quote(task.run_id)}/taskInstances/{task.task_id}/xcomEntries/return_value"
        answer = self.session.request("GET", path)
        if answer.status_code == 404:
            return None
        value = self.session.unwrap(answer, f"result of {task.task_id}")["value"]
        if isinstance(value, str) and value.startswith("{"):
            value = json.loads(value)
        return value if isinstance(value, dict) else None

    def log_tail(self, task: Change, lines: int = 15) -> list[str]:
        """The last lines of the log of the task's latest try."""
        path = f"/dags/{task.dag_id}/dagRuns/{quote(task.run_id)}/taskInstances/{task.task_id}/logs/{task.try_number}"
        content = self.session.checked("GET", path, headers={"Accept": "application/json"})["content"]
        events = [line for item in content for line in _log_lines(item)]
        return [event for event in events if event and not event.startswith("::")][-lines:]

    def page(self, change: Change) -> str:
        """The page of the run or task in Airflow's UI."""
        run = f"{self.url}/dags/{change.dag_id}/runs/{quote(change.run_id)}"
        return f"{run}/tasks/{change.task_id}" if change.task_id else run

    def follow(self, dag_id: str, start: datetime, end: datetime, poll_s: float = POLL_S) -> Iterator[Change]:
        """Yield every change of the runs and tasks in [start, end) until each date has a finished run.

        A run that had ended before the first look yields its final state alone, marked old.
        """
        expected = set(self.dates(dag_id, start, end))
        expected.update(run.logical_date for run in self.runs(dag_id, start, end))
        seen: dict[tuple[str, str | None], tuple[str, int]] = {}
        finished: dict[str, datetime] = {}
        first_look = True
        while True:
            for run in self.runs(dag_id, start, end):
                if run.run_id in finished:
                    continue
                if run.state in FINISHED_RUN:
                    finished[run.run_id] = run.logical_date
                old = first_look and run.state in FINISHED_RUN
                if not old and run.state != "queued":
                    yield from self._task_changes(run, seen)
                if seen.get((run.run_id, None)) != (run.state, 0):
                    seen[run.run_id, None] = (run.state, 0)
                    yield Change(dag_id, run.run_id, run.logical_date, None, run.state, old=old)
            if expected <= set(finished.values()):
                return
            first_look = False
            time.sleep(poll_s)

    def _task_changes(self, run: Run, seen: dict[tuple[str, str | None], tuple[str, int]]) -> Iterator[Change]:
        for task in self.task_instances(run.dag_id, run.run_id):
            key, now = (run.run_id, task.task_id), (task.state, task.try_number)
            if seen.get(key) == now:
                continue
            seen[key] = now
            result = self.result(task) if task.state == "success" else None
            yield Change(
                run.dag_id,
                run.run_id,
                run.logical_date,
                task.task_id,
                task.state,
                task.try_number,
                task.seconds,
                result,
            )

    def _has_unfinished_runs(self, backfill: Backfill) -> bool:
        return bool(self.runs(backfill.dag_id, backfill.start, backfill.end, state=["queued", "running"]))


def _log_lines(item: str | dict[str, Any]) -> list[str]:
    """The message of a log entry and, where it carries one, its exception."""
    if isinstance(item, str):
        return [item]
    raised = [f"{error['exc_type']}: {error['exc_value']}" for error in item.get("error_detail") or []]
    return [item.get("event", ""), *raised]


def _backfill_body(dag_id: str, start: datetime, end: datetime, reprocess: str) -> dict[str, Any]:
    if reprocess not in REPROCESS:
        raise CallerError(f"reprocess {reprocess!r} is unknown. Allowed: {', '.join(REPROCESS)}.")
    if start >= end:
        raise CallerError(f"{dag_id}: the backfill's start {start:%Y-%m-%d} must lie before its end {end:%Y-%m-%d}.")
    return {
        "dag_id": dag_id,
        "from_date": start.isoformat(),
        # Airflow's last date is part of the span, ours is not.
        "to_date": (end - timedelta(seconds=1)).isoformat(),
        "max_active_runs": 1,
        "run_backwards": False,
        "reprocess_behavior": reprocess,
        "dag_run_conf": {},
    }


def _backfill(item: dict[str, Any], attached: bool = False) -> Backfill:
    end = _time(item["to_date"]) + timedelta(seconds=1)
    return Backfill(item["id"], item["dag_id"], _time(item["from_date"]), end, attached)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

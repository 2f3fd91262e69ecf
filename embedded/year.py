"""The demo: a real model kept alive through 2013, month by month, by Airflow's own backfills."""

import contextlib
import os
import queue
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from embedded.served import Commands, Served
from pipelines.airflow_rest import Airflow, Change, Run
from pipelines.airflow_session import Session
from pipelines.backfill import Board
from pipelines.errors import TrainyardError

MODEL = "flight_delay"
YEAR = 2013
# The first champion learns from January to March; the first month that it never saw is April.
FIRST_TRAINED, FIRST_SCORED = 3, 4
INTERRUPTED = 130


@dataclass(frozen=True)
class Stage:
    """One DAG over the months first to last, in date order."""

    dag_id: str
    first: int
    last: int

    @property
    def start(self) -> datetime:
        return month_start(self.first)

    @property
    def end(self) -> datetime:
        return month_start(self.last + 1)


class StepFailed(Exception):
    """A step used up its tries, or a run failed without one."""

    def __init__(self, change: Change) -> None:
        super().__init__(f"{change.dag_id}: {change.task_id or 'run'} of {change.run_id} failed")
        self.change = change


def month_start(month: int) -> datetime:
    """The first instant of a month of the demo's year; 13 is the next January."""
    return datetime(YEAR + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)


def stages(months: int) -> tuple[list[Stage], list[Stage]]:
    """What starts at once, and what starts when the last champion that scores a month is there."""
    at_once = [Stage("flights__data", 1, months), Stage(f"{MODEL}__train", FIRST_TRAINED, months)]
    scoring = [Stage(f"{MODEL}__{family}", FIRST_SCORED, months) for family in ("predict", "monitor")]
    return at_once, scoring


def run(running: Served, months: int, console: Console | None = None) -> int:
    """Run the loop over the first months of the year; what is done already is not repeated.

    Returns 0 with the servers up, 1 when a step finally failed, 130 when interrupted.
    """
    console = console or Console()
    os.environ.update(running.environment)
    airflow = Airflow(Session(running.airflow_url, "admin", running.password))
    try:
        drive(airflow, months, console)
        return show_year(airflow, running, months, console)
    except StepFailed as failure:
        cancel_what_is_queued(airflow, months)
        show_failure(airflow, failure.change, console, running.commands)
        return 1
    except TrainyardError as problem:
        again = f"The servers stay up. Go on with: {running.commands.again}"
        console.print(f"{problem}\n{again}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        after = f"Resume: {running.commands.again}    Stop: {running.commands.stop}"
        console.print(f"\nThe servers and the runs go on. {after}", highlight=False)
        return INTERRUPTED


def drive(airflow: Airflow, months: int, console: Console) -> None:
    """Start the stages when their turn comes and show what they do, until all are done.

    Raises StepFailed as soon as a step has used up its tries.
    """
    at_once, scoring = stages(months)
    events: queue.Queue[Change | Stage | BaseException | str] = queue.Queue()
    totals = {stage.dag_id: stage.last - stage.first + 1 for stage in (*at_once, *scoring)}
    last_scoring_champion = month_start(months - 1)
    unfinished = {stage.dag_id for stage in (*at_once, *scoring)}
    for stage in at_once:
        follow_in_background(airflow, stage, events)
    with Board(console, totals, f"{YEAR}, {months} months") as board:
        while unfinished:
            match events.get():
                case Change() as change:
                    board.show(change)
                    if change.state == "failed" and not change.old:
                        raise StepFailed(change)
                    if scoring and is_champion_of(change, last_scoring_champion):
                        for stage in scoring:
                            follow_in_background(airflow, stage, events)
                        scoring = []
                case Stage() as stage:
                    unfinished.discard(stage.dag_id)
                case str() as line:
                    board.say(line)
                case BaseException() as problem:
                    raise problem


def is_champion_of(change: Change, month: datetime) -> bool:
    """Whether the training run of a month has succeeded by this change."""
    is_run = change.dag_id == f"{MODEL}__train" and change.task_id is None
    return is_run and change.logical_date == month and change.state == "success"


def follow_in_background(airflow: Airflow, stage: Stage, events: "queue.Queue[Any]") -> None:
    """Carry a stage through in a thread of its own; its changes, then the stage itself, go to events."""

    def work() -> None:
        try:
            carry_through(airflow, stage, events.put)
            events.put(stage)
        except Exception as problem:
            events.put(problem)

    threading.Thread(target=work, name=stage.dag_id, daemon=True).start()


def carry_through(airflow: Airflow, stage: Stage, emit: Callable[[Any], None]) -> None:
    """Backfill what a stage still lacks, run failed runs again, and emit every change until all succeeded."""
    span = (stage.dag_id, stage.start, stage.end)
    airflow.wait_until_parsed(stage.dag_id)
    airflow.unpause(stage.dag_id)
    while True:
        runs = airflow.runs(*span)
        failed = any(run.state == "failed" for run in runs)
        if is_complete(airflow, stage, runs):
            for change in airflow.follow(*span):
                emit(change)
            return
        active = airflow.active_backfill(stage.dag_id)
        if failed and active:
            # Later months must not overtake the failed one: what is still queued is started anew behind it.
            airflow.cancel_backfill(active)
        backfill = airflow.create_backfill(*span, "failed" if failed else "none", say=emit)
        for change in airflow.follow(*span):
            emit(change)
        if not backfill.attached:
            return


def is_complete(airflow: Airflow, stage: Stage, runs: list[Run]) -> bool:
    """Whether every date of a stage has a run that succeeded."""
    dates = set(airflow.dates(stage.dag_id, stage.start, stage.end))
    return dates <= {run.logical_date for run in runs} and all(run.state == "success" for run in runs)


def cancel_what_is_queued(airflow: Airflow, months: int) -> None:
    """After a failure nothing may overtake the failed month; runs in hand go on to their end."""
    at_once, scoring = stages(months)
    # The failure is what has to be shown, even when Airflow stops answering now.
    with contextlib.suppress(TrainyardError):
        for stage in (*at_once, *scoring):
            if active := airflow.active_backfill(stage.dag_id):
                airflow.cancel_backfill(active)


def show_failure(airflow: Airflow, change: Change, console: Console, commands: Commands) -> None:
    """Say which step failed, the end of its log, where to look and what to do."""
    what = f"step {change.task_id}, try {change.try_number}," if change.task_id else "the run"
    lines = [f"\n{change.dag_id}: {what} of {change.logical_date:%Y-%m} failed.", f"Run         {change.run_id}"]
    if change.task_id:
        lines += ["The end of its log:", *(f"  {line}" for line in log_tail(airflow, change))]
    lines += [
        f"In Airflow  {airflow.page(change)}",
        f"The servers stay up. Mend the cause, then go on where it stopped: {commands.again}    Stop: {commands.stop}",
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


def log_tail(airflow: Airflow, change: Change) -> list[str]:
    """The end of a task's log, or why there is none."""
    try:
        return airflow.log_tail(change)
    except TrainyardError as problem:
        return [f"(not readable: {problem})"]


def seconds_by_month(airflow: Airflow, months: int) -> dict[str, float]:
    """Seconds that the tasks of each month ran, over all four DAGs; key YYYY-MM."""
    seconds: dict[str, float] = defaultdict(float)
    at_once, scoring = stages(months)
    for stage in (*at_once, *scoring):
        for found in airflow.runs(stage.dag_id, stage.start, stage.end):
            for task in airflow.task_instances(stage.dag_id, found.run_id):
                seconds[f"{found.logical_date:%Y-%m}"] += task.seconds or 0.0
    return dict(seconds)


def show_year(airflow: Airflow, running: Served, months: int, console: Console) -> int:
    """Print the table of the year and where picture, figures and servers are."""
    # Draws: matplotlib and the tables' libraries load only when there is something to draw.
    from pipelines.report import year as report

    seconds = seconds_by_month(airflow, months)
    written = report.write(model=MODEL, months=months, reports=running.reports, seconds=seconds)
    console.print(written.table)
    for name, place in (("picture", written.picture), ("figures", written.json)):
        console.print(f"{name}  {place}", highlight=False, soft_wrap=True)
    console.print(f"Airflow  {running.airflow_url}  {running.login}", highlight=False)
    console.print(f"MLflow   {running.mlflow_url}", highlight=False)
    commands = running.commands
    console.print(f"The servers stay up. Logs: {commands.logs}    Stop: {commands.stop}", highlight=False)
    return 0

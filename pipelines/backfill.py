"""Backfilling one DAG over REST, with its progress in the terminal; and the board that shows it."""

from datetime import datetime

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from pipelines.airflow_rest import FINISHED_RUN, Airflow, Change

ASKING = "awaiting_input"
WAITING_STATES = ("up_for_reschedule", "deferred", ASKING)


class StepClock(ProgressColumn):
    """How long the step in hand has been running."""

    def render(self, task: Task) -> RenderableType:
        since = task.fields.get("since")
        return Text("" if since is None else f"{task.get_time() - since:4.0f} s", style="cyan")


class Board:
    """One bar for all runs and one a DAG, with a printed line for each step that ends.

    totals: how many runs each DAG will have. Without a terminal only the lines are printed.
    """

    def __init__(self, console: Console, totals: dict[str, int], title: str) -> None:
        self.console = console
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[now]}"),
            StepClock(),
            console=console,
            disable=not console.is_terminal,
        )
        self.whole = self.progress.add_task(f"[bold]{title}", total=sum(totals.values()), now="", since=None)
        self.bars = {
            dag_id: self.progress.add_task(dag_id, total=total, now="", since=None) for dag_id, total in totals.items()
        }

    def __enter__(self) -> "Board":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self.console.print(escape(line), highlight=False, soft_wrap=True)

    def show(self, change: Change) -> None:
        """Move the bars, and print a line when a step or a failed run came to its end."""
        bar = self.bars[change.dag_id]
        month = f"{change.logical_date:%Y-%m-%d}".removesuffix("-01")
        if change.task_id is None:
            if change.state in FINISHED_RUN:
                self.progress.advance(bar)
                self.progress.advance(self.whole)
                self.progress.update(bar, now="", since=None)
            return
        if change.state in ("running", *WAITING_STATES):
            verb = "" if change.state == "running" else " (waiting)"
            self.progress.update(bar, now=f"{month} {change.task_id}{verb}", since=self.progress.get_time())
        line = step_line(change)
        if line:
            self.say(f"{month:<10} {change.dag_id:<22} {change.task_id:<14} {line}")


def step_line(change: Change) -> str | None:
    """What came out of a step that ended, in one line; None while there is nothing to say."""
    seconds = "" if change.seconds is None else f"  ({change.seconds:.1f} s)"
    if change.state == "success":
        # A sensor or a branch returns nothing worth a line.
        return None if change.result is None else f"{change.result.get('outcome', 'done')}{seconds}"
    if change.state == "skipped":
        return f"nothing to do{seconds}"
    if change.state == ASKING:
        return "waits for a person: under Required Actions in Airflow, or python -m pipelines approve"
    if change.state == "up_for_retry":
        return f"try {change.try_number} failed, trying again{seconds}"
    if change.state == "failed":
        return f"failed after {change.try_number} tries{seconds}"
    return None


def backfill(
    dag_id: str,
    start: datetime,
    end: datetime,
    *,
    dry_run: bool = False,
    reprocess: str = "none",
    airflow: Airflow | None = None,
    console: Console | None = None,
) -> int:
    """Run a DAG over the logical dates [start, end), one after another, and show how it goes.

    dry_run: only list the dates that would run. reprocess: none, failed or completed.
    Returns 0 when every run succeeded, 1 when one failed. Raises CallerError and Unavailable.
    """
    airflow = airflow or Airflow.from_environment()
    console = console or Console()
    airflow.wait_until_parsed(dag_id)
    dates = airflow.dates(dag_id, start, end, reprocess)
    if dry_run:
        return _list_dates(console, dag_id, dates)
    airflow.unpause(dag_id)
    if dates:
        airflow.create_backfill(dag_id, start, end, reprocess, say=console.print)
    total = len({*airflow.dates(dag_id, start, end), *(run.logical_date for run in airflow.runs(dag_id, start, end))})
    failed: list[Change] = []
    with Board(console, {dag_id: total}, "backfill") as board:
        for change in airflow.follow(dag_id, start, end):
            board.show(change)
            if change.task_id is None and change.state == "failed":
                failed.append(change)
    return _summarise(console, dag_id, start, end, total, failed)


def _list_dates(console: Console, dag_id: str, dates: list[datetime]) -> int:
    for date in dates:
        console.print(f"{dag_id}  {date:%Y-%m-%dT%H:%MZ}", highlight=False)
    console.print(f"{len(dates)} runs would be started; none was.", highlight=False)
    return 0


def _summarise(console: Console, dag_id: str, start: datetime, end: datetime, total: int, failed: list[Change]) -> int:
    if not failed:
        console.print(f"{dag_id}: {total} of {total} runs succeeded.", highlight=False)
        return 0
    dates = ", ".join(f"{change.logical_date:%Y-%m-%d}" for change in failed)
    console.print(
        f"{dag_id}: {len(failed)} of {total} runs failed: {dates}. Mend the cause, then: python -m pipelines "
        f"backfill {dag_id} --start {start:%Y-%m-%d} --end {end:%Y-%m-%d} --reprocess failed",
        highlight=False,
        soft_wrap=True,
    )
    return 1

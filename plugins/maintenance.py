"""The DAG `maintenance`: what may go is told first, then freed; old logs of tasks are deleted last."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable, get_parsing_context
from airflow.sdk.configuration import conf

from pipelines.retention.settings import retention
from plugins.command_line import CommandLine

DAG_ID = "maintenance"
# Early on Sundays, when the fewest trainings run.
SCHEDULE = "0 4 * * 0"
LIMIT = timedelta(hours=2)
PAGE = f"""\
Frees what no release record, candidate, champion or validated partition needs, as `pipelines/retention.toml` says: rows
that were replaced, files that nothing names, old pages, old logs of tasks. Runs that a person deleted in MLflow are
only counted: no task may open MLflow's database. See `docs/recovery.md`.

| task | does |
| --- | --- |
| `dry_run` | says what may go, and changes nothing |
| `maintain` | frees it |
| `delete_old_logs` | deletes logs of tasks that are older than `logs` |

**Schedule**: `{SCHEDULE}` (UTC). **Run it by hand**: *Trigger*, or
`POST /api/v2/dags/{DAG_ID}/dagRuns` with `{{"logical_date": null}}`; or `python -m pipelines maintain`.
"""


class Maintain(CommandLine, BaseOperator):
    """`python -m pipelines maintain` as a child process of the worker."""

    def __init__(self, *, dry_run: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dry_run = dry_run

    def execute(self, context: Any) -> dict[str, Any]:
        return self.result_of("maintain", *(["--dry-run"] if self.dry_run else []))


class DeleteOldLogs(BaseOperator):
    """Of Airflow's own log folder; logs on s3:// end by a rule of their bucket."""

    def execute(self, context: Any) -> int:
        folder = Path(conf.get("logging", "base_log_folder"))
        freed = delete_old_files(folder, time.time() - retention().logs.total_seconds())
        self.log.info("%d log files older than %d days are deleted", freed, retention().logs.days)
        return freed


def delete_old_files(folder: Path, before: float) -> int:
    """Files last written before the time (seconds since 1970), then folders that are empty; how many files."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime < before]
    for path in files:
        path.unlink(missing_ok=True)
    for path in sorted({parent for file in files for parent in file.parents}, key=lambda path: -len(path.parts)):
        if path != folder and folder in path.parents and not any(path.iterdir()):
            path.rmdir()
    return len(files)


def is_wanted() -> bool:
    """Whether Airflow reads all DAGs, or this one's task runs."""
    return get_parsing_context().dag_id in (None, DAG_ID)


def maintenance_dag() -> DAG:
    return DAG(
        DAG_ID,
        description="Free what nothing needs any more.",
        doc_md=PAGE,
        schedule=CronDataIntervalTimetable(SCHEDULE, timezone="UTC"),
        start_date=datetime(2026, 1, 4, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": "platform",
            "retries": 1,
            "retry_delay": timedelta(minutes=1),
            "execution_timeout": LIMIT,
        },
        tags=[DAG_ID],
    )


def maintenance_tasks() -> list[BaseOperator]:
    return [
        Maintain(task_id="dry_run", dry_run=True, doc_md="Says what may go."),
        Maintain(task_id="maintain", dry_run=False, doc_md="Frees it."),
        DeleteOldLogs(task_id="delete_old_logs", doc_md="Deletes old logs of tasks."),
    ]

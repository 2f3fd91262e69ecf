"""Telling people of runs: one that failed, and one that is not done when it should be.

Airflow calls these outside of any task: a failed run in the DAG processor, an overdue one in the triggerer. Both
need the TRAINYARD_CHANNEL_ variables; what they could not send stands in their logs, for nobody retries it.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseNotifier
from airflow.sdk.configuration import conf
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from pipelines.alerts.channels import send
from pipelines.alerts.message import Message
from pipelines.alerts_spec import Alerts, longest_period
from pipelines.errors import CallerError, Unavailable
from pipelines.spec import DatasetSpec, ModelSpec

BACKFILL = "backfill__"  # how Airflow begins the id of such a run; whoever asked for it watches it
DONE = ("success", "failed")


class RunFailed(BaseNotifier):
    """The on_failure_callback of a DAG: a message to the owner, through the channels of `alerts.failed_run`."""

    def __init__(self, *, alerts: Alerts, owner: str) -> None:
        super().__init__()
        self.alerts = alerts
        self.owner = owner

    def notify(self, context: Any) -> None:
        dag_id, run_id = context["dag"].dag_id, context["run_id"]
        if run_id.startswith(BACKFILL):
            self.log.info("Nobody is told that %s of %s failed: it belongs to a backfill.", run_id, dag_id)
            return
        task = context.get("ti")
        what = f"Task {task.task_id} failed" if task else f"It failed ({context.get('reason', 'no reason given')})"
        log = [f"Log: {task.log_url}"] if task else []
        lines = [f"{what} in run {run_id}.", f"Owner: {_owner(self.alerts, self.owner)}", *log]
        tell(self.alerts, _message(self.alerts, dag_id, run_id, "failed", lines))


def failure_callback(alerts: Alerts, owner: str) -> RunFailed | None:
    return RunFailed(alerts=alerts, owner=owner) if alerts.channels_of(alerts.failed_run) else None


def overdue_deadline(
    spec: DatasetSpec | ModelSpec, cron: str, patience: timedelta = timedelta(0)
) -> DeadlineAlert | None:
    """A deadline on every scheduled run: the end of its data interval and `alerts.overdue_after`.

    A run's logical date is the start of its interval, and Airflow takes one fixed span from there, so the span
    holds the longest period of the schedule. patience: what a run may wait for a person.
    """
    alerts = spec.alerts
    if not alerts.channels_of(alerts.failed_run):
        return None
    return DeadlineAlert(
        name="overdue",
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=longest_period(cron) + alerts.overdue_after + patience,
        # As JSON: Airflow keeps the arguments in its database until the deadline.
        callback=AsyncCallback(tell_overdue, {"alerts": alerts.model_dump_json(), "owner": spec.owner}),
    )


async def tell_overdue(alerts: str, owner: str, context: Any) -> None:
    """context: as Airflow makes it for a missed deadline, with the run as its REST API shows it."""
    run, told = context["dag_run"], Alerts.model_validate_json(alerts)
    if run["run_type"] != "scheduled" or run["state"] in DONE:
        return
    dag_id, run_id, end = run["dag_id"], run["dag_run_id"], run["data_interval_end"]
    lines = [
        f"Run {run_id} is {run['state']}; its data interval ended at {end}.",
        f"Owner: {_owner(told, owner)}",
    ]
    await asyncio.to_thread(tell, told, _message(told, dag_id, run_id, "is overdue", lines))


def tell(alerts: Alerts, message: Message) -> None:
    """Send to all channels of `alerts.failed_run`. Raises Unavailable once all were tried, where one failed."""
    failed = []
    for channel in alerts.channels_of(alerts.failed_run):
        try:
            send(channel, message)
        except (CallerError, Unavailable) as error:
            failed.append(str(error))
    if failed:
        raise Unavailable(" ".join(failed))


def _message(alerts: Alerts, dag_id: str, run_id: str, what: str, lines: Sequence[str]) -> Message:
    base = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
    page = f"{base}/dags/{quote(dag_id)}/runs/{quote(run_id)}"
    runbook = f"{alerts.runbooks or 'docs/runbooks'}/README.md"
    return Message(
        incident=f"trainyard/runs/{dag_id}",
        level=alerts.failed_run,
        title=f"{alerts.failed_run}: {dag_id} {what}",
        body="\n".join([*lines, f"Run: {page}", f"Runbook: {runbook}"]),
        link=page,
    )


def _owner(alerts: Alerts, owner: str) -> str:
    return alerts.owner_of(alerts.failed_run, owner)

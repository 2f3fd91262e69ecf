"""A task run as Airflow runs a deferrable one: a fresh operator each time it wakes, its trigger between."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import AirflowRescheduleException, TaskDeferred

from pipelines.flow import BY_NAME
from pipelines.spec import DatasetSpec, ModelSpec
from plugins.pod_manifest import pod_name
from plugins.step_operator import step_operator

JANUARY = (datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 2, 1, tzinfo=UTC))


class Task:
    """One task instance: `run` is a try of it, in which `woken` counts how often a worker held it, and `rescheduled`
    how often it gave its place up to ask again later. cleared: how often a person cleared it.

    arguments: what follows the step's name on the command line; the run's interval when left out.
    """

    def __init__(
        self,
        step: str,
        spec: DatasetSpec | ModelSpec,
        *,
        run_id: str,
        run_type: str = "manual",
        interval: tuple[datetime, datetime] = JANUARY,
        arguments: list[str] | None = None,
        changed: Callable[[Any], None] = lambda operator: None,
    ) -> None:
        self.step, self.spec, self.run_id, self.run_type, self.interval = step, spec, run_id, run_type, interval
        self.arguments, self.changed = arguments, changed
        self.tries = 0
        self.woken = 0
        self.rescheduled = 0
        self.first_rescheduled: datetime | None = None
        self.cleared = 0
        self.outlets: dict[Any, Any] = defaultdict(SimpleNamespace)

    def run(self, patience_s: float = 60.0) -> dict[str, Any]:
        """A try: the task's XCom. Raises what the task failed with."""
        self.tries += 1
        context = self.context()
        wake: Callable[[Any], Any] = lambda operator: operator.execute(context)  # noqa: E731
        while True:
            self.woken += 1
            operator = self.operator()
            try:
                found: dict[str, Any] = wake(operator)
                return found
            except AirflowRescheduleException:
                self.rescheduled += 1
                self.first_rescheduled = self.first_rescheduled or datetime.now(UTC)
                wake = lambda operator: operator.execute(context)  # noqa: E731
                time.sleep(0.5)
            except TaskDeferred as deferred:
                event = asyncio.run(asyncio.wait_for(first_event(deferred.trigger), patience_s))
                method = deferred.method_name
                wake = lambda operator, method=method, event=event: getattr(operator, method)(context, event)  # noqa: E731

    def start(self) -> TaskDeferred:
        """The first half of a try: a worker that starts the pod and dies, or hands it to the triggerer."""
        self.tries += 1
        try:
            self.operator().execute(self.context())
        except TaskDeferred as deferred:
            return deferred
        raise AssertionError("the pod had ended before the task was deferred")

    def operator(self) -> Any:
        arguments = None if self.arguments is None else (lambda context: self.arguments)
        made: Any = step_operator(BY_NAME[self.step], self.spec, "flights", arguments)
        made.startup_check_interval_seconds = 0.2
        made.poll_interval = 0.2
        self.changed(made)
        return made

    @property
    def pod_name(self) -> str:
        return pod_name(BY_NAME[self.step], self.spec.name, self.context())

    def context(self) -> dict[str, Any]:
        start, end = self.interval
        pushed: dict[str, Any] = {}
        return {
            "params": {"start": None, "end": None},
            "run_id": self.run_id,
            "dag": SimpleNamespace(parent_dag=None),
            "dag_run": SimpleNamespace(
                run_id=self.run_id,
                run_type=self.run_type,
                data_interval_start=start,
                data_interval_end=end,
                clear_number=self.cleared,
            ),
            "ti": SimpleNamespace(
                dag_id=f"{self.spec.name}__{BY_NAME[self.step].family}",
                task_id=self.step,
                map_index=-1,
                try_number=self.tries,
                start_date=datetime.now(UTC) - timedelta(seconds=1),
                get_first_reschedule_date=lambda context: self.first_rescheduled,
                xcom_push=lambda key, value: pushed.update({key: value}),
            ),
            "outlet_events": self.outlets,
        }


async def first_event(trigger: Any) -> dict[str, Any]:
    async for event in trigger.run():
        payload: dict[str, Any] = event.payload
        return payload
    raise AssertionError("the trigger ended without an event")

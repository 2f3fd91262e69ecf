"""The operator of a step, where TRAINYARD_COMPUTE says that it runs."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import BaseOperator

from pipelines.flow import Step
from pipelines.places import place_of
from pipelines.spec import DatasetSpec, ModelSpec
from plugins.artifacts import asset_of, assets_read
from plugins.command_line import CommandLine
from plugins.page_link import links_of
from plugins.run_interval import interval_of
from plugins.step_result import tell_assets

Arguments = Callable[[Any], Sequence[str]]


class LocalStep(CommandLine, BaseOperator):
    """Runs a step as a child process of the worker and returns its result as XCom.

    step_arguments: from the task's context to what follows the step's name on the command line.
    """

    ui_color = "#dbeafe"

    def __init__(self, *, step: Step, step_arguments: Arguments, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = step
        self.step_arguments = step_arguments
        self.operator_extra_links = links_of(step)

    def execute(self, context: Any) -> dict[str, Any]:
        result = self.result_of(self.step.name, *self.step_arguments(context))
        tell_assets(context, self.outlets, result)
        return result


def step_operator(
    step: Step, spec: DatasetSpec | ModelSpec, dataset: str, arguments: Arguments | None = None
) -> BaseOperator:
    """The task of one step for one dataset or model.

    arguments: of a step that is not given the run's interval. Raises CallerError when TRAINYARD_COMPUTE
    names no place to run, or no step.
    """
    shared: dict[str, Any] = {
        "task_id": step.name,
        "step": step,
        "step_arguments": arguments or partial(interval_arguments, step, spec.name),
        "doc_md": f"{step.summary[0].upper()}{step.summary[1:]}.",
        "inlets": assets_read(step, spec.name, dataset),
        "outlets": [asset_of(step.writes, spec.name)],
    }
    if place_of(step.name) == "kubernetes":
        # Its libraries take a second to import, which only those who use it should pay.
        from plugins.pod_step import PodStep

        return PodStep(subject=spec.name, compute=spec.compute, **shared)
    return LocalStep(
        execution_timeout=timedelta(minutes=step.timeout_min),
        pool_slots=step.pool_slots,
        **shared,
    )


def interval_arguments(step: Step, subject: str, context: Any) -> list[str]:
    interval = interval_of(context)
    span = ["--start", interval.start.isoformat(), "--end", interval.end.isoformat()]
    return [f"--{step.subject}", subject, *span]

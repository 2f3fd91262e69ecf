"""The operator of a step, where TRAINYARD_COMPUTE says that it runs."""

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import BaseOperator

from pipelines.errors import CallerError
from pipelines.flow import Step
from plugins.artifacts import asset_of, assets_read
from plugins.command_line import CommandLine
from plugins.page_link import links_of
from plugins.run_interval import interval_of

Arguments = Callable[[Any], Sequence[str]]


class LocalStep(CommandLine, BaseOperator):
    """Runs a step as a child process of the worker and returns its result as XCom.

    arguments: from the task's context to what follows the step's name on the command line.
    """

    ui_color = "#dbeafe"

    def __init__(self, *, step: Step, arguments: Arguments, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = step
        self.arguments = arguments
        self.operator_extra_links = links_of(step)

    def execute(self, context: Any) -> dict[str, Any]:
        result = self.result_of(self.step.name, *self.arguments(context))
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {
                "outcome": result["outcome"],
                "references": result["references"],
            }
        return result


OPERATORS = {"local": LocalStep}


def step_operator(step: Step, subject: str, dataset: str, arguments: Arguments | None = None) -> BaseOperator:
    """The task of one step for one dataset or model.

    arguments: of a step that is not given the run's interval. Raises CallerError when TRAINYARD_COMPUTE
    names no place to run.
    """
    compute = os.environ.get("TRAINYARD_COMPUTE", "local")
    if compute not in OPERATORS:
        raise CallerError(f"TRAINYARD_COMPUTE is '{compute}'; allowed: {', '.join(sorted(OPERATORS))}.")
    return OPERATORS[compute](
        task_id=step.name,
        step=step,
        arguments=arguments or partial(interval_arguments, step, subject),
        doc_md=f"{step.summary[0].upper()}{step.summary[1:]}.",
        execution_timeout=timedelta(minutes=step.timeout_min),
        pool_slots=step.pool_slots,
        inlets=assets_read(step, subject, dataset),
        outlets=[asset_of(step.writes, subject)],
    )


def interval_arguments(step: Step, subject: str, context: Any) -> list[str]:
    interval = interval_of(context)
    span = ["--start", interval.start.isoformat(), "--end", interval.end.isoformat()]
    return [f"--{step.subject}", subject, *span]

"""`<model>__rollback`: the form that a person fills in, and the command that it becomes."""

from functools import partial
from typing import Any

from airflow.sdk import BaseOperator, Param

from pipelines.flow import BY_NAME
from pipelines.spec import ModelSpec
from plugins.form_text import text
from plugins.run_interval import ISO_TIME
from plugins.step_operator import step_operator


def rollback_params() -> dict[str, Param]:
    return {
        "reason": Param(
            title="Reason",
            description="What is wrong with the champion. Kept in the journal.",
            type="string",
            **text(blank=False),
        ),
        "to": Param(
            None,
            title="To version",
            description="Any version that was in force before. Leave empty to take the one before the champion.",
            type=["null", "integer"],
            minimum=1,
        ),
        "effective_from": Param(
            None,
            title="Effective from",
            description=(
                "From when it counts, UTC: 2013-04-01 or 2013-04-01T00:00:00Z. "
                "Leave empty for the time from which the bad version is in force."
            ),
            type=["null", "string"],
            pattern=ISO_TIME,
        ),
    }


def rollback_task(model: ModelSpec) -> BaseOperator:
    return step_operator(BY_NAME["rollback"], model, model.dataset, partial(rollback_arguments, model.name))


def rollback_arguments(model: str, context: Any) -> list[str]:
    """Values are glued to their options: a reason that begins with a dash is a reason."""
    params, run = context["params"], context["dag_run"]
    by = run.triggering_user_name or f"Airflow's run {run.run_id}"
    arguments = [model, f"--reason={params['reason']}", f"--by={by}"]
    if params.get("to") is not None:
        arguments.append(f"--to={params['to']}")
    if params.get("effective_from"):
        arguments.append(f"--effective-from={params['effective_from']}")
    return arguments

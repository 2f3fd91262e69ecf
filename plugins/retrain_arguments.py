"""What the retrain decision is told by the run that it belongs to: whether a training follows."""

from typing import Any

from airflow.sdk import Param

from pipelines.flow import BY_NAME
from plugins.step_operator import interval_arguments

STEP = BY_NAME["decide_retrain"]


def backfill_param() -> dict[str, Param]:
    return {
        "trigger_in_backfill": Param(
            False,
            title="Trigger in a backfill",
            description=(
                "A backfill of the monitor journals its decisions and triggers nothing, because the past "
                "cannot be retrained into. Tick to trigger all the same."
            ),
            type="boolean",
        )
    }


def is_to_trigger(context: Any) -> bool:
    """Whether this run triggers the training that is decided on. The decision and the trigger both ask this, so that
    what counts for the budget is what is triggered."""
    return context["dag_run"].run_type != "backfill" or bool(context["params"]["trigger_in_backfill"])


def retrain_arguments(model: str, context: Any) -> list[str]:
    return [*interval_arguments(STEP, model, context), *(["--triggers"] if is_to_trigger(context) else [])]
